"""The program of the reading process: a model file on stdin, its inspection as JSON on stdout.

Started by `shared.adapters.model_reader` as `python -I -S <this file> <order>`, with nothing but the standard library on
the path; never imported by it. It takes its own rights away before it looks at the first byte. An order without a file
asks which of the kernel's walls stand here.
"""

import bz2  # noqa: F401 - it opens a library of the system, where no file may be opened later
import contextlib
import ctypes
import json
import lzma  # noqa: F401 - see bz2
import resource
import sys
import zlib  # noqa: F401 - see bz2
from typing import Any, BinaryIO

MOST_OUTPUT = 8 * 1024 * 1024
_WANTED_BY_LIBYAML = "libpthread.so.0"
"""PyYAML's build of libyaml names it; it lies where no file may be opened later."""
_LONGEST_NUMBER = 100
_STARTS_NUMBER = tuple("+-.0123456789")


def main() -> int:
    """Read the file on stdin. 0: an answer was printed, be it an inspection or a reason why there is none."""
    order = json.loads(sys.argv[1])
    layers = _give_up_rights(order)
    if "digest" not in order:
        _answer({"layers": layers})
        return 0
    with open(sys.stdin.fileno(), "rb", closefd=False) as file:
        answer = _read(file, order)
    _answer(answer)
    return 0


def _give_up_rights(order: dict[str, Any]) -> tuple[str, ...]:
    """Sets the limits, and the kernel's walls around what may be imported later; the names of those that stand."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CPU, order["cpu_seconds"]),
        (resource.RLIMIT_AS, order["memory_bytes"]),
    ):
        _, most = resource.getrlimit(limit)
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (allowed, allowed))
    with contextlib.suppress(OSError):
        ctypes.CDLL(_WANTED_BY_LIBYAML)
    sys.path.insert(0, order["code_path"])
    from shared.adapters import reading_sandbox  # noqa: PLC0415 - the path is set just now

    return reading_sandbox.confine(order["readable"])


def _read(file: BinaryIO, order: dict[str, Any]) -> dict[str, Any]:
    from shared.domain.inspection import UnreadableModel  # noqa: PLC0415 - the path is set just now
    from shared.domain.inspection_json import render_inspection  # noqa: PLC0415 - the path is set just now
    from shared.domain.reading.limits import over_limits  # noqa: PLC0415 - see above
    from shared.domain.reading.reader import read_model  # noqa: PLC0415 - see above

    def parse_yaml(data: bytes) -> object:
        return _parse_yaml(data, order["yaml_path"])

    try:
        return {
            "inspection": render_inspection(
                read_model(file, order["size"], order["digest"], parse_yaml)
            )
        }
    except UnreadableModel as error:
        return {"unreadable": [error.code, error.reason, error.next]}
    except (MemoryError, RecursionError):
        beyond = over_limits("it needs more memory than reading a model takes")
        return {"unreadable": [beyond.code, beyond.reason, beyond.next]}


def _parse_yaml(data: bytes, yaml_path: str) -> object:
    """MLmodel's values. Aliases are refused: MLflow writes none, and a few lines of them unfold to gigabytes.

    Events are counted before anything is built of them; libyaml, where PyYAML brings it, reads twenty times as fast.
    """
    from shared.domain.reading.limits import DEFAULT_LIMITS, corrupt, over_limits  # noqa: PLC0415 - see `_read`

    sys.path.append(yaml_path)
    import yaml  # noqa: PLC0415 - only folders need it, and it takes 15 ms

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for count, event in enumerate(yaml.parse(data, loader)):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise corrupt("its MLmodel file uses YAML aliases")
            if isinstance(event, yaml.ScalarEvent) and _is_long_number(event):
                raise corrupt("its MLmodel file has a number that MLflow does not write")
            if count > DEFAULT_LIMITS.yaml_events or depth > DEFAULT_LIMITS.nesting:
                raise over_limits("its MLmodel file has more entries than MLflow writes")
        return yaml.load(data, loader)  # noqa: S506 - one of the two safe loaders
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise corrupt("its MLmodel file is no YAML") from error


def _is_long_number(event: Any) -> bool:
    """Whether YAML could take a long value for a number, which with colons in it is to the base 60 and takes hours."""
    plain = event.implicit[0] and event.value[:1] in _STARTS_NUMBER
    return len(event.value) > _LONGEST_NUMBER and (plain or event.tag is not None)


def _answer(answer: dict[str, Any]) -> None:
    text = json.dumps(answer)
    if len(text) > MOST_OUTPUT:
        raise SystemExit("the answer is too long")
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
