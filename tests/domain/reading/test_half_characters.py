"""A half of a surrogate pair is a letter to Python, and none to whoever writes it down: nothing that is told has one."""

import json
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OrdinalEncoder

from shared.domain.inspection import UnreadableCode, UnreadableModel
from shared.domain.inspection_json import render_inspection
from tests.domain.reading.malicious import STOP, text, tuple_of
from tests.domain.reading.rezipped import changed, read, verdict

HALF = "\ud800"
KERAS = "keras-2.15/dense.keras"


def fitted(**attributes: Any) -> bytes:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    vars(model).update(attributes)
    return pickle.dumps(model)


def encoder() -> bytes:
    model = OrdinalEncoder().fit([["a"]])
    model.categories_ = [np.array([HALF], dtype=object)]
    return pickle.dumps(model)


@pytest.mark.parametrize(
    "data",
    [
        fitted(feature_names_in_=np.array([HALF], dtype=object)),
        fitted(classes_=np.array(["no", HALF], dtype=object)),
        encoder(),
    ],
)
def test_a_column_label_or_value_that_holds_half_a_character_is_refused(data: bytes) -> None:
    assert verdict(data) is UnreadableCode.CORRUPT


def hidden_in_keras(**parts: str) -> bytes:
    def change(config: bytes) -> bytes:
        document = json.loads(config)
        document.setdefault("compile_config", {})["extra"] = {"config": {}, **parts}
        return json.dumps(document).encode()

    return changed(KERAS, "config.json", change)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04" + b"X\x03\0\0\0" + HALF.encode(errors="surrogatepass") + text("x") + b"\x93.",
        b"\x80\x04" + text("os") + b"X\x03\0\0\0" + HALF.encode(errors="surrogatepass") + b"\x93.",
        b"\x80\x04" + tuple_of(b"N") + STOP,
        hidden_in_keras(class_name=HALF, module="keras.layers"),
        hidden_in_keras(class_name="function", module=HALF, config=HALF),
    ],
)
def test_whatever_is_told_of_a_file_can_be_written_down(data: bytes) -> None:
    try:
        told = json.dumps(render_inspection(read(data)), ensure_ascii=False)
    except UnreadableModel as error:
        told = error.reason + error.next
    assert told.encode()
