"""The composition root: builds the ports from the settings, each when it is first needed.

The HTTP function uses `front`, the worker `worker`. What is heavy (azure-ai-ml, MLflow) is imported
by `worker` alone.
"""

import os
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from shared.adapters import storage_account
from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.azure_queue import AzureQueue
from shared.adapters.azure_tables import AzureTables
from shared.adapters.credentials import Credential
from shared.adapters.model_reader import ProcessModelReader
from shared.adapters.s3_client import S3Account
from shared.adapters.system import SystemClock, SystemRandom
from shared.intake_ports import IntakePorts
from shared.ports import Blobs, Ports, WorkerPorts
from shared.reconcile_ports import ReconcilePorts
from shared.service.claims import Mint
from shared.service.registry import Registry
from shared.settings import Settings, SettingsError, Wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What serves requests."""

    settings: Settings
    ports: Ports
    mint: Mint
    registry: Registry = field(default_factory=Registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What runs turns."""

    settings: Settings
    ports: WorkerPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """What runs the reconciliation."""

    settings: Settings
    ports: ReconcilePorts


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What takes in files."""

    settings: Settings
    ports: IntakePorts
    mint: Mint


@cache
def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return Settings.from_env(os.environ)


@cache
def front() -> Front:
    """The ports of the HTTP function, the producers' queue and the sweep."""
    settings = read_settings()
    account = _account(settings)
    blobs = AzureBlobs(account, settings.content_container)
    ports = Ports(
        clock=SystemClock(),
        random=SystemRandom(),
        tables=AzureTables(account),
        queue=AzureQueue(account),
        blobs=blobs,
        artifacts=_artifacts(settings, blobs),
        reader=model_reader(settings),
        view=AzureMlView(_workspace(settings), Credential(), timeout=settings.cloud_timeout),
    )
    mint = Mint(ports.tables, ports.clock, ports.random, settings.policy)
    return Front(settings=settings, ports=ports, mint=mint)


@cache
def intake() -> Intake:
    """The ports that files are taken in with: those of the front, sources, and room to work in."""
    from shared.adapters.https_source import HttpsFiles  # noqa: PLC0415 - worker only
    from shared.adapters.model_sources import ModelSources  # noqa: PLC0415 - worker only
    from shared.adapters.s3_blobs import S3Blobs  # noqa: PLC0415 - worker only
    from shared.adapters.spool import TemporarySpool  # noqa: PLC0415 - worker only

    settings, ports, mint = front().settings, front().ports, front().mint
    account, s3 = _account(settings), _s3(settings)
    sources = ModelSources(
        datastore=ports.blobs,
        containers=lambda name: AzureBlobs(account, name),
        buckets=lambda name: S3Blobs(s3, name),
        https=HttpsFiles(),
        tracking_uri=settings.mlflow_tracking_uri,
        allowed=settings.sources,
    )
    return Intake(
        settings=settings,
        ports=IntakePorts(**_by_name(ports), sources=sources, spool=TemporarySpool()),
        mint=mint,
    )


@cache
def worker() -> Worker:
    """The ports of the worker: those of the front, and what changes Azure ML."""
    from shared.adapters.azure_ml_control import (  # noqa: PLC0415 - seconds of import, worker only
        AzureMlControl,
    )
    from shared.adapters.http_scorer import HttpScorer  # noqa: PLC0415 - worker only
    from shared.adapters.mlflow_packaging import MlflowPackager  # noqa: PLC0415 - worker only

    settings, ports = front().settings, front().ports
    control = AzureMlControl(
        _workspace(settings),
        Credential(),
        datastore=settings.azure_ml_datastore,
        timeout=settings.cloud_timeout,
    )
    return Worker(
        settings=settings,
        ports=WorkerPorts(
            **_by_name(ports),
            packager=MlflowPackager(default_python=settings.default_python),
            control=control,
            scorer=HttpScorer(timeout=settings.cloud_timeout),
        ),
    )


@cache
def reconciler() -> Reconciler:
    """The ports of a reconciliation: those of the worker, and room to compare in."""
    from shared.adapters.sqlite_join import SqliteJoins  # noqa: PLC0415 - this function only

    settings, ports = worker().settings, worker().ports
    return Reconciler(
        settings=settings, ports=ReconcilePorts(**_by_name(ports), joins=SqliteJoins())
    )


def model_reader(settings: Settings) -> ProcessModelReader:
    """What reads model files. Raises SettingsError where a wall that is demanded does not stand."""
    reader = ProcessModelReader()
    missing = set(settings.sandbox_min) - set(reader.layers() if settings.sandbox_min else ())
    if missing:
        problem = f"this machine's kernel does not keep: {', '.join(sorted(missing))}"
        raise SettingsError([Wrong("SANDBOX_MIN", problem)])
    return reader


def _by_name(ports: Ports) -> dict[str, Any]:
    return {field.name: getattr(ports, field.name) for field in fields(ports)}


def _account(settings: Settings) -> storage_account.StorageAccount:
    if settings.azurewebjobsstorage:
        try:
            return storage_account.from_connection_string(settings.azurewebjobsstorage)
        except ValueError as error:  # its message names no value
            raise SettingsError([Wrong("AzureWebJobsStorage", str(error))]) from None
    return storage_account.from_name(settings.azurewebjobsstorage__accountname, Credential())


def _artifacts(settings: Settings, blobs: Blobs) -> Blobs:
    if settings.artifact_store == "blob":
        return blobs
    from shared.adapters.s3_blobs import S3Blobs  # noqa: PLC0415 - only where S3 is used

    return S3Blobs(_s3(settings), settings.s3_bucket)


def _s3(settings: Settings) -> S3Account:
    return S3Account(region=settings.s3_region, endpoint_url=settings.s3_endpoint_url)


def _workspace(settings: Settings) -> Workspace:
    return Workspace(
        subscription=settings.azure_subscription_id,
        resource_group=settings.azure_resource_group,
        name=settings.azure_ml_workspace,
        base_url=settings.azure_ml_url,
    )
