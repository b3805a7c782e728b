"""Model files that bite later, elsewhere, or only in other loaders: in joblib, in the container, or on another system."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib

from tests.domain.reading.malicious import REDUCE, STOP, calling, name, short, text, tuple_of


def files(marker: str) -> dict[str, bytes]:
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
