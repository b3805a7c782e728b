"""What the reader says of every kept file is what the library that made it says, and what the recipe knows."""

from fnmatch import fnmatch

import pytest

from shared.adapters.model_reader import ProcessModelReader
from shared.domain.inspection import UnreadableCode, UnreadableModel
from tests.corpus.reading import (
    KEPT,
    READABLE,
    TELLS,
    UNREADABLE,
    as_noted,
    inspect,
    made_with,
)

ENVIRONMENTS = sorted({KEPT[name].environment for name in READABLE})
FORMS_GIVEN_UP = [name for name, kept in KEPT.items() if kept.note["judged"] == UNREADABLE]
ONE_OF_EACH = list(
    {(kept.environment, kept.note["format"]): kept.name for kept in KEPT.values()}.values()
)


def readable_of(environment: str) -> list[str]:
    return [name for name in READABLE if KEPT[name].environment == environment]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_file_is_judged_as_it_deserves(environment: str) -> None:
    for name in readable_of(environment):
        found = inspect(name)

        assert found.verdict == KEPT[name].note["judged"], (name, found.reasons, found.refused)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_its_format_and_all_that_its_library_tells_are_told(environment: str) -> None:
    for name in readable_of(environment):
        found, kept = inspect(name), KEPT[name]
        told = {fact: value for fact, value in kept.told.items() if fact != "flavor"}

        assert found.format == kept.note["format"], name
        assert {fact: as_noted(found, fact) for fact in told} == told, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_version_is_told_but_that_which_made_it(environment: str) -> None:
    for name in readable_of(environment):
        found, true = inspect(name), made_with(KEPT[name])
        told = dict(found.libraries)
        known = told.keys() & true.keys()

        assert {each: told[each] for each in known} == {each: true[each] for each in known}, name
        assert {each for pattern, each in TELLS.items() if fnmatch(name, pattern)} <= told.keys()
        assert found.python_version in (None, KEPT[name].note["python"]), name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_has_a_sample_where_its_inputs_are_known_in_full(environment: str) -> None:
    for name in readable_of(environment):
        found = inspect(name)
        free = [length for tensor in found.inputs for length in tensor.shape[1:] if length < 0]
        row = found.sample_row

        assert not found.features or (row and len(row) == len(found.features)), name
        assert not found.inputs or free or found.sample_input is not None, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_what_cannot_be_served_alone_has_an_obstacle(environment: str) -> None:
    for name in readable_of(environment):
        found = inspect(name)

        assert (found.obstacle is None) == KEPT[name].note["served"], (name, found.obstacle)


@pytest.mark.parametrize("name", FORMS_GIVEN_UP)
def test_a_form_that_its_library_has_given_up_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(UnreadableModel) as caught:
        inspect(name)

    assert caught.value.code is UnreadableCode.UNSUPPORTED
    assert caught.value.next


def test_the_process_that_reads_for_the_product_says_the_same() -> None:
    reader = ProcessModelReader()

    for name in ONE_OF_EACH:
        if name in READABLE:
            with KEPT[name].path.open("rb") as file:
                assert reader.read(file, digest=KEPT[name].sha256) == inspect(name)
