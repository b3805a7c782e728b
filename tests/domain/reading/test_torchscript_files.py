"""TorchScript files: whatever operator the code could reach by whatever spelling is looked up, and few are allowed."""

import time

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.inspection import UnreadableCode, UnreadableModel, Verdict
from tests.domain.reading.malicious import calling, name, text
from tests.domain.reading.rezipped import changed, kept, read, unzipped, verdict, zipped

CUSTOM = "torch-2.13.0/custom.scripted.pt"
ROOT = "code/__torch__/___torch_mangle_36.py"
FIRST = b"-> Tensor:\n"


def with_line(line: str) -> bytes:
    """The kept module, with a line more at the start of its forward."""
    added = FIRST + b"    " + line.encode() + b"\n"
    return changed(CUSTOM, ROOT, lambda code: code.replace(FIRST, added, 1))


@pytest.mark.parametrize(
    "line",
    [
        "y = torch.relu(x)",
        'y = torch.format("torch.save {}", 1)',
        "y = ops.prim.dtype(x)",
        "y = (self).forward(x, )",
        'y = getattr(self, "0")',
        'y = getattr(self, "hidden")',
        "y = annotate(List[int], [1.5e-05, 2.])",
        "y = __torch__.torch.nn.functional.relu(x, )",
        "if torch.gt((torch.size(x))[0], 1):\n      pass",
    ],
)
def test_what_real_modules_do_is_clean(line: str) -> None:
    found = read(with_line(line))
    assert (found.verdict, found.refused) == (Verdict.CLEAN, ())


@pytest.mark.parametrize(
    "line",
    [
        'torch.save(x, "f")',
        'ops.aten.save(x, "f")',
        'torch . save(x, "f")',
        'torch.\n      save(x, "f")',
        'y = torch\n    y.save(x, "f")',
        'getattr(torch, "save")(x, "f")',
        'getattr(torch , "sa" "ve")(x, "f")',
        'getattr(self, "save")(x, "f")',
        'getattr(ops, "aten").save(x, "f")',
        'x.save("f")',
        'y = x.save\n    y("f")',
        '(x) . save("f")',
        'x.save("a\\\\"), x.save("f")',
        '"""a""" + torch.save(x, "f")',
        "'''a''' + torch.save(x, \"f\")",
        'y = torch.from_file("/etc/passwd", False, 10)',
        'ops.their_library.read("f")',
        "ops.prim.PythonOp(x)",
        'ops.prim.rpc_sync("worker", x)',
        "torch.set_(x, x)",
        "torch._their_operator(x)",
        "torch._reshape_alias(x, [64], [1])",
        '__torch__.torch.classes.dist_c10d.FileStore("f", 1)',
        "__torch__.torch.save(x)",
        'open("f")',
        'import os  # type: ignore\n    torch.relu(x) # "',
        "y = CONSTANTS",
    ],
)
def test_what_could_reach_a_file_or_a_process_is_not_clean(line: str) -> None:
    assert verdict(with_line(line)) in (Verdict.UNKNOWN, Verdict.DANGEROUS, UnreadableCode.CORRUPT)


def test_an_attribute_named_as_an_operator_does_not_let_it_be_called() -> None:
    attribute = b"  __parameters__ = []\n  storage_offset : int\n"
    call = FIRST + b"    y = x.storage_offset()\n"
    data = changed(
        CUSTOM,
        ROOT,
        lambda code: code.replace(b"  __parameters__ = []\n", attribute, 1).replace(FIRST, call, 1),
    )
    assert verdict(data) is Verdict.UNKNOWN


def test_a_compiled_class_that_only_the_pickle_names_is_not_clean() -> None:
    compiled = name("__torch__.torch.classes.quantized", "LinearPackedParamsBase")
    constants = b"\x80\x02(" + compiled + b")\x81K\x05bt."
    assert verdict(changed(CUSTOM, "constants.pkl", lambda _: constants)) is Verdict.UNKNOWN


