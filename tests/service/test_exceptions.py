"""Exceptions to the verdict: one exact content, the names it asks for, for a reason; revoked, they hold no more."""

import io
from dataclasses import replace
from typing import BinaryIO

import pytest
from pydantic import ValidationError

from shared.domain.catalogue.exceptions import ExceptionRequest, explain_way_in
from shared.domain.errors import Conflict, Forbidden, NotFound, Unsafe
from shared.domain.inspection import Inspection, Obstacle, Verdict
from shared.domain.inspection_json import render_inspection
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Model, Status, Turn
from shared.service import store
from shared.service.catalogue import exceptions, models, uploads
from tests.service.sample import CONTENT, DIGEST, inspection
from tests.service.world import ANNA, BERT, World

OLGA = Principal(user_id="olga", issuer="tests", is_operator=True)
NAMES = ("mypkg.models.Scorer", "mypkg.rules.apply")


class Strict:
    """A `ModelReader` to whom the sample asks for names that nobody knows."""

    def __init__(
        self, verdict: Verdict = Verdict.UNKNOWN, refused: tuple[str, ...] = NAMES
    ) -> None:
        self._verdict, self._refused = verdict, refused

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        assert content.read(1)
        assert digest == DIGEST
        return replace(
            inspection(),
            verdict=self._verdict,
            refused=self._refused,
            reasons=("It asks for what is not known.",),
        )


def strict(**how: object) -> World:
    world = World(operation_seconds=0)
    world.ports = replace(world.ports, reader=Strict(**how))  # type: ignore[arg-type]
    return world


def wanted(**changed: object) -> ExceptionRequest:
    fields = {"digest": DIGEST, "names": NAMES, "reason": "Reviewed."} | changed
    return ExceptionRequest.model_validate(fields)


def allow(world: World, **changed: object) -> None:
    exceptions.allow(world.ports, OLGA, wanted(**changed))


def refused(world: World) -> Unsafe:
    before = list(world.effects.names)
    with pytest.raises(Unsafe) as caught:
        world.upload()
    assert world.effects.names == before  # nothing was stored
    return caught.value


def live(world: World) -> tuple[Model, Deployment]:
    allow(world)
    model = world.upload()
    record = world.deploy(model)
    world.settle()
    return model, world.read(record)


@pytest.mark.parametrize(
    "name", ["os.system", "__main__.Scorer", "__main__.os.system", "builtins.eval"]
)
def test_an_exception_that_could_never_take_effect_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=f"can never take effect for {name}"):
        wanted(names=(*NAMES, name))


def test_names_of_any_format_that_may_be_let_in_are_taken() -> None:
    names = (
        "onnx:com.x.Op",
        "custom_objects.Mine",
        "torchscript.their.run",
        "torch.nn.modules.x.New",
        "cloudpickle.cloudpickle._make_function",
    )

    assert wanted(names=names).names == names


def test_a_refusal_offers_no_exception_that_would_not_help() -> None:
    obstacle = Obstacle("It needs __main__.Scorer.", "Move it into a package.")
    found = replace(inspection(), verdict=Verdict.UNKNOWN, obstacle=obstacle)

    told = explain_way_in(found, None)
    assert told == "No exception would help: It needs __main__.Scorer. Move it into a package."


def test_a_refusal_names_the_digest_and_all_names_and_what_an_operator_sends() -> None:
    told = refused(strict())
    assert told.code == "model_unknown"
    assert DIGEST in told.detail
    assert [each["problem"] for each in told.problems] == [f"asks for {name}" for name in NAMES]
    assert "POST /exceptions" in told.next_step
    assert f'"digest": "{DIGEST}"' in told.next_step
    assert all(name in told.next_step for name in NAMES)
    assert '"requirements": ["mypkg==..."]' in told.next_step


def test_only_packages_that_would_not_be_there_are_to_be_named() -> None:
    asked = ("os.path.join", "__main__.Scorer", "sklearn.new.Scorer")
    assert "requirements" not in refused(strict(refused=asked)).next_step


def test_an_excepted_content_is_taken_with_its_verdict_and_who_allowed_it() -> None:
    world = strict()
    allow(world)
    model = world.upload(BERT)
    assert model.inspection["verdict"] == "unknown"
    assert model.grant is not None
    assert (model.grant.operator, model.grant.number, model.grant.reason) == (
        "olga",
        1,
        "Reviewed.",
    )


@pytest.mark.parametrize(
    "changed",
    [{"names": NAMES[:1]}, {"names": ()}, {"digest": "0" * 64}],
    ids=["some", "none", "other"],
)
def test_an_exception_covers_all_names_of_its_own_digest_or_nothing(
    changed: dict[str, object],
) -> None:
    world = strict()
    allow(world, **changed)
    assert refused(world).code == "model_unknown"


def test_what_is_dangerous_is_never_let_in() -> None:
    world = strict(verdict=Verdict.DANGEROUS)
    allow(world)
    told = refused(world)
    assert told.code == "model_dangerous"
    assert "POST /exceptions" not in told.next_step


def test_a_file_refused_for_other_reasons_alone_is_let_in_by_its_digest() -> None:
    world = strict(refused=())
    allow(world, names=())
    assert world.upload().grant


