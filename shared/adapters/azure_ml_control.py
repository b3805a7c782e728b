"""`CloudControl` through azure-ai-ml 1.35.2: its entities, its validation, its registration.

Every public `begin_*` of the SDK starts a thread that polls until the operation ends. So changes
go through its generated operation groups with `polling=False`; the SDK's private names are in this
file only, and `tests/adapters/test_azure_ml_control.py` holds them to the installed version.
Importing it takes seconds: only the worker does.
"""

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError

from shared.adapters import arm_rest, cloud_errors, credentials
from shared.cloud_ports import NewDeployment, NewModel
from shared.domain.errors import CloudError, Trouble
from shared.domain.reasons import Reason

with warnings.catch_warnings():  # the SDK uses what its own libraries deprecate
    warnings.simplefilter("ignore")
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint, Model
    from azure.ai.ml.exceptions import MlException

_URL_VARIABLE = "AZUREML_DEV_URL_MFE"
_CLOUD_VARIABLE = "AZUREML_CURRENT_CLOUD"
_REGISTRATION_REQUESTS = 2

_building = threading.Lock()


class AzureMlControl:
    """Changes to one workspace, each begun and left to itself.

    A call ends within `timeout` seconds and no thread outlives it. A change is sent once: where
    the answer is unclear the error is AMBIGUOUS. What the SDK refuses without asking the cloud is
    PERMANENT with the code `invalid`. Safe to use from several threads.
    """

    def __init__(
        self,
        workspace: arm_rest.Workspace,
        credential: TokenCredential,
        *,
        datastore: str = "workspaceblobstore",
        timeout: float = 60,
    ) -> None:
        self._workspace = workspace
        self._credential = credential
        self._datastore = datastore
        self._timeout = timeout
        self._arm = arm_rest.ArmClient(workspace, credential, timeout=timeout)
        self._built: MLClient | None = None

    def register_model(self, model: NewModel) -> None:
        """Registers a folder of the datastore as an MLflow model; uploads nothing.

        A version that is there with the same path gets these tags and this description.
        """
        client = self._client()
        with _as_cloud_errors(AttributeError):  # an answer without flavors
            client.models.create_or_update(
                Model(
                    name=model.name,
                    version=model.version,
                    path=f"azureml://datastores/{self._datastore}/paths/{model.path}",
                    type="mlflow_model",
                    description=model.description,
                    tags=dict(model.tags),
                )
            )

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        """Creates an endpoint with keys, or gives it these tags and this traffic."""
        deadline = self._arm.deadline()
        location = self._arm.location(deadline=deadline)
        with _as_cloud_errors():
            endpoint = ManagedOnlineEndpoint(
                name=name,
                auth_mode="key",
                tags=dict(tags),
                traffic={deployment: share for deployment, share in traffic.items() if share},
            )
            body = endpoint._to_rest_online_endpoint(location)  # noqa: SLF001 - see the module
        group = self._client().online_endpoints._online_operation  # noqa: SLF001 - see the module
        self._begin(group.begin_create_or_update, deadline, endpoint_name=name, body=body)

    def put_deployment(self, deployment: NewDeployment) -> None:
        """Creates a deployment on an endpoint, or replaces one that has not failed."""
        deadline = self._arm.deadline()
        location = self._arm.location(deadline=deadline)
        versions = f"{self._workspace.id}/models/{deployment.model_name}/versions"
        with _as_cloud_errors():
            entity = ManagedOnlineDeployment(
                name=deployment.name,
                endpoint_name=deployment.endpoint_name,
                model=f"{versions}/{deployment.model_version}",
                instance_type=deployment.instance_type,
                instance_count=deployment.instance_count,
                environment_variables=dict(deployment.environment_variables),
                tags=dict(deployment.tags),
                app_insights_enabled=False,
            )
            body = entity._to_rest_object(location)  # noqa: SLF001 - see the module
        group = self._client().online_deployments._online_deployment  # noqa: SLF001 - see the module
        self._begin(
            group.begin_create_or_update,
            deadline,
            endpoint_name=deployment.endpoint_name,
            deployment_name=deployment.name,
            body=body,
        )

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        """Removes a deployment; done where there is none."""
        group = self._client().online_deployments._online_deployment  # noqa: SLF001 - see the module
        with _none_is_done():
            self._begin(
                group.begin_delete,
                self._arm.deadline(),
                endpoint_name=endpoint_name,
                deployment_name=name,
            )

    def remove_endpoint(self, name: str) -> None:
        """Removes an endpoint with all its deployments; done where there is none."""
        group = self._client().online_endpoints._online_operation  # noqa: SLF001 - see the module
        with _none_is_done():
            self._begin(group.begin_delete, self._arm.deadline(), endpoint_name=name)

    def close(self) -> None:
        """Closes its own connections; the SDK offers no way to close the rest."""
        self._arm.close()

    def _begin(self, operation: Callable[..., Any], deadline: float, **what: Any) -> None:
        """Sends one change and reads its answer; what it began goes on without us."""
        limits = self._arm.limits(deadline)
        with _as_cloud_errors():
            operation(
                resource_group_name=self._workspace.resource_group,
                workspace_name=self._workspace.name,
                polling=False,
                **limits,
                **what,
            ).result()

    def _client(self) -> MLClient:
        with _building:
            if self._built is None:
                self._built = self._build()
            return self._built

    def _build(self) -> MLClient:
        """The SDK's client. It takes its address from the environment, and writes there too."""
        share = self._timeout / _REGISTRATION_REQUESTS
        wanted = {} if self._workspace.base_url == arm_rest.AZURE else {_URL_VARIABLE: ""}
        kept = {name: os.environ.get(name) for name in (*wanted, _CLOUD_VARIABLE)}
        if wanted:
            os.environ[_URL_VARIABLE] = self._workspace.base_url
        try:
            return MLClient(
                self._credential,
                self._workspace.subscription,
                self._workspace.resource_group,
                self._workspace.name,
                authentication_policy=credentials.bearer(
                    self._credential, self._workspace.base_url
                ),
                retry_total=0,
                connection_timeout=share / 4,
                read_timeout=share * 3 / 4,
                show_progress=False,
                enable_telemetry=False,
            )
        finally:
            _restore(kept)


def _restore(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def _as_cloud_errors(*unreadable: type[Exception]) -> Iterator[None]:
    """Translates what the SDK raises; OSError and ValueError are answers that broke off."""
    try:
        yield
    except MlException as error:
        raise CloudError(Trouble.PERMANENT, "invalid", str(error)) from error
    except (AzureError, OSError, ValueError) as error:
        raise cloud_errors.from_error(error, changing=True) from error
    except unreadable as error:
        raise cloud_errors.from_error(error, changing=True) from error


@contextlib.contextmanager
def _none_is_done() -> Iterator[None]:
    try:
        yield
    except CloudError as error:
        if error.code != Reason.NOT_FOUND:
            raise
