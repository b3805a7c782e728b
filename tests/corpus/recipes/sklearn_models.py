"""scikit-learn: estimators by the dozen, pipelines, and every way of pickling them."""

from __future__ import annotations

import io
import pickle
import warnings
from functools import partial
from typing import Any, Callable, Iterator  # noqa: UP035 - of Python 3.8

import cloudpickle
import joblib
import numpy as np
import sklearn
from sklearn import (
    calibration,
    cluster,
    compose,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    kernel_ridge,
    linear_model,
    mixture,
    model_selection,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files, class_of, table

if sklearn.__version__.startswith("0."):
    from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401 - it must be

Model = Any


def classifiers() -> list[Model]:
    """Estimators that tell one of three kinds."""
    logistic = linear_model.LogisticRegression(max_iter=500)
    return [
        logistic,
        ensemble.RandomForestClassifier(4, max_depth=3, random_state=1),
        ensemble.ExtraTreesClassifier(4, max_depth=3, random_state=1),
        ensemble.GradientBoostingClassifier(n_estimators=2, random_state=1),
        ensemble.HistGradientBoostingClassifier(max_iter=2, random_state=1),
        ensemble.AdaBoostClassifier(n_estimators=3, random_state=1),
        ensemble.BaggingClassifier(n_estimators=3, random_state=1),
        ensemble.VotingClassifier([("a", logistic), ("b", naive_bayes.GaussianNB())]),
        ensemble.StackingClassifier([("a", logistic), ("b", naive_bayes.GaussianNB())], cv=2),
        tree.DecisionTreeClassifier(max_depth=3, random_state=1),
        neighbors.KNeighborsClassifier(),
        neighbors.NearestCentroid(),
        svm.SVC(random_state=1),
        svm.LinearSVC(random_state=1, dual=False),
        naive_bayes.GaussianNB(),
        naive_bayes.BernoulliNB(),
        discriminant_analysis.LinearDiscriminantAnalysis(),
        discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.1),
        neural_network.MLPClassifier((4,), max_iter=20, random_state=1),
        linear_model.SGDClassifier(random_state=1),
        linear_model.RidgeClassifier(),
        linear_model.Perceptron(random_state=1),
        linear_model.LogisticRegressionCV(cv=2, max_iter=500),
        calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2),
        multiclass.OneVsRestClassifier(logistic),
        gaussian_process.GaussianProcessClassifier(random_state=1),
        dummy.DummyClassifier(strategy="prior"),
        model_selection.GridSearchCV(logistic, {"C": [0.1, 1.0]}, cv=2),
    ]


def regressors() -> list[Model]:
    """Estimators that tell an amount."""
    return [
        linear_model.LinearRegression(),
        linear_model.Ridge(),
        linear_model.Lasso(),
        linear_model.ElasticNet(),
        linear_model.BayesianRidge(),
        linear_model.HuberRegressor(),
        linear_model.PoissonRegressor(max_iter=500),
        linear_model.RANSACRegressor(random_state=1),
        ensemble.RandomForestRegressor(4, max_depth=3, random_state=1),
        ensemble.GradientBoostingRegressor(n_estimators=2, random_state=1),
        ensemble.HistGradientBoostingRegressor(max_iter=2, random_state=1),
        tree.DecisionTreeRegressor(max_depth=3, random_state=1),
        neighbors.KNeighborsRegressor(),
        svm.SVR(),
        neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=1),
        gaussian_process.GaussianProcessRegressor(random_state=1),
        kernel_ridge.KernelRidge(),
        cross_decomposition.PLSRegression(n_components=2),
        compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1),
    ]  # fmt: skip


def groupings() -> list[Model]:
    """Estimators that learn without being told an answer."""
    return [
        cluster.KMeans(3, n_init=2, random_state=1),
        cluster.MiniBatchKMeans(3, n_init=2, random_state=1),
        cluster.Birch(n_clusters=3),
        cluster.MeanShift(),
        ensemble.IsolationForest(n_estimators=5, random_state=1),
        svm.OneClassSVM(),
        neighbors.LocalOutlierFactor(novelty=True),
        mixture.GaussianMixture(2, random_state=1),
    ]


