"""Files that ask for far more time or memory than they weigh."""

import io
import pickle
import struct
import zipfile
import zlib

MIB = 1024 * 1024


def folder(mlmodel: str = "") -> bytes:
    flavors = "flavors:\n  python_function: {loader_module: mlflow.sklearn}\n  sklearn: {pickled_model: model.pkl}\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/MLmodel", mlmodel or flavors)
        archive.writestr("m/model.pkl", pickle.dumps(1))
    return file.getvalue()


def _laughs() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 12)]
    return folder("\n".join(lines))


def _joblib_array(shape: bytes) -> bytes:
    """The start of a joblib file whose array claims a shape."""
    return (
        b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x05\x00\x00\x00shape" + shape
        + b"X\x05\x00\x00\x00dtypecnumpy\ndtype\n(X\x02\x00\x00\x00f8I00\nI01\ntRub."
    )  # fmt: skip


BOMBS = {
    "memo index": b"\x80\x02Nr\xff\xff\xff\xff.",
    "memo entries": b"\x80\x04N" + b"\x94" * 5_000_000 + b".",
    "stack": b"\x80\x02" + b"N" * 8_000_000,
    "lists": b"\x80\x02" + b"]" * 8_000_000,
    "lists thrown away": b"\x80\x02" + b"]0" * 4_000_000,
    "nested tuples": b"\x80\x02)" + b"\x85" * 8_000_000 + b".",
    "nested marks": b"\x80\x02" + b"(" * 8_000_000,
    "doubling lists": b"\x80\x02]q\x00" + b"".join(b"0](h%ch%ceq%c" % (at, at, at + 1) for at in range(200)) + b".",
    "endless line": b"V" + b"a" * (20 * MIB),
    "text without end": b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"a",
    "frame without end": b"\x80\x04\x95" + struct.pack("<Q", 2**64 - 1) + b"N.",
    "huge number": b"I" + b"9" * 1_000_000 + b"\n.",
    "long number": b"\x80\x02\x8b\xff\xff\xff\x7f",
    "many names": b"\x80\x02" + b"".join(b"cnumpy\nx%d\n0" % at for at in range(100_000)) + b"N.",
    "long name": b"cnumpy\n" + b"x" * 1_000_000 + b"\n.",
    "zlib zeros": zlib.compress(b"\x80\x04\x8e" + struct.pack("<Q", 2**33) + bytes(100 * MIB), 9),
    "huge shape": _joblib_array(b"(M\xff\xffM\xff\xffM\xff\xffM\xff\xfft"),
    "negative shape": _joblib_array(b"(J\xff\xff\xff\xfft"),
    "shape of no numbers": _joblib_array(b"(NNt"),
    "laughing yaml": _laughs(),
}  # fmt: skip
