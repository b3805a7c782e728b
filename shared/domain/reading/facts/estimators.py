"""How fitted scikit-learn estimators look in the inert graph: their class, their attributes, their parts."""

from collections.abc import Iterator
from itertools import takewhile

from shared.domain.reading.facts.walking import Budget
from shared.domain.reading.pickles.arrays import decode_number, find_shape
from shared.domain.reading.pickles.graph import Made, Pairs, Value

_INNER = (
    "best_estimator_",
    "estimator_",
    "regressor_",
    "classifier_",
    "classifier",
    "regressor",
    "base_estimator_",
    "estimator",
    "base_estimator",
)
_INNER_LISTS = ("estimators_", "calibrated_classifiers_")
_LISTS = ("steps", "transformer_list", "transformers_")
_NOT_A_STEP = ("passthrough", "drop", None)


def class_name(node: Value) -> str:
    """The full name of the class that a node is an instance of, as the file spells it; empty if it is none."""
    return node.instance_of if isinstance(node, Made) else ""


def short_name(node: Value) -> str:
    """The class's own name, such as `Pipeline`."""
    return class_name(node).rpartition(".")[2]


def public_name(full: str) -> str:
    """The name a person would import: `sklearn.linear_model._logistic.LogisticRegression` without its private part."""
    parts = full.split(".")
    public = takewhile(lambda part: not part.startswith("_"), parts[:-1])
    return ".".join((*public, parts[-1]))


def attribute(node: Value, name: str) -> Value:
    """An attribute of an instance; None where it has none."""
    return (
        node.state.get(name) if isinstance(node, Made) and isinstance(node.state, Pairs) else None
    )


def is_pycaret_step(node: Value) -> bool:
    """Whether a node is PyCaret's wrapper around one of its preparing steps."""
    return class_name(node).startswith("pycaret.") and short_name(node).startswith(
        "TransformerWrapper"
    )


def is_estimator(node: Value) -> bool:
    """Whether a node is an instance of one of scikit-learn's own estimators: those carry the version they were saved by."""
    return class_name(node).startswith("sklearn.") and isinstance(
        attribute(node, "_sklearn_version"), str
    )


def visit(node: Value, budget: Budget, depth: int) -> None:
    """Account for a look at a node so deep inside of others, and at the lists of its parts."""
    lists = (attribute(node, name) for name in _LISTS)
    budget.visit(depth, sum(len(one) for one in lists if isinstance(one, list)))


def last_step(node: Value, budget: Budget) -> Value:
    """What answers for a pipeline, also where its last step is one: a node without steps itself."""
    depth = 0
    while steps := steps_of(node):
        visit(node, budget, depth)
        node, depth = steps[-1], depth + 1
    return node


def steps_of(node: Value) -> list[Value]:
    """The steps of a Pipeline that do something, in order."""
    steps = attribute(node, "steps")
    pairs = steps if isinstance(steps, list) else []
    found = [pair[1] for pair in pairs if isinstance(pair, tuple) and len(pair) == 2]
    return [step for step in found if not (isinstance(step, str) or step is None)]


def united(node: Value) -> list[Value]:
    """The transformers of a FeatureUnion: each of them gets all columns."""
    members = attribute(node, "transformer_list")
    pairs = members if isinstance(members, list) else []
    return [pair[1] for pair in pairs if isinstance(pair, tuple) and len(pair) == 2]


def inner_estimators(node: Value) -> Iterator[Value]:
    """Estimators that a node wraps and that see the same inputs (a search's best one, an ensemble's first)."""
    for name in _INNER:
        inner = attribute(node, name)
        if isinstance(inner, Made):
            yield inner
    for name in _INNER_LISTS:
        members = attribute(node, name)
        if isinstance(members, list) and members and isinstance(members[0], Made):
            yield members[0]


