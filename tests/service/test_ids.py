"""Ids under clocks that stand, go back and are shared."""

from concurrent.futures import ThreadPoolExecutor

from shared.adapters.memory_clock import SeededRandom, VirtualClock
from shared.adapters.memory_tables import MemoryTables
from shared.domain.bookkeeping import ClaimKind
from shared.domain.records import Status
from shared.service.claims import Mint
from tests.service.promises import check_rest
from tests.service.world import ANNA, BERT, World


def test_a_thousand_ids_under_a_frozen_clock_are_all_different() -> None:
    tables, clock = MemoryTables(), VirtualClock()
    mints = [Mint(tables, clock, SeededRandom(seed)) for seed in range(4)]  # as four processes
    moments = [mints[n % 4].claim(ClaimKind.DEPLOYMENT, ANNA.user_key) for n in range(1000)]
    assert len(set(moments)) == 1000


def test_threads_of_one_process_never_share_an_id() -> None:
    mint = Mint(MemoryTables(), VirtualClock(), SeededRandom())
    with ThreadPoolExecutor(8) as pool:
        moments = list(pool.map(lambda _: mint.claim(ClaimKind.MODEL, ANNA.user_key), range(400)))
    assert len(set(moments)) == 400


def test_a_process_gives_out_growing_ids_while_its_clock_goes_back() -> None:
    clock = VirtualClock()
    mint = Mint(MemoryTables(), clock, SeededRandom())
    moments = []
    for _ in range(50):
        moments.append(mint.claim(ClaimKind.DEPLOYMENT, ANNA.user_key))
        clock.advance(-60)
    assert moments == sorted(set(moments))


def test_a_new_process_with_a_clock_behind_takes_no_id_again() -> None:
    tables, clock = MemoryTables(), VirtualClock()
    first = Mint(tables, clock, SeededRandom(1)).claim(ClaimKind.DEPLOYMENT, ANNA.user_key)
    second = Mint(tables, clock, SeededRandom(2)).claim(ClaimKind.DEPLOYMENT, ANNA.user_key)
    assert 1 <= second - first <= 1001


def test_two_deploys_of_one_model_in_the_same_microsecond_both_become_active() -> None:
    world = World(operation_seconds=5)
    model = world.upload()
    both = [world.deploy(model) for _ in range(2)]
    assert both[0].created_at == both[1].created_at
    world.settle()
    check_rest(world)
    first, second = (world.read(each) for each in both)
    assert first.status is second.status is Status.ACTIVE
    for name in (
        "id",
        "deployment_name",
        "endpoint_name",
        "azure_model_name",
        "scoring_uri",
        "swagger_uri",
    ):
        assert getattr(first, name) != getattr(second, name)


def test_two_users_deploying_under_a_frozen_clock_both_become_active() -> None:
    world = World(operation_seconds=0)
    anna = world.deploy(world.upload(ANNA), ANNA)
    world.mint = Mint(world.ports.tables, world.clock, SeededRandom(9))  # another process
    bert = world.deploy(world.upload(BERT), BERT)
    world.settle()
    assert world.read(anna).status is world.read(bert).status is Status.ACTIVE
    assert world.read(anna).scoring_uri != world.read(bert).scoring_uri
    assert len(world.in_cloud().models) == 2
