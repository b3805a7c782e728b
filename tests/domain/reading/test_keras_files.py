"""Keras files: whatever a configuration names is looked up wherever it is nested, and the weights lead to no other file."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel, Verdict
from tests.domain.reading.rezipped import changed, kept, read, unzipped, verdict, zipped

HDF5 = Path(__file__).parent / "hdf5"
NEW, OLD = "keras-3.12.1/dense.keras", "keras-2.15/dense.keras"
CODE = {"class_name": "__lambda__", "config": {"code": "4wEA", "defaults": None, "closure": None}}


def with_layer(layer: dict[str, Any], file: str = NEW) -> Inspection:
    """A kept model with a layer more."""

    def change(text: bytes) -> bytes:
        config = json.loads(text)
        config["config"]["layers"].append(layer)
        return json.dumps(config).encode()

    return read(changed(file, "config.json", change))


def layer(name: str, module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


@pytest.mark.parametrize(
    "added",
    [
        layer("Dense", units=1, activation="relu"),
        layer("TimeDistributed", layer=layer("GRU", units=2, recurrent_activation="sigmoid")),
        layer("StringLookup", vocabulary=["a", "b"]),
        layer("Add", "keras.src.ops.numpy"),
        layer("TFOpLambda", "keras.src.layers.core.tf_op_layer", function="math.multiply"),
        layer("Dense", kernel_regularizer=layer("L2", "keras.regularizers", l2=0.1)),
        layer("Sequential", "keras", layers=[layer("Dense", units=1)]),
    ],
    ids=str,
)
@pytest.mark.parametrize("file", [NEW, OLD])
def test_what_keras_itself_writes_is_clean(file: str, added: dict[str, Any]) -> None:
    found = with_layer(added, file)
    assert (found.verdict, found.reasons) == (Verdict.CLEAN, ())


@pytest.mark.parametrize(
    "added",
    [
        layer("Lambda", function=CODE),
        layer("Lambda", None, function=["4wEA", None, None], function_type="lambda"),
        layer("TimeDistributed", layer=layer("Lambda", function=CODE)),
        layer("Bidirectional", layer=layer("RNN", cell=[layer("LSTMCell", activation=CODE)])),
        layer(
            "Sequential", "keras", layers=[layer("Sequential", "keras", layers=[layer("Lambda")])]
        ),
        layer("Dense", activation=layer("function", "os") | {"config": "system"}),
        layer("system", "os"),
        layer("run", "subprocess"),
        layer("TorchModuleWrapper", module="gASV"),
        layer("JaxLayer", call_fn=CODE),
        layer("TFSMLayer", filepath="/x"),
        layer("StringLookup", vocabulary="/etc/passwd"),
        layer("TextVectorization", vocabulary="/etc/passwd"),
    ],
    ids=str,
)
def test_what_runs_code_or_reads_files_is_dangerous(added: dict[str, Any]) -> None:
    assert with_layer(added).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize(
    ("added", "name"),
    [
        (layer("Own", None) | {"registered_name": "Own"}, "custom_objects.Own"),
        (layer("Dense") | {"registered_name": "theirs>Dense"}, "custom_objects.theirs>Dense"),
        (layer("Own", "their_package.layers"), "their_package.layers.Own"),
        (layer("get_file", "keras.utils"), "keras.utils.get_file"),
        (layer("Dense", "keras.src.utils.io_utils"), "keras.src.utils.io_utils.Dense"),
        (layer("Dense", activation="their_activation"), "custom_objects.their_activation"),
        (layer("function", "builtins") | {"config": "theirs"}, "custom_objects.theirs"),
        (layer("TFOpLambda", function="io.write_file"), "tensorflow.io.write_file"),
        (layer("TFOpLambda", function="py_function"), "tensorflow.py_function"),
    ],
    ids=str,
)
def test_what_is_not_known_is_named_exactly(added: dict[str, Any], name: str) -> None:
    found = with_layer(added)
    assert (found.verdict, found.refused) == (Verdict.UNKNOWN, (name,))


def test_the_losses_a_model_was_compiled_with_are_looked_at() -> None:
    def change(text: bytes) -> bytes:
        compiled = {
            "compile_config": {"loss": {"a": "mse", "b": "theirs"}, "metrics": [["mae", "own"]]}
        }
        return json.dumps(json.loads(text) | compiled).encode()

    refused = read(changed(NEW, "config.json", change)).refused
    assert refused == ("custom_objects.own", "custom_objects.theirs")


@pytest.mark.parametrize("form", ["earliest", "latest"])
@pytest.mark.parametrize("name", ["external_link", "external_storage", "virtual", "soft_link"])
def test_weights_that_lead_elsewhere_are_not_clean(name: str, form: str) -> None:
    data = (HDF5 / f"{name}-{form}.h5").read_bytes()
    expected = Verdict.UNKNOWN if name == "soft_link" else Verdict.DANGEROUS
    assert read(changed(NEW, ".weights.h5", lambda _: data)).verdict is expected
    assert verdict(data) is expected


def test_the_single_file_is_judged_by_its_configuration_too() -> None:
    data = kept("keras-2.15/dense.h5")
    assert read(data).verdict is Verdict.CLEAN
    own = data.replace(b'"class_name": "Dense"', b'"class_name": "Densy"')
    assert read(own).refused == ("custom_objects.Densy",)
    code = data.replace(b'"class_name": "Dropout",', b'"class_name": "Lambda" ,')
    assert code != data
    assert read(code).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("name", ["model.weights.npz", "model.weights.json", "weights.pkl"])
def test_weights_in_another_form_are_refused_and_other_files_noted(name: str) -> None:
    files = unzipped(kept(NEW))
    assert verdict(zipped(files | {name: b"x"})) is Verdict.UNKNOWN
    weights = files.pop("model.weights.h5")
    instead = verdict(zipped(files | {name: weights}))
    assert instead in (UnreadableCode.UNSUPPORTED, UnreadableCode.NOT_A_MODEL)


def test_compressed_weights_are_refused() -> None:
    assert verdict(zipped(unzipped(kept(NEW)), zipfile.ZIP_DEFLATED)) is UnreadableCode.CORRUPT


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b'{"a":' * 50_000, b"[" * 100_000, b'{"class_name": 1}', b'{"a": [' + b"[]," * 200_000 + b"1]}"]
)  # fmt: skip
def test_a_configuration_of_another_shape_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableModel):
        read(changed(NEW, "config.json", lambda _: text))


@pytest.mark.parametrize("name", ["keras-2.15", "keras-3.4.1", "keras-3.12.1"])
def test_two_inputs_have_names_shapes_and_a_sample(name: str) -> None:
    for file in ("two.keras", "two.h5"):
        found = read(kept(f"{name}/{file}"))
        assert [(one.name, one.shape) for one in found.inputs] == [
            ("left", (-1, 4)),
            ("right", (-1, 2)),
        ]
        assert found.sample_input == {"left": [[0.0] * 4], "right": [[0.0] * 2]}


def test_keras_2_is_served_by_the_flavor_of_tensorflow_and_keras_3_by_its_own() -> None:
    assert read(kept(OLD)).flavor == "tensorflow"
    assert read(kept(NEW)).flavor == "keras"


def test_a_saved_model_folder_is_named_with_a_way_out() -> None:
    for name in ("saved_model.pb", "model/saved_model.pb"):
        with pytest.raises(UnreadableModel, match="SavedModel") as caught:
            read(zipped({name: b"x"}))
        assert "model.keras" in caught.value.next


@given(st.sampled_from([NEW, OLD, "keras-3.4.1/two.keras"]), st.data())
@settings(max_examples=200, deadline=2_000)
def test_a_changed_configuration_gets_a_typed_answer(file: str, data: st.DataObject) -> None:
    def change(text: bytes) -> bytes:
        at = data.draw(st.integers(0, len(text) - 1))
        new = data.draw(
            st.sampled_from([b"null", b"[]", b"{}", b'"x"', b"1e999", b"-1", b",", b""])
        )
        return text[:at] + new + text[at + data.draw(st.integers(0, 12)) :]

    assert verdict(changed(file, "config.json", change))


@given(st.dictionaries(st.sampled_from(["layers", "input_layers", "output_layers", "name", "build_input_shape", "batch_shape"]), st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["class_name", "config", "name", "layers"]), inner, max_size=3))))  # fmt: skip
@settings(max_examples=200, deadline=2_000)
def test_any_configuration_gets_a_typed_answer(config: dict[str, Any]) -> None:
    for kind in ("Sequential", "Functional"):
        document = json.dumps({"module": "keras", "class_name": kind, "config": config}).encode()
        assert verdict(zipped(unzipped(kept(NEW)) | {"config.json": document}))


@pytest.mark.parametrize("release", ["keras-2.15", "keras-3.12.1"])
def test_weights_alone_are_told_as_such_and_not_as_a_model(release: str) -> None:
    weights, model = read(kept(f"{release}/dense.weights.h5")), read(kept(f"{release}/dense.h5"))
    assert weights.obstacle is not None
    assert weights.written_by == "model.save_weights, HDF5"
    assert (model.obstacle, model.written_by) == (None, "model.save, HDF5")
