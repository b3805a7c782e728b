"""A model of each format, as its library saved it, deployed and scored: it says what the original said."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from local.cloud import LocalCloud, Options
from tests.corpus.packaging import is_as_original, render_request
from tests.corpus.reading import KEPT, inspect
from tests.e2e.conftest import SHORT
from tests.e2e.user import User

ROOM = ("--cores", "1000", "--endpoints", "100", "--deployments", "100")
DEPLOYED = (
    "sklearn-1.7.2/people.joblib-xz",
    "sklearn-1.7.2/RandomForestClassifier.joblib",
    "skops-0.16.0/people.skops",
    "xgboost-3.2.0/booster-multi-softprob-named.ubj",
    "xgboost-3.2.0/XGBClassifier.pickle-4",
    "lightgbm-4.6.0/booster-regression-unnamed.txt",
    "lightgbm-4.6.0/LGBMClassifier-texts.joblib",
    "catboost-1.2.10/CatBoostRegressor-categories.cbm",
    "onnx-1.20.1/people.onnx",
    "statsmodels-0.15.0/ols-formula.pickle",
    "mlflow-2.16.2/sklearn-people-pickle.zip",
    "mlflow-2.16.2/lightgbm-classifier.zip",
)


def deploy_and_score(user: User, name: str) -> str:
    """Empty where the live model says what the original said; else what was wrong."""
    deployment = user.wait_active(
        user.deploy(user.upload(KEPT[name].path.read_bytes())), seconds=120
    )
    answer = user.score(deployment, render_request(inspect(name), KEPT[name]))
    right = answer.is_success and is_as_original({"predictions": answer.json()}, KEPT[name])
    return "" if right else answer.text


def test_a_model_of_each_format_says_live_what_the_original_said(tmp_path: Path) -> None:
    options = Options(
        folder=tmp_path,
        in_memory=True,
        operation_seconds=0.2,
        azure_ml_options=ROOM,
        settings=SHORT,
    )
    with (
        LocalCloud(options) as cloud,
        closing(User(cloud.base_url)) as user,
        ThreadPoolExecutor(4) as some,
    ):
        told = some.map(lambda name: deploy_and_score(user, name), DEPLOYED)
        wrong = dict(zip(DEPLOYED, told, strict=True))

    assert {name: what for name, what in wrong.items() if what} == {}
