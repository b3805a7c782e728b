"""Scores models in the environment it runs in, one after another, as Azure's scoring script does.

Reads a list of orders from stdin, each with the folder of a model and a request's body; the last line it prints has the
answers: predictions, or the error in words. Runs on Python 3.8 or later, where the pins of old models ask for that.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
MARK = "answers: "


def answer(folder: str, request: dict[str, Any]) -> Any:
    """What the model in the folder predicts."""
    import mlflow.pyfunc  # noqa: PLC0415 - the proof also imports this module without it

    model = mlflow.pyfunc.load_model(folder)
    if sys.version_info < (3, 10):  # noqa: UP036 - old pins ask for it, and the emulator does not run on it
        return _plain(model.predict(_table(request["input_data"])))
    from local.azure_ml.scoring import payload  # noqa: PLC0415 - see above

    take = payload.plan_take(model.metadata.signature)
    given = payload.read(json.dumps(request).encode(), take)
    return json.loads(payload.render(model.predict(given)))


def _table(given: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - see above
    import pandas as pd  # noqa: PLC0415 - see above

    if isinstance(given, dict):
        return pd.DataFrame(given["data"], columns=given["columns"])
    return np.asarray(given)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def main() -> None:
    """Answers all orders."""
    warnings.simplefilter("ignore")
    answers = {}
    for order in json.load(sys.stdin):
        try:
            answers[order["name"]] = {"predictions": answer(order["folder"], order["request"])}
        except Exception:  # noqa: BLE001 - whatever a model raises is the answer
            answers[order["name"]] = {"error": traceback.format_exc()[-1500:]}
    print(MARK + json.dumps(answers))  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
