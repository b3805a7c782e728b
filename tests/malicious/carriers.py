"""Files of every kind around a hostile pickle or hostile instructions: compressed, archived, renamed, half hidden."""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

import joblib
import numpy as np

from tests.malicious.gadgets import Gadget, gadgets
from tests.malicious.techniques import called


def carriers(marker: str) -> dict[str, bytes]:
    """Files that would make `marker`, or do what no model may, by the library that loads them."""
    gadget = gadgets(marker)["posix.mkdir"]
    evil = called(gadget)
    return {
        **_compressed(evil),
        **_archives(evil),
        **_arrays(evil),
        **_folders(evil, marker),
        **_torch(evil, gadget),
        **_skops(marker),
        **_keras(marker),
        **_data_formats(marker),
    }


def zipped(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w", **fields: object) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is a parameter
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = 0 if fields else len(data)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def _compressed(evil: bytes) -> dict[str, bytes]:
    file = io.BytesIO()
    joblib.dump(np.array([1.0]), file)
    lz4 = (
        b"\x04\x22\x4d\x18\x60\x40\x82"
        + struct.pack("<I", 0x80000000 | len(evil))
        + evil
        + bytes(4)
    )
    return {
        "zlib": zlib.compress(evil),
        "zlib without compression": zlib.compress(evil, 0),
        "gzip": gzip.compress(evil),
        "gzip of two streams": gzip.compress(evil[:9]) + gzip.compress(evil[9:]),
        "bz2": bz2.compress(evil),
        "bz2 of two streams": bz2.compress(evil[:9]) + bz2.compress(evil[9:]),
        "xz": lzma.compress(evil),
        "lzma": lzma.compress(evil, lzma.FORMAT_ALONE),
        "lz4": lz4,
        "gzip in gzip": gzip.compress(gzip.compress(evil)),
        "zlib in bz2": bz2.compress(zlib.compress(evil)),
        "cut off": zlib.compress(evil)[:-3],
        "something behind": zlib.compress(evil) + b"more",
        "joblib before 0.10": b"ZF" + hex(len(evil)).encode().ljust(19) + zlib.compress(evil),
        "behind a good joblib file": file.getvalue() + evil,
    }  # fmt: skip


def _archives(evil: bytes) -> dict[str, bytes]:
    plain = {"model.pkl": evil}
    encrypted = bytearray(zipped(plain))
    encrypted[6] |= 1
    return {
        "zip": zipped(plain),
        "zip, deflated": zipped(plain, zipfile.ZIP_DEFLATED),
        "zip under another name": zipped({"readme.txt": evil}),
        "zip in a zip": zipped({"inner.zip": zipped(plain)}),
        "zip that climbs": zipped({"../../model.pkl": evil}),
        "zip from the root": zipped({"/etc/model.pkl": evil}),
        "zip, encrypted flag": bytes(encrypted),
        "zip behind a pickle": evil + zipped(plain),
        "zip behind a picture": b"\x89PNG\r\n\x1a\n" + zipped(plain),
        "pickle behind a zip": zipped({"MLmodel": "flavors: {}"}) + evil,
        "tar": tarred(plain),
        "tar.gz": tarred(plain, "w:gz"),
        "tar.bz2": tarred(plain, "w:bz2"),
        "tar.xz": tarred(plain, "w:xz"),
        "tar that climbs": tarred({"../../model.pkl": evil}),
        "tar with a link": tarred({"model.pkl": b""}, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        "tar with a hard link": tarred({"model.pkl": b""}, type=tarfile.LNKTYPE, linkname="../x"),
        "tar with a device": tarred({"model.pkl": b""}, type=tarfile.CHRTYPE),
        "7z": b"7z\xbc\xaf\x27\x1c" + evil,
        "shell script": b"#!/bin/sh\nmkdir x\n" + evil,
        "python program": b"import os\nos.mkdir('x')\n",
        "python bytecode": b"\xa7\r\r\n" + bytes(12) + evil,
        "shared library": b"\x7fELF\x02\x01\x01" + bytes(9) + evil,
    }


def _arrays(evil: bytes) -> dict[str, bytes]:
    def npy(header: str, data: bytes, version: bytes = b"\x01\x00") -> bytes:
        text = header.encode().ljust(118 - 10) + b"\n"
        return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data

    objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", evil)
    return {
        "npy of objects": objects,
        "npy of objects, no dimension": npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }", evil),
        "npy of records with objects": npy("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }", evil),
        "npy whose header is code": npy("__import__('os').mkdir('x')", b""),
        "npy with a header without end": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"{",
        "npz of objects": zipped({"a.npy": objects}),
        "npz of objects beside good ones": zipped(
            {"a.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", bytes(8)), "b.npy": objects}
        ),
    }  # fmt: skip


