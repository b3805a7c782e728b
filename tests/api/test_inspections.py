"""All that was read of a model, over HTTP: in JSON, and in plain text for people."""

import json

import pytest

from tests.api.serving import Server, problem_of, wrong_fields


def test_all_that_was_read_is_shown(server: Server) -> None:
    model_id = server.upload()
    shown = server.get(f"/models/{model_id}/inspection").json()

    assert (shown["model_id"], shown["format"], shown["verdict"]) == (model_id, "pickle", "clean")
    assert shown["estimator"].endswith("LogisticRegression")
    assert "scikit-learn" in shown["libraries"]
    assert [each["type"] for each in shown["features"]] == ["double"] * 4
    assert shown["classes"] == [0, 1, 2]
    assert "mlflow==2.16.2" in shown["installed"]["requirements"]
    assert "labels_only" in [each["code"] for each in shown["findings"]]
    assert json.dumps(shown["sample_payload"]) in shown["sample_call"]
    assert "$SCORING_URI" in shown["sample_call"]


@pytest.mark.parametrize(
    ("query", "accept", "is_text"),
    [
        ("?format=text", "application/json", True),
        ("?format=json", "text/plain", False),
        ("", "text/plain", True),
        ("", "text/plain;q=0.9, application/json", True),
        ("", "text/html, */*", False),
        ("", "application/json, text/plain", False),
        ("", "image/png", False),
    ],
)
def test_text_comes_where_it_is_asked_for(
    server: Server, query: str, accept: str, is_text: bool
) -> None:
    path = f"/models/{server.upload()}/inspection{query}"
    answer = server.get(path, headers={"accept": accept})

    kind = "text/plain; charset=utf-8" if is_text else "application/json"
    assert answer.headers["content-type"] == kind
    assert answer.text.startswith("iris (model-1-") == is_text
    assert answer.headers["vary"] == "Accept"
    seen = {"if-none-match": answer.headers["etag"], "accept": accept}
    assert server.get(path, headers=seen).status_code == 304


def test_a_form_that_is_none_and_a_model_that_is_none_are_told(server: Server) -> None:
    path = f"/models/{server.upload()}/inspection"
    assert set(wrong_fields(server.get(f"{path}?format=yaml"))) == {"format"}
    assert problem_of(server.get("/models/none/inspection"), 404)["code"] == "model_not_found"
