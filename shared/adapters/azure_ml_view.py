"""`CloudView` over ARM REST: look-ups, lists, keys and logs, and the removal of a model version.

The only Azure ML adapter that the HTTP path loads: azure-core and nothing heavier. All other
changes of endpoints are in `azure_ml_control`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from azure.core.credentials import TokenCredential

from shared.adapters import azure_monitor
from shared.adapters.arm_lists import ArmLists
from shared.adapters.arm_rest import ArmClient, Document, Workspace, need, need_number
from shared.cloud_ports import (
    CloudDeployment,
    CloudEndpoint,
    KeyName,
    Keys,
    Metrics,
    RegistryModel,
    Usage,
)
from shared.domain.errors import CloudError
from shared.domain.failures import shorten

_GOING_WELL = ("Succeeded", "Creating", "Updating", "Deleting")
_ARCHIVED_TOO = "listViewType=All"
_FAMILY_USAGE = "microsoft.machinelearningservices/usages"


class AzureMlView:
    """What can be seen of one workspace. Each call ends within `timeout` seconds, but for `list_endpoints`,
    `list_models` and `list_versions`: they may have many pages, and wait by `pause` where one fails.

    A thing to be found that is not there is None. Keys and logs of a thing that is not there are
    a `CloudError`: PERMANENT with the code `not_found`.
    """

    def __init__(
        self,
        workspace: Workspace,
        credential: TokenCredential,
        *,
        timeout: float = 30,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._workspace = workspace
        self._arm = ArmClient(workspace, credential, timeout=timeout)
        self._lists = ArmLists(self._arm, pause=pause)

    def find_model(self, name: str, version: str) -> RegistryModel | None:
        """A model version, archived or not; None where there is none."""
        found = self._arm.find(self._model(name, version), deadline=self._arm.deadline())
        if found is None:
            return None
        return _version(found, name)

    def find_endpoint(self, name: str) -> CloudEndpoint | None:
        """An endpoint; None where there is none."""
        found = self._arm.find(self._endpoint(name), deadline=self._arm.deadline())
        return None if found is None else _endpoint(found)

    def find_deployment(self, endpoint_name: str, name: str) -> CloudDeployment | None:
        """A deployment, with the cause where it has gone wrong; None where there is none."""
        deadline = self._arm.deadline()
        found = self._arm.find(self._deployment(endpoint_name, name), deadline=deadline)
        if found is None:
            return None
        deployment = _deployment(found, endpoint_name)
        if deployment.state in _GOING_WELL:
            return deployment
        return replace(deployment, error=self._failure(found, deadline))

    def list_deployments(self, endpoint_name: str) -> Sequence[CloudDeployment]:
        """All deployments of an endpoint, without the causes of failed ones."""
        path = f"{self._endpoint(endpoint_name)}/deployments"
        found = self._lists.read_all(path, deadline=self._arm.deadline())
        return [_deployment(document, endpoint_name) for document in found]

    def list_endpoints(self) -> Iterator[CloudEndpoint]:
        """All endpoints of the workspace, a page at a time."""
        for document in self._lists.read_long(f"{self._workspace.id}/onlineEndpoints"):
            yield _endpoint(document)

    def list_models(self) -> Iterator[str]:
        """The names of all models that have a version, archived or not; this listing tells no more of them."""
        for document in self._lists.read_long(f"{self._workspace.id}/models?{_ARCHIVED_TOO}"):
            yield str(need(document, "name"))

    def list_versions(self, name: str) -> Sequence[RegistryModel]:
        """The versions of a model, archived or not; none where there is no such model."""
        path = f"{self._workspace.id}/models/{_segment(name)}/versions?{_ARCHIVED_TOO}"
        found = self._lists.read_long(path, optional=True)
        return [_version(document, name) for document in found]

    def list_usages(self) -> Sequence[Usage]:
        """Used cores and limits of the region, by SKU family."""
        deadline = self._arm.deadline()
        region = self._workspace.region(self._arm.location(deadline=deadline))
        return [
            Usage(
                name=str(need(document, "name", "value")),
                used=need_number(document, "currentValue"),
                limit=need_number(document, "limit"),
            )
            for document in self._lists.read_all(f"{region}/usages", deadline=deadline)
            if str(document.get("type") or _FAMILY_USAGE).lower() == _FAMILY_USAGE
        ]

    def read_logs(self, endpoint_name: str, name: str, *, lines: int) -> str:
        """The last lines of a deployment's serving container; empty before there is one."""
        path = f"{self._deployment(endpoint_name, name)}/getLogs"
        found = self._arm.read(path, deadline=self._arm.deadline(), post={"tail": lines})
        return str(found.get("content") or "")

    def read_metrics(
        self, endpoint_name: str, name: str, *, since: datetime, until: datetime
    ) -> Metrics:
        """How a deployment was used, as `azure_monitor` tells it."""
        asked = azure_monitor.Asked(
            endpoint=self._endpoint(endpoint_name),
            deployment=self._deployment(endpoint_name, name),
            name=name,
            since=since,
            until=until,
        )
        return azure_monitor.read_metrics(self._arm, asked)

    def read_keys(self, endpoint_name: str) -> Keys:
        """The endpoint's keys."""
        path = f"{self._endpoint(endpoint_name)}/listKeys"
        found = self._arm.read(path, deadline=self._arm.deadline(), post={})
        primary, secondary = need(found, "primaryKey"), need(found, "secondaryKey")
        return Keys(primary=str(primary), secondary=str(secondary))

    def rotate_key(self, endpoint_name: str, which: KeyName) -> None:
        """Begins to replace one key, and does not wait: it is an operation on the endpoint.

        Without `keyValue`, which the REST contract calls "the value the key is set to": the SDK
        sends the current key there.
        """
        self._arm.begin(
            f"{self._endpoint(endpoint_name)}/regenerateKeys", {"keyType": which.title()}
        )

    def remove_model(self, name: str, version: str) -> None:
        """Removes a model version; its files stay. CONFLICT while a deployment uses it."""
        self._arm.remove(self._model(name, version))

    def close(self) -> None:
        """Closes the connections."""
        self._arm.close()

    def _failure(self, document: Document, deadline: float) -> str:
        """Code and message of the operation that failed; empty where the cloud tells no more.

        An account that cannot be read is no reason not to see that there was a failure.
        """
        url = str(_mapping(_properties(document), "properties").get("AzureAsyncOperationUri") or "")
        if not self._workspace.is_here(url):
            return ""
        try:
            error = _mapping(self._arm.find(url, deadline=deadline) or {}, "error")
        except CloudError as unread:
            return f"Azure ML did not say why ({shorten(str(unread), 300)})"
        return ": ".join(str(error[part]) for part in ("code", "message") if error.get(part))

    def _model(self, name: str, version: str) -> str:
        return f"{self._workspace.id}/models/{_segment(name)}/versions/{_segment(version)}"

    def _endpoint(self, name: str) -> str:
        return f"{self._workspace.id}/onlineEndpoints/{_segment(name)}"

    def _deployment(self, endpoint_name: str, name: str) -> str:
        return f"{self._endpoint(endpoint_name)}/deployments/{_segment(name)}"


