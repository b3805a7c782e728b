"""Models over HTTP: uploaded, judged, listed, shown; nothing of a refused upload is stored."""

import os
import pickle
import sys
from collections.abc import AsyncIterator

import httpx
import pandas as pd
import pytest
from scipy.stats import uniform  # type: ignore[import-untyped]  # ships no types
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV
from sklearn.preprocessing import StandardScaler

from tests.api.serving import UPLOAD_LIMIT, Server, model_bytes, problem_of, wrong_fields


def test_an_upload_answers_with_the_verdict_and_where_the_model_is(server: Server) -> None:
    answer = server.send_model(
        description="Fisher's", metrics='{"accuracy": 0.97}', evaluation='{"passed": true}'
    )

    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["verdict"], shown["algorithm"]) == ("clean", "LogisticRegression")
    assert (shown["model_name"], shown["filename"]) == ("iris", "iris.pkl")
    assert (shown["metrics"], shown["evaluation"]) == ({"accuracy": 0.97}, {"passed": True})
    assert shown["size"] == len(model_bytes())
    where = answer.headers["location"]
    assert where == f"http://127.0.0.1:7071/models/{shown['id']}?user_id=local"
    assert server.get(where).json() == shown


def test_a_file_that_would_run_code_is_refused_with_what_it_asked_for(server: Server) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, ("false",)

    answer = server.post(
        "/models", data={"model_name": "m"}, files={"file": ("m.pkl", pickle.dumps(Harm()))}
    )

    problem = problem_of(answer, 422)
    assert problem["code"] == "model_dangerous"
    assert problem["problems"] == [{"field": "file", "problem": "asks for posix.system"}]
    assert server.rows() == []


def test_a_search_that_is_refused_for_what_it_searched_with_is_told_what_to_save(
    server: Server,
) -> None:
    data = [[0.0], [1.0]] * 5
    search = RandomizedSearchCV(LogisticRegression(), {"C": uniform(0.1, 1)}, n_iter=1, cv=2)
    search.fit(data, [0, 1] * 5)

    problem = problem_of(send(server, search), 422)
    assert "scipy.stats" in problem["detail"]
    assert "save its `best_estimator_` alone" in problem["next"]
    assert send(server, search.best_estimator_).status_code == 201


