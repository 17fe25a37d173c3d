"""Runs the command component in wasmtime, with the directories that it may access."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from weakref import finalize

from wasmtime import Config, Engine, ExitTrap, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Func, Linker

from .results import ErrorCode, Failure, LicenseBackupError

Line = dict[str, Any]

# The operations that write, one at a time: the umask is that of the whole process. A callback may
# start another operation.
_WRITING = threading.RLock()

# The seconds within which wasmtime releases the callbacks of a command that has ended.
_RELEASE = 10

# The names of the opened directories in a message. Paths of licenses have no slash at their start.
_NAME = re.compile(r"(?<!\S)/(?:licenses|backup)(?!\w)")


@dataclass(frozen=True)
class Directory:
    """A directory that the component can access, under a name."""

    name: str
    role: str
    path: Path
    writable: bool

    @classmethod
    def store(cls, path: Path, *, writable: bool = False) -> Directory:
        """Returns a license store."""
        return cls("/licenses", "license store", path, writable)

    @classmethod
    def backup(cls, path: Path, *, writable: bool = False) -> Directory:
        """Returns a directory for the backup."""
        return cls("/backup", "backup directory", path, writable)

    def open_for(self, wasi: WasiConfig) -> None:
        """Opens the directory for a component. Raises a `LicenseBackupError` if it cannot be."""
        try:
            os.scandir(self.path).close()
            wasi.preopen_dir(str(self.path), self.name, self.writable)
        except (OSError, ValueError, WasmtimeError) as error:
            raise self._failure_to_open(error) from error

    def _failure_to_open(self, error: Exception) -> LicenseBackupError:
        code: ErrorCode
        match error:
            case FileNotFoundError():
                code, hresult = "path-not-found", 0x80070003
            case PermissionError():
                code, hresult = "access-denied", 0x80070005
            # A path that is not UTF-8 or contains a NUL is a `ValueError`.
            case NotADirectoryError() | ValueError():
                code, hresult = "invalid-argument", 0x80070057
            case _:
                code, hresult = "io", 0x80004005
        cause = error.strerror if isinstance(error, OSError) else error
        message = f"cannot open the {self.role} {self.path}: {cause}"
        failure = Failure(code=code, hresult=hresult, message=message, path=str(self.path))
        return LicenseBackupError(failure, exit_code=1)


def run(
    component: Path,
    arguments: Sequence[str],
    directories: Sequence[Directory],
    on_line: Callable[[Line], None],
) -> None:
    """Runs the command in another thread, and passes each JSON line to `on_line` in this one.

    If that raises an exception, the command ends at once. Raises a `LicenseBackupError` if a
    directory cannot be opened, or if the arguments are invalid.
    """
    output: SimpleQueue[bytes | None] = SimpleQueue()
    errors: list[bytes] = []
    wasi = WasiConfig()
    wasi.argv = ["license-backup", *arguments, "--json"]
    released = [threading.Event(), threading.Event()]
    wasi.stdout_custom = _Callback(output.put, released[0])
    wasi.stderr_custom = _Callback(errors.append, released[1])
    for directory in directories:
        directory.open_for(wasi)
    writes = any(directory.writable for directory in directories)
    with _private_files() if writes else nullcontext(), ThreadPoolExecutor(max_workers=1) as thread:
        engine = _engine()
        store = Store(engine)
        store.set_wasi(wasi)
        # The command traps as soon as the epoch is incremented.
        store.set_epoch_deadline(1)
        exit_code = thread.submit(_call, _command(engine, store, component), store, output)
        try:
            for line in _lines(iter(output.get, None)):
                on_line(_with_paths(json.loads(line), directories))
        except BaseException:
            engine.increment_epoch()
            raise
        finally:
            # A thread of wasmtime that releases a callback while Python exits aborts the process.
            for event in released:
                event.wait(_RELEASE)
        if exit_code.result() == 2:
            raise _usage_error(b"".join(errors).decode())


class _Callback:
    """A callback for an output of the command. Sets an event when wasmtime has released it."""

    def __init__(self, write: Callable[[bytes], None], released: threading.Event) -> None:
        self._write = write
        finalize(self, released.set)

    def __call__(self, chunk: bytes) -> None:
        self._write(chunk)


def _engine() -> Engine:
    config = Config()
    config.epoch_interruption = True
    return Engine(config)


@cache
def _compiled(component: Path) -> bytearray:
    """Returns the machine code of a component, so that only its first run compiles it."""
    return Component(_engine(), component.read_bytes()).serialize()


def _command(engine: Engine, store: Store, component: Path) -> Func:
    linker = Linker(engine)
    linker.add_wasip2()
    instance = linker.instantiate(store, Component.deserialize(engine, _compiled(component)))
    interface = instance.get_export_index(store, "wasi:cli/run@0.2.12")
    function = instance.get_export_index(store, "run", interface)
    command = instance.get_func(store, function) if function is not None else None
    if command is None:
        raise ValueError(f"{component} is not the command component of this version")
    return command


def _call(command: Func, store: Store, output: SimpleQueue[bytes | None]) -> int:
    """Calls the command, closes its directories, and ends its output. Returns the exit code."""
    try:
        with store:
            command(store)
        return 0
    except ExitTrap as trap:
        return trap.code
    finally:
        output.put(None)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Returns the lines of an output, as soon as they are complete."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _with_paths(line: Line, directories: Sequence[Directory]) -> Line:
    """Returns a line that names the directories as the caller does."""
    paths = {directory.name: str(directory.path) for directory in directories}
    if "message" in line:
        line["message"] = _NAME.sub(lambda name: paths.get(name[0], name[0]), line["message"])
    if "path" in line:
        line["path"] = paths.get(line["path"], line["path"])
    return line


def _usage_error(text: str) -> LicenseBackupError:
    message = text.strip().removeprefix("license-backup: ").removesuffix("; see --help")
    failure = Failure(code="invalid-argument", hresult=0x80070057, message=message)
    return LicenseBackupError(failure, exit_code=2)


@contextmanager
def _private_files() -> Iterator[None]:
    """Makes the user the only one who can read new files, of all threads of this process."""
    with _WRITING:
        umask = os.umask(0o077)
        try:
            yield
        finally:
            os.umask(umask)
