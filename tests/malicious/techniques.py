"""Ways to write one call into a pickle, each of which another reader has been taken in by."""

import pickle
import struct
from typing import Any

from tests.malicious.gadgets import Gadget

STOP, REDUCE = b".", b"R"


def values(value: Any, protocol: int = 2) -> bytes:
    """A value's instructions, without the protocol's mark and the end."""
    data = pickle.dumps(value, protocol)
    return data[0 if protocol < 2 else 2 : -1]


def short(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def look_up(gadget: Gadget) -> bytes:
    return f"c{gadget.module}\n{gadget.name}\n".encode()


def look_up_stacked(gadget: Gadget) -> bytes:
    return short(gadget.module) + short(gadget.name) + b"\x93"


def called(gadget: Gadget) -> bytes:
    """The plain form: GLOBAL, arguments, REDUCE."""
    return b"\x80\x02" + look_up(gadget) + values(gadget.args) + REDUCE + STOP


def techniques(gadget: Gadget) -> dict[str, bytes]:
    """The same call in many spellings."""
    name, stacked, args = look_up(gadget), look_up_stacked(gadget), values(gadget.args)
    items = b"".join(values(arg) for arg in gadget.args)
    call = name + args + REDUCE
    inner = b"\x80\x02" + call + STOP
    model = b"csklearn.linear_model._base\nLinearRegression\n)\x81"
    return {
        **{
            f"protocol {protocol}": (b"\x80" + bytes([protocol]) if protocol > 1 else b"")
            + (name if protocol < 4 else stacked)
            + values(gadget.args, min(protocol, 3))
            + REDUCE
            + STOP
            for protocol in range(6)
        },
        "INST": b"(" + items + f"i{gadget.module}\n{gadget.name}\n".encode() + STOP,
        "OBJ": b"\x80\x02(" + name + items + b"o" + STOP,
        "NEWOBJ": b"\x80\x02" + name + args + b"\x81" + STOP,
        "NEWOBJ_EX": b"\x80\x04" + stacked + args + b"}\x92" + STOP,
        "BUILD state": b"\x80\x02" + model + b"}" + values("x") + call + b"sb" + STOP,
        "BUILD on the call": b"\x80\x02" + call + b"}b" + STOP,
        "names swapped on the stack": b"\x80\x04" + short(gadget.name) + b"q\x00" + short(gadget.module) + b"q\x01" + b"00"
        + b"h\x01h\x00\x93" + args + REDUCE + STOP,
        "names by MEMOIZE": b"\x80\x04" + short(gadget.module) + b"\x94" + short(gadget.name) + b"\x94" + b"\x93" + args + REDUCE + STOP,
        "names by LONG_BINGET": b"\x80\x04" + short(gadget.module) + b"r\x00\x01\x00\x00" + b"0" + b"j\x00\x01\x00\x00"
        + short(gadget.name) + b"\x93" + args + REDUCE + STOP,
        "names with DUP and POP": b"\x80\x04" + short("x") + b"20" + b"0" + stacked + args + REDUCE + STOP,
        "names in Python 2 text": b"\x80\x04U" + bytes([len(gadget.module)]) + gadget.module.encode()
        + b"U" + bytes([len(gadget.name)]) + gadget.name.encode() + b"\x93" + args + REDUCE + STOP,
        "names in escapes": b"\x80\x04V" + "".join(f"\\u{ord(letter):04x}" for letter in gadget.module).encode()
        + b"\nV" + gadget.name.encode() + b"\n\x93" + args + REDUCE + STOP,
        "memo of another type": b"\x80\x04K\x01q\x00" + stacked + b"q\x00" + b"0h\x00" + args + REDUCE + STOP,
        "callee from the memo": b"\x80\x02" + name + b"q\x05" + b"0h\x05" + args + REDUCE + STOP,
        "arguments by a mark": b"\x80\x02" + name + b"(" + items + b"t" + REDUCE + STOP,
        "in a frame": b"\x80\x04\x95" + struct.pack("<Q", len(call) + 1) + call + STOP,
        "thrown away": b"\x80\x02" + call + b"0" + values([1]) + STOP,
        "thrown away with its mark": b"\x80\x02(" + call + b"1" + values([1]) + STOP,
        "in a list": b"\x80\x02](" + call + b"e" + STOP,
        "in a set": b"\x80\x04\x8f(" + call + b"\x90" + STOP,
        "in a frozen set": b"\x80\x04(" + call + b"\x91" + STOP,
        "in a dict, as a key": b"\x80\x02}" + call + b"K\x01s" + STOP,
        "in an attribute of a model": b"\x80\x02" + model + b"}" + values("coef_") + call + b"s"
        + values("_sklearn_version") + values("1.7.2") + b"sb" + STOP,
        "in a step of a pipeline": b"\x80\x02csklearn.pipeline\nPipeline\n)\x81}" + values("steps") + b"]("
        + values("a") + call + b"\x86e" + b"sb" + STOP,
        "no STOP": b"\x80\x02" + call,
        "broken behind it": b"\x80\x02" + call + b"\xff\xfe",
        "a frame that lies": b"\x80\x04\x95" + struct.pack("<Q", 2) + call + STOP,
        "junk before": b"\x00\x00\x00" + inner,
        "line feed before": b"\n" + inner,
        "junk behind": inner + b"PK\x03\x04" + b"\0" * 30,
        "a good pickle before": pickle.dumps({"a": 1}) + inner,
        "a good pickle behind": inner + pickle.dumps({"a": 1}),
        "protocol told twice": b"\x80\x02\x80\x04" + call + STOP,
        "a protocol to come": b"\x80\x06" + call + STOP,
        "persistent id": b"\x80\x02" + call + b"Q" + STOP,
        "extension registry": b"\x80\x02\x82\x01" + args + REDUCE + STOP,
        "a pickle in bytes, loaded": b"\x80\x04" + short("pickle") + short("loads") + b"\x93" + values((inner,), 4) + REDUCE + STOP,
        "by a dotted name": b"\x80\x04" + short("sklearn.base") + short("warnings.sys.modules") + b"\x93" + STOP,
        "by an allowed reconstructor": b"\x80\x02ccopyreg\n_reconstructor\n(" + name + b"cbuiltins\nobject\nNtR" + STOP,
        "by numpy's reconstructor": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(" + name + values((0,)) + values("b") + b"tR" + STOP,
        "as a default factory": b"\x80\x02ccollections\ndefaultdict\n(" + name + b"tR" + STOP,
        "as a parameter": b"\x80\x02csklearn.preprocessing._function_transformer\nFunctionTransformer\n)\x81}"
        + values("func") + name + b"sb" + STOP,
        "as an attribute that replaces a method": b"\x80\x02" + model + b"}" + values("predict") + name + b"sb" + STOP,
        "as __class__": b"\x80\x02" + model + b"}" + values("__class__") + name + b"sb" + STOP,
        "as __setstate__": b"\x80\x02" + model + b"}" + values("__setstate__") + name + b"sb" + values(gadget.args) + b"b" + STOP,
        "slots state": b"\x80\x02" + model + b"N}" + values("__reduce_ex__") + name + b"s\x86b" + STOP,
        "numpy array of objects": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + values((0,)) + values(b"b")
        + b"tR(K\x01K\x01\x85cnumpy\ndtype\n(X\x02\x00\x00\x00O8K\x00K\x01tR(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]"
        + call + b"atb" + STOP,
    }  # fmt: skip
