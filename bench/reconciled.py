"""A workspace with so many records as a reconciliation meets it: nearly all is over and done, and nothing disagrees.

Of the records 70 % are deployments, which are active (three on each endpoint), being deployed (one of ten thousand), failed (15 %)
or deleted, and 30 % are models, each deployed at some time. A user has some five hundred of a kind. The registry has a fifth
as many models: those of the deployments that are active or failed, and other people's. The names of deleted endpoints are
kept, too. What a run reads one by one is whole; of all else there is one row of its kind, and what is another in each.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.domain import ids, names, plans
from shared.domain.bookkeeping import Claim, ClaimKind, index_entry
from shared.domain.records import Deployment, Endpoint, Member, Model, Plan, Status
from shared.ports import Row
from shared.service import store

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ON_EACH = 3
"""Deployments of an endpoint."""
_EACH = 500  # records of a user
MOST = 1_000_000
"""Records: all their ids are of one second, so that of each no more than six digits differ."""
ETAG = "W/\"datetime'2026-01-05T12%3A00%3A00.0000000Z'\""
_FIRST = ids.to_moment(NOW)
_SECOND = ids.render_id(_FIRST)[:-6]
_BACKWARDS = ids.newest_first(ids.render_id(_FIRST))[:-6]
_ARTIFACT = ids.render_artifact_id("model", 1, _FIRST)[:-6]
_DIGEST = "d" * 58

Words = tuple[str, str, str, str, str]
"""What differs in rows of one kind: an id, the part of a key made of it, a model's id, a user's key, a model's digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows of one kind, by the numbers of their ids. `like` has the words of number 0; deployments are of `models`."""

    table: str
    like: Row
    numbers: range
    models: range = range(0)

    def texts(self, select: Sequence[str] = ()) -> Iterator[str]:
        """Each row as the table service writes it, with some of its properties or all."""
        template = _template_of(self.like, select)
        return (template.format(*words) for words in self._words())

    def rows(self) -> Iterator[Row]:
        """Each row whole, to be written."""
        for text in self.texts():
            values = json.loads(text)
            del values["odata.etag"]
            partition, key = values.pop("PartitionKey"), values.pop("RowKey")
            yield Row(partition=partition, key=key, values=values)

    def _words(self) -> Iterator[Words]:
        """Of each row, in their order: by user, and a user's newest first."""
        users = -(-len(self.numbers) // _EACH)
        for user in range(users):
            for number in reversed(self.numbers[user::users]):
                model = self.models[number % len(self.models)] if self.models else number
                yield words_of(number, model, user)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All of it. `rows` are the whole ones, each with its table; `registered` deployments are in the registry, the active ones first."""

    records: int
    rows: Sequence[tuple[str, Row]]
    sections: Sequence[Section]
    endpoints: Sequence[Endpoint]
    deployments: Sequence[Deployment]
    registered: Sequence[range]
    others: int
    models: range

    @property
    def sizes(self) -> tuple[int, int]:
        """How many records there are, and models in the registry."""
        return self.records, sum(map(len, self.registered)) + self.others

    def registry(self) -> Iterator[str]:
        """The names of the models in the registry."""
        for numbers in self.registered:
            yield from (names.registry_name("churn", id_of(number)) for number in numbers)
        yield from (f"team-{number}" for number in range(self.others))


def make(records: int, endpoints: int) -> World:
    """A world of so many records in all, those of the endpoints among them."""
    active = range(endpoints * ON_EACH)
    deploying = range(active.stop, active.stop + max(records // 10_000, 1))
    failed = range(deploying.stop, deploying.stop + records * 15 // 100)
    models = range(records - records * 3 // 10, records)
    deleted = range(failed.stop, models.start - endpoints)
    held = [_endpoint(number) for number in range(endpoints)]
    live = [_deployment(number, Status.ACTIVE) for number in active]
    return World(
        records=records,
        rows=[*_whole(held, live), *(each for number in deploying for each in _unfinished(number))],
        sections=[
            _section(_deployment(0, Status.FAILED), failed, models),
            _section(_deployment(0, Status.DELETED), deleted, models),
            Section(table=store.RECORDS, like=store.model_row(_model()), numbers=models),
            Section(table=store.CLAIMS, like=store.claim_row(_released()), numbers=deleted),
        ],
        endpoints=held,
        deployments=live,
        registered=[active, failed],
        others=records // 5 - len(active) - len(failed),
        models=models,
    )


def words_of(number: int, model: int, user: int) -> Words:
    """The words of the row of a number; quick, as there are so many."""
    return (
        f"{_SECOND}{number:06d}",
        f"{_BACKWARDS}{MOST - 1 - number:06d}",
        f"{_ARTIFACT}{model:06d}",
        f"{user:032x}",
        digest_of(model),
    )


def id_of(number: int) -> str:
    """The id of a number: a microsecond of the same second for each."""
    return words_of(number, 0, 0)[0]


def digest_of(model: int) -> str:
    """The digest of a model's content, and of its package."""
    return f"{_DIGEST}{model:06d}"


def entity_of(row: Row, select: Sequence[str] = ()) -> str:
    """A row as the table service writes it, with some of its properties or all."""
    values = {name: row.values[name] for name in select or row.values if name in row.values}
    entity = {"odata.etag": ETAG, "PartitionKey": row.partition, "RowKey": row.key, **values}
    return json.dumps(entity)


def _template_of(row: Row, select: Sequence[str]) -> str:
    """The same of number 0, for `str.format` with the words of another."""
    text = entity_of(row, select).replace("{", "{{").replace("}", "}}")
    for place, word in enumerate(words_of(0, 0, 0)):
        text = text.replace(word, f"{{{place}}}")
    return text


def _section(like: Deployment, numbers: range, models: range) -> Section:
    row = store.deployment_row(like)
    return Section(table=store.RECORDS, like=row, numbers=numbers, models=models)


def _whole(held: Sequence[Endpoint], live: Sequence[Deployment]) -> Iterator[tuple[str, Row]]:
    for each in held:
        claim = Claim(
            name=each.name,
            kind=ClaimKind.ENDPOINT,
            user_key=each.user_key,
            claimed_for=each.members[0].deployment_id,
            tag=each.tag,
        )
        yield store.RECORDS, store.endpoint_row(each)
        yield store.CLAIMS, store.claim_row(claim)
    yield from ((store.RECORDS, store.deployment_row(each)) for each in live)


def _unfinished(number: int) -> Iterator[tuple[str, Row]]:
    """A deployment that is being deployed, and its entry in the index."""
    record = replace(
        _deployment(number, Status.DEPLOYING), work=plans.start_work(Plan.DEPLOY, NOW, NOW)
    )
    entry = index_entry(record, since=NOW, not_before=NOW)
    yield store.RECORDS, store.deployment_row(record)
    yield store.INFLIGHT, store.inflight_row(entry)


def _deployment(number: int, status: Status) -> Deployment:
    told, _, model_id, _, digest = words_of(number, number, 0)
    at = number // ON_EACH
    return Deployment(
        id=told,
        user_id="somebody",
        user_key=f"{at:032x}",
        model_id=model_id,
        model_name="churn",
        algorithm="LogisticRegression",
        deployment_name=names.generated_deployment_name(told),
        endpoint_name=_endpoint_name(at) if status is Status.ACTIVE else f"endpoint-{told}",
        endpoint_tag=f"{at:032x}",
        azure_model_name=names.registry_name("churn", told),
        azure_model_version="1",
        instance_type=names.DEFAULT_INSTANCE_TYPE,
        instance_count=1,
        content_digest=digest,
        package_digest=digest,
        created_at=NOW,
        deployed_at=NOW,
        status=status,
        work=replace(plans.start_work(Plan.DEPLOY, NOW, NOW), step=None),
    )


def _endpoint(number: int) -> Endpoint:
    held = [id_of(number * ON_EACH + each) for each in range(ON_EACH)]
    members = [
        Member(deployment_id=each, deployment_name=names.generated_deployment_name(each))
        for each in held
    ]
    return Endpoint(
        name=_endpoint_name(number),
        user_key=f"{number:032x}",
        tag=f"{number:032x}",
        created_at=NOW,
        members=tuple(members),
        traffic={members[0].deployment_name: 100},
    )


def _model() -> Model:
    _, _, model_id, user_key, digest = words_of(0, 0, 0)
    return Model(
        id=model_id,
        user_key=user_key,
        model_name="churn",
        algorithm="LogisticRegression",
        filename="churn.joblib",
        size=1024,
        content_digest=digest,
        inspection={},
        created_at=NOW,
    )


def _released() -> Claim:
    """An endpoint's name that was given up with its last deployment; the id stands for its tag."""
    told, _, _, user_key, _ = words_of(0, 0, 0)
    tag, name = f"{told}{'0' * 12}", f"endpoint-{told}"
    return Claim(
        name=f"~{tag}", kind=ClaimKind.RELEASED, user_key=user_key, claimed_for=name, tag=tag
    )


def _endpoint_name(number: int) -> str:
    return f"scores-{number:03d}"
