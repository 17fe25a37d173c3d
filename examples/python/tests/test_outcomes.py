"""Each exit code of the program is a result or an exception."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import license_backup
from license_backup.results import (
    BackupCorruptError,
    BackupExistsError,
    LicenseBackupError,
    StoreShrunkError,
)

from .sandbox import Sandbox, files

# Values of `HRESULT`.
INVALID_ARGUMENT = 0x80070057
PATH_NOT_FOUND = 0x80070003
FAIL = 0x80004005
BACKUP_EXISTS = 0xC00D2742
BACKUP_CORRUPT = 0xC00D2743
FILE_EXISTS = 0x80070050


class Outcomes(Sandbox):
    """A store with three licenses."""

    def setUp(self) -> None:
        """Fills the store."""
        super().setUp()
        self.fill(3)

    def error_of(
        self,
        operation: Callable[[], object],
        code: str,
        hresult: int,
        exit_code: int,
        kind: type[LicenseBackupError] = LicenseBackupError,
    ) -> LicenseBackupError:
        """Requires that an operation fails with an error of this kind, and returns it."""
        with self.assertRaises(LicenseBackupError) as caught:
            operation()
        error = caught.exception
        self.assertIs(type(error), kind)
        self.assertEqual((error.code, error.hresult, error.exit_code), (code, hresult, exit_code))
        return error

    def test_a_success_is_a_complete_result(self) -> None:
        result = license_backup.backup(self.store, self.to)
        self.assertEqual((result.outcome, result.exit_code, result.hresult), ("success", 0, 0))
        self.assertTrue(result.complete)
        self.assertEqual((result.licenses, result.failures), (3, ()))

    def test_an_unchanged_store_is_a_result_that_says_so(self) -> None:
        license_backup.backup(self.store, self.to)
        self.assertTrue(license_backup.backup(self.store, self.to, overwrite=True).unchanged)

    def test_a_missing_directory_is_an_error_with_its_path(self) -> None:
        missing = self.root / "no such ディレクトリ"
        for operation in (
            lambda: license_backup.backup(missing, self.to),
            lambda: license_backup.backup(self.store, missing),
            lambda: license_backup.verify(missing),
            lambda: license_backup.restore(missing, self.store),
            lambda: license_backup.restore(self.to, missing),
            lambda: license_backup.list_licenses(store=missing),
            lambda: license_backup.list_licenses(directory=missing),
        ):
            error = self.error_of(operation, "path-not-found", PATH_NOT_FOUND, 1)
            self.assertEqual(error.path, str(missing))
            self.assertIn(f"{missing}: No such file or directory", str(error))
        self.assertFalse(missing.exists())

    def test_a_store_that_is_a_file_is_an_error_with_its_path(self) -> None:
        file = self.license()
        operation = lambda: license_backup.backup(file, self.to)
        error = self.error_of(operation, "invalid-argument", INVALID_ARGUMENT, 1)
        self.assertEqual(error.path, str(file))
        self.assertIn("cannot open the license store", str(error))

    def test_a_directory_whose_name_is_not_utf_8_is_an_error(self) -> None:
        directory = os.fsdecode(os.fsencode(self.root) + b"/not utf-8 \xff")
        os.mkdir(directory)
        operation = lambda: license_backup.backup(self.store, Path(directory))
        error = self.error_of(operation, "invalid-argument", INVALID_ARGUMENT, 1)
        self.assertEqual(error.path, directory)

    def test_a_directory_without_a_backup_is_an_error_with_its_path(self) -> None:
        for operation in (
            lambda: license_backup.verify(self.to),
            lambda: license_backup.restore(self.to, self.store),
            lambda: license_backup.list_licenses(directory=self.to),
        ):
            error = self.error_of(operation, "path-not-found", PATH_NOT_FOUND, 1)
            self.assertEqual(error.path, str(self.to))
            self.assertIn(f"in {self.to};", str(error))

    def test_a_backup_into_the_store_is_an_error_that_names_it(self) -> None:
        operation = lambda: license_backup.backup(self.store, self.store)
        error = self.error_of(operation, "invalid-argument", INVALID_ARGUMENT, 1)
        self.assertIn(f"cannot back up into {self.store}: it is the license store", str(error))

    def test_invalid_options_are_an_error(self) -> None:
        operation: Callable[[], object]
        for operation, text in (
            (
                lambda: license_backup.backup(
                    self.store, self.to, overwrite=True, generations=True
                ),
                "option '--overwrite' is not for generations",
            ),
            (
                lambda: license_backup.backup(
                    self.store, self.to, retention=license_backup.Retention(within="no time")
                ),
                'cannot parse argument "no time"',
            ),
            (
                lambda: license_backup.verify(self.to, expect="no hash"),
                "invalid value 'no hash' for '--expect'",
            ),
            (
                lambda: license_backup.list_licenses(store=self.store, generation="x"),
                "option '--generation' requires '--from DIR'",
            ),
        ):
            error = self.error_of(operation, "invalid-argument", INVALID_ARGUMENT, 2)
            self.assertIsNone(error.path)
            self.assertTrue(str(error).startswith(text), error)
        self.assertEqual(files(self.to), {})

    def test_a_listing_of_both_or_neither_is_a_type_error(self) -> None:
        with self.assertRaises(TypeError):
            license_backup.list_licenses()
        with self.assertRaises(TypeError):
            license_backup.list_licenses(store=self.store, directory=self.to)

    def test_a_file_that_could_not_be_read_makes_a_result_incomplete(self) -> None:
        broken = self.store / "gebrochen ü.lic"
        broken.write_bytes(self.license().read_bytes()[:99])
        result = license_backup.backup(self.store, self.to)
        self.assertEqual((result.outcome, result.exit_code), ("incomplete", 3))
        self.assertFalse(result.complete)
        (failure,) = result.failures
        self.assertEqual(
            (failure.code, failure.hresult, failure.path), ("malformed", FAIL, broken.name)
        )
        self.assertTrue(self.file.exists())
        self.assertEqual(license_backup.list_licenses(store=self.store).exit_code, 3)

    def test_a_skipped_file_makes_a_strict_result_incomplete(self) -> None:
        (self.store / "notes.txt").write_text("no license")
        result = license_backup.backup(self.store, self.to)
        (skipped,) = result.restricted_licenses
        self.assertEqual((skipped.path, skipped.reason), ("notes.txt", "unrecognized"))
        self.assertTrue(result.complete)
        strict = license_backup.backup(self.store, self.to, overwrite=True, strict=True)
        self.assertEqual((strict.exit_code, strict.unchanged), (3, True))

    def test_an_existing_backup_is_an_error_and_is_kept(self) -> None:
        license_backup.backup(self.store, self.to)
        earlier = files(self.to)
        self.fill(3, seed=2)
        operation = lambda: license_backup.backup(self.store, self.to)
        error = self.error_of(operation, "backup-exists", BACKUP_EXISTS, 4, BackupExistsError)
        self.assertEqual(error.path, str(self.to))
        self.assertEqual(files(self.to), earlier)

    def test_a_conflict_is_a_result_and_the_other_licenses_are_restored(self) -> None:
        license_backup.backup(self.store, self.to)
        original = files(self.store)
        conflict = self.license()
        name = str(conflict.relative_to(self.store))
        shutil.rmtree(self.store)
        conflict.parent.mkdir(parents=True)
        conflict.write_text("another")
        result = license_backup.restore(self.to, self.store)
        self.assertEqual((result.outcome, result.exit_code), ("conflict", 4))
        self.assertEqual((result.restored, result.conflicts), (2, 1))
        (failure,) = result.failures
        self.assertEqual(
            (failure.code, failure.hresult, failure.path), ("file-exists", FILE_EXISTS, name)
        )
        self.assertEqual(files(self.store), original | {name: b"another"})
        self.assertTrue(license_backup.restore(self.to, self.store, overwrite=True).complete)
        self.assertEqual(files(self.store), original)

    def test_a_damaged_backup_is_an_error_that_lists_the_faults(self) -> None:
        license_backup.backup(self.store, self.to)
        content = bytearray(self.file.read_bytes())
        content[len(content) // 2] ^= 1
        self.file.write_bytes(content)
        empty = self.root / "empty"
        empty.mkdir()
        for operation in (
            lambda: license_backup.verify(self.to),
            lambda: license_backup.restore(self.to, empty),
        ):
            error = self.error_of(
                operation, "backup-corrupt", BACKUP_CORRUPT, 5, BackupCorruptError
            )
            faults = {failure.path for failure in error.failures if failure.path is not None}
            self.assertTrue(any(path.startswith("licenses/") for path in faults), faults)
        self.assertEqual(files(empty), {})

    def test_another_backup_than_the_expected_one_is_an_error(self) -> None:
        license_backup.backup(self.store, self.to)
        blake3 = license_backup.verify(self.to).blake3
        self.assertTrue(license_backup.verify(self.to, expect=blake3).complete)
        operation = lambda: license_backup.verify(self.to, expect="0" * 64)
        self.error_of(operation, "backup-corrupt", BACKUP_CORRUPT, 5, BackupCorruptError)

    def test_a_store_that_has_shrunk_is_an_error_and_the_backup_is_kept(self) -> None:
        license_backup.backup(self.store, self.to)
        earlier = files(self.to)
        self.fill(0)
        operation = lambda: license_backup.backup(self.store, self.to, overwrite=True)
        error = self.error_of(operation, "shrunk", FAIL, 6, StoreShrunkError)
        self.assertIn("0 of 3 licenses are left", str(error))
        self.assertEqual(files(self.to), earlier)
        result = license_backup.backup(self.store, self.to, overwrite=True, allow_shrink=True)
        self.assertEqual(result.licenses, 0)

    def test_a_generation_that_has_shrunk_is_a_result(self) -> None:
        license_backup.backup(self.store, self.to)
        self.fill(0)
        result = license_backup.backup(self.store, self.to, generations=True)
        self.assertEqual((result.outcome, result.exit_code), ("shrunk", 6))
        self.assertFalse(result.complete)
        assert result.shrunk is not None
        self.assertEqual((result.shrunk.earlier, result.shrunk.left), (3, 0))