_SKLEARN = "loader_module: mlflow.sklearn}, sklearn: {pickled_model: model.pkl, serialization_format: pickle}}"


def _folders(evil: bytes, marker: str) -> dict[str, bytes]:
    def folder(mlmodel: str, **files: bytes | str) -> bytes:
        named = {
            f"m/{name.replace('__', '/').replace('_', '.', 1)}": data
            for name, data in files.items()
        }
        return zipped({"m/MLmodel": mlmodel, **named})

    good = b"\x80\x02csklearn.svm._classes\nSVC\n)\x81}X\x10\x00\x00\x00_sklearn_versionX\x05\x00\x00\x001.7.2sb."
    code = f"import os\nos.mkdir({marker!r})\n"
    python = "flavors: {python_function: {"
    return {
        "mlflow folder": folder(python + _SKLEARN, model_pkl=evil),
        "mlflow folder, in a tar": tarred({"m/MLmodel": (python + _SKLEARN).encode(), "m/model.pkl": evil}),
        "mlflow folder with code": folder(python + "code: code, " + _SKLEARN, model_pkl=good, code__x_py=code),
        "mlflow folder with unmentioned code": folder(python + _SKLEARN.replace("mlflow.sklearn", "x"), model_pkl=good, x_py=code),
        "mlflow folder with a second pickle": folder(python + _SKLEARN, model_pkl=good, other_pkl=evil),
        "mlflow folder with a pickle of another name": folder(python + _SKLEARN, model_pkl=good, notes_txt=evil),
        "mlflow folder loaded by os": folder(python + "loader_module: os}}", model_pkl=good),
        "mlflow folder loaded by a path": folder(python + "loader_module: ../../x}}", model_pkl=good),
        "mlflow folder with a python model": folder(
            python + "loader_module: mlflow.pyfunc.model, python_model: model.pkl}}", model_pkl=evil
        ),
        "mlflow folder with a code model": folder(
            python + "loader_module: mlflow.pyfunc.model, model_code_path: x.py}}", x_py=code
        ),
        "mlflow folder whose model is elsewhere": folder(python + _SKLEARN.replace("model.pkl", "../../x.pkl"), model_pkl=good),
        "mlflow folder whose model is a uri": folder(python + _SKLEARN.replace("model.pkl", "'http://127.0.0.1/x'"), model_pkl=good),
        "mlflow folder by another serialization": folder(python + _SKLEARN.replace("format: pickle", "format: dill"), model_pkl=evil),
        "mlflow folder that predicts by exec": folder(python + "predict_fn: __reduce__, " + _SKLEARN, model_pkl=good),
        "mlflow folder of yaml objects": folder(
            f"flavors: !!python/object/apply:os.mkdir ['{marker}']", model_pkl=good
        ),
        "mlflow folder of pytorch": folder(
            python + "loader_module: mlflow.pytorch, data: data, pickle_module_name: x}, pytorch: {model_data: data}}",
            data__model_pth=evil,
        ),
        "mlflow folder of spark": folder(python + "loader_module: mlflow.spark}}", model_pkl=evil),
        "mlflow folder of langchain": folder(python + "loader_module: mlflow.langchain}}", model_pkl=evil),
    }  # fmt: skip


def _torch(evil: bytes, gadget: Gadget) -> dict[str, bytes]:
    storage = b"ctorch._utils\n_rebuild_tensor_v2\n"
    foreign = (
        b"\x80\x02}X\x01\x00\x00\x00w"
        + storage
        + b"((X\x07\x00\x00\x00storagecposix\nsystem\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00K\x01\x85K\x01\x85\x89NtRs."
    )
    legacy = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
    script = "class M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    {}\n    return x\n"

    def archive(pickle: bytes, **more: bytes | str) -> bytes:
        named = {f"m/{name.replace('__', '/')}": data for name, data in more.items()}
        return zipped({"m/data.pkl": pickle, "m/version": "3\n", "m/byteorder": "little", **named})

    def scripted(line: str) -> bytes:
        return zipped(
            {
                "m/data.pkl": b"\x80\x02c__torch__\nM\n)\x81}X\x08\x00\x00\x00training\x89sb.",
                "m/code/__torch__.py": script.format(line),
                "m/constants.pkl": b"\x80\x02).",
                "m/version": "3\n",
            }
        )

    return {
        "torch": archive(evil),
        "torch, foreign storage": archive(foreign, data__0=bytes(4)),
        "torch, second pickle": archive(b"\x80\x02}.", data__evil=evil, extra__x=evil),
        "torch, own class": archive(b"\x80\x02c__main__\nNet\n)\x81}b."),
        "torch, hook on a module": archive(
            b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}X\x0e\x00\x00\x00_forward_hooks}K\x01cposix\nsystem\nssb."
        ),
        "torch, forward replaced": archive(
            b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}X\x07\x00\x00\x00forwardcposix\nsystem\nsb."
        ),
        "torch, legacy": legacy + evil,
        "torch, legacy with a good one": legacy + b"\x80\x02}." + evil,
        "torchscript, saves a file": scripted('_0 = torch.save(x, "/tmp/x")'),
        "torchscript, reads a file": scripted('_0 = torch.from_file("/etc/passwd", False, 10)'),
        "torchscript, own operator": scripted("_0 = ops.their_library.run(x)"),
        "torchscript, evil constants": zipped(
            {"m/data.pkl": b"\x80\x02}.", "m/code/__torch__.py": "", "m/constants.pkl": evil, "m/version": "3\n"}
        ),
        "torchscript, evil data": zipped(
            {"m/data.pkl": evil, "m/code/__torch__.py": "", "m/constants.pkl": b"\x80\x02).", "m/version": "3\n"}
        ),
        f"torch, {gadget.module} in a tensor's hooks": archive(
            b"\x80\x02ctorch._utils\n_rebuild_parameter\n(" + evil[2:-1] + b"\x88ccollections\nOrderedDict\n)RtR."
        ),
    }  # fmt: skip


