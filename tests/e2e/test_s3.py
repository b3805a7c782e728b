"""Artifacts in S3, in the running product: stored there, packaged into the workspace's container, served."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from local.cloud import LocalCloud, Options
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.s3_blobs import S3Blobs
from shared.adapters.s3_client import S3Account
from tests.e2e.conftest import SHORT
from tests.e2e.models import saved, wine_model, wine_payload, wine_predictions
from tests.e2e.sending import begin, confirm, paste, wait_finished
from tests.e2e.user import User
from tests.s3_server import Server

BUCKET, SOURCES = "longshore-artifacts", "team-models"


@pytest.fixture
def in_s3(s3: Server, tmp_path: Path) -> Iterator[LocalCloud]:
    settings = {
        **SHORT,
        "ARTIFACT_STORE": "s3",
        "S3_BUCKET": BUCKET,
        "S3_ENDPOINT_URL": s3.url,
        "SOURCE_BUCKETS": SOURCES,
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
    }
    options = Options(
        folder=tmp_path, in_memory=True, operation_seconds=0.5, message_lease=5, settings=settings
    )
    with LocalCloud(options) as running:
        yield running


def test_models_of_every_way_in_lie_in_the_bucket_and_are_served(
    in_s3: LocalCloud, s3: Server, tmp_path: Path
) -> None:
    model = wine_model()
    ours = S3Blobs(S3Account("us-east-1", s3.url), BUCKET)
    theirs = S3Blobs(S3Account("us-east-1", s3.url), SOURCES)
    theirs.put("wine.pkl", saved(model))
    (tmp_path / "wine.pkl").write_bytes(saved(model))
    with closing(User(in_s3.base_url)) as user:
        ids = [user.upload(saved(model))]
        shown = begin(user, model_name="wine", filename="wine.pkl")
        paste(shown["command"], tmp_path)
        confirm(user, shown["upload_id"])
        wanted = {"source": f"s3://{SOURCES}/wine.pkl", "model_name": "wine"}
        taken = user.http.post("/models/from", json=wanted).json()
        for each in (shown, taken):
            seen = wait_finished(user, each["upload_id"])
            assert seen["state"] == "stored", seen
            ids.append(seen["artifact_id"])

        deployed = user.wait_active(user.deploy(ids[-1]))

        assert user.score(deployed, wine_payload(3)).json() == wine_predictions(model, 3)
    kept = [each.key for each in ours.list("")]
    assert sorted(f"artifacts/{each}/metadata.json" for each in ids) == kept[:3]
    assert [key.partition("/")[0] for key in kept[3:]] == ["content"]
    account = storage_account.from_connection_string(in_s3.connection_string)
    container = AzureBlobs(account, "longshore")
    assert {each.key.partition("/")[0] for each in container.list("")} == {"packages"}
