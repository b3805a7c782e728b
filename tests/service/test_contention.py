"""Writers that meet: the slower one tries again, and is told where it never gets through."""

from collections.abc import Callable, Iterator

import pytest

from shared.domain.errors import Changed, Conflict, Exists, Missing, NotFound
from shared.service.contention import TRIES, until_written


def attempt_of(*outcomes: Exception | str) -> Callable[[], str]:
    left: Iterator[Exception | str] = iter(outcomes)

    def attempt() -> str:
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return attempt


def test_whoever_was_slower_tries_again() -> None:
    slower = (Changed("row"), Exists("row"), Missing("row"))
    assert until_written("deployment", attempt_of(*slower, "written")) == "written"


def test_whoever_is_slower_each_time_is_told_to_come_again() -> None:
    with pytest.raises(Conflict) as caught:
        until_written("endpoint", attempt_of(*[Changed("row")] * TRIES, "too late"))
    assert caught.value.code == "busy"
    assert "endpoint" in caught.value.detail
    assert caught.value.retry_after


def test_a_refusal_is_not_tried_again() -> None:
    refused = NotFound("deployment_not_found", "There is none.", "List them.")
    with pytest.raises(NotFound):
        until_written("deployment", attempt_of(refused, "never"))
