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

FORMS_GIVEN_UP = [name for name, kept in KEPT.items() if kept.note["judged"] == UNREADABLE]
ONE_OF_EACH = list(
    {(kept.environment, kept.note["format"]): kept.name for kept in KEPT.values()}.values()
)


@pytest.mark.parametrize("name", READABLE)
def test_a_file_is_judged_as_it_deserves(name: str) -> None:
    found = inspect(name)

    assert found.verdict == KEPT[name].note["judged"], (found.reasons, found.refused)


@pytest.mark.parametrize("name", READABLE)
def test_its_format_and_all_that_its_library_tells_are_told(name: str) -> None:
    found, kept = inspect(name), KEPT[name]

    assert found.format == kept.note["format"]
    assert {fact: as_noted(found, fact) for fact in kept.told if fact != "flavor"} == {
        fact: value for fact, value in kept.told.items() if fact != "flavor"
    }


@pytest.mark.parametrize("name", READABLE)
def test_no_version_is_told_but_that_which_made_it(name: str) -> None:
    found, true = inspect(name), made_with(KEPT[name])

    told = dict(found.libraries)
    assert {library: told[library] for library in told.keys() & true.keys()} == {
        library: true[library] for library in told.keys() & true.keys()
    }
    assert {library for pattern, library in TELLS.items() if fnmatch(name, pattern)} <= told.keys()
    assert found.python_version in (None, KEPT[name].note["python"])


@pytest.mark.parametrize("name", READABLE)
def test_it_has_a_sample_where_its_inputs_are_known_in_full(name: str) -> None:
    found = inspect(name)
    free = [length for tensor in found.inputs for length in tensor.shape[1:] if length < 0]

    if found.features:
        assert found.sample_row is not None
        assert len(found.sample_row) == len(found.features)
    if found.inputs and not free:
        assert found.sample_input is not None


@pytest.mark.parametrize("name", READABLE)
def test_only_what_cannot_be_served_alone_has_an_obstacle(name: str) -> None:
    found = inspect(name)

    assert (found.obstacle is None) == KEPT[name].note["served"], found.obstacle


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