def test_its_deployment_says_which_exception_let_it_in_and_installs_what_it_adds() -> None:
    world = strict()
    allow(world, requirements=("mypkg==1.2",))
    record = world.deploy(world.upload())
    world.settle()
    record = world.read(record)
    assert record.status is Status.ACTIVE
    assert record.grant is not None
    assert record.grant.operator == "olga"
    told = {each.name: each.text for each in world.events(record) if "Exception 1" in each.text}
    assert set(told) == {"accepted", "step_done"}
    with world.blobs.open(f"packages/{record.package_digest}/requirements.txt") as file:
        assert b"mypkg==1.2" in file.read().splitlines()


def test_once_revoked_uploads_and_deployments_are_refused_again_and_it_stays_on_record() -> None:
    world = strict()
    model, before = live(world)
    exceptions.revoke(world.ports, OLGA, DIGEST)
    assert "revoked" in refused(world).next_step
    with pytest.raises(Conflict) as caught:
        world.deploy(model)
    assert caught.value.code == "exception_revoked"
    assert world.read(before).status is Status.ACTIVE  # what is live stays so
    [listed] = exceptions.list_exceptions(world.ports, OLGA, limit=10).items
    kept = listed.exception
    assert (kept.revoked_by, kept.operator, kept.names) == ("olga", "olga", NAMES)
    again = exceptions.revoke(world.ports, OLGA, DIGEST)
    assert again.revoked_at == kept.revoked_at


def test_revoked_between_acceptance_and_preparation_the_deployment_fails_with_the_cause() -> None:
    world = strict()
    allow(world)
    record = world.deploy(world.upload())
    exceptions.revoke(world.ports, OLGA, DIGEST)
    world.settle()
    failed = world.read(record)
    assert failed.status is Status.FAILED
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.whose_turn) == ("model_unsafe", Turn.OPERATOR)
    assert "No exception lets it in any more" in failed.failure.cause
    assert "POST /exceptions" in failed.failure.next
    assert not world.in_cloud().models
    allow(world)
    world.retry(record)
    world.settle()
    again = world.read(record)
    assert again.status is Status.ACTIVE
    assert again.grant is not None
    assert again.grant.number == 2


def test_what_was_registered_under_an_earlier_exception_is_made_anew_and_not_retried() -> None:
    world = strict()
    allow(world)
    world.cloud.cores = 0
    record = world.deploy(world.upload())
    world.settle()
    world.cloud.cores = 100
    assert world.read(record).azure_model_version
    allow(world, requirements=("mypkg==1.2",))

    with pytest.raises(Conflict) as caught:
        world.retry(record)

    assert caught.value.code == "exception_renewed"
    assert caught.value.next_step.endswith(f"POST /deployments/{record.id}/redeploy")
    again = world.redeploy(record)
    world.settle()
    with world.blobs.open(f"packages/{world.read(again).package_digest}/requirements.txt") as file:
        assert b"mypkg==1.2" in file.read().splitlines()


def test_an_exception_made_anew_while_it_waits_is_the_one_on_record() -> None:
    world = strict()
    allow(world)
    record = world.deploy(world.upload())
    allow(world, reason="Reviewed again.")
    world.settle()
    grant = world.read(record).grant
    assert grant is not None
    assert (grant.number, grant.reason) == (2, "Reviewed again.")


def test_the_same_said_twice_is_one_decision_and_a_new_one_is_the_next() -> None:
    world = strict()
    for _ in range(2):
        allow(world)
    allow(world, reason="Reviewed by two.")
    exceptions.revoke(world.ports, OLGA, DIGEST)
    allow(world, reason="Reviewed by two.")
    listed = exceptions.list_exceptions(world.ports, OLGA, limit=10).items
    numbers = {each.exception.number: each.superseded for each in listed}
    assert numbers == {1: True, 2: True, 3: False}


def test_only_operators_have_to_do_with_exceptions() -> None:
    world = strict()
    allow(world)
    for do in (
        lambda: exceptions.allow(world.ports, ANNA, wanted()),
        lambda: exceptions.revoke(world.ports, ANNA, DIGEST),
        lambda: exceptions.list_exceptions(world.ports, ANNA, limit=10),
    ):
        with pytest.raises(Forbidden):
            do()
    assert world.upload().grant


@pytest.mark.parametrize("digest", ["", "0" * 64, "x", "../..", DIGEST.upper()])
def test_what_was_never_excepted_cannot_be_revoked(digest: str) -> None:
    with pytest.raises(NotFound):
        exceptions.revoke(strict().ports, OLGA, digest)


def test_a_file_that_a_new_reader_doubts_needs_an_exception_when_it_is_prepared() -> None:
    world = World(operation_seconds=0)
    model = world.upload()
    record = world.deploy(model)
    world.ports = replace(world.ports, reader=Strict())
    stale = replace(inspection(), reader_version=1)
    _reinspect(world, model, stale)
    allow(world)
    world.settle()
    assert world.read(record).status is Status.ACTIVE
    assert world.read(record).grant


def _reinspect(world: World, model: Model, found: Inspection) -> None:
    stored = store.load_model(world.tables, model.user_key, model.id)
    assert stored is not None
    changed = replace(stored.record, inspection=render_inspection(found))
    row = store.model_row(changed, stored.row.etag)
    store.save(world.tables, world.ports.random, store.RECORDS, row)


def test_a_keyed_upload_refused_before_is_taken_under_its_key_once_it_is_excepted() -> None:
    world = strict()
    upload = models.Upload(file=io.BytesIO(CONTENT), filename="m", model_name="m")

    def send() -> Model:
        policy = world.policy
        return uploads.accept_upload(world.ports, world.mint, policy, ANNA, upload, key="k").record

    with pytest.raises(Unsafe):
        send()
    allow(world)
    assert send().id == send().id
