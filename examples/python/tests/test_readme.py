"""The example in the README."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .sandbox import ROOT, Sandbox

EXAMPLE = (ROOT / "README.md").read_text().split("```python\n")[1].split("```")[0]


class Readme(Sandbox):
    """Directories with the names in the README."""

    def setUp(self) -> None:
        """Fills the store."""
        super().setUp()
        self.store = self.store.rename(self.root / "licenses")
        self.to = self.to.rename(self.root / "backup")
        self.fill(3)

    def runs_the_example(self) -> str:
        """Returns the output of the example."""
        package = str(Path(__file__).parents[1])
        outcome = subprocess.run(
            [sys.executable, "-c", EXAMPLE],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": package},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((outcome.returncode, outcome.stderr), (0, ""))
        return outcome.stdout

    def test_the_example_prints_progress_results_and_errors(self) -> None:
        (self.store / "cut.lic").write_bytes(self.license().read_bytes()[:99])
        printed = self.runs_the_example()
        self.assertIn("copying: 0\n", printed)
        self.assertIn("3 licenses are safe\nnot backed up: cut.lic (malformed)\n", printed)
        self.assertIn("(HRESULT 0xc00d2742)\n", self.runs_the_example())

    def test_the_types_of_the_example_are_right(self) -> None:
        program = self.root / "example.py"
        program.write_text(EXAMPLE)
        cache = str(ROOT / "target/mypy")
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, str(program)]
        outcome = subprocess.run(
            command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
        )
        self.assertEqual(outcome.returncode, 0, outcome.stdout)
