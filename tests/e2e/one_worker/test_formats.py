"""A model of each format that this repository's libraries serve, as its library saved it, deployed and scored: it says what the original said."""

from concurrent.futures import ThreadPoolExecutor

from tests.corpus.packaging import is_as_original, render_request
from tests.corpus.reading import KEPT, inspect
from tests.corpus.served import FORMATS_HERE
from tests.e2e.user import User

DEPLOYED = (
    "sklearn-1.7.2/people.joblib-xz",
    "skops-0.16.0/people.skops",
    "xgboost-3.2.0/booster-multi-softprob-named.ubj",
    "xgboost-3.2.0/XGBClassifier.json",
    "lightgbm-4.6.0/booster-multiclass-named.txt",
    "catboost-1.2.10/CatBoostRegressor-categories.cbm",
    "onnx-1.20.1/people.onnx",
    "statsmodels-0.15.0/ols-formula.pickle",
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


def test_a_model_of_each_format_that_is_served_here_says_live_what_the_original_said(
    user: User,
) -> None:
    with ThreadPoolExecutor(4) as some:
        told = some.map(lambda name: deploy_and_score(user, name), DEPLOYED)
        wrong = dict(zip(DEPLOYED, told, strict=True))

    assert {name: what for name, what in wrong.items() if what} == {}
    assert {inspect(name).format for name in DEPLOYED} == FORMATS_HERE
