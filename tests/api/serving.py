"""A server over the in-memory ports: what a test sends, what it gets, and what was stored."""

import asyncio
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, BinaryIO

import httpx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from functions.deploy_http.app import create_api
from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.memory_clock import SeededRandom, VirtualClock
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_queue import MemoryQueue
from shared.adapters.memory_tables import MemoryTables
from shared.adapters.model_reader import ProcessModelReader
from shared.domain import ownership
from shared.domain.inspection import Inspection
from shared.domain.principal import Principal
from shared.domain.records import Holder
from shared.ports import Ports
from shared.service import settle, store
from shared.service.claims import Mint
from shared.settings import Settings
from shared.wiring import Front

HERE = "http://127.0.0.1:7071"
PROBLEM = "application/problem+json"
UPLOAD_LIMIT = 100_000
ENV = {
    "AUTH_MODE": "local",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "AZURE_SUBSCRIPTION_ID": "s",
    "AZURE_RESOURCE_GROUP": "rg",
    "AZURE_ML_WORKSPACE": "ws",
    "UPLOAD_LIMIT": str(UPLOAD_LIMIT),
}


@cache
def model_bytes() -> bytes:
    """A small scikit-learn model, pickled."""
    data, classes = load_iris(return_X_y=True)
    return pickle.dumps(LogisticRegression(max_iter=500).fit(data, classes))


class RememberingReader:
    """The real reader, that starts its process once for each content of the whole run."""

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        if digest not in _INSPECTIONS:
            _INSPECTIONS[digest] = ProcessModelReader().read(content, digest=digest)
        return _INSPECTIONS[digest]


_INSPECTIONS: dict[str, Inspection] = {}


