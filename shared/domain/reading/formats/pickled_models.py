"""Models that were pickled whole: by pickle, cloudpickle or joblib, plain or compressed."""

from dataclasses import replace

from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    Obstacle,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.packaging.environment import parse_version
from shared.domain.reading.containers.content import find_compression
from shared.domain.reading.facts import statsmodels_facts
from shared.domain.reading.facts.answering import find_mute, find_script_names
from shared.domain.reading.facts.boosters import BoosterFacts
from shared.domain.reading.facts.columns import describe_columns, takes_texts
from shared.domain.reading.facts.estimators import (
    attribute,
    class_name,
    find_classes,
    last_step,
    public_name,
)
from shared.domain.reading.facts.kinds import BOOSTERS, is_model, tell_no_model, tell_other_file
from shared.domain.reading.facts.libraries import find_libraries
from shared.domain.reading.facts.samples import TEXTS
from shared.domain.reading.facts.walking import Budget
from shared.domain.reading.limits import Limits
from shared.domain.reading.model_file import ModelFile
from shared.domain.reading.pickles.graph import Value
from shared.domain.reading.pickles.pickle_files import PickleFile, read_pickle
from shared.domain.reading.trust.evidence import Evidence

_HEAD = 256
_PICKLE = b"\x80"
_SKLEARN = "scikit-learn"
_NEEDS_SAVE = Obstacle(
    "A forecast is asked for by start and end, which only MLflow's statsmodels flavor passes on, and that reads pickles alone.",
    "Save the results with results.save('model.pkl') and upload that.",
)


def read(model_file: ModelFile) -> Inspection:
    """The inspection of a pickled model. Raises UnreadableModel."""
    found = _walk(model_file)
    root = found.root
    if model_file.evidence.verdict is Verdict.CLEAN and not is_model(root):
        raise tell_no_model(root)
    libraries = find_libraries(root, model_file.evidence.names, model_file.limits)
    blank = model_file.blank(
        ModelFormat.JOBLIB if found.joblib else ModelFormat.PICKLE, _flavor(found)
    )
    told = replace(
        describe_estimator(blank, root, model_file.limits),
        compression=found.compression,
        written_by="joblib" if found.joblib else _writer(model_file.evidence),
        libraries=libraries.versions,
        needs=_narrow(libraries.needs, root),
        python_version=libraries.python,
        obstacle=_find_obstacle(found, model_file.evidence.names),
    )
    return _with_columns(told, root, libraries.boosters, model_file.limits)


def describe_estimator(blank: Inspection, root: Value, limits: Limits) -> Inspection:
    """What an estimator in the inert graph tells of itself, apart from its columns."""
    version = attribute(root, "_sklearn_version")
    return replace(
        blank,
        estimator=public_name(class_name(root))[: limits.name] or None,
        libraries=((_SKLEARN, version),)
        if isinstance(version, str) and parse_version(version)
        else (),
        classes=find_classes(root, limits.classes, Budget(limits)),
    )


def _narrow(needs: tuple[str, ...], root: Value) -> tuple[str, ...]:
    """The needs, with the releases of statsmodels that restore a formula."""
    return tuple(
        need + statsmodels_facts.find_releases(root) if need == "statsmodels" else need
        for need in needs
    )


def _flavor(found: PickleFile) -> str:
    """MLflow's flavor that loads exactly this file, else `python_function` with a loader of ours."""
    if found.joblib or class_name(found.root) in BOOSTERS:
        return "python_function"
    return "statsmodels" if statsmodels_facts.is_results(found.root) else "sklearn"


def _find_obstacle(found: PickleFile, names: tuple[str, ...]) -> Obstacle | None:
    obstacle = find_script_names(names) or find_mute(found.root)
    if obstacle:
        return obstacle
    series = statsmodels_facts.is_results(found.root) and statsmodels_facts.is_time_series(
        found.root
    )
    return _NEEDS_SAVE if series and found.joblib else None


def _with_columns(
    told: Inspection, root: Value, boosters: tuple[BoosterFacts, ...], limits: Limits
) -> Inspection:
    """The columns as the model tells them, or where it is a booster's estimator, as the booster does."""
    if statsmodels_facts.is_results(root):
        columns, sample, named = statsmodels_facts.describe_inputs(root, limits)
        return replace(told, features=columns, named_features=named, sample_row=sample)
    last = last_step(root, Budget(limits))
    name = class_name(last)
    facts = boosters[-1] if boosters and name.startswith(f"{boosters[-1].library}.") else None
    if facts:
        told = replace(told, classes=told.classes or facts.classes, details=facts.details)
    if facts and last is root:
        columns, sample, named = facts.columns, facts.sample or None, facts.named
    else:
        columns, sample, named = describe_columns(root, limits)
    texts = TEXTS if not columns and takes_texts(root) else None
    return replace(
        told, features=columns, named_features=named, sample_row=sample, sample_input=texts
    )


def _walk(model_file: ModelFile) -> PickleFile:
    head = model_file.head(_HEAD)
    try:
        return read_pickle(model_file.file, model_file.size, model_file.evidence, model_file.limits)
    except UnreadableModel as error:
        broken = error.code is UnreadableCode.CORRUPT
        if broken and not head.startswith(_PICKLE) and find_compression(head) is None:
            raise tell_other_file(head) from error
        raise


def _writer(evidence: Evidence) -> str:
    return (
        "cloudpickle"
        if any(name.startswith("cloudpickle.") for name in evidence.names)
        else "pickle"
    )
