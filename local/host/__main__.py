"""`python -m local.host --app DIR --port P`: serves an Azure Functions app on this machine.

A stand-in for `func start`: one process is one host instance with its Python worker inside. With
`--functions` it serves those alone, as an instance of a per-function scale group does. Prints a
line for each function and `host ready: http://127.0.0.1:P`; logs to stderr. Exit code 0 after
SIGTERM or SIGINT, 1 if running work was cut off, also by `functionTimeout`, 2 if it could not start.

Not imitated: keys and authorization levels, retry policies, input bindings, triggers and outputs
other than HTTP, queue and timer, identity-based connections, scaling.
"""

import argparse
import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.host import host_json, indexing, settings
from local.host.functions import Function, TimerTrigger
from local.host.host import Host, Plan
from local.host.problems import SettingError, StartupError

STORAGE = "Storage"  # AzureWebJobsStorage, where the host keeps its own things
QUIET = {"azure": logging.WARNING, "uvicorn": logging.WARNING}


def main() -> int:
    """Runs the command; returns the exit code."""
    options = _parser().parse_args()
    _log_to_stderr()
    try:
        plan = _plan(options)
        bound = _bind(options.port)
    except StartupError as error:
        for problem in error.problems:
            print(f"cannot start: {problem}", file=sys.stderr)
        return 2
    for function in plan.functions:
        print(f"{function.name:<32} {function.trigger}", flush=True)
    asyncio.run(_serve(plan, bound))
    return 0


async def _serve(plan: Plan, bound: socket.socket) -> None:
    if not await Host(plan, bound).serve():
        logging.shutdown()
        os._exit(1)  # a regular exit would wait for the threads that were given up


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.host",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--app", type=Path, required=True, help="folder of function_app.py")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--functions", help="serve only these, by comma")
    parser.add_argument(
        "--lease", type=_seconds, default=600, help="of a queue message, seconds (default: 600)"
    )
    parser.add_argument(
        "--grace",
        type=_seconds,
        default=8,
        help="for running work at the end, seconds (default: 8)",
    )
    return parser


def _seconds(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds")
    return int(text)


def _plan(options: argparse.Namespace) -> Plan:
    """Reads the app and everything about it. Raises StartupError with all problems at once."""
    folder = options.app.resolve()
    problems: list[str] = []
    host = host_json.read(folder, problems)
    values = settings.read(folder, os.environ, problems)
    os.environ.update(values.values)
    wanted = options.functions.split(",") if options.functions else None
    functions: list[Function] = []
    try:
        functions = indexing.index(indexing.load(folder), values, host, wanted)
    except StartupError as error:
        problems += error.problems
    storage = _storage(functions, values, problems)
    if problems:
        raise StartupError(problems)
    return Plan(
        folder=folder,
        functions=functions,
        settings=values,
        host=host,
        lease=options.lease,
        grace=options.grace,
        storage=storage,
    )


def _storage(functions: Sequence[Function], values: settings.Settings, problems: list[str]) -> str:
    """The host's own storage, which timers need for their locks."""
    if not any(isinstance(function.trigger, TimerTrigger) for function in functions):
        return ""
    try:
        return values.connection(STORAGE)
    except SettingError as error:
        problems.append(f"timers keep their locks in AzureWebJobsStorage: {error}")
        return ""


def _bind(port: int) -> socket.socket:
    # the protocol is spelled out because asyncio sets TCP_NODELAY only where it is
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        bound.close()
        raise StartupError([f"port {port} cannot be used: {error.strerror}"]) from error
    return bound


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


if __name__ == "__main__":
    sys.exit(main())
