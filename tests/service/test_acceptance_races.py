"""Acceptances that meet each other, a sweep, or a closing deployment at the worst moment."""

from collections.abc import Sequence

import pytest

from shared.domain.errors import Conflict, Refusal, Unavailable
from shared.domain.records import Status
from shared.ports import Insert, Operation, Replace
from shared.service import remove
from tests.service.faults import Died, Fault, once_before
from tests.service.promises import check_gone, check_one_active, check_rest
from tests.service.world import ANNA, BERT, World, is_finished


def test_a_name_that_is_being_claimed_is_not_freed_by_the_endpoint_that_goes() -> None:
    world = World()
    old = world.live(endpoint_name="shop")
    model = world.upload()
    world.delete(old)
    world.run_until(lambda: world.endpoint("shop") is None)
    once_before(
        world.effects,
        "records:Insert+Insert+Insert",
        lambda: world.run_until(lambda: is_finished(world, old)),
    )
    new = world.deploy(model, endpoint_name="shop")
    with pytest.raises(Conflict, match="taken by another user"):
        world.deploy(world.upload(BERT), BERT, endpoint_name="shop")
    world.settle()
    check_rest(world)
    assert world.read(new).status is Status.ACTIVE


def test_a_delete_is_not_forgotten_when_the_index_is_settled_under_it() -> None:
    world = World()
    record = world.live()
    once_before(
        world.effects,
        "records:Insert+Delete+Insert+Replace",
        lambda: world.run_for(90),  # a sweep comes by
    )
    world.delete(record)
    world.lose_messages()
    assert [each for each, _ in world.unfinished()] == [record.id]
    world.settle()
    check_gone(world, record)


@pytest.mark.parametrize("effect", ["inflight:Insert", "records:Insert+Delete+Insert+Replace"])
def test_a_delete_is_not_forgotten_when_a_late_hint_settles_the_index_under_it(
    effect: str,
) -> None:
    world = World()
    record = world.live()
    once_before(world.effects, effect, lambda: world.turn(record))
    world.delete(record)
    world.lose_messages()
    assert [each for each, _ in world.unfinished()] == [record.id]


def test_an_index_entry_that_was_written_again_is_not_removed_by_who_saw_the_old_one() -> None:
    world = World()
    record = world.deploy(world.upload())
    once_before(world.effects, "inflight:Delete", lambda: world.delete(record))
    world.run_until(lambda: world.read(record).status is Status.DELETED)
    world.lose_messages()
    assert [each for each, _ in world.unfinished()] == [record.id]
    world.settle()
    check_gone(world, record)


def test_a_delete_that_broke_off_before_its_commit_is_called_off() -> None:
    world = World()
    record = world.live()

    def die() -> None:
        raise Died

    once_before(world.effects, "records:Insert+Delete+Insert+Replace", die)
    with pytest.raises(Died):
        world.delete(record)
    world.settle()
    assert world.unfinished() == []
    assert world.read(record).status is Status.ACTIVE


def test_a_delete_that_slept_past_its_calling_off_starts_over() -> None:
    world = World()
    record = world.live()
    once_before(world.effects, "records:Insert+Delete+Insert+Replace", world.settle)
    world.delete(record)
    world.lose_messages()
    assert world.unfinished()
    world.settle()
    check_gone(world, record)


def test_an_admission_that_comes_after_its_burial_gets_nothing() -> None:
    world = World()
    model = world.upload()
    once_before(world.effects, "records:Insert+Insert+Insert", world.settle)
    with pytest.raises(Refusal):
        world.deploy(model, endpoint_name="shop")
    world.settle()
    assert world.deployments() == []
    assert world.claimed_names() == set()
    check_one_active(world, world.live(endpoint_name="shop"))


def test_an_acceptance_that_never_commits_frees_its_name_for_everybody() -> None:
    world = World()
    model = world.upload()
    world.effects.plan(3, Fault.DIES_BEFORE)  # dies before the admission
    with pytest.raises(Died):
        world.deploy(model, endpoint_name="shop")
    with pytest.raises(Conflict):
        world.deploy(world.upload(BERT), BERT, endpoint_name="shop")
    world.settle()
    bert = world.live(BERT, endpoint_name="shop")
    assert world.in_cloud().deployments == [bert.deployment_name]


def test_two_first_deployments_to_one_new_endpoint_at_once_both_become_active() -> None:
    world = World()
    model = world.upload()
    once_before(
        world.effects,
        "records:Insert+Insert+Insert",
        lambda: world.deploy(model, endpoint_name="shop"),
    )
    world.deploy(model, endpoint_name="shop")
    world.settle()
    check_rest(world)
    assert [each.status for each in world.deployments()] == [Status.ACTIVE] * 2
    assert list(world.in_cloud().traffic) == ["shop"]
    assert sum(world.in_cloud().traffic["shop"].values()) == 100


