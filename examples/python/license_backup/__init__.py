"""Backs up, verifies, restores and lists licenses, with the command component in wasmtime.

    result = license_backup.backup(Path("licenses"), Path("/mnt/nas/laptop"), overwrite=True)

A function can access the directories that it gets, and nothing else. It writes to one of them at
most: `backup` to the directory of the backup, and `restore` to the store. Both must exist.

A function returns a result if the operation completed, even if some files could not be read or
restored: `complete` is false then, `failures` names them, and `exit_code` is that of the program.
It raises a `LicenseBackupError` if the operation failed. The types are in `license_backup.results`.

`on_progress` is called while the operation runs in another thread. If it raises an exception, or
after Ctrl-C, the operation ends at once, as if the process were killed, and the exception is
raised: an earlier backup remains, and so does a temporary file, which a later operation removes.

While `backup` and `restore` run, the umask of the process is 077, so that only its user can read
what they write. Therefore one of them waits for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from .results import (
    BackupCorruptError,
    BackupExistsError,
    BackupResult,
    Failure,
    LicenseBackupError,
    LicenseListing,
    ListResult,
    Progress,
    RestoreResult,
    RestrictedLicense,
    Result,
    StoreShrunkError,
    VerifyResult,
)
from .run import Directory, Line, run

# The component that `make component` builds. Elsewhere, pass the path of a copy as `component`.
COMPONENT = Path(__file__).parents[3] / "target/components/license-backup-command.wasm"

OnProgress = Callable[[Progress], None]
# Not `Sequence[str]`, because a string is one, too.
Strings = list[str] | tuple[str, ...]
R = TypeVar("R", bound=Result)


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The generations to keep: the newest ones, one of each period, or all within a duration."""

    last: int | None = None
    hourly: int | None = None
    daily: int | None = None
    weekly: int | None = None
    monthly: int | None = None
    yearly: int | None = None
    within: str | None = None


def backup(
    store: Path,
    directory: Path,
    *,
    overwrite: bool = False,
    allow_shrink: bool = False,
    strict: bool = False,
    generations: bool = False,
    retention: Retention | None = None,
    on_progress: OnProgress | None = None,
    component: Path = COMPONENT,
) -> BackupResult:
    """Backs up the licenses of a store that permit it into a directory."""
    options = _options(
        to="/backup",
        overwrite=overwrite,
        allow_shrink=allow_shrink,
        strict=strict,
        generations=generations,
        **{f"keep_{name}": value for name, value in asdict(retention or Retention()).items()},
    )
    opened = [Directory.store(store), Directory.backup(directory, writable=True)]
    return _operate(BackupResult, component, ["backup", *options], opened, on_progress)


def verify(
    directory: Path,
    *,
    generation: str | None = None,
    expect: str | None = None,
    on_progress: OnProgress | None = None,
    component: Path = COMPONENT,
) -> VerifyResult:
    """Verifies every byte of a backup, and that it has the expected BLAKE3."""
    options = _options(**{"from": "/backup"}, generation=generation, expect=expect)
    opened = [Directory.backup(directory)]
    return _operate(VerifyResult, component, ["verify", *options], opened, on_progress)


def restore(
    directory: Path,
    store: Path,
    *,
    generation: str | None = None,
    overwrite: bool = False,
    dry_run: bool = False,
    include: Strings = (),
    license_ids: Strings = (),
    key_ids: Strings = (),
    on_progress: OnProgress | None = None,
    component: Path = COMPONENT,
) -> RestoreResult:
    """Verifies a backup, and restores its licenses, or the included ones, into a store."""
    options = _options(
        **{"from": "/backup"},
        generation=generation,
        overwrite=overwrite,
        dry_run=dry_run,
        include=include,
        license_id=license_ids,
        key_id=key_ids,
    )
    opened = [Directory.backup(directory), Directory.store(store, writable=not dry_run)]
    return _operate(RestoreResult, component, ["restore", *options], opened, on_progress)


def list_licenses(
    *,
    store: Path | None = None,
    directory: Path | None = None,
    generation: str | None = None,
    include: Strings = (),
    license_ids: Strings = (),
    key_ids: Strings = (),
    component: Path = COMPONENT,
) -> ListResult:
    """Lists the files of a store, or of the backup in a directory."""
    if store is not None and directory is None:
        opened = [Directory.store(store)]
    elif directory is not None and store is None:
        opened = [Directory.backup(directory)]
    else:
        raise TypeError("either a store or a directory is required")
    options = _options(
        **{"from": "/backup" if directory is not None else None},
        generation=generation,
        include=include,
        license_id=license_ids,
        key_id=key_ids,
    )
    return _operate(ListResult, component, ["list", *options], opened, None)


def _options(**options: bool | int | str | Strings | None) -> list[str]:
    """Returns options of the command line, without those that are `False`, `None` or empty."""
    arguments = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(option)
        elif isinstance(value, list | tuple):
            arguments.extend(f"{option}={each}" for each in value)
        elif value is not None and value is not False:
            arguments.append(f"{option}={value}")
    return arguments


def _operate(
    result: type[R],
    component: Path,
    arguments: Sequence[str],
    directories: Sequence[Directory],
    on_progress: OnProgress | None,
) -> R:
    """Runs an operation. Returns the result, or raises the error, of its last line."""
    lines: defaultdict[str, list[Line]] = defaultdict(list)

    def on_line(line: Line) -> None:
        if line["event"] != "progress":
            lines[line["event"]].append(line)
        elif on_progress is not None:
            on_progress(Progress.of(line))

    run(component, arguments, directories, on_line)
    failures = tuple(map(Failure.of, lines["error"]))
    (end,) = lines["end"]
    if "code" in end:
        error = _ERRORS.get(end["code"], LicenseBackupError)
        raise error(Failure.of(end), end["exit_code"], failures)
    return result.of(
        {
            **end,
            "failures": failures,
            "restricted_licenses": tuple(map(RestrictedLicense.of, lines["restricted-license"])),
            "listings": tuple(map(LicenseListing.of, lines["license-listing"])),
        }
    )


# The errors with an exit code of their own.
_ERRORS: dict[str, type[LicenseBackupError]] = {
    "backup-exists": BackupExistsError,
    "backup-corrupt": BackupCorruptError,
    "shrunk": StoreShrunkError,
}
