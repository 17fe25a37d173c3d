"""The program `backup.py`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from .sandbox import Sandbox, files, program

BACKUP = Path(__file__).parents[1] / "backup.py"
# The program, which waits at its first progress, so that the backup is running when a signal comes.
# Python ignores Ctrl-C if the tests run in the background of a shell.
WAITING = f"""
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {str(BACKUP.parent)!r})
import backup

def wait(progress):
    print("waiting", flush=True)
    time.sleep(600)

backup.print_progress = wait
sys.exit(backup.main())
"""


class Program(Sandbox):
    """A store with three licenses."""

    def setUp(self) -> None:
        """Fills the store."""
        super().setUp()
        self.fill(3)

    def backs_up(self, *options: str, exits: int) -> subprocess.CompletedProcess[str]:
        """Runs the program with the directories, and requires an exit code."""
        command: list[str | Path] = [sys.executable, BACKUP, self.store, self.to, *options]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(outcome.returncode, exits, outcome)
        return outcome

    def test_a_backup_prints_its_outcome_and_skipped_files(self) -> None:
        (self.store / "notes\x1b.txt").write_text("no license")
        outcome = self.backs_up(exits=0)
        self.assertIn("skipped: 'notes\\x1b.txt' (unrecognized)\n", outcome.stdout)
        self.assertIn("backed up 3 licenses (", outcome.stdout)
        self.assertEqual(program("verify", "--from", self.to)[-1]["exit_code"], 0)
        self.assertIn("unchanged: 3 licenses (", self.backs_up(exits=0).stdout)

    def test_a_backup_into_the_store_exits_with_1(self) -> None:
        self.to = self.store
        self.assertIn(f"error: cannot back up into {self.store}: ", self.backs_up(exits=1).stderr)

    def test_invalid_arguments_exit_with_2(self) -> None:
        self.backs_up("--more", exits=2)
        self.assertEqual(files(self.to), {})

    def test_an_incomplete_backup_prints_the_errors_and_exits_with_3(self) -> None:
        (self.store / "cut.lic").write_bytes(self.license().read_bytes()[:99])
        self.assertIn("error: cannot back up cut.lic: ", self.backs_up(exits=3).stderr)

    def test_a_store_that_has_shrunk_exits_with_6(self) -> None:
        self.backs_up(exits=0)
        self.fill(0)
        text = "0 of 3 licenses are left"
        self.assertIn(text, self.backs_up(exits=6).stderr)
        self.assertIn(f"{text}; the earlier", self.backs_up("--generations", exits=6).stderr)

    def test_ctrl_c_ends_a_backup_with_130_and_keeps_the_earlier_one(self) -> None:
        self.file.write_text("an earlier one")
        command: list[str | Path] = [sys.executable, "-c", WAITING, self.store, self.to]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            errors = process.stderr.read().decode()
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual(errors, "error: the backup was ended; an earlier one was not modified\n")
        self.assertEqual(self.file.read_text(), "an earlier one")