@dataclass
class Server:
    """One API, its ports, and a loop to call it on."""

    runner: asyncio.Runner
    settings: Settings = field(default_factory=lambda: Settings.from_env(ENV))
    clock: VirtualClock = field(default_factory=VirtualClock)
    tables: MemoryTables = field(default_factory=MemoryTables)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)

    def __post_init__(self) -> None:
        self.cloud = MemoryCloud(self.clock.now)
        self.queue = MemoryQueue(self.clock)
        ports = Ports(
            clock=self.clock,
            random=SeededRandom(),
            tables=self.tables,
            queue=self.queue,
            blobs=self.blobs,
            artifacts=self.blobs,
            reader=RememberingReader(),
            view=self.cloud,
        )
        self.use(ports)

    def use(self, ports: Ports) -> None:
        """Serves with these ports from now on."""
        self.ports = ports
        self.mint = mint = Mint(ports.tables, ports.clock, ports.random, self.settings.policy)
        self.serve(lambda: Front(settings=self.settings, ports=ports, mint=mint))

    def serve(self, front: Callable[[], Front]) -> None:
        """Serves with what `front` gives, or raises."""
        self.api = create_api(front)

    def send(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """One request, as curl on this machine would send it."""

        [answer] = self.send_together((method, path, sent))
        return answer

    def send_together(self, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
        """Requests of (method, path, what is sent) at once; their answers in that order."""

        async def call() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.api)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                calls = [client.request(method, path, **sent) for method, path, sent in requests]
                return await asyncio.gather(*calls)

        return self.runner.run(call())

    def get(self, path: str, **sent: Any) -> httpx.Response:
        return self.send("GET", path, **sent)

    def post(self, path: str, **sent: Any) -> httpx.Response:
        return self.send("POST", path, **sent)

    def put(self, path: str, **sent: Any) -> httpx.Response:
        return self.send("PUT", path, **sent)

    def delete(self, path: str, **sent: Any) -> httpx.Response:
        return self.send("DELETE", path, **sent)

    def send_model(self, user: str = "local", key: str = "", **fields: str) -> httpx.Response:
        return self.post(
            "/models",
            params={"user_id": user},
            data={"model_name": "iris"} | fields,
            files={"file": ("iris.pkl", model_bytes())},
            headers={"idempotency-key": key} if key else {},
        )

    def send_file(
        self,
        kind: str,
        content: bytes = b"a,b\n1,2\n",
        user: str = "local",
        key: str = "",
        **fields: str,
    ) -> httpx.Response:
        """Sends a dataset or code."""
        return self.post(
            f"/artifacts/{kind}",
            params={"user_id": user},
            data={"name": "iris-train"} | fields,
            files={"file": ("iris.csv", content)},
            headers={"idempotency-key": key} if key else {},
        )

    def upload(self, user: str = "local", **fields: str) -> str:
        """Uploads the model; its id."""
        return str(self.send_model(user, **fields).raise_for_status().json()["id"])

    def send_deploy(self, model_id: str, user: str = "local", **fields: Any) -> httpx.Response:
        body = {"model_id": model_id, **fields}
        return self.post("/deployments/deploy", params={"user_id": user}, json=body)

    def send_keyed(self, key: str, body: dict[str, Any], **sent: Any) -> httpx.Response:
        """Asks for a deployment under an `Idempotency-Key`."""
        path = sent.pop("path", "/deployments")
        return self.post(path, json=body, headers={"idempotency-key": key}, **sent)

    def count(self) -> int:
        """How many deployments there are."""
        return int(self.get("/deployments/stats").json()["total_deployments"])

    def deploy(self, model_id: str, user: str = "local", **fields: Any) -> str:
        """Asks for a deployment; its id."""
        answer = self.send_deploy(model_id, user, **fields).raise_for_status()
        return str(answer.json()["deployment_id"])

    def write(self, deployment_id: str, user: str = "local", **values: Any) -> None:
        """Changes a deployment's record, as the worker does."""
        stored = store.load_deployment(self.tables, key_of(user), deployment_id)
        assert stored is not None
        row = store.deployment_row(replace(stored.record, **values), stored.row.etag)
        store.save(self.tables, self.ports.random, store.RECORDS, row)

    def finish(self, deployment_id: str, user: str = "local", **values: Any) -> None:
        """Gives a deployment this outcome, and nothing left to do, as the worker does."""
        stored = store.load_deployment(self.tables, key_of(user), deployment_id)
        assert stored is not None
        self.write(deployment_id, user, work=replace(stored.record.work, step=None), **values)
        settle.settle_inflight(self.ports, key_of(user), deployment_id)

    def write_endpoint(self, name: str, user: str = "local", **values: Any) -> None:
        """Changes an endpoint's record, as the worker does."""
        stored = store.load_endpoint(self.tables, key_of(user), name)
        assert stored is not None
        row = store.endpoint_row(replace(stored.record, **values), stored.row.etag)
        store.save(self.tables, self.ports.random, store.RECORDS, row)

    def route(self, endpoint: str, **traffic: int) -> None:
        """Gives an endpoint's deployments this traffic, as the worker does."""
        shares = {name.replace("_", "-"): share for name, share in traffic.items()}
        self.write_endpoint(endpoint, traffic=shares)

    def hold(self, endpoint: str, *deployment_ids: str) -> None:
        """Gives an endpoint to the first of these to change it; the others are in line for it."""
        line = tuple(Holder(deployment_id=each, generation=2) for each in deployment_ids)
        self.write_endpoint(endpoint, holder=line[0], waiting=line[1:])

    def create_endpoint(self, name: str, user: str = "local") -> None:
        """Creates an accepted deployment's endpoint in the cloud, as the worker does."""
        stored = store.load_endpoint(self.tables, key_of(user), name)
        assert stored is not None
        tags = ownership.endpoint_tags(key_of(user), stored.record.tag)
        self.cloud.put_endpoint(stored.record.name, tags=tags, traffic={})

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Every row there is, by its version."""
        return [
            (table, row.partition, row.key, row.etag)
            for table in (store.RECORDS, store.CLAIMS, store.INFLIGHT)
            for row in self.tables.scan(table, None)
        ]


def key_of(user: str) -> str:
    return Principal(user_id=user, issuer="local").user_key


def problem_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document, which every error has to be."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:longshore:problem:{problem['code']}"
    assert problem["detail"].endswith(".")
    assert problem["next"]
    return problem


def wrong_fields(answer: httpx.Response) -> dict[str, str]:
    """What is wrong with each field of a refused request."""
    return {each["field"]: each["problem"] for each in problem_of(answer, 422)["problems"]}
