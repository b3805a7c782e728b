"""What is repaired has to be wanted, old enough, and seen twice; and not too much of it at once."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.reconcile.findings import DELETES, PROMPT, RULES, Area, Case, Finding, Repair
from shared.domain.reconcile.repair import Decision, Rules, decide, explain, find_excess

NOW = datetime(2026, 1, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES_OF_A_RUN = Rules(wanted=PROMPT)


def decided(
    case: Case, age: timedelta | None, seen: timedelta | None, rules: Rules = RULES_OF_A_RUN
) -> Decision:
    since = None if age is None else NOW - age
    seen_since = None if seen is None else NOW - seen
    finding = Finding(case=case, subject="a/b", text="", since=since)
    return decide(finding, rules, seen_since=seen_since, now=NOW)


@pytest.mark.parametrize(
    ("case", "age", "seen", "decision"),
    [
        (Case.DEPLOYMENT_LEFT_OVER, 3 * HOUR, HOUR, Decision.REPAIR),
        (Case.DEPLOYMENT_LEFT_OVER, 3 * HOUR, HOUR - timedelta(seconds=1), Decision.SEEN_ONCE),
        (Case.DEPLOYMENT_LEFT_OVER, 3 * HOUR, None, Decision.SEEN_ONCE),
        (Case.DEPLOYMENT_LEFT_OVER, HOUR, HOUR, Decision.YOUNG),
        (Case.MODEL_WITHOUT_RECORD, 6 * DAY, DAY, Decision.YOUNG),
        (Case.MODEL_WITHOUT_RECORD, 7 * DAY, DAY, Decision.REPAIR),
        (Case.MODEL_WITHOUT_RECORD, None, None, Decision.UNKNOWN_AGE),
        (Case.MODEL_WITHOUT_RECORD, None, 6 * DAY, Decision.YOUNG),
        (Case.MODEL_WITHOUT_RECORD, None, 7 * DAY, Decision.REPAIR),
        (Case.DEPLOYMENT_BROKEN, 90 * DAY, 90 * DAY, Decision.REPORT),
        (Case.TRAFFIC_DIFFERS, 90 * DAY, 90 * DAY, Decision.NOT_WANTED),
    ],
)
def test_a_finding_is_decided_by_its_age_and_its_sightings(
    case: Case, age: timedelta | None, seen: timedelta | None, decision: Decision
) -> None:
    assert decided(case, age, seen) is decision


def test_a_finding_that_is_too_young_is_told_with_the_grace_of_its_run() -> None:
    finding = Finding(case=Case.DEPLOYMENT_LEFT_OVER, subject="a/b", text="")
    rules = Rules(paid_grace=5 * HOUR)
    assert explain(Decision.YOUNG, finding, rules).startswith("younger than 5 hours")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 seconds"),
        (1, "a second"),
        (90, "90 seconds"),
        (60, "a minute"),
        (900, "15 minutes"),
        (3600, "an hour"),
        (7200, "2 hours"),
        (5400, "90 minutes"),
    ],
)
def test_the_gap_is_told_as_people_say_it(seconds: float, told: str) -> None:
    finding = Finding(case=Case.DEPLOYMENT_LEFT_OVER, subject="a/b", text="")
    rules = Rules(gap=timedelta(seconds=seconds))
    assert f"at least {told} after" in explain(Decision.SEEN_ONCE, finding, rules)


def test_a_grace_of_one_day_is_told_as_that() -> None:
    finding = Finding(case=Case.MODEL_WITHOUT_RECORD, subject="a:1", text="")
    assert explain(Decision.YOUNG, finding, Rules(days=1)).startswith("younger than a day")


def test_the_days_of_a_run_are_for_what_costs_nothing() -> None:
    rules = Rules(days=1, wanted=PROMPT)
    assert decided(Case.MODEL_WITHOUT_RECORD, DAY, DAY, rules) is Decision.REPAIR
    assert decided(Case.DEPLOYMENT_LEFT_OVER, HOUR, HOUR, rules) is Decision.YOUNG


@pytest.mark.parametrize("case", list(Case))
@pytest.mark.parametrize("decision", list(Decision))
def test_each_decision_is_told_in_words(case: Case, decision: Decision) -> None:
    finding = Finding(case=case, subject="a/b", text="")
    assert explain(decision, finding, RULES_OF_A_RUN)


def test_every_case_has_its_rule_and_every_repair_its_case() -> None:
    assert set(RULES) == set(Case)
    assert {rule.repair for rule in RULES.values() if rule.repair} == set(Repair)
    assert set(Repair) > DELETES


@pytest.mark.parametrize(
    ("seen", "deletes", "cap"),
    [(0, 10, None), (0, 11, 10), (50, 10, None), (50, 11, 10), (100, 20, None), (100, 21, 20)],
)
def test_a_run_may_take_away_ten_or_a_fifth_of_each_area(
    seen: int, deletes: int, cap: int | None
) -> None:
    there = {Area.REGISTRY: seen, Area.ENDPOINTS: 10**6}
    found = find_excess(there, {Area.REGISTRY: deletes}, 10)
    assert found == ({} if cap is None else {Area.REGISTRY: cap})


def test_the_same_thing_has_the_same_key_in_another_run_and_one_made_anew_another() -> None:
    one = Finding(case=Case.DEPLOYMENT_LEFT_OVER, subject="Shop/blue", text="x", identity="1")
    again = Finding(case=Case.DEPLOYMENT_LEFT_OVER, subject="shop/blue", text="y", identity="1")
    anew = Finding(case=Case.DEPLOYMENT_LEFT_OVER, subject="shop/blue", text="x", identity="2")
    other = Finding(case=Case.DEPLOYMENT_BROKEN, subject="shop/blue", text="x", identity="1")
    assert one.key == again.key
    assert len({one.key, anew.key, other.key}) == 3
