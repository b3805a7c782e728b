"""docs/formats.md says what the corpus shows today."""

from tests.corpus.table import PAGE, render


def test_the_page_of_formats_is_as_the_corpus_is() -> None:
    assert PAGE.read_text() == render(), "python -m tests.corpus.table"
