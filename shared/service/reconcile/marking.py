"""Shows users what a run found to be wrong with their own things, until a run finds that no more."""

from collections.abc import Collection, Iterator, Sequence

from shared import telemetry
from shared.domain.errors import CloudError
from shared.domain.reconcile.findings import Area, Finding
from shared.domain.reconcile.marks import Mark, mark_of
from shared.service import marks
from shared.service.reconcile.again import look_again
from shared.service.reconcile.named import NamedNow
from shared.service.reconcile.turn import RunTurn
from shared.telemetry import Happened

_MOST = 500
"""Where more than so many look wrong at once, something makes them look so, and nobody is told."""


def mark_users_things(
    turn: RunTurn, findings: Sequence[Finding], unknown: Collection[str], *, whole: bool
) -> None:
    """Marks what is still so when it is read again, and takes away what is not, but in areas that are unknown.

    Unless the look was `whole`, marks only come. Raises StoreError, LeaseLost.
    """
    if len(findings) > _MOST:
        return
    try:
        found = {each.key: each for each in _find_marks(turn, findings)}
    except CloudError as error:
        telemetry.tell(Happened.RECONCILE_UNMARKED, run=turn.run.id, reason=str(error))
        return
    areas = {Area(each) for each in turn.run.areas if each not in unknown} if whole else set()
    marks.renew(turn.ports, found, areas, turn.keep)


def _find_marks(turn: RunTurn, findings: Sequence[Finding]) -> Iterator[Mark]:
    now = turn.ports.clock.now()
    with NamedNow(turn.ports, turn.keep) as named:
        for finding in findings:
            turn.keep()
            mark = mark_of(finding, now)
            if mark and look_again(turn.ports, named, finding):
                yield mark
