"""Model files of XGBoost, LightGBM and CatBoost: what is read is what the library says, whichever release wrote them."""

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost

from shared.domain.inspection import (
    Column,
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.inspection_json import parse_inspection, render_inspection
from shared.domain.reading.facts.boosters import BoosterFacts
from shared.domain.reading.facts.embedded_boosters import describe_booster
from shared.domain.reading.limits import DEFAULT_LIMITS, KIB
from shared.domain.reading.reader import read_model
from tests.corpus.keeping import Kept, load_kept

RANDOM = np.random.RandomState(7)
ROWS = RANDOM.rand(300, 4)
THIRDS = (ROWS[:, 0] * 3).astype(int)
HALVES = (ROWS[:, 0] > 0.5).astype(int)
PEOPLE = pd.DataFrame(
    {
        "age": RANDOM.randint(0, 90, 300),
        "income": ROWS[:, 1],
        "smoker": ROWS[:, 2] > 0.5,
        "a city": pd.Categorical(np.array(["Bonn", "Rom", "Ulm"])[THIRDS]),
        "floor": pd.Categorical(THIRDS + 5),
    }
)
OLD_BINARY = (".bin", ".deprecated")


def read(data: bytes) -> Inspection:
    return read_model(io.BytesIO(data), len(data), "0" * 64, lambda _: None)


def refused(data: bytes) -> UnreadableModel:
    with pytest.raises(UnreadableModel) as caught:
        read(data)
    return caught.value


def kept(kind: str) -> list[Kept]:
    return [
        one
        for one in load_kept()
        if one.note["format"] == kind and not one.file.endswith(OLD_BINARY)
    ]


def names(entries: list[Kept]) -> list[str]:
    return [entry.name for entry in entries]


def detail(found: Inspection, name: str) -> str | None:
    return dict(found.details).get(name)


def xgboost_file(booster: Any, kind: str) -> bytes:
    return bytes(booster.save_raw(kind))


def people_booster() -> xgboost.Booster:
    matrix = xgboost.DMatrix(PEOPLE, HALVES, enable_categorical=True)
    return xgboost.train({"objective": "binary:logistic"}, matrix, 5)


def lightgbm_booster(rows: Any, y: Any, **params: Any) -> lightgbm.Booster:
    return lightgbm.train({"verbosity": -1, **params}, lightgbm.Dataset(rows, y), 5)


def catboost_file(model: Any, folder: Path, kind: str = "cbm") -> bytes:
    path = folder / f"model.{kind}"
    model.save_model(str(path), format=kind)
    return path.read_bytes()


def catboost_model(kind: type[Any], rows: Any, y: Any, **params: Any) -> Any:
    settings = {"iterations": 4, "verbose": False, "allow_writing_files": False, **params}
    return kind(**settings).fit(rows, y)


@pytest.mark.parametrize("entry", kept("xgboost"), ids=names(kept("xgboost")))
def test_what_is_read_of_an_xgboost_file_is_what_xgboost_says(entry: Kept) -> None:
    found = read(entry.path.read_bytes())
    booster = xgboost.Booster(model_file=entry.path)
    config = json.loads(booster.save_config())["learner"]
    linear = config["gradient_booster"]["name"] == "gblinear"

    assert (found.format, found.verdict, found.flavor) == (
        ModelFormat.XGBOOST,
        Verdict.CLEAN,
        "xgboost",
    )
    assert [column.name for column in found.features] == (
        booster.feature_names or [None] * booster.num_features()
    )
    assert found.libraries == (("xgboost", entry.environment.removeprefix("xgboost-")),)
    assert detail(found, "objective") == config["objective"]["name"]
    assert detail(found, "trees") == (None if linear else str(len(booster.get_dump())))
    assert parse_inspection(render_inspection(found)) == found


@pytest.mark.parametrize("entry", kept("lightgbm"), ids=names(kept("lightgbm")))
def test_what_is_read_of_a_lightgbm_file_is_what_lightgbm_says(entry: Kept) -> None:
    found = read(entry.path.read_bytes())
    booster = lightgbm.Booster(model_file=entry.path)

    assert (found.format, found.verdict, found.flavor) == (
        ModelFormat.LIGHTGBM,
        Verdict.CLEAN,
        "lightgbm",
    )
    told = [column.name or f"Column_{at}" for at, column in enumerate(found.features)]
    assert told == booster.feature_name()
    assert (found.libraries, found.needs) == ((), ("lightgbm",))
    assert detail(found, "trees") == str(booster.num_trees())
    assert detail(found, "objective") == booster.params["objective"]
    assert detail(found, "file version") == ("v4" if "-4." in entry.environment else "v3")


@pytest.mark.parametrize("entry", kept("catboost"), ids=names(kept("catboost")))
def test_what_is_read_of_a_catboost_file_is_what_catboost_says(entry: Kept) -> None:
    found = read(entry.path.read_bytes())
    model = catboost.CatBoost().load_model(str(entry.path))
    categorical = model.get_cat_feature_indices()

    assert (found.format, found.verdict, found.flavor) == (
        ModelFormat.CATBOOST,
        Verdict.CLEAN,
        "catboost",
    )
    assert [column.name or str(at) for at, column in enumerate(found.features)] == (
        model.feature_names_
    )
    assert [at for at, one in enumerate(found.features) if one.type == "string"] == categorical
    assert detail(found, "trees") == str(model.tree_count_)
    assert detail(found, "objective") == model.get_all_params()["loss_function"]
    assert list(found.classes) == list(model.classes_)


@pytest.mark.parametrize("kind", ["json", "ubj"])
def test_types_and_categories_of_columns_come_from_the_xgboost_file(kind: str) -> None:
    found = read(xgboost_file(people_booster(), kind))

    assert [(column.name, column.type) for column in found.features] == [
        ("age", "long"),
        ("income", "double"),
        ("smoker", "boolean"),
        ("a city", "long"),
        ("floor", "long"),
    ]
    assert found.sample_row == (0, 0.0, False, 0, 0)
    assert detail(found, "takes category numbers") == (
        "a city: 0=Bonn 1=Rom 2=Ulm; floor: 0=5 1=6 2=7"
    )
    assert (found.estimator, found.classes) == ("xgboost.Booster", (0, 1))
    assert detail(found, "predicts") == "the probability of the second class"


@pytest.mark.parametrize("booster", ["gbtree", "gblinear", "dart"])
def test_json_and_ubjson_tell_the_same(booster: str) -> None:
    learn = {"booster": booster, "objective": "multi:softprob", "num_class": 3}
    model = xgboost.train(learn, xgboost.DMatrix(ROWS, THIRDS), 4)
    text, binary = (read(xgboost_file(model, kind)) for kind in ("json", "ubj"))

    assert (text.details, text.features, text.classes) == (
        binary.details,
        binary.features,
        binary.classes,
    )
    assert (text.classes, detail(text, "booster")) == ((0, 1, 2), booster)
    assert text.features == (Column(name=None, type="double"),) * 4
    assert detail(text, "trees") == (None if booster == "gblinear" else "12")


def test_an_estimator_of_xgboost_is_loaded_by_its_class(tmp_path: Path) -> None:
    for model, y in (
        (xgboost.XGBClassifier(n_estimators=3), THIRDS),
        (xgboost.XGBRegressor(n_estimators=3), ROWS[:, 1]),
    ):
        model.fit(ROWS, y).save_model(tmp_path / "model.json")
        found = read((tmp_path / "model.json").read_bytes())
        assert found.estimator == f"xgboost.{type(model).__name__}"
        assert found.needs == ("scikit-learn",)


def test_lightgbm_columns_have_plausible_samples_and_pandas_categories_are_texts() -> None:
    people = PEOPLE.drop(columns="floor").rename(columns={"a city": "city"})
    booster = lightgbm_booster(people, THIRDS, objective="multiclass", num_class=3)
    found = read(booster.model_to_string().encode())

    assert [column.type for column in found.features] == ["double"] * 3 + ["string"]
    assert found.sample_row is not None
    assert found.sample_row[3] == "Bonn"
    for at, name in enumerate(("age", "income")):
        assert people[name].min() <= float(found.sample_row[at] or 0) <= people[name].max()
    assert (found.classes, found.obstacle) == ((0, 1, 2), None)


@pytest.mark.parametrize("categories", [b"true", b"5", b'"a"', b'{"a": 1}'])
def test_pandas_categories_that_are_no_list_are_an_obstacle(categories: bytes) -> None:
    header = b"tree\nversion=v4\nnum_class=1\nlabel_index=0\nmax_feature_idx=0\nfeature_names=a\nfeature_infos=none\n"
    found = read(header + b"\nend of trees\n\npandas_categorical:" + categories + b"\n")
    assert found.obstacle
    assert "category type" in found.obstacle.why


def test_pandas_categories_that_json_cannot_bring_are_an_obstacle() -> None:
    halves = pd.DataFrame({"a": ROWS[:, 1], "half": pd.Categorical(THIRDS / 2)})
    found = read(lightgbm_booster(halves, HALVES).model_to_string().encode())

    assert found.obstacle is not None
    assert "category type" in found.obstacle.why


def test_catboost_names_kinds_and_labels_come_from_the_file(tmp_path: Path) -> None:
    rows = PEOPLE.assign(note=["good word", "bad thing"] * 150, floor=THIRDS + 5)
    rows["a city"] = rows["a city"].astype(str)
    model = catboost_model(
        catboost.CatBoostClassifier,
        rows,
        np.array(["no", "yes"])[HALVES],
        cat_features=["a city", "floor"],
        text_features=["note"],
    )
    found = read(catboost_file(model, tmp_path))

    assert [(column.name, column.type) for column in found.features] == [
        ("age", "double"),
        ("income", "double"),
        ("smoker", "double"),
        ("a city", "string"),
        ("floor", "string"),
        ("note", "string"),
    ]
    assert found.libraries == (("catboost", catboost.__version__),)
    assert (found.estimator, found.classes) == ("catboost.CatBoostClassifier", ("no", "yes"))
    assert found.sample_row is not None
    assert len(model.predict([list(found.sample_row)])) == 1


def test_a_catboost_model_of_whole_lists_has_no_signature(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": ROWS[:, 1], "e": list(RANDOM.rand(300, 4))})
    model = catboost_model(
        catboost.CatBoostClassifier, rows, HALVES, embedding_features=["e"], depth=2
    )
    found = read(catboost_file(model, tmp_path))

    assert (found.features, found.sample_row) == ((), None)
    assert detail(found, "embedding columns") == "e"


def test_what_a_library_writes_for_other_purposes_is_refused_with_what_to_save(
    tmp_path: Path,
) -> None:
    booster = people_booster()
    trees = lightgbm_booster(ROWS, HALVES)
    model = catboost_model(catboost.CatBoostRegressor, ROWS, HALVES)
    snapshot = bytes(booster.__getstate__()["handle"])
    for data, remedy in (
        (snapshot, "booster.save_model('model.json')"),
        (json.dumps(trees.dump_model()).encode(), "booster.save_model('model.txt')"),
        (catboost_file(model, tmp_path, "json"), "model.save_model('model.cbm')"),
        (b"binf" + bytes(200), "booster.save_model('model.json')"),
    ):
        error = refused(data)
        assert error.code is UnreadableCode.UNSUPPORTED
        assert remedy in error.next
    assert refused(booster.save_config().encode()).code is UnreadableCode.NOT_A_MODEL
    assert refused(b'{"some": "json"}').code is UnreadableCode.NOT_A_MODEL


def test_the_old_binary_form_is_refused_whichever_release_wrote_it() -> None:
    entries = [one for one in load_kept() if one.file.endswith(OLD_BINARY)]
    parameters_first = entries[0].path.read_bytes().removeprefix(b"binf")
    for data in [one.path.read_bytes() for one in entries] + [parameters_first]:
        assert refused(data).code is UnreadableCode.UNSUPPORTED


def test_a_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    model = catboost_model(catboost.CatBoostClassifier, ROWS, THIRDS)
    booster = people_booster()
    for data in (
        xgboost_file(booster, "json"),
        xgboost_file(booster, "ubj"),
        lightgbm_booster(ROWS, HALVES).model_to_string().split("feature_importances")[0].encode(),
        catboost_file(model, tmp_path),
    ):
        assert read(data).verdict is Verdict.CLEAN
        for cut in range(1, len(data) - 40, len(data) // 23):
            assert isinstance(refused(data[:cut]), UnreadableModel)


def test_tree_sizes_that_lie_are_refused() -> None:
    """LightGBM reads a tree wherever its size says, also outside of the file."""
    text = lightgbm_booster(ROWS, HALVES).model_to_string()
    sizes = text.split("tree_sizes=")[1].split("\n")[0]
    first, *others = sizes.split(" ")
    for lie in (str(int(first) + 1), "9" * 11, "-5", "", "1e3"):
        changed = text.replace(sizes, " ".join([lie, *others]))
        assert refused(changed.encode()).code is UnreadableCode.CORRUPT


def test_a_long_file_is_passed_over_in_flat_memory() -> None:
    document = json.loads(xgboost_file(people_booster(), "json"))
    model = document["learner"]["gradient_booster"]["model"]
    model["trees"] *= 1_500
    model["gbtree_model_param"]["num_trees"] = "7500"
    data = json.dumps(document).encode()
    del document, model

    tracemalloc.start()
    found = read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(data) > 8_000 * KIB
    assert peak < 4_000 * KIB
    assert detail(found, "trees") == "7500"


def facts_of(data: bytes, ends: int) -> BoosterFacts:
    found = describe_booster(data[:ends], data[-ends:], len(data), DEFAULT_LIMITS)
    assert found is not None
    return found


def test_the_ends_of_a_pickled_booster_tell_what_all_of_it_tells(tmp_path: Path) -> None:
    matrix = xgboost.DMatrix(PEOPLE, HALVES, enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic"}, matrix, 400)
    trees = lightgbm.train(
        {"verbosity": -1, "objective": "binary"}, lightgbm.Dataset(PEOPLE, HALVES), 400
    )
    model = catboost_model(catboost.CatBoostClassifier, ROWS, THIRDS, iterations=400)
    for data in (
        bytes(booster.__getstate__()["handle"]),
        trees.model_to_string().encode(),
        catboost_file(model, tmp_path),
    ):
        assert len(data) > 4 * 64 * KIB
        whole = describe_booster(data, b"", len(data), DEFAULT_LIMITS)
        ends = facts_of(data, 64 * KIB)
        assert whole is not None
        assert (ends.library, ends.version, ends.columns, ends.classes, ends.trees) == (
            whole.library,
            whole.version,
            whole.columns,
            whole.classes,
            whole.trees,
        )
        assert (ends.objective, ends.named, ends.sample) == (
            whole.objective,
            whole.named,
            whole.sample,
        )


def test_a_pickled_booster_of_the_old_binary_form_is_told_by_its_configuration() -> None:
    config = b'{"learner":{"learner_model_param":{"num_class":"3","num_feature":"4"},'
    config += b'"objective":{"name":"multi:softprob"}},"version":[1,2,1]}'
    found = facts_of(b"CONFIG-offset:" + bytes(8) + b"binf" + bytes(300_000) + config, 64 * KIB)

    assert (found.version, found.objective, found.classes) == ("1.2.1", "multi:softprob", (0, 1, 2))
    assert len(found.columns) == 4


@pytest.mark.parametrize("data", [b"", b"{", b"{L", b"tree\n", b"CBM1", b"CBM1" + b"\xff" * 40])
def test_bytes_that_are_no_booster_tell_nothing(data: bytes) -> None:
    found = describe_booster(data, data, len(data) + 5, DEFAULT_LIMITS)

    assert found is None or (found.version, found.objective, found.columns) == (None, None, ())
