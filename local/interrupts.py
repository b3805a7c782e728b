"""Ctrl-C and its kin, for the commands that run a cloud in the foreground."""

import signal


def interrupt_on_signals() -> None:
    """SIGTERM and SIGHUP raise KeyboardInterrupt as Ctrl-C does, so that all is cleaned up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's `&` ignores SIGINT
        signal.signal(number, signal.default_int_handler)
