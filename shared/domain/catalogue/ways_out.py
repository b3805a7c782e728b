"""What may be done about a file that is refused: many are for what they carry along, not for their model."""

from collections.abc import Iterator

from shared.domain.catalogue.exceptions import VerdictException, explain_way_in
from shared.domain.inspection import Inspection

_SEARCHES = "sklearn.model_selection._search"  # of both kinds, with and without halving
_SCRIPT = "__main__."


def explain_ways_out(inspection: Inspection, exception: VerdictException | None) -> str:
    """What often helps with such a file, then what an operator may do; empty where there is neither."""
    ways = (*_suggest(inspection), explain_way_in(inspection, exception))
    return " ".join(filter(None, ways))


def _suggest(inspection: Inspection) -> Iterator[str]:
    if inspection.refused and any(name.startswith(_SEARCHES) for name in inspection.names):
        yield "A search keeps what it searched with (distributions, a scorer): save its `best_estimator_` alone."
    if any(name.startswith(_SCRIPT) for name in inspection.refused):
        yield "What the script or notebook defines that saved it is not there where it is served: use what a library has."
