"""The callback for the progress, and operations that are ended by it."""

from __future__ import annotations

import threading
from pathlib import Path

import license_backup
from license_backup.results import Progress

from .sandbox import Sandbox, files, large_store, open_paths


class Stop(Exception):
    """An exception of a callback."""


class WithProgress(Sandbox):
    """A store that takes long enough to back up that the callback sees the operation run."""

    def setUp(self) -> None:
        """Uses the large store, which no test changes."""
        super().setUp()
        self.store = large_store()

    def test_progress_is_reported_in_the_calling_thread_while_the_backup_is_written(self) -> None:
        seen: list[tuple[Progress, bool, int]] = []

        def on_progress(progress: Progress) -> None:
            seen.append((progress, self.file.exists(), threading.get_ident()))

        result = license_backup.backup(self.store, self.to, on_progress=on_progress)
        progress, was_complete, thread = seen[0]
        self.assertEqual(progress.done, 0)
        self.assertFalse(was_complete, "the callback should be called before the end")
        self.assertEqual(thread, threading.get_ident())
        self.assertIn("copying", {progress.stage for progress, _, _ in seen})
        totals = {progress.total for progress, _, _ in seen if progress.stage == "copying"}
        self.assertEqual(totals, {result.licenses})

    def test_progress_of_a_verification_and_a_restore_is_reported(self) -> None:
        license_backup.backup(self.store, self.to)
        restored = self.root / "restored"
        restored.mkdir()
        seen: list[Progress] = []
        license_backup.verify(self.to, on_progress=seen.append)
        self.assertEqual({progress.stage for progress in seen}, {"verifying"})
        seen.clear()
        license_backup.restore(self.to, restored, on_progress=seen.append)
        self.assertIn("writing", {progress.stage for progress in seen})

    def test_an_exception_of_the_callback_ends_the_backup_and_keeps_the_earlier_one(self) -> None:
        self.file.write_text("an earlier one")

        def on_progress(_: Progress) -> None:
            raise Stop

        with self.assertRaises(Stop):
            license_backup.backup(self.store, self.to, overwrite=True, on_progress=on_progress)
        self.assertEqual(self.file.read_text(), "an earlier one")
        self.assertEqual(open_paths_below(self.to), [])
        license_backup.backup(self.store, self.to, overwrite=True, allow_shrink=True)
        self.assertTrue(license_backup.verify(self.to).complete)

    def test_an_exception_of_the_callback_ends_only_its_own_operation(self) -> None:
        license_backup.backup(self.store, self.to)

        def on_progress(_: Progress) -> None:
            with self.assertRaises(Stop):
                license_backup.verify(self.to, on_progress=stop)

        def stop(_: Progress) -> None:
            raise Stop

        self.assertTrue(license_backup.verify(self.to, on_progress=on_progress).complete)

    def test_an_exception_of_the_callback_before_a_license_is_restored_restores_none(self) -> None:
        license_backup.backup(self.store, self.to)
        restored = self.root / "restored"
        restored.mkdir()

        def on_progress(progress: Progress) -> None:
            self.assertEqual(progress.stage, "verifying")
            raise Stop

        with self.assertRaises(Stop):
            license_backup.restore(self.to, restored, on_progress=on_progress)
        self.assertEqual(files(restored), {})


def open_paths_below(directory: Path) -> list[Path]:
    """Returns the files of a directory that this process has open, and the directory if it has."""
    return [path for path in open_paths() if path.is_relative_to(directory)]
