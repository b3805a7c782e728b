"""A run as a page for people: who pays the bill reads first what it costs, then what was done, then what is left to them."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from shared.domain.reconcile.findings import Area, Case, Repair
from shared.domain.reconcile.runs import SCHEDULE, Item, ItemState, Run, RunState

WIDTH = 100
_SHOWN = 50  # of one group; JSON has all
_TITLES = {
    ItemState.REPAIRED: "Repaired",
    ItemState.BEGUN: "Under way: Azure ML was asked, and has not confirmed yet",
    ItemState.PLANNED: "Planned",
    ItemState.SKIPPED: "Left alone, although it was planned",
    ItemState.NONE: "Found, and nothing was done about it",
}
_WORDS = {
    Case.DEPLOYMENT_WITHOUT_RECORD: "Deployments in Azure ML without a record",
    Case.DEPLOYMENT_LEFT_OVER: "Deployments that are still there after they were torn down",
    Case.DEPLOYMENT_GONE: "Deployments that are active on record, and gone from Azure ML",
    Case.DEPLOYMENT_BROKEN: "Active deployments that Azure ML says have failed",
    Case.DEPLOYMENT_REPLACED: "Active deployments in whose place something else serves",
    Case.ENDPOINT_WITHOUT_RECORD: "Endpoints without a record",
    Case.ENDPOINT_TAGS_OLD: "Endpoints that a late call has given their tags of an earlier time",
    Case.TRAFFIC_DIFFERS: "Endpoints whose traffic is not as recorded",
    Case.DEPLOYMENT_IDLE: "Deployments on endpoints that nobody calls",
    Case.MODEL_WITHOUT_RECORD: "Models in the registry that no record needs",
    Case.MODEL_GONE: "Models of failed deployments that are gone from the registry",
    Case.DEPLOYED_MODEL_GONE: "Models of active deployments that are gone from the registry",
    Case.REFERENCED_MODEL_GONE: "Models taken from the registry that are gone from it",
    Case.NEVER_REGISTERED: "Models that were uploaded and never deployed",
    Case.TEARDOWN_UNFINISHED: "Deployments whose removal does not come to an end",
    Case.DEPLOYING_TOO_LONG: "Deployments that should have come to an end",
    Case.NOT_INDEXED: "Unfinished work that nothing goes on with",
    Case.NAME_UNUSED: "Endpoint names that are reserved and not used",
    Case.DELETION_UNFINISHED: "Deletions of models that broke off",
    Case.CONTENT_GONE: "Files of artifacts that are gone from the store",
    Case.CONTENT_IN_TRASH: "Files of artifacts that lie in the trash",
    Case.DESCRIPTION_GONE: "Artifacts without their description in the store",
    Case.CONTENT_WITHOUT_RECORD: "Files in the store that no record names",
    Case.DESCRIPTION_WITHOUT_RECORD: "Descriptions in the store without an artifact",
    Case.PACKAGE_WITHOUT_RECORD: "Packages that no deployment and no registered model needs",
    Case.LOG_WITHOUT_RECORD: "Saved logs of deployments of which there is no record",
    Case.TRASH_EXPIRED: "What has been in the trash for its time",
    Case.OLD_KEYS: "Idempotency keys that have expired",
    Case.OLD_TOMBSTONES: "Places of acceptances that were given up",
    Case.OLD_EVENTS: "Histories of deployments that were torn down long ago",
    Case.OLD_DEAD_LETTERS: "Messages that were put aside long ago",
    Case.OLD_RUNS: "Runs of the reconciliation of long ago",
    Case.OLD_NAMES: "Endpoint names that were given up long ago",
}

_THINGS = {
    Area.ENDPOINTS: "endpoints and deployments in Azure ML",
    Area.REGISTRY: "registered models",
    Area.RECORDS: "records",
    Area.ARTIFACTS: "contents, descriptions, packages and logs in the stores",
}
_BEGINS = {
    RunState.WAITING: "It has not begun yet: it waits for a worker.",
    RunState.OBSERVING: "It is listing and comparing.",
}
_DONE = {
    Repair.REMOVE_DEPLOYMENT: "removed from Azure ML",
    Repair.REMOVE_ENDPOINT: "removed from Azure ML",
    Repair.REMOVE_MODEL: "removed from the registry",
    Repair.MARK_FAILED: "failed on record: its owner is told how to bring it back",
    Repair.RETAG: "tagged as recorded",
    Repair.RESTORE_TRAFFIC: "routed as recorded",
    Repair.FORGET_VERSION: "forgotten on record: its owner is told to make it anew",
    Repair.REINDEX: "on the list again: it goes on",
    Repair.RELEASE_NAME: "free for anybody",
    Repair.FINISH_DELETION: "deleted, or shown again where it is in use",
    Repair.PUT_AWAY: "put into the trash, from where it comes back when it is needed",
    Repair.EMPTY_TRASH: "removed for good",
    Repair.BRING_BACK: "brought back from the trash",
    Repair.DESCRIBE: "described again",
    Repair.REMOVE_OLD: "removed, as many as one run may",
}


def render_report(run: Run, items: Sequence[Item]) -> str:
    """The page: a summary, then the findings by what became of them."""
    lines = [*_summary(run), *_unknown(run), *_approval(run)]
    for state, title in _TITLES.items():
        some = [each for each in items if each.state is state]
        if some:
            lines += ["", title, "-" * len(title)]
            lines += _cases(some)
    return "\n".join(lines) + "\n"


def tell(run: Run) -> str:
    """How a run has ended, or where it stands, in a sentence."""
    found = sum(run.found.values())
    match run.state:
        case RunState.WAITING | RunState.OBSERVING:
            return _BEGINS[run.state]
        case RunState.REPAIRING:
            return f"It is repairing what it found ({found})."
        case RunState.FAILED:
            return f"It broke off: {run.trouble}."
        case RunState.NEEDS_APPROVAL:
            return "It waits for an operator: more would be taken away than one run may."
    return _tell_end(run, found)


def _tell_end(run: Run, found: int) -> str:
    if run.unknown:
        missed = ", ".join(run.unknown)
        return (
            f"It found {found or 'nothing'}, and could not look at everything: {missed} left out."
        )
    if not found:
        return "Records and cloud agree."
    if run.dry_run:
        return f"It found {found}, and as a dry run repaired nothing."
    if run.repaired == found:
        return f"It found {found}, and repaired all of it."
    return f"It found {found}, repaired {run.repaired}, and left {found - run.repaired}."


def _summary(run: Run) -> Iterator[str]:
    by = "by its schedule" if run.asked_by == SCHEDULE else f"asked for by {run.asked_by}"
    kind = "Dry run" if run.dry_run else "Run"
    yield f"{kind} of the reconciliation, {run.created_at:%Y-%m-%d %H:%M} UTC, {by} ({run.id})"
    yield ""
    yield from _wrap(tell(run))
    seen = ", ".join(f"{_THINGS[Area(area)]} ({count:,})" for area, count in run.seen.items())
    if seen:
        yield from _wrap(f"It looked at {seen}.")
    if run.cost:
        yield from _wrap(f"What it found costs about {run.cost:,.2f} US dollars a month.")
    if run.left:
        yield from _wrap(f"{run.left:,} more are left to the next runs: there is too much for one.")


def _unknown(run: Run) -> Iterator[str]:
    for area, why in run.unknown.items():
        yield from _wrap(
            f"Nothing is said of {_THINGS[Area(area)]}, and none of them was touched: {why}"
        )


def _approval(run: Run) -> Iterator[str]:
    if run.state is not RunState.NEEDS_APPROVAL:
        return
    for area, cap in run.caps.items():
        planned = run.deletes.get(area, 0)
        yield from _wrap(f"{planned:,} of {area} would go; {cap:,} may in one run.")
    yield from _wrap(
        f"Where that is right, an operator sends POST /reconcile/runs/{run.id}/apply "
        f'{{"expected_deletes": {run.waiting}}}; each thing is read again before. Where it is not, something makes them look '
        "orphaned that are not: nothing of them was touched."
    )


def _cases(items: Iterable[Item]) -> Iterator[str]:
    ordered = sorted(items, key=lambda each: (list(_WORDS).index(each.finding.case), each.number))
    for case, group in groupby(ordered, key=lambda each: each.finding.case):
        some = list(group)
        cost = sum(each.finding.cost or 0.0 for each in some)
        paid = f", {cost:,.2f} US dollars a month" if cost >= 0.005 else ""
        yield f"{_WORDS[case]} ({len(some)}{paid})"
        for each in some[:_SHOWN]:
            yield from _item(each)
        if len(some) > _SHOWN:
            yield f"  and {len(some) - _SHOWN:,} more"


def _item(item: Item) -> Iterator[str]:
    finding = item.finding
    old = f", since {finding.since:%Y-%m-%d %H:%M}" if finding.since else ""
    whose = f" of {finding.owner}" if finding.owner else ""
    yield from _wrap(f"{finding.subject}{whose}{old}", 2)
    yield from _wrap(finding.text, 4)
    repair = finding.rule.repair
    done = _DONE[repair] if repair and item.state is ItemState.REPAIRED else ""
    yield from _wrap(f"-> {item.outcome or done or item.why}", 4)


def _wrap(text: str, indent: int = 0) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        text, WIDTH, initial_indent=pad, subsequent_indent=pad, break_long_words=False
    )
