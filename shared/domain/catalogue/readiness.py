"""How ready a model is to be deployed: a score from 0 to 1, made of parts that each say why and what would raise it."""

from dataclasses import dataclass

from shared.domain.inspection import Inspection, Verdict
from shared.domain.names import MEMORY_GIB

_GIB = 1024**3
_BASE_GIB = (
    1.0  # Python, MLflow and the inference server of a container, before the model is loaded
)
_GROWTH, _GROWTH_PACKED = 3, 8  # of a file while it is loaded; one that is compressed grows more
_FULL, _EASY = (
    0.3,
    0.5,
)  # the score where all memory is needed; the part of it up to which the score is 1
_ASSUMED = 0.5  # the score where a size's memory is not known here

_SAFE, _ENVIRONMENT, _SIGNATURE, _SAMPLE, _SIZE, _LICENCE = 0.30, 0.20, 0.20, 0.10, 0.15, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that makes a model ready: its score from 0 to 1, and its weight among the others.

    `raise_by` is empty where nothing has to be done.
    """

    name: str
    weight: float
    score: float
    why: str
    raise_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The whole; `blocked` says why the model cannot be deployed at all, and then the score is 0."""

    score: float
    blocked: str
    parts: tuple[Part, ...]


def rate(
    inspection: Inspection, *, licence: str, instance_type: str, let_in: bool, refused: str = ""
) -> Readiness:
    """The readiness of a model on one instance. `let_in`: whether an exception lets its file in now.

    `refused`: why a deployment would be refused for another reason than what the file is.
    """
    parts = (
        _rate_safety(inspection, let_in),
        _rate_environment(inspection),
        _rate_signature(inspection),
        _rate_sample(inspection),
        _rate_size(inspection, instance_type),
        _rate_licence(licence or dict(inspection.details).get("license", "")),
    )
    blocked = _find_block(inspection, let_in) or refused
    score = 0.0 if blocked else round(sum(part.weight * part.score for part in parts), 2)
    return Readiness(score=score, blocked=blocked, parts=parts)


def find_untold(inspection: Inspection) -> tuple[tuple[str, str], ...]:
    """Libraries that serving needs and whose version the file does not tell; with the first that will do, or nothing."""
    told = {name for name, _ in inspection.libraries}
    parted = (need.partition(">=") for need in inspection.needs)
    return tuple((name, first) for name, _, first in parted if name not in told)


def _find_block(inspection: Inspection, let_in: bool) -> str:
    if inspection.verdict is not Verdict.CLEAN and not let_in:
        reasons = " ".join(inspection.reasons)
        return f"Its file is {inspection.verdict}, and no exception lets it in. {reasons}".rstrip()
    if inspection.obstacle is not None:
        return f"{inspection.obstacle.why} {inspection.obstacle.next}"
    return ""


def _rate_safety(inspection: Inspection, let_in: bool) -> Part:
    if inspection.verdict is Verdict.CLEAN:
        score, why, raise_by = 1.0, "Loading the file can only build a model.", ""
    else:
        score = 0.5 if let_in else 0.0
        held = "an operator's exception lets it in" if let_in else "no exception lets it in"
        why = f"The file is {inspection.verdict}, and {held}."
        raise_by = "Save the model without what is refused, in a library's own format."
    return Part(name="safe to load", weight=_SAFE, score=score, why=why, raise_by=raise_by)


def _rate_environment(inspection: Inspection) -> Part:
    known, untold = inspection.libraries, find_untold(inspection)
    share = len(known) / (len(known) + len(untold)) if known or untold else 0.0
    score = round(0.8 * share + 0.2 * bool(inspection.python_version), 2)
    missing = [f"the version of {name}" for name, _ in untold[:5]]
    if not inspection.python_version:
        missing.append("Python's version")
    told = ", ".join(f"{name} {version}" for name, version in known[:5]) or "no library's version"
    why = f"The file tells {told}" + (f", and not {' or '.join(missing)}." if missing else ".")
    raise_by = (
        "Save it as an MLflow folder, whose requirements.txt and python_env.yaml tell all of it."
    )
    return Part(
        name="environment known",
        weight=_ENVIRONMENT,
        score=score,
        why=why,
        raise_by="" if score == 1 else raise_by,
    )


def _rate_signature(inspection: Inspection) -> Part:
    score, raise_by = 1.0, ""
    if inspection.inputs:
        why = f"It takes {_count(len(inspection.inputs), 'array')} of known type and shape."
    elif inspection.features and inspection.named_features:
        why = f"It takes {_count(len(inspection.features), 'named column')}."
    elif inspection.features:
        score, why = 0.8, f"It takes {_count(len(inspection.features), 'column')} without names."
        raise_by = "Fit it on a pandas DataFrame, so that the file tells the names of its columns."
    elif inspection.sample_input is not None:
        score, why = 0.5, "It takes a list of texts, for which there is no signature on Azure."
    else:
        score, why = 0.0, "The file does not tell what it takes, so wrong input cannot be refused."
        raise_by = (
            "Save it with a signature: mlflow.models.infer_signature, or fit it on a DataFrame."
        )
    return Part(name="signature known", weight=_SIGNATURE, score=score, why=why, raise_by=raise_by)


def _rate_sample(inspection: Inspection) -> Part:
    has_sample = inspection.sample_row is not None or inspection.sample_input is not None
    if has_sample:
        return Part(
            name="sample row",
            weight=_SAMPLE,
            score=1.0,
            why="A sample can be scored before the deployment gets traffic.",
        )
    return Part(
        name="sample row",
        weight=_SAMPLE,
        score=0.0,
        why="There is no sample to score before the deployment gets traffic.",
        raise_by="Save it by MLflow with a signature and an input example, or so that its inputs are known.",
    )


def _rate_size(inspection: Inspection, instance_type: str) -> Part:
    growth = _GROWTH_PACKED if inspection.compression else _GROWTH
    needed = _BASE_GIB + growth * inspection.size / _GIB
    memory = MEMORY_GIB.get(instance_type)
    if memory is None:
        return Part(
            name="size against memory",
            weight=_SIZE,
            score=_ASSUMED,
            why=f"It may need {needed:.1f} GiB; the memory of {instance_type} is not known here.",
            raise_by=f"Ask for one of {', '.join(MEMORY_GIB)}.",
        )
    taken = needed / memory
    score = 1.0
    if taken > 1:
        score = 0.0
    elif taken > _EASY:
        score = round(1 - (1 - _FULL) * (taken - _EASY) / (1 - _EASY), 2)
    larger = [name for name, room in MEMORY_GIB.items() if needed <= _EASY * room]
    way = f"Use {larger[0]}." if larger else "Use a size with more memory, or a smaller model."
    return Part(
        name="size against memory",
        weight=_SIZE,
        score=score,
        why=f"It may need {needed:.1f} of the {memory:g} GiB of {instance_type}.",
        raise_by="" if score == 1 else way,
    )


def _rate_licence(licence: str) -> Part:
    if licence:
        return Part(name="licence", weight=_LICENCE, score=1.0, why=f"Its licence is {licence}.")
    return Part(
        name="licence",
        weight=_LICENCE,
        score=0.0,
        why="Nobody has said under which licence it may be used.",
        raise_by="Upload it with `license`, an SPDX expression such as Apache-2.0.",
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