def _skops(marker: str) -> dict[str, bytes]:
    def schema(node: dict[str, object]) -> bytes:
        return zipped(
            {"schema.json": json.dumps({"protocol": 2, "_skops_version": "0.11.0", **node})}
        )

    content = {
        "__module__": "builtins",
        "__class__": "str",
        "__loader__": "JsonNode",
        "content": json.dumps(marker),
    }
    args = {
        "__module__": "builtins",
        "__class__": "tuple",
        "__loader__": "TupleNode",
        "content": [content],
        "__id__": 3,
    }
    function = {
        "__module__": "posix",
        "__class__": "function",
        "__loader__": "FunctionNode",
        "content": {"module_path": "posix", "function": "mkdir"},
        "__id__": 2,
    }
    state = {
        "__module__": "builtins",
        "__class__": "dict",
        "__loader__": "DictNode",
        "content": {"func": function},
        "key_types": {
            "__module__": "builtins",
            "__class__": "list",
            "__loader__": "ListNode",
            "content": [],
        },
        "__id__": 4,
    }
    transformer = {
        "__module__": "sklearn.preprocessing._function_transformer",
        "__class__": "FunctionTransformer",
        "__loader__": "ObjectNode",
        "content": state,
        "__id__": 1,
    }
    return {
        "skops, a function": schema(function),
        "skops, in a transformer": schema(transformer),
        "skops, a method": schema({"__module__": "posix", "__class__": "system", "__loader__": "MethodNode", "content": {"func": "system", "obj": content}}),
        "skops, a partial": schema({"__module__": "functools", "__class__": "partial", "__loader__": "PartialNode", "content": {"func": function, "args": args, "kwds": {}, "namespace": {}}}),
        "skops, a type": schema({"__module__": "posix", "__class__": "type", "__loader__": "TypeNode", "content": {"__module__": "posix", "__class__": "system"}}),
        "skops, an operator": schema({"__module__": "operator", "__class__": "methodcaller", "__loader__": "OperatorFuncNode", "content": args, "attrs": args}),
        "skops, a reduce": schema({"__module__": "posix", "__class__": "mkdir", "__loader__": "ReduceNode", "content": args, "__reduce__": {"args": args}}),
        "skops, an unknown loader": schema({"__module__": "posix", "__class__": "mkdir", "__loader__": "EvalNode", "content": args}),
        "skops, a class with an allowed loader": schema({"__module__": "posix", "__class__": "mkdir", "__loader__": "ObjectNode", "content": args}),
        "skops, a pickle inside": zipped({"schema.json": json.dumps({"protocol": 2, "_skops_version": "0.11.0", "__module__": "numpy", "__class__": "ndarray", "__loader__": "NdArrayNode", "type": "numpy", "file": "1.npy"}), "1.npy": b"\x93NUMPY" + b"x"}),
        "skops, a file outside": schema({"__module__": "numpy", "__class__": "ndarray", "__loader__": "NdArrayNode", "type": "numpy", "file": "../../etc/passwd"}),
        "skops, nested without end": zipped({"schema.json": '{"content":' * 20_000 + "1" + "}" * 20_000}),
    }  # fmt: skip