def test_a_method_named_as_a_forbidden_operator_does_not_allow_it() -> None:
    method = b"  def save(self, x: Tensor) -> Tensor:\n    return x\n"
    assert read(changed(CUSTOM, ROOT, lambda code: code + method)).verdict is Verdict.DANGEROUS


def test_saving_is_called_dangerous_and_named() -> None:
    found = read(with_line('torch.save(x, "f")'))
    assert (found.verdict, found.refused) == (Verdict.DANGEROUS, ("torchscript.torch.save",))


@pytest.mark.parametrize("name", ["data.pkl", "constants.pkl"])
def test_a_call_in_a_pickle_is_dangerous(name: str) -> None:
    data = changed(CUSTOM, f"/{name}", lambda _: calling("posix", "mkdir", text("x")))
    assert read(data).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize(
    "odd", ["model.json", "attributes.pkl", "bytecode.pkl", "code/x.so", "MODEL.JSON"]
)
def test_a_file_of_another_form_of_torchscript_is_refused(odd: str) -> None:
    files = unzipped(kept(CUSTOM))
    folder = next(iter(files)).partition("/")[0]
    with pytest.raises(UnreadableModel):
        read(zipped(files | {f"{folder}/{odd}": b"{}"}))


def test_an_extra_file_with_code_is_noted_and_one_with_notes_is_not() -> None:
    files = unzipped(kept(CUSTOM))
    folder = next(iter(files)).partition("/")[0]
    assert read(zipped(files | {f"{folder}/extra/labels.json": b"[]"})).verdict is Verdict.CLEAN
    pickled = {f"{folder}/extra/labels": calling("posix", "mkdir", text("x"))}
    assert read(zipped(files | pickled)).verdict is Verdict.UNKNOWN


def test_a_traced_module_tells_its_input_and_any_module_how_it_is_called() -> None:
    traced, scripted = read(kept("torch-2.13.0/images.traced.pt")), read(kept(CUSTOM))
    assert [tensor.shape for tensor in traced.inputs] == [(-1, 1, 6, 6)]
    assert [tensor.shape for tensor in scripted.inputs] == [(-1, 4)]
    assert len(traced.sample_input[0][0]) == 6
    assert dict(scripted.details)["forward"] == "(x: Tensor) -> Tensor"
    assert (scripted.estimator, scripted.flavor, scripted.needs) == (
        "Custom",
        "pytorch",
        ("torch",),
    )


def test_a_forward_with_two_inputs_cannot_be_served_as_it_is() -> None:
    two = changed(
        CUSTOM,
        ROOT,
        lambda code: code.replace(b"x: Tensor)", b"x: Tensor, y: Tensor)", 1),
    )
    found = read(two)
    assert found.verdict is Verdict.CLEAN
    assert found.obstacle is not None
    assert "y: Tensor" in found.obstacle.why


def test_a_lot_of_code_is_looked_at_in_little_time() -> None:
    lines = b"    _0 = torch.relu(torch.add(x, 1))\n" * 50_000
    started = time.process_time()
    verdict(changed(CUSTOM, ROOT, lambda code: code + lines))
    assert time.process_time() - started < 2


@given(st.text(alphabet="torchsavep._(),\"' \n=x1#[]{}\\gea", max_size=40))
@settings(max_examples=200, deadline=2_000)
def test_no_line_that_names_the_operator_is_clean(line: str) -> None:
    found = verdict(with_line(line + "\n    torch.save(x, 'f')"))
    assert found is not Verdict.CLEAN


@given(st.binary(max_size=60), st.integers(0, 400))
@settings(max_examples=200, deadline=2_000)
def test_changed_code_gets_a_typed_answer(new: bytes, at: int) -> None:
    assert verdict(changed(CUSTOM, ROOT, lambda code: code[:at] + new + code[at:]))