def _version(document: Document, name: str) -> RegistryModel:
    properties = _properties(document)
    return RegistryModel(
        name=name,
        version=str(need(document, "name")),
        tags=_mapping(properties, "tags"),
        kind=str(properties.get("modelType") or ""),
        uri=str(properties.get("modelUri") or ""),
        created_at=_created(document),
    )


def _endpoint(document: Document) -> CloudEndpoint:
    properties = _properties(document)
    return CloudEndpoint(
        name=str(need(document, "name")),
        state=_state(properties),
        tags=_mapping(document, "tags"),
        traffic={name: share for name, share in _mapping(properties, "traffic").items() if share},
        scoring_uri=str(properties.get("scoringUri") or ""),
        swagger_uri=str(properties.get("swaggerUri") or ""),
        created_at=_created(document),
    )


def _deployment(document: Document, endpoint_name: str) -> CloudDeployment:
    count = _mapping(document, "sku").get("capacity")
    return CloudDeployment(
        name=str(need(document, "name")),
        endpoint_name=endpoint_name,
        state=_state(_properties(document)),
        tags=_mapping(document, "tags"),
        instance_type=str(_properties(document).get("instanceType") or ""),
        instance_count=count if type(count) is int else 0,
        created_at=_created(document),
    )


def _created(document: Document) -> datetime | None:
    """When a resource was made (ARM's system data); None where the answer does not tell."""
    told = _mapping(document, "systemData").get("createdAt")
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _properties(document: Document) -> Document:
    """The `properties` of a resource; raises `CloudError` where the answer has none."""
    need(document, "properties")
    return _mapping(document, "properties")


def _mapping(document: Document, name: str) -> Document:
    """What stands under a name; nothing where that is not an object."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _state(properties: Document) -> str:
    """The provisioning state; a resource without one is finished, and has succeeded (ARM)."""
    return str(properties.get("provisioningState") or "Succeeded")


def _segment(name: str) -> str:
    return quote(name, safe="")
