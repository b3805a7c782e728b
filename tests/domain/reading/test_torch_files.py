"""Files of torch.save: tensors are checked against their numbers, layers against what a layer may hold."""

import struct
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.inspection import UnreadableCode, Verdict
from tests.domain.reading.answers import refusal
from tests.domain.reading.malicious import REDUCE, STOP, calling, name, text, tuple_of
from tests.domain.reading.rezipped import changed, kept, read, unzipped, verdict, zipped

WHOLE = [f"torch-{version}/dense.whole.pt" for version in ("1.12.1", "2.13.0")]
NEW = WHOLE[1]
NO_HOOKS = name("collections", "OrderedDict") + b")" + REDUCE
NUMBERS = 4


def tensor(
    kind: bytes = name("torch", "FloatStorage"),
    numbers: int = NUMBERS,
    lengths: bytes = b"K\x02K\x02\x86",
    strides: bytes = b"K\x02K\x01\x86",
    hooks: bytes = NO_HOOKS,
) -> bytes:
    """A tensor of two by two, whose numbers are in data/0."""
    size = b"J" + struct.pack("<i", numbers)
    storage = tuple_of(text("storage"), kind, text("0"), text("cpu"), size) + b"Q"
    parts = tuple_of(storage, b"K\x00", lengths, strides, b"\x89", hooks)
    return name("torch._utils", "_rebuild_tensor_v2") + parts + REDUCE


def parameter(inner: bytes) -> bytes:
    return name("torch._utils", "_rebuild_parameter") + tuple_of(inner, b"\x88", NO_HOOKS) + REDUCE


def layer(cls: str = "linear.Linear", /, **attributes: bytes) -> bytes:
    module, _, kind = f"torch.nn.modules.{cls}".rpartition(".")
    pairs = b"".join(text(key) + value for key, value in attributes.items())
    return name(module, kind) + b")\x81}(" + pairs + b"ub"


def saved(pickle: bytes, data: bytes = bytes(4 * NUMBERS), **more: bytes) -> bytes:
    files = {"m/data.pkl": b"\x80\x02" + pickle + STOP, "m/version": b"3\n", "m/data/0": data}
    return zipped(files | {f"m/{PurePosixPath(key)}": value for key, value in more.items()})


def dict_of(value: bytes) -> bytes:
    return b"}" + text("weight") + value + b"s"


@pytest.mark.parametrize("file", WHOLE)
def test_a_module_tells_what_it_takes_gives_and_holds(file: str) -> None:
    found = read(kept(file))

    assert (found.verdict, found.flavor, found.needs) == (Verdict.CLEAN, "pytorch", ("torch",))
    assert [tensor.shape for tensor in (*found.inputs, *found.outputs)] == [(-1, 4), (-1, 3)]
    assert found.sample_input == [[0.0] * 4]
    assert dict(found.details)["parameters"] == str(4 * 8 + 8 + 8 * 3 + 3)


def test_what_the_changes_below_start_from_is_clean() -> None:
    linear = layer(_parameters=dict_of(parameter(tensor())), _forward_hooks=NO_HOOKS)
    plain = layer("container.Sequential", _modules=b"}" + text("0") + linear + b"s")
    assert read(saved(plain)).verdict is Verdict.CLEAN
    assert read(saved(dict_of(tensor()))).obstacle is not None


@pytest.mark.parametrize(
    ("pickle", "what"),
    [
        (tensor(lengths=b"K\x03K\x02\x86"), "beyond its numbers"),
        (tensor(lengths=b"J\xff\xff\xff\xffK\x02\x86"), "of a negative length"),
        (tensor(strides=b"K\x02\x85"), "of two lengths and one stride"),
        (tensor(hooks=b"}" + text("a") + name("torch.nn.functional", "relu") + b"s"), "with hooks"),
        (tensor(kind=name("posix", "system")), "of a storage that is a function"),
        (tensor(kind=name("torch.storage", "_load_from_bytes")), "of a storage that loads"),
        (parameter(layer()), "a parameter that is no tensor"),
        (name("torch.storage", "_load_from_bytes") + tuple_of(b"C\x01x") + REDUCE, "nested file"),
        (text("0") + b"Q", "a reference of another form"),
        (tuple_of(text("module"), name("torch", "x"), text("f"), text("import os")) + b"Q", "source"),
    ],
)  # fmt: skip
def test_no_odd_tensor_is_clean(pickle: bytes, what: str) -> None:
    assert verdict(saved(dict_of(pickle))) is not Verdict.CLEAN, what


@pytest.mark.parametrize("numbers", [0, 3, 5, 2**30, -1])
def test_a_tensor_without_all_of_its_numbers_is_broken(numbers: int) -> None:
    assert verdict(saved(dict_of(tensor(numbers=numbers)))) is UnreadableCode.CORRUPT


HOOK = b"}K\x01" + name("torch.nn.functional", "relu") + b"s"


