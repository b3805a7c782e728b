"""How a model is served once its file has a place: by MLflow's own loader, or by one of ours where that does not do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.inspection import Inspection, ModelFormat
from shared.domain.packaging.loaders import (
    Loader,
    Needs,
    Opening,
    render_array_loader,
    render_table_loader,
)

_ARRAY_OPENINGS = {
    "onnx": Opening.ONNX,
    "keras": Opening.KERAS,
    "tensorflow": Opening.KERAS,
    "pytorch": Opening.TORCH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """The model's own `path` in the folder, the `flavors` of MLmodel, and small `files` beside them by path."""

    path: str
    flavors: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


def render_loader(inspection: Inspection, flavor: str) -> Loader | None:
    """Our own loader, where MLflow's does not serve: arrays, and boosters that know no column names."""
    if flavor in _ARRAY_OPENINGS:
        opening = _ARRAY_OPENINGS[flavor]
        if inspection.format is ModelFormat.TORCHSCRIPT or inspection.written_by == "torchscript":
            opening = Opening.TORCHSCRIPT
        return render_array_loader(opening, inspection.inputs)
    needs = table_needs(inspection)
    if (
        flavor == "sklearn" and inspection.written_by == "skops"
    ):  # as MLflow 3 saves, which 2.16 does not load
        return render_table_loader(Opening.SKOPS, needs)
    if flavor == "xgboost" and needs.as_array:
        return render_table_loader(Opening.XGBOOST, Needs(as_array=True))
    if flavor == "lightgbm" and needs.categories:
        return render_table_loader(Opening.LIGHTGBM, needs)
    return None


def serve_by_loader(loader: Loader, path: str, flavors: Mapping[str, Any]) -> Serving:
    """A model that is loaded by a loader of ours, beside the flavors that MLflow itself loads."""
    python = {"loader_module": loader.module, "code": "code", "data": path}
    return Serving(
        path=path,
        flavors={**flavors, "python_function": python},
        files={f"code/{loader.module}.py": loader.source},
    )


def table_needs(inspection: Inspection) -> Needs:
    """What a loader of ours does for a model of columns; LightGBM tells types of pandas' categories only."""
    columns = inspection.features
    package, _, name = (inspection.estimator or "").partition(".")
    categories = (column.name for column in columns if column.name and column.type != "double")
    return Needs(
        as_array=bool(columns) and all(column.name is None for column in columns),
        as_matrix=package == "xgboost" and name.endswith("Booster"),
        categories=tuple(categories) if package == "lightgbm" else (),
        trusted=inspection.names,
    )
