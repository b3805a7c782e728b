"""Runs and model versions of a real tracking server; what it points to elsewhere is not followed."""

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.adapters import source_stream
from shared.adapters.mlflow_sources import MlflowSources
from shared.domain.catalogue.sources import (
    Allowed,
    BlobSource,
    RunSource,
    S3Source,
    Source,
    VersionSource,
    parse_source,
)
from shared.domain.errors import InvalidRequest, NotFound, SourceError
from shared.intake_ports import SourceFile
from tests.adapters.dripping import drip
from tests.tracking_server import ask, begin_run, register

ALLOWED = Allowed(
    account_url="https://ours.blob.core.windows.net",
    containers=("models",),
    buckets=("models",),
    tracking=True,
)
FILES = {"MLmodel": b"flavors: {}\n", "data/model.pkl": b"\x80\x04N." * 1000, "data/deep/a": b"a"}


@contextmanager
def pointing_to(place: str) -> Iterator[str]:
    """The address of a tracking server that says of every model version that its files lie there.

    Its own artifacts are one file, which drips.
    """
    told: dict[str, object] = {"artifact_uri": place}
    told |= {"model_version": {"name": "iris", "version": "1"}}
    told |= {"files": [{"path": "model.pkl", "is_dir": False}]}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/model.pkl"):
                drip(self)
                return
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def run(tracking: str) -> tuple[str, str]:
    """A run with a model folder and a file: its id and where its artifacts are."""
    folder = {f"model/{path}": data for path, data in FILES.items()}
    return begin_run(
        tracking, {**folder, "one.pkl": b"one", "modelish/x": b"", "my model.pkl": b"my"}
    )


def followed(_source: Source) -> Sequence[SourceFile]:
    raise AssertionError("it was followed")


def read(found: Sequence[SourceFile]) -> dict[str, bytes]:
    seen = {}
    for each in found:
        with each.open() as file:
            seen[each.path] = b"".join(iter(lambda file=file: file.read(700), b""))  # type: ignore[misc]  # bound now
    return seen


def test_a_runs_folder_is_taken_with_all_its_files(tracking: str, run: tuple[str, str]) -> None:
    found = MlflowSources(tracking, ALLOWED, followed).find(RunSource(run[0], "model"))

    assert read(found) == FILES
    assert {each.path: each.size for each in found} == {k: len(v) for k, v in FILES.items()}


def test_a_runs_file_is_taken(tracking: str, run: tuple[str, str]) -> None:
    for path, data in (
        ("one.pkl", b"one"),
        ("my model.pkl", b"my"),
        ("model/data/model.pkl", FILES["data/model.pkl"]),
    ):
        found = MlflowSources(tracking, ALLOWED, followed).find(RunSource(run[0], path))

        assert read(found) == {"": data}


def test_a_model_version_is_taken_by_number_and_by_alias(
    tracking: str, run: tuple[str, str]
) -> None:
    version = register(tracking, "iris", f"{run[1]}/model")
    ask(tracking, "POST", "registered-models/alias", name="iris", alias="champion", version=version)
    sources = MlflowSources(tracking, ALLOWED, followed)

    for text in (f"models:/iris/{version}", "models:/iris@champion"):
        source = parse_source(text, ALLOWED)
        assert isinstance(source, VersionSource)
        assert read(sources.find(source)) == FILES


@pytest.mark.parametrize(
    "source",
    [
        RunSource("0" * 32, "model"),
        VersionSource("nobodys", "1"),
        VersionSource("nobodys", "champion"),
    ],
    ids=str,
)
def test_what_the_server_does_not_know_is_not_there(
    tracking: str, source: RunSource | VersionSource
) -> None:
    with pytest.raises(NotFound):
        MlflowSources(tracking, ALLOWED, followed).find(source)


def test_a_path_that_a_run_does_not_have_is_not_there(tracking: str, run: tuple[str, str]) -> None:
    with pytest.raises(NotFound):
        MlflowSources(tracking, ALLOWED, followed).find(RunSource(run[0], "nothing"))


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc",
        "/etc",
        "s3://others/model",
        "https://169.254.169.254/latest",
        "http://127.0.0.1:9/model",
        "gs://models/model",
        "dbfs:/model",
        "ftp://models/model",
        "wasbs://longshore@ours.blob.core.windows.net/content",
        "wasbs://models@others.blob.core.windows.net/model",
        "mlflow-artifacts://evil.example:80/model",
        "mlflow-artifacts:/../../../etc",
        "azureml:iris:1",
    ],
)
def test_what_a_server_points_to_elsewhere_is_not_followed(place: str) -> None:
    """A server may register what its users write, whatever it is."""
    with pointing_to(place) as url, pytest.raises((InvalidRequest, NotFound)) as caught:
        MlflowSources(url, ALLOWED, followed).find(VersionSource("iris", "1"))

    assert caught.value.code in ("source_not_allowed", "source_not_found")


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        (
            "s3://models/run/model",
            [S3Source("models", "run/model"), S3Source("models", "run/model/")],
        ),
        (
            "wasbs://models@ours.blob.core.windows.net/run/model",
            [BlobSource("models", "run/model"), BlobSource("models", "run/model/")],
        ),
        (
            "wasbs://models@ours.blob.core.windows.net/run/my model",
            [BlobSource("models", "run/my model"), BlobSource("models", "run/my model/")],
        ),
    ],
)
def test_an_allowed_store_behind_the_server_is_read_by_our_own_rights(
    place: str, asked: list[Source]
) -> None:
    seen: list[Source] = []

    def follow(source: Source) -> Sequence[SourceFile]:
        seen.append(source)
        return []

    with pointing_to(place) as url:
        assert MlflowSources(url, ALLOWED, follow).find(VersionSource("iris", "1")) == []
    assert seen == asked


def test_no_server_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(SourceError, match="tracking server cannot be reached"):
        MlflowSources("http://127.0.0.1:9", ALLOWED, followed).find(RunSource("0" * 32, "model"))


def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_stream, "LONGEST_SECONDS", 0.5)
    with pointing_to("mlflow-artifacts:/model.pkl") as url:
        [found] = MlflowSources(url, ALLOWED, followed).find(VersionSource("iris", "1"))
        begin = time.monotonic()

        with found.open() as file, pytest.raises(SourceError, match="minutes"):
            file.read(4 * 1024 * 1024)

    assert time.monotonic() - begin < 5


def test_waits_of_the_client_fit_a_function() -> None:
    MlflowSources("http://127.0.0.1:9", ALLOWED, followed)

    assert int(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"]) <= 20
    assert int(os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]) <= 1
