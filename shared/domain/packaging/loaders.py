"""The few lines of Python that a package brings along where none of MLflow's own loaders serves its file on Azure.

Each is a complete module with `_load_pyfunc`, written to `code/`. Two things make them needed. Files that no flavor
loads (joblib, skops, pickles of other libraries); and answers: Azure's scoring script hands what `predict` gives to
json.dumps, to which a dict of arrays, as MLflow's ONNX and Keras flavors give it, is an error.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.inspection import Tensor
from shared.domain.packaging.signatures import tensor_dtype


@dataclass(frozen=True, slots=True)
class Loader:
    """A module's source."""

    source: bytes

    @property
    def module(self) -> str:
        """Its name. Different loaders have different ones, as a process may load several models."""
        return f"longshore_loader_{hashlib.sha256(self.source).hexdigest()[:8]}"


class Opening(StrEnum):
    """How a loader opens the model's file."""

    JOBLIB = "joblib"
    PICKLE = "pickle"
    SKOPS = "skops"
    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    ONNX = "onnx"
    KERAS = "keras"
    TORCH = "torch"
    TORCHSCRIPT = "torchscript"


_TABLE = '''"""Loads the model for MLflow's python_function flavor. Written by Longshore."""

{imports}


class TableModel:
    """Gives predictions for tables."""

    def __init__(self, model):
        self._model = model

    def predict(self, model_input, params=None):
        """Predictions for a DataFrame or an array."""
        {steps}
        return self._model.predict(model_input)


def _load_pyfunc(path):
    {load}
    return TableModel(model)
'''
_AS_ARRAY = """if hasattr(model_input, "to_numpy"):
            model_input = model_input.to_numpy()"""
_AS_MATRIX = "model_input = xgboost.DMatrix(model_input)"
_WITH_CATEGORIES = """model_input = model_input.copy()
        booster = getattr(self._model, "booster_", self._model)
        for name, values in zip(CATEGORIES, booster.pandas_categorical):
            model_input[name] = pandas.Categorical(model_input[name], categories=values)"""
_ARRAYS = '''"""Loads the model for MLflow's python_function flavor. Written by Longshore."""

{imports}

TYPES = {types}


class ArrayModel:
    """Gives predictions for arrays, in the types that the model takes and in values that JSON can hold."""

    def __init__(self, run):
        self._run = run

    def predict(self, model_input, params=None):
        """Predictions for one array, or for several by name."""
        if not isinstance(model_input, dict):
            model_input = {{next(iter(TYPES), ""): model_input}}
        return _plain(self._run({{name: np.asarray(given, TYPES.get(name)) for name, given in model_input.items()}}))


def _plain(value):
    if isinstance(value, dict):
        values = {{str(name): _plain(each) for name, each in value.items()}}
        return values if len(values) != 1 else next(iter(values.values()))
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _load_pyfunc(path):
    {load}

    return ArrayModel(run)
'''
_TORCH_RUN = """model.eval()

    def run(arrays):
        with torch.no_grad():
            return model(*(_tensor(arrays[name]) for name in (TYPES or arrays)))"""
_TORCH_TENSOR = """


def _tensor(array):
    # JSON's numbers are float64; what says no type of its own takes float32, as in MLflow's flavor
    return torch.from_numpy(array if TYPES or array.dtype != np.float64 else array.astype(np.float32))"""
_IMPORTS = {
    Opening.JOBLIB: "import joblib",
    Opening.PICKLE: "import pickle",
    Opening.SKOPS: "import skops.io",
    Opening.XGBOOST: "import mlflow.xgboost",
    Opening.LIGHTGBM: "import lightgbm",
    Opening.ONNX: """import numpy as np
import onnxruntime

FLOATS = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16"}""",
    Opening.KERAS: 'import os\n\nos.environ.setdefault("KERAS_BACKEND", "tensorflow")\nimport keras\nimport numpy as np',
    Opening.TORCH: "import pickle\n\nimport numpy as np\nimport torch",
    Opening.TORCHSCRIPT: "import numpy as np\nimport torch",
}
_LOADS = {
    Opening.JOBLIB: "model = joblib.load(path)",
    Opening.PICKLE: 'with open(path, "rb") as file:\n        model = pickle.load(file)',
    Opening.SKOPS: "model = skops.io.load(path, trusted=TRUSTED)",
    Opening.XGBOOST: "model = mlflow.xgboost._load_pyfunc(path)",
    Opening.LIGHTGBM: "model = lightgbm.Booster(model_file=path)",
    Opening.ONNX: """session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    types = {each.name: FLOATS.get(each.type) for each in session.get_inputs()}
    outputs = [each.name for each in session.get_outputs()]

    def run(arrays):
        if list(arrays) == [""]:
            arrays = {next(iter(types)): arrays[""]}
        arrays = {name: np.asarray(array, types.get(name)) for name, array in arrays.items()}
        return dict(zip(outputs, session.run(outputs, arrays)))""",
    Opening.KERAS: """model = keras.models.load_model(path, compile=False)

    def run(arrays):
        return model.predict(arrays if len(arrays) > 1 else next(iter(arrays.values())), verbose=0)""",
    Opening.TORCH: """model = torch.load(path, map_location="cpu", pickle_module=pickle)
    """
    + _TORCH_RUN,
    Opening.TORCHSCRIPT: """model = torch.jit.load(path, map_location="cpu")
    """
    + _TORCH_RUN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a model of columns needs besides being opened.

    `as_array`: it was trained without columns' names, and gets none. `as_matrix`: it is an XGBoost Booster. `categories`
    are the columns that were pandas categories when LightGBM was trained: JSON has no such type. `trusted` are the exact
    types that skops may build.
    """

    as_array: bool = False
    as_matrix: bool = False
    categories: Sequence[str] = ()
    trusted: Sequence[str] = ()


def render_table_loader(opening: Opening, needs: Needs) -> Loader:
    """The loader of a model that takes columns."""
    imports = [_IMPORTS[opening]]
    steps = [_AS_ARRAY] if needs.as_array else []
    if needs.as_matrix:
        imports.append("import xgboost")
        steps.append(_AS_MATRIX)
    if needs.categories:
        imports.append(f"import pandas\n\nCATEGORIES = {list(needs.categories)!a}")
        steps.append(_WITH_CATEGORIES)
    if opening is Opening.SKOPS:
        imports.append(f"\nTRUSTED = {sorted(needs.trusted)!a}")
    source = _TABLE.format(
        imports="\n".join(imports), steps="\n        ".join(steps), load=_LOADS[opening]
    )
    return Loader(source.replace("        \n        return", "        return").encode())


def render_array_loader(opening: Opening, inputs: Sequence[Tensor]) -> Loader:
    """The loader of a model that takes arrays: those of `inputs`, in their order."""
    types = {tensor.name or "": tensor_dtype(tensor) for tensor in inputs}
    source = _ARRAYS.format(
        imports=_IMPORTS[opening],
        types=ascii(types)
        + (_TORCH_TENSOR if opening in (Opening.TORCH, Opening.TORCHSCRIPT) else ""),
        load=_LOADS[opening],
    )
    return Loader(source.encode())
