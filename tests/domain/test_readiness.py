"""How ready a model is: each part says why, and what would raise it; what cannot be deployed scores 0."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.catalogue.readiness import Part, Readiness, find_untold, rate
from shared.domain.inspection import Column, Inspection, ModelFormat, Obstacle, Tensor, Verdict
from shared.domain.names import INSTANCE_TYPES, is_license

GIB = 1024**3
IDEAL = Inspection(
    reader_version=1,
    digest="0" * 64,
    size=1000,
    format=ModelFormat.MLFLOW,
    compression=None,
    written_by=None,
    verdict=Verdict.CLEAN,
    reasons=(),
    names=(),
    refused=(),
    flavor="sklearn",
    estimator="sklearn.svm.SVC",
    python_version="3.10.4",
    libraries=(("scikit-learn", "1.4.2"),),
    features=(Column(name="a", type="double"),),
    named_features=True,
    classes=(),
    sample_row=(0.0,),
)


def rated(on: str = "Standard_DS1_v2", licence: str = "MIT", **changed: Any) -> Readiness:
    let_in = changed.pop("let_in", False)
    found = replace(IDEAL, **changed)
    return rate(found, licence=licence, instance_type=on, let_in=let_in)


def part(readiness: Readiness, name: str) -> Part:
    [found] = [each for each in readiness.parts if each.name == name]
    return found


def test_a_model_of_which_all_is_known_scores_1_and_nothing_is_left_to_do() -> None:
    readiness = rated()
    assert (readiness.score, readiness.blocked) == (1.0, "")
    assert not [each.raise_by for each in readiness.parts if each.raise_by]
    assert sum(each.weight for each in readiness.parts) == pytest.approx(1)


LACKING: dict[str, dict[str, Any]] = {
    "safe to load": {"verdict": Verdict.UNKNOWN, "let_in": True},
    "environment known": {"python_version": None, "needs": ("numpy>=1.20",)},
    "signature known": {"features": ()},
    "sample row": {"sample_row": None},
    "size against memory": {"size": GIB},
    "licence": {"licence": ""},
}


@pytest.mark.parametrize("name", LACKING)
def test_what_is_lacking_costs_its_own_part_and_says_what_would_raise_it(name: str) -> None:
    readiness = rated(**LACKING[name])
    lacking = [each for each in readiness.parts if each.score < 1]
    assert [each.name for each in lacking] == [name]
    assert lacking[0].why.endswith(".")
    assert lacking[0].raise_by.endswith(".")
    assert 0 < readiness.score < 1


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": Verdict.DANGEROUS, "reasons": ("It calls os.system.",)},
        {"verdict": Verdict.UNKNOWN, "reasons": ("It asks for x.y.",)},
        {"obstacle": Obstacle("It is weights alone.", "Save the whole model.")},
    ],
)
def test_what_cannot_be_deployed_at_all_scores_0_with_the_reason(changed: dict[str, Any]) -> None:
    readiness = rated(**changed)
    assert readiness.score == 0
    told = changed.get("reasons", ("It is weights alone.",))[0]
    assert told in readiness.blocked


def test_a_model_of_texts_has_a_sample_and_half_a_signature() -> None:
    texts = rated(features=(), sample_row=None, sample_input=["a text"])
    assert part(texts, "sample row").score == 1
    assert part(texts, "signature known").score == 0.5
    assert "list of texts" in part(texts, "signature known").why


def test_a_larger_instance_scores_a_large_model_higher() -> None:
    scores = {size: part(rated(size, size=GIB), "size against memory") for size in INSTANCE_TYPES}
    assert scores["Standard_DS1_v2"].score == 0
    assert scores["Standard_DS1_v2"].raise_by == "Use Standard_DS3_v2."
    assert 0 < scores["Standard_DS2_v2"].score < 1
    assert scores["Standard_DS4_v2"].score == 1


def test_a_size_that_is_not_known_here_is_neither_good_nor_bad() -> None:
    found = part(rated("Standard_NC6"), "size against memory")
    assert 0 < found.score < 1
    assert "not known" in found.why


def test_arrays_count_as_inputs_and_columns_without_names_for_less() -> None:
    arrays = (Tensor(name=None, dtype="float32", shape=(-1, 4)),)
    assert part(rated(features=(), inputs=arrays), "signature known").score == 1
    assert 0 < part(rated(named_features=False), "signature known").score < 1


def test_a_library_whose_version_is_told_is_not_told_as_missing() -> None:
    found = replace(IDEAL, needs=("scikit-learn", "onnx>=1.13", "scipy"))
    assert find_untold(found) == (("onnx", "1.13"), ("scipy", ""))


def test_a_licence_that_the_file_tells_counts() -> None:
    assert part(rated(licence="", details=(("license", "MIT"),)), "licence").score == 1


@pytest.mark.parametrize(
    "text", ["MIT", "Apache-2.0", "GPL-2.0+", "(MIT OR BSD-3-Clause)", "GPL-2.0 WITH Classpath-1.0"]
)
def test_license_expressions_are_taken(text: str) -> None:
    assert is_license(text)


@pytest.mark.parametrize(
    "text",
    ["", "MIT,BSD", "my own licence", "MIT OR", "(MIT", "MIT and BSD", "-", "MIT\n", "é" * 3],
)
def test_other_texts_are_no_license(text: str) -> None:
    assert not is_license(text)
