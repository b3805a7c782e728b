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


def within_a_model(value: bytes) -> bytes:
    """A fitted-looking estimator that keeps `value` in an attribute."""
    estimator = name("sklearn.svm._classes", "SVC") + b")\x81"
    state = text("x") + value + text("_sklearn_version") + text("1.7.2")
    return b"\x80\x02" + estimator + b"}(" + state + b"ub" + STOP


def _dtype(code: str, state: bytes = b"") -> bytes:
    return name("numpy", "dtype") + tuple_of(text(code), b"\x89", b"\x88") + REDUCE + state


def _array_state(dtype: bytes, *more: bytes, shape: bytes = b"K\x01\x85") -> bytes:
    subclass = text("subclass") + name("numpy", "ndarray")
    parts = (subclass, text("shape"), shape, text("order"), text("C"), text("dtype"), dtype, *more)
    return b"}(" + b"".join(parts) + b"u"


WRAPPER = name("joblib.numpy_pickle", "NumpyArrayWrapper")
INSTANCE = WRAPPER + b")\x81"
EIGHT = b"\0" * 8
HONEST_ARRAY = INSTANCE + _array_state(_dtype("f8")) + b"b" + EIGHT
HONEST_OLD_ARRAY = (
    name("copyreg", "_reconstructor") + tuple_of(WRAPPER, name("builtins", "object"), b"N") + REDUCE
    + _array_state(_dtype("f8")) + b"b" + EIGHT
)  # fmt: skip


def confusing() -> dict[str, bytes]:
    """Values that joblib would read with other borders than a reader who trusts appearances: what is data to one is code to the other."""
    state = _array_state(_dtype("f8")) + b"b"
    empty = b"}"
    objects = _dtype("O8")
    sized = tuple_of(b"K\x03", text("|"), b"N", b"N", b"N", b"K\x10", b"K\x01", b"K\x00") + b"b"
    flagged = (
        tuple_of(
            b"K\x03",
            text("|"),
            b"N",
            b"N",
            b"N",
            b"J\xff\xff\xff\xff",
            b"J\xff\xff\xff\xff",
            b"K\x01",
        )
        + b"b"
    )
    number = name("numpy.core.multiarray", "scalar")
    return {
        "instance by newObj": name("sklearn.neighbors._kd_tree", "newObj") + tuple_of(WRAPPER) + REDUCE + state,
        "instance by an index": name("pandas.core.indexes.base", "_new_Index") + tuple_of(WRAPPER, empty) + REDUCE + state,
        "instance handed back": number + tuple_of(objects, INSTANCE) + REDUCE + state,
        "instance by a generator": name("numpy.random._pickle", "__bit_generator_ctor") + tuple_of(WRAPPER) + REDUCE + state,
        "instance called": WRAPPER + tuple_of(b"K\x01") + REDUCE + state + EIGHT,
        "method replaced": INSTANCE + _array_state(_dtype("f8"), text("read"), name("numpy", "exp")) + b"b" + EIGHT,
        "attribute twice": INSTANCE + _array_state(_dtype("f8"), text("shape"), b")") + b"b" + EIGHT,
        "filled twice": INSTANCE + b"q\x01" + state + EIGHT + b"0h\x01" + state + EIGHT,
        "size of another type": INSTANCE + _array_state(_dtype("f8", sized)) + b"b" + EIGHT,
        "size not as named": INSTANCE + _array_state(_dtype("V8", sized)) + b"b" + EIGHT,
        "objects not as named": INSTANCE + _array_state(_dtype("f8", flagged)) + b"b" + EIGHT,
        "objects denied": INSTANCE + _array_state(_dtype("O8", flagged[:-3] + b"\x00tb")) + b"b" + pickle.dumps([], 2),
        "type from a class": INSTANCE
        + _array_state(name("numpy", "dtype") + tuple_of(name("numpy", "float64")) + REDUCE) + b"b" + EIGHT,
        "length computed": INSTANCE
        + _array_state(_dtype("f8"), shape=name("builtins", "int") + tuple_of(b"K\x01") + REDUCE + b"\x85") + b"b" + EIGHT,
        "append replaced": name("collections", "OrderedDict") + b")" + REDUCE
        + b"}" + text("extend") + name("numpy", "exp") + b"sb(K\x01e",
        "factory": name("collections", "defaultdict") + tuple_of(name("numpy", "exp")) + REDUCE,
        "text computed": name("_codecs", "encode") + tuple_of(text("a"), text("rot13")) + REDUCE,
        "array of another class": name("numpy.core.multiarray", "_reconstruct") + tuple_of(WRAPPER, b")", text("b")) + REDUCE,
    }  # fmt: skip
