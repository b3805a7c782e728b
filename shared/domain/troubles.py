"""Trouble under way in plain words: what it means, whose turn it is, and when it is tried again."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.errors import Trouble
from shared.domain.explanations import REFUSED
from shared.domain.failures import ROLE, lacking
from shared.domain.reasons import Reason
from shared.domain.records import Deployment, Turn

_AZURES_WORDS = 300
_AZURES_TURN = "it is Azure's turn, and nothing is to be done"


class Standing(NamedTuple):
    """What a deployment waits for, and what went wrong last; each is empty where there is nothing."""

    waiting: str
    trouble: str

    def __str__(self) -> str:
        """Both in one line."""
        return ". ".join(each for each in self if each)


class _Told(NamedTuple):
    """What a trouble means, and whose turn it is."""

    means: str
    turn: str


_OPERATORS: Mapping[str, _Told] = {
    reason: _Told(told.cause, f"it is an operator's turn: {told.next[0].lower()}{told.next[1:-1]}")
    for reason, told in REFUSED.items()
    if told.whose_turn is Turn.OPERATOR
}


def explain_standing(record: Deployment) -> Standing:
    """Where a deployment's work stands, for people to read; Azure's own words come last."""
    work = record.work
    if not work.trouble:
        return Standing(work.waiting, "")
    if work.met is None:
        told = _Told(work.trouble, "it is Longshore's turn; its log tells operators more")
    else:
        told = _tell(work.met, work.trouble)
        told = told._replace(means=f"{told.means} Azure's words: {_begin(work.trouble)}")
    again = f"Longshore tries again by itself at {work.due_at:%Y-%m-%d %H:%M:%S} UTC"
    waiting = "; ".join(each for each in (work.waiting, told.turn, again) if each)
    return Standing(waiting, told.means)


def _tell(met: Trouble, words: str) -> _Told:
    code = words.partition(": ")[0]
    match met:
        case Trouble.AUTH:
            means = f"Azure ML does not let Longshore do it: it lacks {lacking(words)}."
            return _Told(means, f"it is an operator's turn: an operator {ROLE}")
        case Trouble.THROTTLED:
            return _Told("Azure takes no more calls for a while.", _AZURES_TURN)
        case Trouble.CONFLICT:
            return _Told("Azure is busy with another change of it.", _AZURES_TURN)
        case Trouble.TRANSIENT | Trouble.AMBIGUOUS:
            if code == Reason.CHANGE_FAILED:
                return _Told("Azure began to change the endpoint and failed.", _AZURES_TURN)
            return _Told("Azure ML did not answer clearly.", _AZURES_TURN)
        case Trouble.PERMANENT:
            turn = (
                "it is Azure's turn; where it goes on for long, an operator looks at Azure's words"
            )
            return _OPERATORS.get(code, _Told("Azure ML has not done what it was asked.", turn))


def _begin(words: str) -> str:
    """Azure's words, or their beginning, which tells the most."""
    return words if len(words) <= _AZURES_WORDS else words[: _AZURES_WORDS - 4] + " ..."
