"""A temporary directory with a license store and a directory for its backup."""

from __future__ import annotations

import atexit
import contextlib
import json
import subprocess
import tempfile
import unittest
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "target/release/license-backup"
SAMPLE_STORE = ROOT / "target/release/sample-store"


class Sandbox(unittest.TestCase):
    """A test with an empty `store`, and an empty directory `to` for its backup."""

    def setUp(self) -> None:
        """Creates the directories. Their names have a space and letters that are not ASCII."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name).resolve()
        self.store = self.root / "Lizenzen für 日本"
        self.to = self.root / "Sicherung №1"
        self.store.mkdir()
        self.to.mkdir()
        self.file = self.to / "licenses.zip"

    def fill(self, licenses: int, *options: str, seed: int = 1) -> None:
        """Replaces the store by ordinary licenses, which may all be backed up."""
        numbers = ["--licenses", str(licenses), "--seed", str(seed)]
        write_sample(self.store, *numbers, "--ordinary-only", *options)

    def license(self) -> Path:
        """Returns a license of the store."""
        return sorted(path for path in self.store.rglob("*") if path.is_file())[0]


def write_sample(store: Path, *options: str) -> None:
    """Replaces a store by a sample store, which has every special case unless omitted."""
    command = [str(SAMPLE_STORE), str(store), "--replace", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@cache
def large_store() -> Path:
    """Returns a store with many licenses, which all tests of this process share."""
    temporary = tempfile.TemporaryDirectory()
    atexit.register(temporary.cleanup)
    store = Path(temporary.name).resolve()
    write_sample(store, "--licenses", "10000", "--size", "2048", "--ordinary-only")
    return store


def program(*arguments: str | Path) -> list[dict[str, Any]]:
    """Returns the JSON lines of the program, except for the progress."""
    command = [PROGRAM, *arguments, "--json"]
    output = subprocess.run(command, capture_output=True, check=False).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    return [line for line in lines if line["event"] not in ("begin", "progress")]


def files(directory: Path) -> dict[str, bytes]:
    """Returns the content of each file below a directory, by its path."""
    paths = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}


def open_paths() -> set[Path]:
    """Returns the paths of the open files and directories of this process, except in memory."""
    paths = set()
    for link in Path("/proc/self/fd").iterdir():
        # The file was closed in the meantime.
        with contextlib.suppress(FileNotFoundError):
            paths.add(link.readlink())
    return {path for path in paths if path.is_absolute() and not path.name.startswith("memfd:")}