def column_groups(
    node: Value, names: list[str] | None, count: int, budget: Budget
) -> Iterator[tuple[Value, list[int]]]:
    """The transformers (or 'drop') that get some columns each, and their positions: of a ColumnTransformer, or of PyCaret's steps."""
    groups = attribute(node, "transformers_")
    positions = {name: at for at, name in enumerate(names or [])}
    for step in steps_of(node):
        told = attribute(step, "_include") if is_pycaret_step(step) else []
        included = budget.decode(told, count)
        yield (
            attribute(step, "transformer"),
            [positions[one] for one in included or [] if isinstance(one, str) and one in positions],
        )
    for group in groups if isinstance(groups, list) else []:
        if not isinstance(group, tuple) or len(group) != 3:
            continue
        columns = (
            [group[2]]
            if isinstance(group[2], str)
            else budget.decode(_without_wrapper(group[2]), count)
        )
        found = [positions.get(one) if isinstance(one, str) else one for one in columns or []]
        yield group[1], [at for at in found if type(at) is int and 0 <= at < count]


def _without_wrapper(columns: Value) -> Value:
    """Column lists also come as scikit-learn's own list class and as a pandas Index."""
    if short_name(columns) == "_RemainderColsList":
        return attribute(columns, "data")
    if (
        isinstance(columns, Made)
        and columns.full == "pandas.core.indexes.base._new_Index"
        and len(columns.args) == 2
    ):
        return columns.args[1].get("data") if isinstance(columns.args[1], Pairs) else None
    return columns


def has_column_groups(node: Value) -> bool:
    """Whether `column_groups` tells what happens to each column."""
    return short_name(node) == "ColumnTransformer" or any(map(is_pycaret_step, steps_of(node)))


def find_inputs(
    node: Value, most: int, budget: Budget, depth: int = 0
) -> tuple[int, list[str] | None]:
    """How many columns a model takes and what they are called, as far as it tells; (0, None) if it does not."""
    visit(node, budget, depth)
    told = attribute(node, "feature_names_in_") or attribute(node, "_df_columns")
    names = budget.decode(_without_wrapper(told), most)
    if names and all(isinstance(name, str) for name in names):
        return len(names), [str(name) for name in names]
    if is_pycaret_step(node):
        return _pycaret_inputs(node, most, budget)
    count = decode_number(attribute(node, "n_features_in_") or attribute(node, "_n_features"))
    if type(count) is int and 0 < count <= most:
        return count, None
    for inner in (*steps_of(node)[:1], *united(node)[:1], *inner_estimators(node)):
        found = find_inputs(inner, most, budget, depth + 1)
        if found[0]:
            return found
    return _coefficients(node, most), None


def _coefficients(node: Value, most: int) -> int:
    """How many columns a linear model has a number for, where it tells no more: GLMs before scikit-learn 1.0."""
    is_linear = class_name(node).startswith("sklearn.linear_model.")
    shape = find_shape(attribute(node, "coef_")) if is_linear else ()
    return shape[0] if len(shape) == 1 and shape[0] <= most else 0


def _pycaret_inputs(node: Value, most: int, budget: Budget) -> tuple[int, list[str] | None]:
    """A step keeps the names of all columns; the target's is among them."""
    names = budget.decode(attribute(node, "_feature_names_in"), most)
    target = attribute(node, "target_name_")
    columns = [name for name in names or [] if isinstance(name, str) and name != target]
    return len(columns), columns or None


def find_classes(node: Value, most: int, budget: Budget, depth: int = 0) -> tuple[Value, ...]:
    """The labels that a classifier tells apart; empty where there are none, or too many."""
    if not isinstance(node, Made):
        return ()
    visit(node, budget, depth)
    labels = budget.decode(attribute(node, "classes_") or attribute(node, "_classes"), most)
    if labels:
        return tuple(labels)
    named = (
        attribute(step, "transformer") for step in steps_of(node)[:-1] if is_pycaret_step(step)
    )
    encoders = (one for one in named if short_name(one) == "LabelEncoder")
    labels_only = attribute(node, "_label_binarizer")
    for inner in (labels_only, *encoders, *steps_of(node)[-1:], *inner_estimators(node)):
        found = find_classes(inner, most, budget, depth + 1)
        if found:
            return found
    return ()
