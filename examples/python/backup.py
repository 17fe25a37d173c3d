"""Backs up a license store. Prints the progress and the outcome.

    python backup.py STORE BACKUP_DIRECTORY [--generations]

With --generations, each backup is a file of its own, and older ones are removed by the policy
below. Otherwise the backup is replaced.

Exit codes: 0 success, 1 failure, 2 invalid arguments, 3 completed, but some licenses could not be
read, 6 most licenses of the earlier backup are missing, 130 ended by Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import license_backup
from license_backup.results import BackupResult, LicenseBackupError, Progress

# The generations to keep: one for each of the last hours, days, and so on, that have one.
POLICY = license_backup.Retention(hourly=24, daily=7, weekly=5, monthly=12, yearly=10)


def main() -> int:
    """Runs the program. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Back up a license store")
    parser.add_argument("store", type=Path, help="directory of the license store")
    parser.add_argument("directory", type=Path, help="directory for the backup")
    parser.add_argument("--generations", action="store_true", help="keep earlier backups")
    arguments = parser.parse_args()
    try:
        result = license_backup.backup(
            arguments.store,
            arguments.directory,
            overwrite=not arguments.generations,
            retention=POLICY if arguments.generations else None,
            on_progress=print_progress,
        )
    except LicenseBackupError as error:
        for failure in error.failures:
            print_error(failure.message)
        print_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        print_error("the backup was ended; an earlier one was not modified")
        return 130
    print_result(result)
    return result.exit_code


def print_progress(progress: Progress) -> None:
    """Prints the progress of the backup."""
    total = "?" if progress.total is None else progress.total
    print(f"{progress.stage}: {progress.done} of {total}", flush=True)


def print_result(result: BackupResult) -> None:
    """Prints what was backed up, and what was not."""
    for skipped in result.restricted_licenses:
        print(f"skipped: {skipped.path!r} ({skipped.reason})")
    for failure in result.failures:
        print_error(failure.message)
    verb = "unchanged:" if result.unchanged else "backed up"
    print(
        f"{verb} {result.licenses} licenses ({result.size} bytes), "
        f"skipped {result.restricted}, {result.errors} could not be read"
    )
    if result.shrunk is not None:
        left = f"{result.shrunk.left} of {result.shrunk.earlier} licenses are left"
        print_error(f"{left}; the earlier backup was pinned; is the store mounted?")


def print_error(message: str) -> None:
    """Prints an error."""
    print(f"error: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
