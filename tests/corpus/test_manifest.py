"""The kept corpus is what its manifest says, and small."""

import hashlib
from collections import defaultdict

from tests.corpus.environments import ENVIRONMENTS
from tests.corpus.keeping import FOLDER, MANIFEST, load_kept

MOST_BYTES = 20_000_000
MUST_HAVE = {"sklearn", "xgboost", "lightgbm", "catboost", "torch", "keras", "onnx", "statsmodels"}


def test_the_folder_holds_what_the_manifest_names_and_nothing_else() -> None:
    found = {path for path in FOLDER.rglob("*") if path.is_file()} - {MANIFEST}

    assert found == {kept.path for kept in load_kept()}


def test_every_kept_file_is_as_it_was_made() -> None:
    for kept in load_kept():
        content = kept.path.read_bytes()

        assert (kept.sha256, kept.size) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_kept_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < MOST_BYTES


def test_every_environment_has_files_that_are_kept() -> None:
    assert {kept.environment for kept in load_kept()} == {each.name for each in ENVIRONMENTS}


def test_every_model_is_kept_with_an_input_and_what_it_said_to_it() -> None:
    for kept in load_kept():
        assert (kept.note["given"] is None) == (kept.note["predictions"] is None), kept.name


def test_each_library_is_kept_in_two_releases_or_more() -> None:
    releases = defaultdict(set)
    for each in ENVIRONMENTS:
        library, release = each.name.split("-")[:2]
        releases[library].add(release)

    assert {library for library, found in releases.items() if len(found) < 2} == set()
    assert releases.keys() >= MUST_HAVE


def test_scikit_learns_estimators_are_kept_by_the_dozen_in_two_releases_or_more() -> None:
    releases = defaultdict(set)
    for kept in load_kept():
        if kept.environment.startswith("sklearn-"):
            releases[kept.told["estimator"]].add(kept.environment)

    assert sum(len(found) > 1 for found in releases.values()) >= 48
