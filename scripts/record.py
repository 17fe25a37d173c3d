#!/usr/bin/env python3
"""Runs the program on a part of the sample store and draws its output as docs/backup.svg."""

import html
import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target" / "release"
COMMANDS = [
    "license-backup backup --store licenses --to backup",
    "license-backup verify --from backup",
    "license-backup list --from backup | head -n 4",
]
# Sizes in pixels. A monospaced font of 14 pixels is at most 8.6 pixels wide.
CHAR_WIDTH, LINE_HEIGHT, MARGIN = 8.6, 19, 16
COLUMNS = 100


def run(command, directory):
    """Returns the command and its output, in lines of at most COLUMNS characters."""
    result = subprocess.run(
        ["sh", "-c", command],
        cwd=directory,
        env={"PATH": f"{RELEASE}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise SystemExit(f"error: {command} failed: {result.stdout}")
    # The only part that differs between two runs.
    output = re.sub(r"^Done in .*\n", "Done in 0.1 s.\n", result.stdout, flags=re.M)
    lines = [line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…" for line in output.splitlines()]
    return [("command", f"$ {command}")] + [("output", line) for line in lines] + [("output", "")]


def draw(lines):
    """Returns the lines as an SVG."""
    width = round(COLUMNS * CHAR_WIDTH + 2 * MARGIN)
    height = len(lines) * LINE_HEIGHT + 2 * MARGIN
    rows = "".join(
        f'<text class="{kind}" x="{MARGIN}" y="{MARGIN + (number + 0.75) * LINE_HEIGHT:g}">{html.escape(text)}</text>\n'
        for number, (kind, text) in enumerate(lines)
        if text
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-label="A backup of a sample store, its verification, and a listing">\n'
        "<style>text{font:14px ui-monospace,Menlo,Consolas,monospace;white-space:pre;fill:#d0d7de}"
        ".command{fill:#fff;font-weight:600}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n{rows}</svg>\n'
    )


def write_store(directory):
    """Writes a store with ordinary licenses, one that may not be backed up, and a text file."""
    sample, store = directory / "sample", directory / "licenses"
    program = [RELEASE / "sample-store", sample, "--licenses", "1200", "--seed", "7"]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(sample / "ordinary", store)
    shutil.copy(sample / "wmdrm" / "restricted" / "bare.lic", store / "film.lic")
    (store / "notes.txt").write_text("not a license", encoding="utf-8")


with tempfile.TemporaryDirectory() as directory:
    write_store(pathlib.Path(directory))
    recorded = [line for command in COMMANDS for line in run(command, directory)][:-1]
    (ROOT / "docs" / "backup.svg").write_text(draw(recorded), encoding="utf-8")
