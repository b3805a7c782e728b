"""Files that ask for far more time or memory than they weigh."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping

from tests.adapters.graph_bombs import GRAPH_BOMBS
from tests.adapters.rule_bombs import RULE_BOMBS

MIB = 1024 * 1024


FLAVORS = "flavors:\n  python_function: {loader_module: mlflow.sklearn}\n  sklearn: {pickled_model: model.pkl}\n"


def folder(mlmodel: str = "", model: object = 1) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/MLmodel", mlmodel or FLAVORS)
        archive.writestr("m/model.pkl", pickle.dumps(model))
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


def _zip(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def _tar(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def _zeros() -> bytes:
    return b"\x80\x04\x8e" + struct.pack("<Q", 2**33) + bytes(100 * MIB)


def _padded_zeros(compressor: lzma.LZMACompressor | bz2.BZ2Compressor) -> bytes:
    """Zeros behind as much noise as makes 180 times its size of them."""
    noise = random.Random(1).randbytes(3_000_000)  # noqa: S311 - it only has to be incompressible
    head = (
        b"\x80\x04B"
        + struct.pack("<I", len(noise))
        + noise
        + b"0\x8e"
        + struct.pack("<Q", 540 * MIB)
    )
    packed = [compressor.compress(head)]
    packed += [compressor.compress(bytes(MIB)) for _ in range(540)]
    return b"".join((*packed, compressor.flush()))


def _lz4_zeros() -> bytes:
    """A frame without checksums: each block is one byte, repeated four million times."""
    block = b"\x1f\x00\x01\x00" + b"\xff" * 16_448 + b"\x00" + b"\x50" + bytes(5)
    blocks = b"".join(struct.pack("<I", len(block)) + block for _ in range(100))
    return b"\x04\x22\x4d\x18\x60\x70\x73" + blocks + bytes(4)


def _deep_onnx(levels: int) -> bytes:
    data = b""
    for _ in range(levels):
        length, size = b"", len(data)
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        data = b"\x3a" + length + bytes([size]) + data
    return b"\x08\x08" + data


def _safetensors(header: str) -> bytes:
    return struct.pack("<Q", len(header)) + header.encode()


def _keras(config: str) -> bytes:
    return _zip(
        {"config.json": config, "metadata.json": "{}", "model.weights.h5": b"\x89HDF\r\n\x1a\n"}
    )


def _torchscript(code: str) -> bytes:
    module = b"\x80\x02c__torch__\nM\n)\x81}X\x08\0\0\0training\x89sb."
    files: dict[str, bytes | str] = {
        "m/data.pkl": module,
        "m/constants.pkl": b"\x80\x02).",
        "m/version": "3\n",
    }
    return _zip({**files, "m/code/__torch__.py": f"#\n{code}"})


def _skops(items: int) -> str:
    text = {"__module__": "builtins", "__class__": "str", "__loader__": "JsonNode", "content": "1"}
    node = {
        "__module__": "builtins",
        "__class__": "list",
        "__loader__": "ListNode",
        "content": [text] * items,
    }
    return json.dumps({"protocol": 2, "_skops_version": "0.11", **node})


def _packed_booster(ending: str, data: bytes) -> bytes:
    loader = f"flavors:\n  python_function: {{loader_module: mlflow.xgboost}}\n  xgboost: {{data: model.{ending}}}\n"
    return _zip({"m/MLmodel": loader, f"m/model.{ending}": data})


_LEARNER = b"{L" + struct.pack(">q", 7) + b"learner"

BOMBS: dict[str, Callable[[], bytes]] = {
    "memo index": lambda: b"\x80\x02Nr\xff\xff\xff\xff.",
    "memo entries": lambda: b"\x80\x04N" + b"\x94" * 5_000_000 + b".",
    "stack": lambda: b"\x80\x02" + b"N" * 8_000_000,
    "lists": lambda: b"\x80\x02" + b"]" * 8_000_000,
    "lists thrown away": lambda: b"\x80\x02" + b"]0" * 4_000_000,
    "values thrown away": lambda: zlib.compress(b"\x80\x02" + b"N0" * 8_000_000),
    "nested tuples": lambda: b"\x80\x02)" + b"\x85" * 8_000_000 + b".",
    "nested marks": lambda: b"\x80\x02" + b"(" * 8_000_000,
    "doubling lists": lambda: b"\x80\x02]q\x00" + b"".join(b"0](h%ch%ceq%c" % (at, at, at + 1) for at in range(200)) + b".",
    "endless line": lambda: b"V" + b"a" * (20 * MIB),
    "text without end": lambda: b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"a",
    "frame without end": lambda: b"\x80\x04\x95" + struct.pack("<Q", 2**64 - 1) + b"N.",
    "huge number": lambda: b"I" + b"9" * 1_000_000 + b"\n.",
    "long number": lambda: b"\x80\x02\x8b\xff\xff\xff\x7f",
    "many names": lambda: b"\x80\x02" + b"".join(b"cnumpy\nx%d\n0" % at for at in range(100_000)) + b"N.",
    "long name": lambda: b"cnumpy\n" + b"x" * 1_000_000 + b"\n.",
    "zlib zeros": lambda: zlib.compress(b"\x80\x04\x8e" + struct.pack("<Q", 2**33) + bytes(100 * MIB), 9),
    "huge shape": lambda: _joblib_array(b"(M\xff\xffM\xff\xffM\xff\xffM\xff\xfft"),
    "negative shape": lambda: _joblib_array(b"(J\xff\xff\xff\xfft"),
    "shape of no numbers": lambda: _joblib_array(b"(NNt"),
    "laughing yaml": _laughs,
    "gzip zeros": lambda: gzip.compress(_zeros()),
    "bz2 zeros": lambda: bz2.compress(_zeros()),
    "xz zeros": lambda: lzma.compress(_zeros(), preset=1),
    "xz zeros below the ratio": lambda: _padded_zeros(lzma.LZMACompressor(preset=0)),
    "bz2 zeros below the ratio": lambda: _padded_zeros(bz2.BZ2Compressor()),
    "lz4 zeros": _lz4_zeros,
    "zip of zeros": lambda: _zip({"m/MLmodel": "flavors: {}", "m/model.pkl": bytes(100 * MIB)}),
    "folder of many pickles": lambda: _zip(
        {"m/MLmodel": FLAVORS, "m/model.pkl": b"N.", **dict.fromkeys((f"m/{at}.pkl" for at in range(8)), b"N0" * 1_990_000 + b"N.")}
    ),
    "zip of many zeros": lambda: _zip(
        {"m/MLmodel": FLAVORS, "m/model.pkl": b"N.", **dict.fromkeys((f"m/{at}" for at in range(60)), bytes(60 * MIB))}
    ),
    "zip of many files": lambda: _zip({f"{at}": b"" for at in range(21_000)}, zipfile.ZIP_STORED),
    "zip of a zip": lambda: _zip({"a.zip": _zip({"b.zip": _zip({"c": bytes(50 * MIB)})})}),
    "tar of zeros": lambda: _tar({"m/MLmodel": b"flavors: {}", "m/model.pkl": bytes(100 * MIB)}),
    "tar of many files": lambda: _tar({f"{at}": b"" for at in range(21_000)}),
    "long yaml": lambda: folder("flavors:\n  x:\n" + "  - a\n" * 600_000),
    "deep yaml": lambda: folder("flavors: " + "[" * 100_000),
    "yaml number to the base 60": lambda: folder("flavors: 1" + ":1" * 1_500_000),
    "yaml number with a tag": lambda: folder("flavors: !!int ' 1" + ":1" * 1_500_000 + "'"),
    "yaml of many keys": lambda: folder("".join(f"k{at}: 1\n" for at in range(300_000))),
    "deep json": lambda: b'{"learner":' + b"[" * 8_000_000,
    "json of many keys": lambda: b'{"learner":{' + b",".join(b'"k%d":1' % at for at in range(800_000)) + b"}}",
    "json of many strings": lambda: b'{"learner":["' + b'","' * 4_000_000,
    "json of escapes": lambda: b'{"learner":["' + b'\\"' * 4_000_000,
    "deep ubjson": lambda: _LEARNER + b"[" * 8_000_000,
    "ubjson array without end": lambda: _LEARNER + b"[$d#L" + struct.pack(">q", 2**60),
    "packed json of escapes": lambda: _packed_booster("json", b'{"learner":{"trees":[' + b'[[[[["\\""]]]]],' * 3_000_000 + b"1]}}"),
    "packed ubjson of objects": lambda: _packed_booster("ubj", _LEARNER + b"{L" + struct.pack(">q", 5) + b"trees[" + b"{}" * 25_000_000 + b"]}}"),
    "ubjson of nothing": lambda: _LEARNER + b"[" + b"N" * 8_000_000,
    "deep onnx": lambda: _deep_onnx(3_000),
    "onnx of many parts": lambda: b"\x08\x08" + b"\x3a\x00" * 4_000_000,
    "lightgbm names": lambda: b"tree\nversion=v4\nfeature_names=" + b"a " * 4_000_000,
    "lightgbm lines": lambda: b"tree\nversion=v4\n" + b"a=b\n" * 2_000_000,
    "deep safetensors": lambda: _safetensors('{"a":' + "[" * 4_000_000),
    "safetensors of many tensors": lambda: _safetensors(
        "{" + ",".join(f'"{at}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' for at in range(60_000)) + "}"
    ),
    "npy header": lambda: b"\x93NUMPY\x02\x00" + struct.pack("<I", 8_000_000) + b"{" * 8_000_000,
    "deep keras": lambda: _keras('{"a":' * 500_000),
    "keras of many layers": lambda: _keras(
        json.dumps({"module": "keras", "class_name": "Sequential", "config": {"layers": [{"module": "keras.layers", "class_name": "Dense", "config": {}}] * 60_000}})
    ),
    "deep skops": lambda: _zip({"schema.json": '{"content":' * 500_000}),
    "skops of many items": lambda: _zip({"schema.json": _skops(60_000)}),
    "catboost": lambda: b"CBM1" + struct.pack("<I", 8_000_000) + b"\x04\0\0\0" * 2_000_000,
    "torch of lists": lambda: _zip({"m/data.pkl": b"\x80\x02" + b"]" * 8_000_000, "m/version": "3\n"}),
    "torchscript": lambda: _torchscript("torch.a(" * 500_000),
    "torchscript of spaces": lambda: _torchscript(" " * 300_000 + "\n"),
    "torchscript of one method": lambda: _torchscript("class M(Module):\n" + "  def forward(\n" * 60_000),
    "torchscript of quotes": lambda: _torchscript('\\"' * 500_000),
    "keras of one long key": lambda: _keras(json.dumps({"_" * 1_000_000 + "activation": ["a"] * 200_000})),
    **GRAPH_BOMBS,
    **RULE_BOMBS,
}  # fmt: skip
