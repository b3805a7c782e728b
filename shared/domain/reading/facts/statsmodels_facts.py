"""What fitted statsmodels results tell of the columns they take.

A model made from a formula takes the columns that the formula names, any other the columns of its design matrix, the
constant included. A time series model takes none: MLflow asks it for the rows `start` to `end`.
"""

from math import isfinite

from shared.domain.inspection import Column, Json
from shared.domain.reading.facts.estimators import attribute, class_name
from shared.domain.reading.limits import Limits
from shared.domain.reading.pickles.arrays import decode_number, find_shape
from shared.domain.reading.pickles.formulas import find_formula_columns
from shared.domain.reading.pickles.graph import Value
from shared.domain.reading.pickles.tables import Frame, read_frame

_PREFIX = "statsmodels."
_TIME_SERIES = "statsmodels.tsa."
_NUMBER = Column(name=None, type="double")
_CATEGORY = "string"
_RANGE = (Column(name="start", type="long"), Column(name="end", type="long"))

Inputs = tuple[tuple[Column, ...], tuple[Json, ...] | None, bool]
"""Columns, sample row, and whether the columns have names."""


def is_results(root: Value) -> bool:
    """Whether a graph is fitted results: those keep their model."""
    return class_name(root).startswith(_PREFIX) and bool(class_name(_model(root)))


def is_time_series(root: Value) -> bool:
    """Whether its model forecasts a series."""
    return class_name(_model(root)).startswith(_TIME_SERIES)


def find_releases(root: Value) -> str:
    """Of which releases a file with a formula is, as `<0.15` or `>=0.15`: the others do not restore its formula. Else empty.

    Its data have a key for that, which statsmodels 0.15 has renamed (`statsmodels/base/data.py`).
    """
    data = attribute(_model(root), "data")
    if attribute(data, "restore_design_info") is True:
        return "<0.15"
    return ">=0.15" if attribute(data, "restore_model_spec") is True else ""


def describe_inputs(root: Value, limits: Limits) -> Inputs:
    """The columns; none where the file does not tell."""
    model = _model(root)
    data = attribute(model, "data")
    if is_time_series(root):
        rows = decode_number(attribute(model, "nobs") or attribute(root, "nobs"))
        last = int(rows) if isinstance(rows, int | float) and 0 < rows < limits.content else 1
        return _RANGE, (last, last), True
    formula = attribute(data, "formula")
    if isinstance(formula, str):
        return _formula_inputs(formula, read_frame(attribute(data, "frame"), limits), limits)
    frame = read_frame(attribute(data, "orig_exog"), limits)
    if frame.columns:
        columns = tuple(Column(name=name, type=kind) for name, kind, _ in frame.columns)
        return columns, tuple(value for _, _, value in frame.columns), True
    shape = find_shape(attribute(data, "exog"))
    count = shape[1] if len(shape) == 2 else _count_columns(model)
    if not 0 < count <= limits.columns:
        return (), None, False
    return (_NUMBER,) * count, (0.0,) * count, False


def _formula_inputs(formula: str, frame: Frame, limits: Limits) -> Inputs:
    wanted = find_formula_columns(formula)
    if not wanted or len(wanted) > limits.columns:
        return (), None, False
    known = {name: (kind, value) for name, kind, value in frame.columns}
    columns, sample = [], []
    for name, category in wanted.items():
        kind, value = known.get(name, (_CATEGORY, "") if category else ("double", 0.0))
        columns.append(Column(name=name, type=kind))
        sample.append(value)
    return tuple(columns), tuple(sample), True


def _count_columns(model: Value) -> int:
    """Of a model saved without its data: the degrees of freedom, and the constant."""
    free = decode_number(attribute(model, "_df_model"))
    constant = decode_number(attribute(model, "k_constant"))
    if isinstance(free, float) and isfinite(free) and isinstance(constant, int):
        return int(free) + constant
    return 0


def _model(root: Value) -> Value:
    """Of results, or of the wrapper around them."""
    results = attribute(root, "_results") or root
    return attribute(results, "model") or attribute(results, "_model")
