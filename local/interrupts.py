"""Ctrl-C and its kin, for the commands that run a cloud in the foreground."""

import os
import signal

from local import processes


def interrupt_on_signals() -> None:
    """SIGTERM and SIGHUP raise KeyboardInterrupt as Ctrl-C does, so that all is cleaned up.

    So does the end of the `make` that started this process.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's `&` ignores SIGINT
        signal.signal(number, signal.default_int_handler)
    if "MAKELEVEL" in os.environ:
        processes.end_with_parent(signal.SIGTERM)