def test_what_a_script_defined_itself_is_told_to_be_missing_where_it_is_served(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Scaler(StandardScaler):  # type: ignore[misc]  # ships no types
        """As one in a notebook."""

    Scaler.__module__, Scaler.__qualname__ = "__main__", "Scaler"
    monkeypatch.setattr(sys.modules["__main__"], "Scaler", Scaler, raising=False)

    problem = problem_of(send(server, Scaler().fit([[0.0], [1.0]])), 422)
    assert "notebook" in problem["next"]
    assert "best_estimator_" not in problem["next"]


def send(server: Server, model: object) -> httpx.Response:
    content = pickle.dumps(model)
    return server.post("/models", data={"model_name": "m"}, files={"file": ("m.pkl", content)})


def test_a_file_that_is_no_model_is_refused(server: Server) -> None:
    answer = server.post(
        "/models", data={"model_name": "m"}, files={"file": ("m.txt", b"not a model")}
    )

    assert problem_of(answer, 422)["code"] == "not_a_model"
    assert server.rows() == []


@pytest.mark.parametrize("passed", ['"yes"', "1", "null", "[]"])
def test_an_evaluation_says_whether_it_passed_by_true_or_false(server: Server, passed: str) -> None:
    answer = server.send_model(evaluation=f'{{"passed": {passed}}}')

    assert wrong_fields(answer) == {"evaluation": "must say `passed` as true or false"}
    assert server.rows() == []


def test_every_wrong_field_of_a_form_is_told_at_once(server: Server) -> None:
    answer = server.post(
        "/models",
        data={
            "model_name": "-iris",
            "description": "a\0b",
            "metrics": '{"accuracy": "high"}',
            "evaluation": "[1]",
            "colour": "blue",
            "file": "not a file",
        },
        files={"other": ("x", b"x")},
    )

    assert set(wrong_fields(answer)) == {
        "file",
        "model_name",
        "description",
        "metrics.accuracy",
        "evaluation",
        "colour",
        "other",
    }
    assert server.rows() == []


NO_SMALL_OBJECTS = ["{", "null", "[1]", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}']
NO_SMALL_OBJECTS += ["[" * 9000, '{"a":' * 500, '{"a": "' + "x" * 10_000 + '"}']


@pytest.mark.parametrize("text", NO_SMALL_OBJECTS)
def test_metrics_and_evaluation_that_are_no_small_json_object_are_refused(
    server: Server, text: str
) -> None:
    answer = server.send_model(evaluation=text, metrics=text)

    assert {field.partition(".")[0] for field in wrong_fields(answer)} == {"evaluation", "metrics"}


def test_an_upload_beyond_the_limit_is_refused(server: Server) -> None:
    for size in (UPLOAD_LIMIT + 1, UPLOAD_LIMIT * 3):
        answer = server.post(
            "/models", data={"model_name": "m"}, files={"file": ("m.pkl", b"x" * size)}
        )
        problem = problem_of(answer, 413)
        assert problem["code"] == "upload_too_large"
        assert "POST /uploads" in problem["next"]
    assert server.rows() == []


def test_a_stated_length_beyond_the_limit_is_refused_before_the_body_is_read(
    server: Server,
) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"x"

    headers = {"content-length": "99999999", "content-type": "multipart/form-data; boundary=b"}
    answer = server.post("/models", content=body(), headers=headers)

    assert problem_of(answer, 413)["code"] == "upload_too_large"
    assert read == []


def test_a_body_of_unstated_length_is_read_no_further_than_the_limit(server: Server) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for part in range(1000):
            read.append(part)
            yield b"x" * 10_000

    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = server.post("/models", content=body(), headers=headers)

    assert problem_of(answer, 413)["code"] == "upload_too_large"
    assert len(read) < 30


def test_a_broken_form_is_told_as_broken(server: Server) -> None:
    for content in (b"", b"garbage", b"--b\r\nno header", b"--b--", b"\0" * 100):
        headers = {"content-type": "multipart/form-data; boundary=b"}
        answer = server.post("/models", content=content, headers=headers)
        assert answer.status_code in (400, 422)
        problem_of(answer, answer.status_code)
    answer = server.post("/models", content=b"x", headers={"content-type": "multipart/form-data"})
    assert problem_of(answer, 400)["code"] == "malformed_body"


def test_a_model_in_another_media_type_is_refused(server: Server) -> None:
    assert problem_of(server.post("/models", json={}), 415)["code"] == "unsupported_media_type"
    assert problem_of(server.post("/models"), 415)["code"] == "unsupported_media_type"


def test_a_filename_with_control_characters_is_cleaned(server: Server) -> None:
    answer = server.post(
        "/models", data={"model_name": "m"}, files={"file": ("a\tb\x01c.pkl", model_bytes())}
    )

    assert answer.json()["filename"].isprintable()


def test_a_model_with_thousands_of_named_inputs_is_taken(server: Server) -> None:
    """What is known of it is longer than one property of a row may be."""
    columns = [f"a_rather_long_name_of_an_input_{number}" for number in range(3000)]
    rows = pd.DataFrame([[0.0] * 3000, [1.0] * 3000], columns=columns)
    content = pickle.dumps(StandardScaler().fit(rows))
    server.settings = server.settings.model_copy(update={"upload_limit": 10_000_000})

    answer = server.post(
        "/models", data={"model_name": "wide"}, files={"file": ("wide.pkl", content)}
    )

    assert answer.status_code == 201, answer.text
    assert len(answer.json()["inspection"]["features"]) == 3000


def test_models_are_listed_newest_first(server: Server) -> None:
    ids = [server.upload(model_name=name) for name in ("one", "two", "three")]

    shown = server.get("/models").json()

    assert [model["id"] for model in shown["models"]] == ids[::-1]
    assert (shown["total"], shown["next_page"]) == (3, None)


@pytest.mark.parametrize("model_id", ["none", "model-1-0000000000000000", "model-1-" + "9" * 16])
def test_a_model_that_is_not_there_is_404(server: Server, model_id: str) -> None:
    assert problem_of(server.get(f"/models/{model_id}"), 404)["code"] == "model_not_found"
