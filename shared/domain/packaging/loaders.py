"""The few lines of Python that a package brings along where none of MLflow's own loaders serves its file on Azure.

Each is a complete module with `_load_pyfunc`, written to `code/`. Two things make them needed. Files that no flavor
loads (joblib, skops, pickles of other libraries); and answers: Azure's scoring script hands what `predict` gives to
json.dumps, to which a dict of arrays, as MLflow's ONNX and Keras flavors give it, is an error.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.inspection import Tensor


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
        return self._model.predict({given})


def _load_pyfunc(path):
    {load}
    return TableModel(model)
'''
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
            return model(*(torch.from_numpy(arrays[name]) for name in (TYPES or arrays)))"""
_IMPORTS = {
    Opening.JOBLIB: "import joblib",
    Opening.PICKLE: "import pickle",
    Opening.SKOPS: "import skops.io",
    Opening.XGBOOST: "import mlflow.xgboost",
    Opening.ONNX: "import numpy as np\nimport onnxruntime",
    Opening.KERAS: 'import os\n\nos.environ.setdefault("KERAS_BACKEND", "tensorflow")\nimport keras\nimport numpy as np',
    Opening.TORCH: "import pickle\n\nimport numpy as np\nimport torch",
    Opening.TORCHSCRIPT: "import numpy as np\nimport torch",
}
_LOADS = {
    Opening.JOBLIB: "model = joblib.load(path)",
    Opening.PICKLE: 'with open(path, "rb") as file:\n        model = pickle.load(file)',
    Opening.SKOPS: "model = skops.io.load(path, trusted=TRUSTED)",
    Opening.XGBOOST: "model = mlflow.xgboost._load_pyfunc(path)",
    Opening.ONNX: """session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]

    def run(arrays):
        if list(arrays) == [""]:
            arrays = {session.get_inputs()[0].name: arrays[""]}
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


def render_table_loader(opening: Opening, *, as_array: bool, trusted: Sequence[str] = ()) -> Loader:
    """The loader of a model that takes columns. `as_array`: it was trained without their names, and gets none.

    `trusted` are the exact types that skops may build.
    """
    imports = _IMPORTS[opening]
    if opening is Opening.SKOPS:
        imports += f"\n\nTRUSTED = {json.dumps(sorted(trusted), indent=4)}"
    given = (
        'model_input.to_numpy() if hasattr(model_input, "to_numpy") else model_input'
        if as_array
        else "model_input"
    )
    source = _TABLE.format(imports=imports, given=given, load=_LOADS[opening])
    return Loader(source.encode())


def render_array_loader(opening: Opening, inputs: Sequence[Tensor]) -> Loader:
    """The loader of a model that takes arrays: those of `inputs`, in their order."""
    types = {tensor.name or "": tensor.dtype for tensor in inputs}
    source = _ARRAYS.format(
        imports=_IMPORTS[opening], types=json.dumps(types, indent=4), load=_LOADS[opening]
    )
    return Loader(source.encode())
