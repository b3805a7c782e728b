"""Keras, from TensorFlow: `.keras` archives and HDF5 files of models with one input and several, and of weights."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from tests.corpus.recipes import data
from tests.corpus.recipes.record import ROWS, Files, arrays, plain

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""


def models() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Each model with its inputs by name."""
    import keras  # noqa: PLC0415 - after the settings above

    layers, rows = keras.layers, data.numbers().astype("float32")
    keras.utils.set_random_seed(1)
    dense = keras.Sequential(
        [
            keras.Input((4,), name="x"),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(3, activation="softmax"),
        ],
        name="dense",
    )
    dense.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    dense.fit(rows, data.kinds(), epochs=1, verbose=0)
    images = keras.Sequential(
        [
            keras.Input((6, 6, 1), name="picture"),
            layers.Conv2D(2, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2),
        ],
        name="images",
    )
    left, right = keras.Input((4,), name="left"), keras.Input((2,), name="right")
    both = layers.Concatenate()([layers.Dense(3)(left), right])
    two = keras.Model([left, right], layers.Dense(1, name="out")(both), name="two")
    steps = keras.Input((5, 2), name="steps")
    memory = keras.Model(steps, layers.Dense(1)(layers.LSTM(3)(steps)), name="memory")
    normal = np.random.RandomState(3).normal
    return {
        "dense": (dense, {"x": rows[:ROWS]}),
        "images": (images, {"picture": normal(size=(2, 6, 6, 1)).astype("float32")}),
        "two": (two, {"left": rows[:ROWS], "right": rows[:ROWS, :2]}),
        "memory": (memory, {"steps": normal(size=(3, 5, 2)).astype("float32")}),
    }


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files(_tensorflow(), "keras", "numpy", "h5py")
    for name, (model, given) in models().items():
        values = list(given.values())
        known = {
            "given": arrays("float32", **given),
            "predictions": model.predict(values if len(values) > 1 else values[0], verbose=0),
            "inputs": [
                [key if len(given) > 1 else None, "float32", [-1, *plain(value.shape)[1:]]]
                for key, value in given.items()
            ],
        }
        for form, what in (("keras", "model.save .keras"), ("h5", "model.save .h5")):
            model.save(files.path(f"{name}.{form}"))
            files.note(
                f"{name}.{form}",
                saved=what,
                format="keras",
                estimator=f"keras.{type(model).__name__}",
                **known,
            )
        if name == "dense":
            model.save_weights(files.path("dense.weights.h5"))
            files.note(
                "dense.weights.h5",
                saved="model.save_weights",
                format="keras",
                given=None,
                predictions=None,
            )


def _tensorflow() -> str:
    from importlib.metadata import distributions  # noqa: PLC0415 - one use

    names = {each.metadata["Name"] for each in distributions()}
    return "tensorflow-cpu" if "tensorflow-cpu" in names else "tensorflow_cpu"


if __name__ == "__main__":
    main()
