"""Only the given directories are opened, and at most one of them for writing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest import mock

import license_backup
from license_backup.results import BackupResult, LicenseBackupError, Progress
from license_backup.run import Directory
from wasmtime import WasiConfig

from .sandbox import Sandbox, files, large_store, open_paths


class Directories(Sandbox):
    """A store with a few licenses, and a backup of it."""

    def setUp(self) -> None:
        """Fills the store and backs it up."""
        super().setUp()
        self.fill(5)
        license_backup.backup(self.store, self.to)

    def test_an_operation_opens_its_directories_and_writes_to_one_at_most(self) -> None:
        store, to = (str(self.store), "/licenses"), (str(self.to), "/backup")
        overwrite: Callable[[], object] = lambda: license_backup.backup(
            self.store, self.to, overwrite=True
        )
        for operation, opened in (
            (overwrite, {(*store, False), (*to, True)}),
            (lambda: license_backup.verify(self.to), {(*to, False)}),
            (lambda: license_backup.list_licenses(store=self.store), {(*store, False)}),
            (lambda: license_backup.list_licenses(directory=self.to), {(*to, False)}),
            (lambda: license_backup.restore(self.to, self.store), {(*store, True), (*to, False)}),
            (
                lambda: license_backup.restore(self.to, self.store, dry_run=True),
                {(*store, False), (*to, False)},
            ),
        ):
            preopen_dir = WasiConfig.preopen_dir
            with mock.patch.object(WasiConfig, "preopen_dir", autospec=True) as recorder:
                recorder.side_effect = preopen_dir
                operation()
            self.assertEqual({call.args[1:] for call in recorder.call_args_list}, opened)

    def test_a_directory_that_is_not_opened_cannot_be_reached(self) -> None:
        outside = self.root / "outside"
        outside.mkdir()
        for path in (str(outside), "/", "/backup/../outside", "outside", "."):
            with self.assertRaises(LicenseBackupError):
                self.back_up_to(path, writable=True)
        self.assertEqual(files(outside), {})

    def test_a_directory_that_is_opened_for_reading_cannot_be_written_to(self) -> None:
        before = files(self.root)
        with self.assertRaises(LicenseBackupError) as caught:
            self.back_up_to("/backup", writable=False)
        self.assertEqual(caught.exception.code, "access-denied")
        self.assertEqual(files(self.root), before)

    def back_up_to(self, path: str, *, writable: bool) -> None:
        """Backs up to a path in the component."""
        opened = [Directory.store(self.store), Directory.backup(self.to, writable=writable)]
        arguments = ["backup", "--to", path, "--generations"]
        license_backup._operate(BackupResult, license_backup.COMPONENT, arguments, opened, None)

    def test_a_link_out_of_a_directory_is_not_followed(self) -> None:
        outside = self.root / "outside"
        self.store.rename(outside)
        self.store.mkdir()
        (self.store / "directory").symlink_to(outside)
        (self.store / "file.lic").symlink_to(next(p for p in outside.rglob("*") if p.is_file()))
        result = license_backup.backup(self.store, self.to, overwrite=True, allow_shrink=True)
        self.assertEqual(result.licenses, 0)
        reasons = {skipped.path: skipped.reason for skipped in result.restricted_licenses}
        kind = "not-a-regular-file"
        self.assertEqual(reasons, {"directory": kind, "file.lic": kind})

    def test_every_file_that_is_open_during_a_backup_is_in_the_directories(self) -> None:
        store = large_store()
        before, during = open_paths(), set[Path]()

        def on_progress(_: Progress) -> None:
            during.update(open_paths() - before)

        license_backup.backup(
            store, self.to, overwrite=True, allow_shrink=True, on_progress=on_progress
        )
        self.assertIn(store, during)
        self.assertIn(self.to, during)
        within = (store, self.to)
        outside = {path for path in during if not any(map(path.is_relative_to, within))}
        self.assertEqual(outside, set())
        self.assertEqual(open_paths() - before, set(), "everything should be closed")

    def test_the_component_sees_no_variable_of_the_environment(self) -> None:
        with mock.patch.object(WasiConfig, "inherit_env") as inherit:
            license_backup.verify(self.to)
        inherit.assert_not_called()
