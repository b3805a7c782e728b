"""Models that were pickled whole: by pickle, cloudpickle or joblib, plain or compressed."""

from dataclasses import replace

from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.packaging.environment import parse_version
from shared.domain.reading.containers.content import find_compression
from shared.domain.reading.facts.columns import describe_columns
from shared.domain.reading.facts.estimators import (
    attribute,
    class_name,
    find_classes,
    is_estimator,
    public_name,
)
from shared.domain.reading.limits import Limits
from shared.domain.reading.model_file import ModelFile, not_a_model
from shared.domain.reading.pickles.graph import Made, Value
from shared.domain.reading.pickles.pickle_files import PickleFile, read_pickle
from shared.domain.reading.trust.evidence import Evidence

_PICKLE = b"\x80"
_SKLEARN = "scikit-learn"
_PLAIN_NAMES = {
    list: "a list",
    tuple: "a tuple",
    str: "a text",
    int: "a number",
    float: "a number",
    Made: "an object",
}


def read(model_file: ModelFile) -> Inspection:
    """The inspection of a pickled model. Raises UnreadableModel."""
    found = _walk(model_file)
    if model_file.evidence.verdict is Verdict.CLEAN and not is_estimator(found.root):
        what = public_name(class_name(found.root)) or _PLAIN_NAMES.get(
            type(found.root), "something else"
        )
        raise not_a_model(f"The file holds no model of a library that is read here, but {what}.")
    columns, sample, named = describe_columns(found.root, model_file.limits)
    blank = model_file.blank(
        ModelFormat.JOBLIB if found.joblib else ModelFormat.PICKLE,
        "python_function" if found.joblib else "sklearn",
    )
    return replace(
        describe_estimator(blank, found.root, model_file.limits),
        compression=found.compression,
        written_by="joblib" if found.joblib else _writer(model_file.evidence),
        features=columns,
        named_features=named,
        sample_row=sample,
    )


def describe_estimator(blank: Inspection, root: Value, limits: Limits) -> Inspection:
    """What an estimator in the inert graph tells of itself, apart from its columns."""
    version = attribute(root, "_sklearn_version")
    return replace(
        blank,
        estimator=public_name(class_name(root))[: limits.name] or None,
        libraries=((_SKLEARN, version),)
        if isinstance(version, str) and parse_version(version)
        else (),
        classes=find_classes(root, limits.classes),
    )


def _walk(model_file: ModelFile) -> PickleFile:
    head = model_file.head(8)
    try:
        return read_pickle(model_file.file, model_file.size, model_file.evidence, model_file.limits)
    except UnreadableModel as error:
        broken = error.code is UnreadableCode.CORRUPT
        if broken and not head.startswith(_PICKLE) and find_compression(head) is None:
            raise not_a_model("The file is of no kind that is read here.") from error
        raise


def _writer(evidence: Evidence) -> str:
    return (
        "cloudpickle"
        if any(name.startswith("cloudpickle.") for name in evidence.names)
        else "pickle"
    )
