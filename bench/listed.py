"""A world of records as storage and Azure ML list it, where no storage could hold it: its pages are made when they are asked for.

The product's own adapter and the SDK read these pages, from an HTTP session that answers here. So a row costs what it
costs to decode, and nothing for the network and the service, which in Azure cost more than all else. What is read one by
one comes from a store in memory, as does what a run writes.
"""

import io
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from bench.reconciled import World, entity_of
from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.memory_tables import MemoryTables
from shared.cloud_ports import NewDeployment, NewModel
from shared.domain import ownership
from shared.domain.records import Deployment
from shared.ports import Insert, Row

_ADDRESSES = (f"{each}Endpoint=http://127.0.0.1:9/bench;" for each in ("Table", "Queue", "Blob"))
_ACCOUNT = f"AccountName=bench;AccountKey=YmVuY2g=;{''.join(_ADDRESSES)}"
_PAGE = 1000  # rows, as the service has it


class ListedTables(MemoryTables):
    """What is whole and what is written is in memory; a scan reads pages of it and of all the others."""

    def __init__(self, world: World) -> None:
        super().__init__()
        for table, row in world.rows:
            self.commit(table, [Insert(row)])
        self._sections = world.sections
        self._scans = count()
        self._service = _Service()
        account = storage_account.from_connection_string(_ACCOUNT)
        transport: Any = account.transport
        transport.session.mount("http://", self._service)
        self._listing = AzureTables(account)

    def scan(
        self,
        table: str,
        partition: str | None,
        *,
        first: str = "",
        last: str = "",
        since: str = "",
        select: Sequence[str] = (),
    ) -> Iterator[Row]:
        """Rows of all users as the adapter reads them. Each scan has a table of its own there, which stands for its question."""
        held = super().scan(table, partition, first=first, last=last, since=since, select=select)
        if partition is not None:
            return held
        texts = [iter([entity_of(each) for each in held])]
        for each in self._sections:
            like = each.like
            is_wanted = each.table == table and like.key >= first and like.partition >= since
            if is_wanted and (not last or like.key < last):
                texts.append(each.texts(select))
        name = f"scan{next(self._scans)}"
        self._service.pages[name] = _pages(chain.from_iterable(texts))
        return self._listing.scan(name, None, select=select)


class ListedCloud(MemoryCloud):
    """The endpoints and deployments of a world in memory, and the names of its models as they are asked for."""

    def __init__(self, world: World, clock: VirtualClock) -> None:
        super().__init__(clock.now, cores=10**6)
        self._world = world
        for each in world.deployments:
            self._deploy(each)
        for row in world.endpoints:
            tags = ownership.endpoint_tags(row.user_key, row.tag)
            self.put_endpoint(row.name, tags=tags, traffic=row.traffic)

    def _deploy(self, record: Deployment) -> None:
        name, version = record.azure_model_name, record.azure_model_version
        tags = ownership.deployment_tags(record)
        self.register_model(
            NewModel(name=name, version=version, path=f"packages/{name}", description="", tags=tags)
        )
        self.put_endpoint(record.endpoint_name, tags={}, traffic={})
        self.put_deployment(
            NewDeployment(
                name=record.deployment_name,
                endpoint_name=record.endpoint_name,
                model_name=name,
                model_version=version,
                instance_type=record.instance_type,
                instance_count=record.instance_count,
                environment_variables={},
                tags=tags,
            )
        )

    def list_models(self) -> Iterator[str]:
        """The names of all models."""
        return self._world.registry()


class _Service(HTTPAdapter):
    """Answers each request for a page of a scan with the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Iterator[bytes]] = {}

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]  # its options are not looked at
        """The next page, and that there is another, until there is none."""
        name = PurePosixPath(urlsplit(str(request.url)).path).name.removesuffix("()")
        page = next(self.pages[name], None)
        headers = {"Content-Type": "application/json;odata=minimalmetadata"}
        if page is not None:
            headers["x-ms-continuation-NextPartitionKey"] = name
        body = io.BytesIO(page or b'{"value":[]}')
        answer = HTTPResponse(body, headers, status=200, preload_content=False)
        return self.build_response(request, answer)


def _pages(texts: Iterator[str]) -> Iterator[bytes]:
    while some := list(islice(texts, _PAGE)):
        yield f'{{"value":[{",".join(some)}]}}'.encode()