def _keras(marker: str) -> dict[str, bytes]:
    def archive(layers: list[dict[str, object]], **more: object) -> bytes:
        config = {
            "module": "keras",
            "class_name": "Sequential",
            "registered_name": None,
            "config": {"name": "m", "layers": layers},
            **more,
        }
        return zipped(
            {
                "config.json": json.dumps(config),
                "metadata.json": json.dumps({"keras_version": "3.9.0"}),
                "model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(88),
            }
        )

    def layer(module: str, name: str, **config: object) -> dict[str, object]:
        return {
            "module": module,
            "class_name": name,
            "registered_name": None,
            "config": {"name": "l", **config},
        }

    code = {
        "class_name": "__lambda__",
        "config": {
            "code": "4wEAAAAAAAAAAAAAAAAAAAAAAwAAAAMAAADzCgAAAA==",
            "defaults": None,
            "closure": None,
        },
    }
    return {
        "keras, lambda layer": archive([layer("keras.layers", "Lambda", function=code)]),
        "keras, lambda by name": archive([layer("keras.layers", "Lambda", function="posix.system")]),
        "keras, lambda in a wrapper": archive([layer("keras.layers", "TimeDistributed", layer=layer("keras.layers", "Lambda", function=code))]),
        "keras, lambda as activation": archive([layer("keras.layers", "Dense", units=1, activation=code)]),
        "keras, function of os": archive([layer("keras.layers", "Dense", units=1, activation={"module": "os", "class_name": "function", "config": "system", "registered_name": "function"})]),
        "keras, layer of os": archive([layer("os", "system", command=f"mkdir {marker}")]),
        "keras, layer of builtins": archive([layer("builtins", "exec", source="x")]),
        "keras, own layer": archive([{**layer("their_package", "Layer"), "registered_name": "their_package>Layer"}]),
        "keras, own layer registered": archive([{**layer("keras.layers", "Dense"), "registered_name": "their_package>Dense"}]),
        "keras, model of os": archive([], module="os", class_name="system"),
        "keras, TFSM layer": archive([layer("keras.layers", "TFSMLayer", filepath="/x")]),
        "keras, torch layer": archive([layer("keras.layers", "TorchModuleWrapper", torch_module="gASVAAA=")]),
        "keras, compiled with a function of os": archive([], compile_config={"loss": {"module": "os", "class_name": "function", "config": "system"}}),
        "keras, built by a file": archive([layer("keras.layers", "StringLookup", vocabulary="/etc/passwd")]),
        "keras, text from a file": archive([layer("keras.layers", "TextVectorization", vocabulary="/etc/passwd")]),
    }  # fmt: skip


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def _data_formats(marker: str) -> dict[str, bytes]:
    node = _field(1, b"x") + _field(2, b"y")

    def onnx(*graph: bytes) -> bytes:
        opset = _field(8, _field(1, b"") + b"\x10\x0f")
        return b"\x08\x08" + _field(2, b"skl2onnx") + _field(7, b"".join(graph)) + opset

    outside = _field(1, b"location") + _field(2, b"../../etc/passwd")
    tensor = b"\x08\x01\x10\x01" + _field(8, b"w") + _field(13, outside) + b"\x70\x01"
    return {
        "onnx, own operator": onnx(_field(1, node + _field(4, b"Run") + _field(7, b"their.domain"))),
        "onnx, python operator": onnx(_field(1, node + _field(4, b"PyOp") + _field(7, b"ai.onnx.contrib"))),
        "onnx, data in another file": onnx(_field(1, node + _field(4, b"Add")), _field(5, tensor)),
        "onnx, own operator in a branch": onnx(_field(1, node + _field(4, b"If") + _field(5, _field(1, b"then_branch") + _field(6, _field(1, node + _field(4, b"Run") + _field(7, b"their.domain"))) + b"\xa0\x01\x05"))),
        "safetensors, overlapping": _safetensors({"a": [0, 8], "b": [4, 12]}),
        "safetensors, beyond the end": _safetensors({"a": [0, 2**40]}),
        "safetensors, a header without end": struct.pack("<Q", 2**62) + b"{}",
        "catboost, offsets beyond the end": b"CBM1" + struct.pack("<I", 64) + b"\xff" * 64,
        "xgboost, old binary": b"binf" + b"\xff" * 200,
        "pmml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><PMML>&e;</PMML>',
        "html": b"<html><script>alert(1)</script></html>",
        "r model": gzip.compress(b"RDX3\nX\n" + marker.encode()),
        "matlab": b"MATLAB 5.0 MAT-file" + bytes(200),
        "h2o mojo": zipped({"model.ini": "[info]\nh2o_version = 3\n", "domains/x": "y"}),
        "spark model": zipped({"metadata/part-00000": '{"class":"org.apache.spark.ml.PipelineModel"}'}),
        "tensorflow with a python function": zipped({"saved_model.pb": b"\x08\x01" + _field(2, b"PyFunc"), "variables/variables.index": b""}),
    }  # fmt: skip


def _safetensors(offsets: dict[str, list[int]]) -> bytes:
    header = json.dumps(
        {name: {"dtype": "F32", "shape": [2], "data_offsets": at} for name, at in offsets.items()}
    )
    return struct.pack("<Q", len(header)) + header.encode() + bytes(12)