def test_the_loser_of_two_equal_requests_answers_the_winner_and_leaves_nothing() -> None:
    world = World()
    model = world.upload()
    winners = []
    once_before(
        world.effects,
        "records:Insert+Insert+Insert+Insert",
        lambda: winners.append(world.deploy(model, key="k")),
    )
    loser = world.deploy(model, key="k")
    assert loser.id == winners[0].id
    world.settle()
    check_one_active(world, winners[0])


def test_a_lost_answer_is_no_refusal_also_where_a_sibling_changed_the_endpoint_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.live(endpoint_name="shop", deployment_name="blue")
    model = world.upload()
    commit = world.tables.commit

    def lost(table: str, operations: Sequence[Operation]) -> list[str]:
        etags = commit(table, operations)
        if [type(each) for each in operations] == [Insert, Insert, Replace]:  # the admission
            monkeypatch.undo()
            world.route("shop", blue=100)
            raise Unavailable("no answer")
        return etags

    monkeypatch.setattr(world.tables, "commit", lost)
    green = world.deploy(model, endpoint_name="shop", deployment_name="green")
    world.settle()
    check_rest(world)
    assert world.tables.commit == commit  # an answer was lost
    assert world.read(green).status is Status.ACTIVE


def test_a_refusal_after_the_index_entry_leaves_no_entry() -> None:
    world = World()
    world.live(BERT, endpoint_name="shop")
    with pytest.raises(Conflict):
        world.deploy(world.upload(), endpoint_name="shop")
    assert world.unfinished() == []
    assert world.deployments() == []


def test_a_repeated_delete_answers_as_the_first_did() -> None:
    world = World()
    record = world.live()
    first = world.delete(record)
    assert world.delete(record).deleted_at == first.deleted_at
    world.settle()
    assert world.delete(record).deleted_at == first.deleted_at
    check_gone(world, record)


def test_a_member_that_joins_while_the_endpoint_goes_gets_it_back() -> None:
    world = World()
    old = world.live(endpoint_name="shop")
    world.delete(old)
    world.run_until(lambda: "remove_endpoint" in world.effects.names)
    new = world.deploy(world.upload(), endpoint_name="shop")
    world.settle()
    check_one_active(world, new)
    assert is_finished(world, old)


@pytest.mark.parametrize("moment", ["remove_deployment", "remove_endpoint", "remove_model"])
def test_a_member_may_join_at_any_moment_of_the_removal(moment: str) -> None:
    world = World()
    old = world.live(endpoint_name="shop")
    model = world.upload()
    world.delete(old)
    joined = []
    once_before(
        world.effects, moment, lambda: joined.append(world.deploy(model, endpoint_name="shop"))
    )
    world.settle()
    check_one_active(world, joined[0])


def test_a_name_is_free_again_for_anyone_once_the_deletion_is_done() -> None:
    world = World()
    world.delete(world.live(endpoint_name="shop"))
    world.settle()
    second = world.live(endpoint_name="Shop")
    world.delete(second)
    world.settle()
    third = world.live(BERT, endpoint_name="shop")
    assert world.in_cloud().deployments == [third.deployment_name]


def test_a_stale_if_match_is_refused() -> None:
    world = World()
    record = world.live()
    with pytest.raises(Refusal):
        remove.accept_delete(world.ports, world.policy, ANNA, record.id, if_match="other")
    assert world.read(record).status is Status.ACTIVE


def test_a_name_claimed_by_an_acceptance_that_was_given_up_and_died_is_the_next_users() -> None:
    world = World()
    model = world.upload()
    claims = 0

    def before(effect: str) -> None:
        nonlocal claims
        claims += effect == "claims:Insert"  # the id's, then the name's
        if effect == "claims:Insert" and claims == 2:
            world.sleep(3600)
            world.sweep()
        if effect == "records:Insert+Insert+Insert":
            world.effects.before = lambda _effect: None
            raise Died

    world.effects.before = before
    with pytest.raises(Died):
        world.deploy(model, endpoint_name="shop")
    world.settle()
    assert world.claimed_names() == {"shop"}

    theirs = world.deploy(world.upload(BERT), BERT, endpoint_name="shop")
    world.settle()
    assert world.read(theirs).status is Status.ACTIVE
    with pytest.raises(Conflict, match="taken by another user"):
        world.deploy(model, endpoint_name="shop")
    check_rest(world)
