"""Every folder that is written loads in MLflow itself and predicts what the original model predicts."""

import hashlib
import io
import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow.models import Model

from shared.adapters.mlflow_packaging import MlflowPackager
from shared.domain.inspection import Inspection, Verdict
from shared.domain.packaging.package import Inline, Member, Package, Whole
from shared.domain.reading.containers.members import open_member
from shared.domain.reading.reader import read_model
from tests.adapters import saved_models

_SERVE = """
import json, sys, warnings
warnings.simplefilter("error", UserWarning)
import mlflow.pyfunc
from mlflow.pyfunc import scoring_server
answers = {}
for name, folder, split in json.load(sys.stdin):
    model = mlflow.pyfunc.load_model(folder)
    got = scoring_server.invocations(
        data=json.dumps({"dataframe_split": split}), content_type="application/json",
        model=model, input_schema=model.metadata.get_input_schema())
    answers[name] = [got.status, json.loads(got.response).get("predictions", got.response)]
print("answers:" + json.dumps(answers))
"""


@dataclass(frozen=True)
class Case:
    inspection: Inspection
    package: Package
    folder: Path
    split: dict[str, Any]
    expected: list[Any]


def inspect(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), hashlib.sha256(data).hexdigest(), yaml.safe_load)


def write_package(package: Package, data: bytes, folder: Path) -> None:
    for file in package.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        match file.origin:
            case Inline(made):
                path.write_bytes(made)
            case Whole():
                path.write_bytes(data)
            case Member(name):
                path.write_bytes(open_member(io.BytesIO(data), name).read())
        assert path.stat().st_size == file.size


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    root = tmp_path_factory.mktemp("packages")
    models = saved_models.fitted()
    files = {
        f"{name} by {writer}": dump(model)
        for name, (model, _) in models.items()
        for writer, dump in saved_models.WRITERS.items()
    }
    files |= dict(saved_models.mlflow_zips(root / "saved", models))
    made = {}
    for at, (name, data) in enumerate(files.items()):
        model, rows = models[name.split(" ")[0]]
        inspection = inspect(data)
        package = MlflowPackager(default_python="3.11").package(inspection, io.BytesIO(data))
        folder = root / str(at) / package.digest
        write_package(package, data, folder)
        expected = model.predict(rows if name.startswith("people") else rows.to_numpy()).tolist()
        made[name] = Case(inspection, package, folder, rows.to_dict(orient="split"), expected)
    return made


def test_every_package_predicts_as_the_original_and_without_a_warning(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    orders = [(name, str(case.folder), case.split) for name, case in cases.items()]
    run = subprocess.run(
        [sys.executable, "-c", _SERVE],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    answers = json.loads(run.stdout.rpartition("answers:")[2])
    assert answers == {name: [200, case.expected] for name, case in cases.items()}


def test_every_file_was_clean_with_its_columns_known(cases: dict[str, Case]) -> None:
    assert {case.inspection.verdict for case in cases.values()} == {Verdict.CLEAN}
    for name, case in cases.items():
        if name == "logistic in a zip":  # called as its own signature says: by one array
            assert [tensor.shape for tensor in case.inspection.inputs] == [(-1, 4)]
            assert len(case.inspection.sample_input[0]) == 4
            continue
        names = [column.name for column in case.inspection.features]
        assert names == (["age", "city", "rank"] if name.startswith("people") else [None] * 4), name
        assert case.inspection.sample_row is not None
        assert len(case.inspection.sample_row) == len(names)


def test_the_same_content_gives_the_same_package(cases: dict[str, Case]) -> None:
    model, _ = saved_models.fitted()["logistic"]
    for dump in (saved_models.WRITERS["pickle 5"], saved_models.WRITERS["joblib gzip"]):
        data = dump(model)
        packages = [MlflowPackager().package(inspect(data), io.BytesIO(data)) for _ in range(2)]
        assert packages[0] == packages[1]
    digests = {(case.inspection.digest, case.package.digest) for case in cases.values()}
    assert len({package for _, package in digests}) == len(digests)
    other_python = MlflowPackager(default_python="3.12").package(inspect(data), io.BytesIO(data))
    assert other_python.digest != packages[0].digest


def test_mlflow_reads_our_mlmodel_as_it_reads_its_own(cases: dict[str, Case]) -> None:
    for name, case in cases.items():
        model = Model.load(str(case.folder / "MLmodel"))
        assert model.flavors["python_function"]["env"] == {
            "conda": "conda.yaml",
            "virtualenv": "python_env.yaml",
        }
        assert model.signature is not None, name
        again = Model.from_dict(model.to_dict())
        assert again.signature == model.signature


def test_the_environment_is_pinned_to_what_azure_serves(cases: dict[str, Case]) -> None:
    for name, case in cases.items():
        lines = (case.folder / "requirements.txt").read_text().splitlines()
        assert "mlflow==2.16.2" in lines
        assert "scikit-learn==1.7.2" in lines
        assert [line for line in lines if line.startswith("azureml-")] == [
            "azureml-inference-server-http>=1.3,<2",
            "azureml-ai-monitoring>=1.0,<2",
        ]
        assert ("numpy==2.4.6" if "in a zip" in name else "numpy>=2,<3") in lines
        assert not any("their-package" in line for line in lines)
        conda = yaml.safe_load((case.folder / "conda.yaml").read_text())
        assert conda["dependencies"][-1] == {"pip": lines}
        python = yaml.safe_load((case.folder / "python_env.yaml").read_text())["python"]
        assert f"python={python}" in conda["dependencies"]
        assert python.startswith("3.11")


def test_a_joblib_file_brings_its_loader_and_no_scikit_learn_flavor(cases: dict[str, Case]) -> None:
    for name, case in cases.items():
        paths = [file.path for file in case.package.files]
        flavors = yaml.safe_load((case.folder / "MLmodel").read_text())["flavors"]
        assert any(path.startswith("code/longshore_loader_") for path in paths) == (
            "joblib" in name
        )
        assert ("sklearn" in flavors) == ("joblib" not in name)


def test_the_python_of_the_container_suits_the_libraries() -> None:
    data = pickle.dumps(saved_models.fitted()["logistic"][0])
    old = data.replace(b"1.7.2", b"1.0.2")
    new = data.replace(b"1.7.2", b"1.8.0")
    for content, python in ((old, "3.10"), (new, "3.11"), (data, "3.10")):
        package = MlflowPackager(default_python="3.10").package(
            inspect(content), io.BytesIO(content)
        )
        env = next(file.origin for file in package.files if file.path == "python_env.yaml")
        assert isinstance(env, Inline)
        assert json.loads(env.data)["python"] == python


def test_a_version_that_is_no_version_never_reaches_a_requirements_file() -> None:
    data = pickle.dumps(saved_models.fitted()["logistic"][0])
    planted = replace(inspect(data), libraries=(("scikit-learn", "1.7.2\n--index-url http://x"),))
    package = MlflowPackager().package(planted, io.BytesIO(data))
    written = {
        file.path: file.origin.data for file in package.files if isinstance(file.origin, Inline)
    }
    lines = written["requirements.txt"].splitlines()
    assert b"scikit-learn>=1.3,<2" in lines
    assert not any(line.startswith(b"-") or b"http:" in line for line in lines)
