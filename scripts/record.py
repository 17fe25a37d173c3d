#!/usr/bin/env python3
"""Records the program in a terminal, and draws the screen as docs/backup.svg.

Each command runs in a pseudo terminal of COLUMNS by LINES characters, so the program behaves as it
does for a person: it draws a progress bar, and long lines wrap. Two recordings differ in their
times only.
"""

import fcntl
import html
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target" / "release"
COMMANDS = [
    "license-backup backup --store licenses --to backup",
    "license-backup verify --from backup",
    "license-backup list --from backup | head -n 4",
]
COLUMNS, LINES = 120, 40
# Sizes in pixels. A monospaced font of 14 pixels is at most 8.6 pixels wide.
CHAR_WIDTH, LINE_HEIGHT, MARGIN = 8.6, 19, 16
# A control sequence, a control character, or text.
TOKEN = re.compile(r"\x1b\[([?0-9;]*)([@-~])|([\r\n])|([^\x1b\r\n]+)")


def run(command, directory):
    """Runs a command in a pseudo terminal. Returns what it writes there."""
    terminal, program_side = pty.openpty()
    fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    process = subprocess.Popen(
        ["sh", "-c", command],
        cwd=directory,
        env={"PATH": f"{RELEASE}:/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"},
        stdin=program_side,
        stdout=program_side,
        stderr=program_side,
    )
    os.close(program_side)
    output = b""
    try:
        while chunk := os.read(terminal, 1 << 16):
            output += chunk
    except OSError:
        pass  # Linux reports EIO when the last program has closed the terminal.
    os.close(terminal)
    if process.wait() != 0:
        raise SystemExit(f"error: {command} failed: {output.decode()}")
    return output.decode()


def screen(output):
    """Returns the lines that a terminal shows after this output."""
    lines, row, column = [""], 0, 0
    for parameter, action, control, text in TOKEN.findall(output):
        if control == "\r":
            column = 0
        elif control == "\n":
            row += 1
        elif action == "A":
            row = max(0, row - int(parameter or 1))
        elif action == "K":
            lines[row] = "" if parameter == "2" else lines[row][:column]
        elif action == "J":
            lines[row:] = [lines[row][:column]]
        elif action not in ("", "m", "h", "l"):
            raise SystemExit(f"error: unknown control sequence: {action}")
        lines += [""] * (row + 1 - len(lines))
        for character in text:
            if column == COLUMNS:
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row].ljust(column)[:column] + character + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


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
    program = [RELEASE / "sample-store", sample, "--licenses", "12000", "--seed", "7"]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(sample / "ordinary", store)
    shutil.copy(sample / "wmdrm" / "restricted" / "bare.lic", store / "film.lic")
    (store / "notes.txt").write_text("not a license", encoding="utf-8")


with tempfile.TemporaryDirectory() as directory:
    write_store(pathlib.Path(directory))
    recording = []
    for command in COMMANDS:
        recording.append(("command", f"$ {command}"))
        recording += [("output", line) for line in screen(run(command, directory))]
    (ROOT / "docs" / "backup.svg").write_text(draw(recording[:-1]), encoding="utf-8")
