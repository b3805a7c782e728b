"""What was read of a model as text for people: 80 columns, no secrets of the terminal, nothing left out in silence."""

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.catalogue.readable import Description, call_of, render_readable
from shared.domain.inspection import Column, Inspection, Obstacle, Tensor, Verdict
from shared.domain.packaging.environment import Environment
from shared.domain.packaging.lint import Finding
from shared.domain.records import Grant, Model
from shared.domain.scoring import sample_payload
from tests.domain.test_readiness import IDEAL

FINDING = Finding(code="c", what="Something " * 20 + "surprises.", fix="Mend it.")


def described(found: Inspection, **fields: Any) -> Description:
    model = Model(
        id="model-1-1763486943100000",
        user_key="u",
        model_name="iris",
        algorithm="",
        filename="iris.pkl",
        size=found.size,
        content_digest=found.digest,
        inspection={},
        created_at=datetime.now(UTC),
        **fields,
    )
    environment = Environment("3.10", ("mlflow==2.16.2", "scikit-learn==1.4.2"))
    payload = sample_payload(found)
    return Description(
        model=model,
        grant=fields.get("grant"),
        inspection=found,
        environment=environment,
        findings=(FINDING,),
        payload=payload,
    )


def text_of(**changed: Any) -> str:
    return render_readable(described(replace(IDEAL, **changed)))


def test_all_that_is_known_is_there() -> None:
    grant = Grant(number=2, operator="olga", reason="Reviewed.", at=datetime.now(UTC))
    found = replace(IDEAL, classes=("setosa", 1, None), details=(("trees_grown", "100"),))
    text = render_readable(described(found, license="MIT", grant=grant))
    for told in (
        *("iris (model-1-1763486943100000)", "SVC", "clean", "0" * 64, "3.10.4"),
        *("scikit-learn 1.4.2", "MIT", "olga said 'Reviewed.'", "Trees grown", "a  double"),
        *("setosa, 1, None", "Python 3.10", "mlflow==2.16.2", "surprises", "curl"),
    ):
        assert told in text, told


ODD: dict[str, dict[str, Any]] = {
    "plain": {},
    "wide": {"features": tuple(Column(name="x" * 90 + str(n), type="double") for n in range(500))},
    "unnamed": {"features": tuple(Column(name=None, type="double") for _ in range(30))},
    "arrays": {"features": (), "inputs": (Tensor(name="x", dtype="f", shape=(-1,) * 40),)},
    "unknown": {"verdict": Verdict.UNKNOWN, "refused": tuple(f"a.b{n}" for n in range(99))},
    "reasons": {"verdict": Verdict.DANGEROUS, "reasons": ("word " * 200,)},
    "obstacle": {"obstacle": Obstacle("It is " + "weights " * 30, "Save it " * 30)},
    "classes": {"classes": tuple(range(1000))},
    "detail": {"details": (("a name that is longer than its column", "value " * 40),)},
    "texts": {"features": (), "sample_row": None, "sample_input": ["a text"]},
    "nothing": {"features": (), "sample_row": None, "libraries": (), "python_version": None},
}


@pytest.mark.parametrize("name", ODD)
def test_no_line_is_longer_than_80_columns(name: str) -> None:
    for line in text_of(**ODD[name]).splitlines():
        assert len(line) <= 80, line
        assert line == line.rstrip()


def test_what_is_too_much_to_show_is_counted() -> None:
    text = text_of(**ODD["wide"])
    assert "and 480 more" in text
    assert "sample_payload" in text
    assert "and 980 more" in " ".join(text_of(**ODD["classes"]).split())


def test_nothing_of_a_file_reaches_the_terminal_as_a_command() -> None:
    evil = "a\x1b[31m\x07\r\nb\u202ec"
    text = text_of(
        features=(Column(name=evil, type="double"),),
        estimator=evil,
        refused=(evil,),
        classes=(evil,),
        details=((evil, evil),),
        libraries=((evil, evil),),
    )
    assert all(each.isprintable() or each == "\n" for each in text)


def test_a_model_of_texts_is_told_how_it_is_called() -> None:
    text = text_of(**ODD["texts"])
    assert "a list of texts" in text
    assert '{"input_data": ["a text"]}' in text
    assert "not known" not in text


def test_a_model_that_cannot_be_served_is_told_no_call_and_nothing_to_install() -> None:
    text = text_of(**ODD["obstacle"])
    assert "cannot be served" in text
    assert "curl" not in text
    assert "installed" not in text


@pytest.mark.parametrize(
    ("asks_for", "told"),
    [
        ("sklearn.svm._classes.SVC", '"columns": ["a"]'),
        (
            "sklearn.feature_extraction.text.TfidfVectorizer",
            'Texts go as {"input_data": ["a text"]}',
        ),
    ],
)
def test_what_to_write_is_told_where_the_file_does_not_tell_it(asks_for: str, told: str) -> None:
    text = " ".join(text_of(**ODD["nothing"], names=(asks_for,)).split())
    assert told in text


def test_the_call_says_where_its_address_and_its_key_come_from() -> None:
    text = " ".join(text_of().split())
    assert "$SCORING_URI is the scoring_uri of GET /deployments/{id}" in text
    assert "$ENDPOINT_KEY the primary_key of GET /endpoints/{name}/keys" in text


def test_the_call_can_be_pasted_whatever_the_names_are() -> None:
    names = ["it's", 'a "b"', "c\\d", "$(x)", "e f " * 12, "ü,:[]{}"]
    found = replace(
        IDEAL,
        features=tuple(Column(name=name, type="double") for name in names),
        sample_row=(0.5,) * len(names),
    )
    text = render_readable(described(found))
    whole = call_of(sample_payload(found))
    assert whole is not None
    for call in (text[text.index("curl") :], whole):
        words = shlex.split(call.replace("\\\n", " "))
        assert words[:3] == ["curl", "-sS", "$SCORING_URI"]
        assert json.loads(words[-1]) == sample_payload(found)
