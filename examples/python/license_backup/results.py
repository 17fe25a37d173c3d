"""What the functions of the package return, pass to a callback and raise.

Fields and values have the names of the JSON lines, which docs/json-lines.schema.json describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

Outcome = Literal["success", "incomplete", "conflict", "shrunk"]
Stage = Literal["listing", "copying", "verifying", "writing", "syncing", "committing"]
Standing = Literal["allowed", "backed-up", "restricted", "failed"]
LicenseFormat = Literal["wmdrm", "xmr", "playready", "lcp"]
Reason = Literal[
    "not-permitted", "conditional", "opaque", "unrecognized",
    "protected-store", "status-document", "error-response", "not-a-regular-file",
]  # fmt: skip
ErrorCode = Literal[
    "cancelled", "io", "access-denied", "out-of-memory", "invalid-argument", "path-not-found",
    "disk-full", "backup-exists", "backup-corrupt", "shrunk", "stale", "busy", "file-exists",
    "malformed", "too-large", "changed", "shadowed", "illegal-name",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The fields of a JSON object."""

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Self:
        """Returns the fields of an object, without those that this version does not know."""
        names = [field.name for field in fields(cls) if field.name in line]
        return cls(**{name: _value(name, line[name]) for name in names})


def _value(name: str, value: Any) -> Any:
    match name, value:
        case "hresult", str():
            return int(value, 16)
        case "shrunk", dict():
            return Shrunk.of(value)
        case _, list():
            return tuple(value)
    return value


@dataclass(frozen=True, kw_only=True)
class Progress(Fields):
    """The progress of an operation: the number of processed files, and the bytes of licenses."""

    stage: Stage
    done: int
    total: int | None = None
    bytes: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Failure(Fields):
    """A file that could not be read, a conflict of a restore, or a fault of a backup."""

    code: ErrorCode
    hresult: int
    message: str
    path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Identity(Fields):
    """The path of a file below the store, and what its license document says about itself."""

    path: str
    format: LicenseFormat | None = None
    license_ids: tuple[str, ...]
    key_ids: tuple[str, ...]
    rights_end: str | None = None


@dataclass(frozen=True, kw_only=True)
class RestrictedLicense(Identity):
    """A file that was skipped because it may not be backed up or is not a license."""

    reason: Reason


@dataclass(frozen=True, kw_only=True)
class LicenseListing(Identity):
    """A file of a store or a backup."""

    standing: Standing
    size: int | None = None
    entry: str | None = None
    reason: Reason | None = None
    code: ErrorCode | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shrunk(Fields):
    """The number of licenses in the earlier backup, and how many of them are left in the store."""

    earlier: int
    left: int


@dataclass(frozen=True, kw_only=True)
class Result(Fields):
    """The result of an operation that completed."""

    outcome: Outcome
    exit_code: int
    hresult: int
    milliseconds: int

    @property
    def complete(self) -> bool:
        """Whether everything could be read or restored, and the store has not shrunk."""
        return self.exit_code == 0


@dataclass(frozen=True, kw_only=True)
class BackupResult(Result):
    """The result of a backup: the counts, and each skipped file."""

    licenses: int
    bytes: int
    restricted: int
    errors: int
    file: str
    size: int
    unchanged: bool
    shrunk: Shrunk | None = None
    blake3: str | None = None
    removed: int
    restricted_licenses: tuple[RestrictedLicense, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, kw_only=True)
class VerifyResult(Result):
    """The result of the verification of an intact backup."""

    licenses: int
    bytes: int
    skipped: int
    file: str
    size: int
    blake3: str
    program: str | None = None
    encrypted: bool


@dataclass(frozen=True, kw_only=True)
class RestoreResult(Result):
    """The result of a restore: the counts, and each conflict."""

    file: str
    restored: int
    bytes: int
    present: int
    conflicts: int
    dry_run: bool
    failures: tuple[Failure, ...]


@dataclass(frozen=True, kw_only=True)
class ListResult(Result):
    """The result of a listing: the counts, and each file."""

    file: str | None = None
    licenses: int
    bytes: int
    skipped: int
    program: str | None = None
    listings: tuple[LicenseListing, ...]


class LicenseBackupError(Exception):
    """An operation failed: everything is as it was, unless the message says otherwise.

    `failures` are the files, conflicts or faults that were found before.
    """

    def __init__(self, failure: Failure, exit_code: int, failures: tuple[Failure, ...] = ()):
        super().__init__(failure.message)
        self.code = failure.code
        self.hresult = failure.hresult
        self.path = failure.path
        self.exit_code = exit_code
        self.failures = failures


class BackupExistsError(LicenseBackupError):
    """The directory contains a backup, and `overwrite` was not set."""


class BackupCorruptError(LicenseBackupError):
    """The backup is damaged, or not the expected one."""


class StoreShrunkError(LicenseBackupError):
    """Most licenses of the earlier backup are missing from the store; that backup was kept."""
