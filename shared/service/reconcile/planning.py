"""Turns findings into the plan of a run: each with the decision about it, from what earlier runs have seen."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from shared.domain.prices import PriceList, estimate
from shared.domain.reconcile.findings import DELETES, Area, Case, Finding
from shared.domain.reconcile.marks import MARKED
from shared.domain.reconcile.repair import Decision, Rules, decide, explain
from shared.domain.reconcile.runs import Item, ItemState, Run
from shared.ports import Tables
from shared.service.reconcile import rows
from shared.service.reconcile.owners import Owners

MOST_KEPT = 20_000
"""Findings of one run; what is beyond is counted."""
_MOST_LOOKED_AT = 10  # earlier runs


@dataclass(slots=True, kw_only=True)
class Planner:
    """Decides about findings one by one, and counts. `cost` is in US dollars a month; `left` are those not kept;
    `marked` those that are shown with the things they are about.
    """

    run: Run
    rules: Rules
    sightings: Mapping[str, datetime]
    prices: PriceList
    owners: Owners
    now: datetime
    found: Counter[Case] = field(default_factory=Counter)
    deletes: Counter[Area] = field(default_factory=Counter)
    marked: list[Finding] = field(default_factory=list)
    repairs: int = 0
    cost: float = 0.0
    left: int = 0

    def items(self, findings: Iterable[Finding]) -> Iterator[Item]:
        """The plan, in the order of the findings."""
        for number, finding in enumerate(findings, start=1):
            self.found[finding.case] += 1
            if finding.case in MARKED:
                self.marked.append(finding)
            complete = self._complete(finding)
            self.cost += complete.cost or 0.0
            if number > MOST_KEPT:
                self.left += 1
            else:
                yield self._plan(number, complete)

    def _complete(self, finding: Finding) -> Finding:
        finding = replace(finding, owner=self.owners.name(finding.user_key))
        if not finding.instance_count:
            return finding
        cost = estimate(self.prices, finding.instance_type, finding.instance_count)
        return replace(finding, cost=cost.a_month)

    def _plan(self, number: int, finding: Finding) -> Item:
        seen_since = self.sightings.get(finding.key)
        decision = decide(finding, self.rules, seen_since=seen_since, now=self.now)
        planned = decision is Decision.REPAIR and not self.run.dry_run
        if decision is Decision.REPAIR and finding.rule.repair in DELETES:
            self.deletes[finding.rule.area] += 1
        self.repairs += planned
        return Item(
            run_id=self.run.id,
            number=number,
            finding=finding,
            decision=decision,
            why=explain(decision, finding, self.rules),
            seen_since=seen_since or self.now,
            state=ItemState.PLANNED if planned else ItemState.NONE,
        )


def find_sightings(tables: Tables, run: Run) -> dict[str, datetime]:
    """Since when each finding has been seen by runs without a break: of each area, what the last run over it kept.

    A run in which an area was unknown says nothing of it: what was seen before has to be seen again.
    """
    wanted = set(run.areas)
    found: dict[str, datetime] = {}
    for earlier in islice(rows.list_runs(tables, after=run.id), _MOST_LOOKED_AT):
        here = wanted & set(earlier.areas) if earlier.observed_at else set()
        items = (each.record for each in rows.list_items(tables, earlier.id)) if here else ()
        found |= {
            each.finding.key: each.seen_since for each in items if each.finding.rule.area in here
        }
        wanted -= here
        if not wanted:
            break
    return found