@pytest.mark.parametrize(
    "attributes",
    [
        {"_forward_hooks": HOOK},
        {"_state_dict_hooks": NO_HOOKS + b"K\x01" + name("torch.nn.functional", "relu") + b"s"},
        {"forward": name("torch.nn.functional", "relu")},
        {"forward": layer()},
        {"activation": name("builtins", "bytearray")},
        {"_compiled_call_impl": name("torch.nn.functional", "relu")},
        {"_modules": dict_of(name("torch.nn.functional", "relu"))},
        {"_parameters": dict_of(layer())},
        {"names": b"](" + name("torch.nn.functional", "relu") + b"e"},
        {"__class__": name("torch.nn.modules.linear", "Identity")},
    ],
    ids=str,
)
def test_a_layer_that_holds_what_no_layer_holds_is_not_clean(attributes: dict[str, bytes]) -> None:
    assert read(saved(layer(**attributes))).verdict is not Verdict.CLEAN
    inner = layer("container.Sequential", _modules=dict_of(layer(**attributes)))
    assert read(saved(inner)).verdict is not Verdict.CLEAN


def test_hooks_put_in_after_a_layer_was_built_are_seen() -> None:
    late = NO_HOOKS + b"q\x05" + b"0" + layer(_forward_hooks=b"h\x05") + b"h\x05" + HOOK[1:] + b"0"
    assert read(saved(late)).verdict is not Verdict.CLEAN


def test_a_layer_made_with_arguments_is_dangerous() -> None:
    call = name("torch.nn.modules.linear", "Linear") + b"J\0\0\0\x7fK\x01\x86" + REDUCE
    assert read(saved(call)).verdict is Verdict.DANGEROUS


def test_names_of_torch_are_allowed_in_its_own_files_only() -> None:
    pickle = unzipped(kept(NEW))["dense.whole.pt".removesuffix(".pt") + "/data.pkl"]
    assert verdict(pickle) is not Verdict.CLEAN


@pytest.mark.parametrize("odd", ["DATA.PKL", "Data/0", "Version", "code.py", "evil/data.pkl"])
def test_a_file_that_torch_could_take_for_another_is_refused(odd: str) -> None:
    assert (
        verdict(zipped(unzipped(saved(dict_of(tensor()))) | {f"m/{odd}": b"x"})) == "model_corrupt"
    )


def test_a_file_outside_of_the_folder_is_refused() -> None:
    assert (
        verdict(zipped(unzipped(saved(dict_of(tensor()))) | {"n/data.pkl": b"x"}))
        == "model_corrupt"
    )


def two_lists() -> bytes:
    """Two archives of one length. Python's reader finds the list of the second, torch's that of the first."""
    good, call = dict_of(tensor()), calling("posix", "mkdir", text("x"))[2:-1]
    clean = saved(good)
    evil = saved(call, bytes(4 * NUMBERS + len(good) - len(call)))
    at = clean.index(b"PK\x01\x02")
    assert evil.index(b"PK\x01\x02") == at
    return evil[:-22] + clean


def test_an_archive_with_two_lists_of_files_is_refused() -> None:
    assert verdict(two_lists()) is UnreadableCode.CORRUPT
    good = saved(dict_of(tensor()))
    assert verdict(b"PK\x03\x04" + good) is UnreadableCode.CORRUPT
    assert verdict(good[:-2] + b"\x04\x00note") is Verdict.CLEAN
    assert verdict(good[:-2] + b"\x16\x00" + good[-22:]) is UnreadableCode.CORRUPT


def test_a_stored_file_of_two_sizes_is_refused() -> None:
    data = bytearray(saved(dict_of(tensor())))
    at = data.index(b"PK\x01\x02")
    data[at + 20] -= 1
    assert verdict(bytes(data)) is UnreadableCode.CORRUPT


def test_own_classes_are_named_and_the_way_out_told() -> None:
    found = read(kept("torch-2.13.0/custom.whole.pt"))
    assert (found.verdict, found.refused) == (Verdict.UNKNOWN, ("__main__.Custom",))
    assert found.obstacle is not None
    assert "torch.jit.script" in found.obstacle.next


@given(st.sampled_from(WHOLE), st.data())
@settings(max_examples=300, deadline=2_000)
def test_a_changed_pickle_gets_a_typed_answer(file: str, data: st.DataObject) -> None:
    def change(pickle: bytes) -> bytes:
        at = data.draw(st.integers(0, len(pickle) - 1))
        until = data.draw(st.integers(at, min(len(pickle), at + 12)))
        return pickle[:at] + data.draw(st.binary(max_size=12)) + pickle[until:]

    assert verdict(changed(file, "data.pkl", change))


def test_the_way_out_of_an_old_file_warns_that_loading_runs_it() -> None:
    error = refusal(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.")
    assert error.code is UnreadableCode.UNSUPPORTED
    assert "If you made the file yourself, and only then" in error.next
    assert "weights_only=False" in error.next
    assert "torch.jit.script" in error.next
