"""Trouble under way: what it means, whose turn it is, and when it is tried again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.errors import Trouble
from shared.domain.explanations import REFUSED
from shared.domain.reasons import Reason
from shared.domain.records import Turn
from shared.domain.troubles import Standing, explain_standing
from tests.domain.examples import NOW, deployment

FORBIDDEN = (
    "AuthorizationFailed: The client 'x' does not have authorization to perform action "
    "'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write' over scope '/s'."
)
SILENT = "ServiceResponseTimeoutError: HTTPConnectionPool(host='h', port=1): Read timed out."


def standing(trouble: str, met: Trouble | None = None, *, waiting: str = "") -> Standing:
    record = deployment()
    work = replace(
        record.work,
        trouble=trouble,
        waiting=waiting,
        met=met,
        due_at=NOW + timedelta(seconds=90),
    )
    return explain_standing(replace(record, work=work))


def test_what_is_not_allowed_waits_for_an_operator_and_names_the_right() -> None:
    told = standing(FORBIDDEN, Trouble.AUTH)
    assert "it lacks the right to Microsoft.MachineLearningServices" in told.trouble
    assert told.trouble.endswith(f"Azure's words: {FORBIDDEN}")
    assert "an operator's turn: an operator gives the worker's managed identity" in told.waiting
    assert told.waiting.endswith("Longshore tries again by itself at 2026-01-01 00:01:30 UTC")


@pytest.mark.parametrize("met", [Trouble.TRANSIENT, Trouble.AMBIGUOUS])
def test_an_azure_that_does_not_answer_is_told_as_such_and_is_its_own_turn(met: Trouble) -> None:
    for trouble in (SILENT, "HTTP 503: words"):
        told = standing(trouble, met)
        assert told.trouble == f"Azure ML did not answer clearly. Azure's words: {trouble}"
        assert told.waiting.startswith("it is Azure's turn, and nothing is to be done; Longshore")


@pytest.mark.parametrize(
    ("met", "code", "means"),
    [
        (Trouble.THROTTLED, "TooManyRequests", "Azure takes no more calls for a while."),
        (Trouble.CONFLICT, "HTTP 412", "Azure is busy with another change of it."),
        (Trouble.TRANSIENT, Reason.CHANGE_FAILED, "Azure began to change the endpoint and failed."),
    ],
)
def test_what_passes_by_itself_is_azures_turn(met: Trouble, code: str, means: str) -> None:
    told = standing(f"{code}: words", met)
    assert told.waiting.startswith("it is Azure's turn, and nothing is to be done; Longshore")
    assert told.trouble == f"{means} Azure's words: {code}: words"


@pytest.mark.parametrize("reason", [Reason.LOCKED, Reason.POLICY, Reason.WORKSPACE, Reason.REGION])
def test_what_only_an_operator_can_mend_is_told_with_how(reason: Reason) -> None:
    assert REFUSED[reason].whose_turn is Turn.OPERATOR
    told = standing(f"{reason}: words", Trouble.PERMANENT)
    assert told.trouble.startswith(REFUSED[reason].cause)
    assert told.waiting.startswith("it is an operator's turn: an operator ")
    assert "{" not in str(told)


def test_a_refusal_nobody_knows_is_shown_in_azures_words() -> None:
    told = standing("BadRequest: no", Trouble.PERMANENT)
    assert told.trouble == "Azure ML has not done what it was asked. Azure's words: BadRequest: no"
    assert "an operator looks at Azure's words" in told.waiting


def test_an_error_of_our_own_is_our_turn_and_has_no_words_of_azure() -> None:
    told = standing("A turn ended in an error that nobody expected (KeyError).")
    assert told.trouble == "A turn ended in an error that nobody expected (KeyError)."
    assert told.waiting.startswith("it is Longshore's turn")


def test_long_words_are_cut_and_what_was_waited_for_is_kept() -> None:
    told = standing("Oops: " + "x" * 1000, Trouble.PERMANENT, waiting="Azure removes blue")
    assert len(told.trouble) < 400
    assert told.waiting.startswith("Azure removes blue; it is ")


def test_without_trouble_it_is_shown_as_it_waits() -> None:
    assert standing("", waiting="Azure starts blue") == Standing("Azure starts blue", "")
