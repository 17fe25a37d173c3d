"""The functions do the same as the program with the same options, on every special case."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import license_backup
from license_backup.results import Fields, LicenseBackupError

from .sandbox import Sandbox, files, program, write_sample


def line(value: Fields) -> dict[str, Any]:
    """Returns the JSON line of a result or an event, without its kind and duration."""
    fields = asdict(value)
    for name in ("milliseconds", "failures", "restricted_licenses", "listings"):
        fields.pop(name, None)
    if "hresult" in fields:
        fields["hresult"] = f"0x{fields['hresult']:08X}"
    lists = {name: list(value) for name, value in fields.items() if isinstance(value, tuple)}
    return {name: value for name, value in (fields | lists).items() if value is not None}


def bare(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    """Returns the lines of an event, without its kind and duration."""
    omitted = ("schema", "event", "milliseconds")
    return [
        {name: value for name, value in line.items() if name not in omitted}
        for line in lines
        if line["event"] == event
    ]


class SameAsProgram(Sandbox):
    """A sample store, and its backup by the program in the directory `reference`."""

    def setUp(self) -> None:
        """Writes the store and its backup."""
        super().setUp()
        write_sample(self.store, "--licenses", "20", "--publications", "2")
        self.reference = self.root / "reference"
        self.lines = program("backup", "--store", self.store, "--to", self.reference)
        self.assertEqual(self.lines[-1]["exit_code"], 3)

    def test_a_backup_has_the_same_bytes_result_and_reports(self) -> None:
        result = license_backup.backup(self.store, self.to)
        self.assertEqual(files(self.to), files(self.reference))
        self.assertEqual([line(result)], bare(self.lines, "end"))
        skipped = [line(each) for each in result.restricted_licenses]
        self.assertEqual(skipped, bare(self.lines, "restricted-license"))
        self.assertEqual([line(each) for each in result.failures], bare(self.lines, "error"))
        self.assertGreater(len(skipped), 0)
        self.assertGreater(len(result.failures), 0)

    def test_a_verification_has_the_same_result(self) -> None:
        result = license_backup.verify(self.reference)
        self.assertEqual([line(result)], bare(program("verify", "--from", self.reference), "end"))

    def test_a_restore_writes_the_same_files_and_has_the_same_result(self) -> None:
        expected, store = self.root / "expected", self.root / "restored"
        expected.mkdir()
        store.mkdir()
        lines = program("restore", "--from", self.reference, "--store", expected)
        result = license_backup.restore(self.reference, store)
        self.assertEqual([line(result)], bare(lines, "end"))
        self.assertEqual(files(store), files(expected))
        self.assertGreater(len(files(store)), 0)

    def test_a_listing_of_a_store_is_the_same(self) -> None:
        lines = program("list", "--store", self.store)
        result = license_backup.list_licenses(store=self.store)
        self.assertEqual([line(each) for each in result.listings], bare(lines, "license-listing"))
        self.assertEqual([line(result)], bare(lines, "end"))

    def test_a_listing_of_a_backup_is_the_same(self) -> None:
        lines = program("list", "--from", self.reference)
        result = license_backup.list_licenses(directory=self.reference)
        self.assertEqual([line(each) for each in result.listings], bare(lines, "license-listing"))
        self.assertEqual([line(result)], bare(lines, "end"))

    def test_generations_are_kept_and_named_by_the_same_rules(self) -> None:
        earlier = self.to / "licenses-20200101T000000Z.zip"
        (self.reference / "licenses.zip").rename(earlier)
        keep_newest = license_backup.Retention(last=1)
        self.fill(300)
        result = license_backup.backup(
            self.store, self.to, allow_shrink=True, retention=keep_newest
        )
        self.assertEqual(result.removed, 1)
        self.assertFalse(earlier.exists())
        (generation,) = program("generations", "--from", self.to, "--hash")[:-1]
        self.assertEqual((generation["file"], generation["blake3"]), (result.file, result.blake3))

    def test_a_filter_includes_the_same_licenses(self) -> None:
        store = self.root / "restored"
        store.mkdir()
        license_backup.restore(self.reference, store, include=["xmr/*", "lcp/**"])
        directories = {Path(name).parts[0] for name in files(store)}
        self.assertEqual(directories, {"xmr", "lcp"})
        listed = license_backup.list_licenses(directory=self.reference)
        some = next(each for each in listed.listings if each.size and each.license_ids)
        listed = license_backup.list_licenses(
            directory=self.reference, license_ids=some.license_ids, include=["none/such"]
        )
        self.assertIn(some, listed.listings)

    def test_a_dry_run_changes_nothing(self) -> None:
        store = self.root / "restored"
        store.mkdir()
        result = license_backup.restore(self.reference, store, dry_run=True)
        self.assertTrue(result.dry_run)
        self.assertGreater(result.restored, 0)
        self.assertEqual(files(store), {})


class Private(Sandbox):
    """What is written can be read by the user only."""

    def setUp(self) -> None:
        """Fills the store, and sets a permissive umask."""
        super().setUp()
        self.fill(3)
        self.addCleanup(os.umask, os.umask(0o022))

    def test_backups_and_restored_licenses_are_private_under_any_umask(self) -> None:
        license_backup.backup(self.store, self.to)
        self.assertEqual(self.file.stat().st_mode & 0o7777, 0o600)
        restored = self.root / "restored"
        restored.mkdir()
        license_backup.restore(self.to, restored)
        modes = {path.stat().st_mode & 0o077 for path in restored.rglob("*")}
        self.assertEqual(modes, {0})

    def test_the_umask_is_set_back(self) -> None:
        license_backup.backup(self.store, self.to)
        with self.assertRaises(LicenseBackupError):
            license_backup.backup(self.store, self.to)
        self.assertEqual(os.umask(0o022), 0o022)