def pipelines() -> list[Model]:
    """Steps before a classifier."""
    return [
        pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC(random_state=1)),
        pipeline.make_pipeline(
            impute.SimpleImputer(add_indicator=True),
            preprocessing.PolynomialFeatures(2),
            feature_selection.SelectKBest(feature_selection.f_classif, k=5),
            linear_model.LogisticRegression(max_iter=500),
        ),
        pipeline.make_pipeline(
            pipeline.make_union(
                decomposition.PCA(2, random_state=1),
                preprocessing.QuantileTransformer(n_quantiles=5),
            ),
            preprocessing.KBinsDiscretizer(3, strategy="uniform"),
            naive_bayes.MultinomialNB(),
        ),
    ]


def people_model() -> Model:
    """Named columns of text, truth values and numbers, each treated in its way."""
    columns = compose.ColumnTransformer(
        [
            ("numbers", pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.RobustScaler()), ["age"]),
            ("words", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city", "member"]),
            ("ranks", preprocessing.OrdinalEncoder(), ["visits"]),
        ]
    )  # fmt: skip
    return pipeline.Pipeline(
        [("columns", columns), ("model", linear_model.LogisticRegression(max_iter=500))]
    )


def fitted() -> Iterator[tuple[str, Model, Any, dict[str, Any]]]:
    """Name, model, rows, and what the library tells besides the class."""
    x = data.numbers()
    unnamed: dict[str, Any] = {"features": [[None, "double"]] * 4}
    groups: tuple[tuple[list[Model], Any], ...] = (
        (classifiers(), data.kinds()),
        (regressors(), abs(data.amounts())),
        (groupings(), None),
    )
    for models, y in groups:
        for model in models:
            model.fit(x, y)
            told: dict[str, Any] = dict(unnamed) if _keeps_width(model) else {"features": []}
            if models is not groups[1][0] and hasattr(model, "classes_"):
                told["classes"] = model.classes_
            yield type(model).__name__, model, x, told
    for at, model in enumerate(pipelines()):
        model.fit(x, data.kinds())
        yield f"pipeline-{at}", model, x, {**unnamed, "classes": model.classes_}
    people = people_model().fit(data.people(), data.answers())
    told = {"features": data.PEOPLE_COLUMNS, "classes": people.classes_}
    yield "people", people, data.people(), told
    texts = pipeline.make_pipeline(
        feature_extraction.text.TfidfVectorizer(), linear_model.SGDClassifier(random_state=1)
    ).fit(data.texts(), data.topics())
    yield "texts", texts, data.texts(), {"classes": texts.classes_}


def _keeps_width(model: Model) -> bool:
    """Whether the model keeps how many columns it has seen: a DummyClassifier before 1.5 does not."""
    return getattr(model, "n_features_in_", None) is not None or hasattr(model, "coef_")


def _joblib(**settings: Any) -> Callable[[Model], bytes]:
    def dump(model: Model) -> bytes:
        file = io.BytesIO()
        joblib.dump(model, file, **settings)
        return file.getvalue()

    return dump


WRITERS: dict[str, Callable[[Model], bytes]] = {
    "cloudpickle": cloudpickle.dumps,
    "joblib": _joblib(),
    "joblib-protocol-2": _joblib(protocol=2),
    "joblib-zlib": _joblib(compress=3),
    "joblib-gzip": _joblib(compress=("gzip", 3)),
    "joblib-bz2": _joblib(compress=("bz2", 3)),
    "joblib-xz": _joblib(compress=("xz", 3)),
    "joblib-lzma": _joblib(compress=("lzma", 3)),
    "joblib-lz4": _joblib(compress=("lz4", 3)),
}
for _protocol in range(6):
    WRITERS[f"pickle-{_protocol}"] = partial(pickle.dumps, protocol=_protocol)

EVERY_WAY = ("people", "RandomForestClassifier")
"""Models that are saved in every way; the others by pickle alone."""


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files("scikit-learn", "numpy", "scipy", "joblib", "cloudpickle")
    for name, model, rows, told in fitted():
        given = {"columns": None, "rows": rows[:5]} if name == "texts" else table(rows)
        for saved in WRITERS if name in EVERY_WAY else ("pickle-4",):
            file = f"{name}.{saved}"
            files.write(file, WRITERS[saved](model))
            files.note(
                file,
                saved=saved,
                format=saved.split("-")[0].replace("cloudpickle", "pickle"),
                given=given,
                predictions=model.predict(rows[:5]),
                estimator=class_of(model),
                **told,
            )


if __name__ == "__main__":
    main()
