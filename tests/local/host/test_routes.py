"""Route templates match as in ASP.NET Core."""

import pytest

from local.host import routes


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("jobs", "jobs", {}),
        ("jobs", "JOBS/", {}),
        ("jobs", "jobs/1", None),
        ("{*rest}", "", {}),
        ("{*rest}", "a/b", {"rest": "a/b"}),
        ("files/{**rest}", "files/a/b", {"rest": "a/b"}),
        ("files/{*rest}", "filesystem", None),
        ("a/{x}", "a", None),
        ("a/{x?}", "a", {}),
        ("a/{x?}", "a/b", {"x": "b"}),
        ("a/{x=5}", "a", {"x": "5"}),
        ("a/{x=5}", "a/6", {"x": "6"}),
        ("a/{x:int?}", "a", {}),
        ("a/{x:int?}", "a/b", None),
        ("{name}.{kind}", "a.b.txt", {"name": "a.b", "kind": "txt"}),
        (
            "{id:guid}",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            {"id": "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
        ),
        ("{id:guid}", "6f9619ff", None),
        ("{x:alpha:length(2,3)}", "abc", {"x": "abc"}),
        ("{x:alpha:length(2,3)}", "abcd", None),
        ("{x:alpha:length(2,3)}", "a1", None),
        ("{x:range(1,5)}", "5", {"x": "5"}),
        ("{x:range(1,5)}", "6", None),
        ("{x:range(1,5)}", "x", None),
        ("{x:min(3)}", "2", None),
        ("{x:maxlength(2)}", "abc", None),
        (r"{x:regex(^\d{{2}}$)}", "42", {"x": "42"}),
        (r"{x:regex(^\d{{2}}$)}", "421", None),
        ("{x:bool}", "True", {"x": "True"}),
        ("a.b", "aXb", None),
    ],
)
def test_a_path_fits_a_template_or_not(
    template: str, path: str, expected: dict[str, str] | None
) -> None:
    assert routes.parse(template).match(path) == expected


@pytest.mark.parametrize("template", ["a/{x", "{x:odd}", "{x:length(two)}", "{}"])
def test_a_template_that_cannot_be_read_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="route"):
        routes.parse(template)
