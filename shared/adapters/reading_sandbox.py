"""The walls around the reading process that the kernel keeps: which files it may open, and what it may ask for at all.

Used by `shared.adapters.model_reading_process` only, which confines itself before it looks at the first byte. Nothing of a
model file is run, so these walls are for faults of the reader itself and of Python under it. Where a kernel lacks one,
the setting `SANDBOX_MIN` decides whether files are read all the same.

Bound with ctypes: libseccomp is part of every Debian, and Landlock is three system calls (kernel documentation,
userspace-api/landlock). The packages on PyPI for them start `ldconfig` and `gcc` to find a library, or are no further than alpha.
"""

import ctypes
import errno
import os
from collections.abc import Callable, Sequence

LAYERS = (LANDLOCK, SECCOMP) = ("landlock", "seccomp")

# ruff: noqa: SIM905 - a long list of names is reviewed as words
_SYSCALLS = """
    brk clock_getres clock_gettime clock_nanosleep close dup dup2 dup3 exit exit_group fadvise64 fcntl fstat
    fstatfs futex getcwd getdents64 getegid geteuid getgid getpid getrandom getrusage gettid getuid ioctl lseek
    lstat madvise mmap mprotect mremap munmap newfstatat open openat poll ppoll pread64 prlimit64 read readlink
    readlinkat readv restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield
    set_robust_list sigaltstack stat statx sysinfo uname write writev
""".split()
"""All that Python needs to read files, compute and answer: no socket, process, signal, trace, mount or new right."""

_SECCOMP_ERRNO, _SECCOMP_ALLOW = 0x00050000, 0x7FFF0000  # seccomp.h: SCMP_ACT_ERRNO, SCMP_ACT_ALLOW
_NO_SUCH_SYSCALL = -1  # __NR_SCMP_ERROR: another architecture's name
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_ASK_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_NEWEST_FILE_RIGHTS = (1 << 16) - 1  # ABI 5 and later
_SET_DUMPABLE, _SET_NO_NEW_PRIVS = 4, 38


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def confine(readable: Sequence[str]) -> tuple[str, ...]:
    """Takes the rights away for good; the names of the layers that the kernel keeps.

    `readable` are the folders whose files may still be opened, for reading. What is open stays open.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)  # no other process may look into this one
    if libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return ()
    load_filter = _prepare_filter()  # opens a library, which none of the folders holds
    layers = [LANDLOCK] if _keep_to_folders(libc, readable) else []
    if load_filter is not None and load_filter() == 0:
        layers.append(SECCOMP)
    return tuple(layers)


def _keep_to_folders(libc: ctypes.CDLL, readable: Sequence[str]) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    if version < 1:
        return False
    handled = ctypes.c_uint64(_FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS))
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(handled), ctypes.sizeof(handled), 0)
    if ruleset < 0:
        return False
    try:
        allowed = all(_allow_reading(libc, ruleset, folder) for folder in readable)
        return allowed and libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow_reading(libc: ctypes.CDLL, ruleset: int, folder: str) -> bool:
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(_READ_FILE | _READ_DIR, descriptor)
        return bool(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0) == 0)
    finally:
        os.close(descriptor)


def _prepare_filter() -> Callable[[], int] | None:
    """What loads a filter that lets through `_SYSCALLS` alone; None where libseccomp is not there."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    state = library.seccomp_init(ctypes.c_uint32(_SECCOMP_ERRNO | errno.EPERM))
    if not state:
        return None
    for name in _SYSCALLS:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number != _NO_SUCH_SYSCALL:
            library.seccomp_rule_add_array(
                ctypes.c_void_p(state), ctypes.c_uint32(_SECCOMP_ALLOW), number, 0, None
            )
    return lambda: int(library.seccomp_load(ctypes.c_void_p(state)))
