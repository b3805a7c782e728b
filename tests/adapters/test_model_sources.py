"""Each kind of source is asked of who knows it: what is read tells which store, host or server it came from."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from local import app_settings
from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.https_source import HttpsFiles
from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.model_sources import ModelSources
from shared.adapters.s3_blobs import S3Blobs
from shared.adapters.s3_client import S3Account
from shared.adapters.system import SystemRandom
from shared.domain.catalogue.sources import (
    Allowed,
    BlobSource,
    DatastoreSource,
    HttpsSource,
    RegistrySource,
    RunSource,
    S3Source,
    Source,
    VersionSource,
)
from shared.intake_ports import SourceFile
from shared.ports import Blobs
from tests.adapters.certificates import write_certificate
from tests.adapters.test_https_source import BODY, HOST, Host
from tests.s3_server import Server
from tests.tracking_server import begin_run, register

ALLOWED = Allowed(containers=("one", "two"), buckets=("one", "two"), tracking=True)


def holding(content: str) -> Blobs:
    blobs = MemoryBlobs()
    for key in ("model.pkl", "folder/a", "folder/b"):
        blobs.put(key, f"{key} of {content}".encode())
    return blobs


def sources(https: HttpsFiles | None = None, tracking_uri: str = "") -> ModelSources:
    containers = {name: holding(f"container {name}") for name in ALLOWED.containers}
    buckets = {name: holding(f"bucket {name}") for name in ALLOWED.buckets}
    return ModelSources(
        datastore=holding("the datastore"),
        containers=containers.__getitem__,
        buckets=buckets.__getitem__,
        https=https or HttpsFiles(),
        tracking_uri=tracking_uri,
        allowed=ALLOWED,
    )


def read(found: Sequence[SourceFile]) -> dict[str, bytes]:
    contents = {}
    for each in found:
        with each.open() as file:
            contents[each.path] = file.read(1_000_000) + file.read(1_000_000)
    return contents


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (BlobSource("one", "model.pkl"), "container one"),
        (BlobSource("two", "model.pkl"), "container two"),
        (S3Source("one", "model.pkl"), "bucket one"),
        (S3Source("two", "model.pkl"), "bucket two"),
        (DatastoreSource("model.pkl"), "the datastore"),
    ],
    ids=str,
)
def test_a_file_comes_from_the_store_that_is_named(
    source: Source | DatastoreSource, place: str
) -> None:
    assert read(sources().find(source)) == {"": f"model.pkl of {place}".encode()}


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (BlobSource("two", "folder/"), "container two"),
        (S3Source("two", "folder/"), "bucket two"),
        (DatastoreSource("folder"), "the datastore"),
    ],
    ids=str,
)
def test_a_folder_comes_from_the_store_that_is_named(
    source: Source | DatastoreSource, place: str
) -> None:
    assert read(sources().find(source)) == {
        each: f"folder/{each} of {place}".encode() for each in ("a", "b")
    }


def test_a_file_by_https_comes_from_its_host(tmp_path: Path) -> None:
    host = Host(write_certificate(tmp_path, HOST))
    try:
        found = sources(https=host.files()).find(HttpsSource(HOST, "/model.pkl"))
        assert read(found) == {"": BODY}
    finally:
        host.server.shutdown()
        host.server.server_close()
    assert host.asked == [("/model.pkl", HOST)]


def test_runs_and_versions_come_from_the_tracking_server_and_lead_to_stores(tracking: str) -> None:
    run_id, place = begin_run(tracking, {"model.pkl": b"a run's"})
    served = register(tracking, "served", f"{place}/model.pkl")
    elsewhere = register(tracking, "elsewhere", "s3://two/model.pkl")
    ours = sources(tracking_uri=tracking)

    assert read(ours.find(RunSource(run_id, "model.pkl"))) == {"": b"a run's"}
    assert read(ours.find(VersionSource("served", served))) == {"": b"a run's"}
    assert read(ours.find(VersionSource("elsewhere", elsewhere))) == {
        "": b"model.pkl of bucket two"
    }


def test_what_is_in_the_registry_is_not_asked_here() -> None:
    with pytest.raises(ValueError, match="registry first"):
        sources().find(RegistrySource("iris", "1"))


_FIND = """
import json, sys
from shared import wiring
from shared.domain.catalogue.sources import DatastoreSource, parse_source
intake = wiring.intake()
allowed = intake.settings.policy.sources
def read(source):
    [found] = intake.ports.sources.find(source)
    with found.open() as file:
        return file.read(100).decode()
named = [read(parse_source(text, allowed)) for text in sys.argv[1:]]
print(json.dumps([*named, read(DatastoreSource("model.pkl"))]))
"""


def test_the_app_builds_them_from_its_settings(azurite: Azurite, s3: Server, tracking: str) -> None:
    name, ours = "sources-" + SystemRandom().nonce()[:8], "ours-" + SystemRandom().nonce()[:8]
    account = storage_account.from_connection_string(azurite.connection_string)
    AzureBlobs(account, name).put("model.pkl", b"a container's")
    AzureBlobs(account, ours).put("model.pkl", b"our datastore's")
    S3Blobs(S3Account("eu-central-1", s3.url), name).put("model.pkl", b"a bucket's")
    run_id, _ = begin_run(tracking, {"model.pkl": b"a run's"})
    settings = {
        "CONTENT_CONTAINER": ours,
        "SOURCE_CONTAINERS": name,
        "SOURCE_BUCKETS": name,
        "S3_ENDPOINT_URL": s3.url,
        "S3_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "MLFLOW_TRACKING_URI": tracking,
    }
    env = app_settings.app_env(
        storage=azurite.connection_string, azure_ml="http://127.0.0.1:9", settings=settings
    )
    named = [f"blob://{name}/model.pkl", f"s3://{name}/model.pkl", f"runs:/{run_id}/model.pkl"]

    done = subprocess.run(
        [sys.executable, "-c", _FIND, *named],
        env=env,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "a container's",
        "a bucket's",
        "a run's",
        "our datastore's",
    ]
