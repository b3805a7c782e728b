"""Child processes of the local cloud: started in a session of their own, gone when their parent is.

Used by `local.up` for Azurite, the emulator and the function hosts, by the emulator for its
scoring servers, and by the tests. Linux only: the kernel is asked to end a child with its parent.
"""

import contextlib
import ctypes
import fcntl
import functools
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

_PR_SET_PDEATHSIG = 1
_PORTS = range(12_000, 32_000)  # below those that Linux gives out, 32768 to 60999
_APART = 100  # where processes next to each other begin to look
_T = TypeVar("_T")
_LIBC = ctypes.CDLL(None, use_errno=True)
_given = itertools.count()


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
    niceness: int = 0,
) -> subprocess.Popen[bytes]:
    """Starts `command` with exactly `env`; its output is appended to `log`.

    `niceness`, up to 19, is how far it leaves the processor to others. The child gets a session of its own (Ctrl-C does not reach it) and is killed by the kernel
    when the thread that started it ends, so start children from a thread that lives as long.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=functools.partial(_begin, niceness),  # noqa: PLW1509 - takes no locks
        )


def _begin(niceness: int) -> None:
    end_with_parent()
    if niceness:
        os.nice(niceness)
        with contextlib.suppress(FileNotFoundError):  # Linux may weigh sessions, not processes
            Path("/proc/self/autogroup").write_text(str(niceness))


def end_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel to send this process a signal when its parent ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def stop(process: subprocess.Popen[bytes], *, seconds: float = 10) -> int:
    """Asks the child to end, kills its whole session after `seconds`; returns its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            print(f"{process.args!r} did not end in {seconds:g} s and is killed", file=sys.stderr)
    with contextlib.suppress(ProcessLookupError):  # the whole session may have ended already
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on, and that this process gives out once.

    It stays free while what listened there starts again: the kernel gives it to nobody who asks for
    any. Raises OSError where all are taken.
    """
    for _ in _PORTS:
        port = _PORTS[(os.getpid() * _APART + next(_given)) % len(_PORTS)]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free")


def wait_until(
    check: Callable[[], _T | None], *, seconds: float, what: str, every: float = 0.02
) -> _T:
    """Calls `check`, `every` so many seconds, until it answers something true and returns that.

    Raises TimeoutError naming `what` after `seconds`.
    """
    end = time.monotonic() + seconds
    while not (answer := check()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(every)  # noqa: TID251 - the one place that waits between looks
    return answer


@contextlib.contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Holds the file `lock` against other processes, waiting until it is free."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
