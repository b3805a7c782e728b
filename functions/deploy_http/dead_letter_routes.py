"""What operators see: messages that were put aside because nobody could read or handle them."""

from typing import Annotated

from fastapi import APIRouter, Query

from functions.deploy_http import answers
from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import errors
from shared.service.queues import dead_letters
from shared.service.queues.dead_letters import DeadLetter

router = APIRouter(route_class=JsonRoute)


@router.get("/dead-letters", tags=["operators"], responses=errors(403))
def list_dead_letters(
    caller: SignedIn, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> answers.DeadLetters:
    """Messages that were put aside, the last ones first. For operators: they may be anybody's."""
    letters, total = dead_letters.list_dead_letters(caller.ports, caller.principal, limit=limit)
    return answers.DeadLetters(dead_letters=[_render(each) for each in letters], total=total)


def _render(letter: DeadLetter) -> answers.DeadLetterAnswer:
    return answers.DeadLetterAnswer(
        name=f"{letter.queue}/{letter.digest}",
        queue=letter.queue,
        reason=letter.reason,
        detail=letter.detail,
        excerpt=letter.excerpt,
        size=letter.size,
        first_at=letter.at,
        last_at=letter.last_at,
        times=letter.times,
    )
