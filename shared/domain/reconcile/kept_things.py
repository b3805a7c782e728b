"""What of all that lies in a store is ours, by the form of its key; a package is one thing with all its files.

The container is the workspace's own, and others keep their files in it: what has another form is left alone.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.ids import parse_artifact_id, parse_id


class Sort(StrEnum):
    """What a thing is; its folder is named so. Its `about` is a digest, or the id of an artifact or a deployment."""

    CONTENT = "content"
    DESCRIPTION = "artifacts"
    PACKAGE = "packages"
    LOG = "logs"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing, by the name under which its bytes lie: a key, or a folder."""

    sort: Sort
    name: str
    about: str


_DIGEST = "[0-9a-f]{64}"
_FORMS = {
    Sort.CONTENT: re.compile(rf"(content/({_DIGEST}))"),
    Sort.DESCRIPTION: re.compile(r"(artifacts/([a-z]+-[0-9]+-[0-9]+)/metadata\.json)"),
    Sort.PACKAGE: re.compile(rf"(packages/({_DIGEST}))/.+"),
    Sort.LOG: re.compile(r"(logs/([0-9]{20})(?:-[0-9]{1,9})?\.txt)"),
}


def parse_key(key: str) -> Thing | None:
    """The thing that a key is of; None where it has no form of ours."""
    for sort, form in _FORMS.items():
        if match := form.fullmatch(key):
            name, about = match.groups()
            return Thing(sort, name, about) if _is_id(sort, about) else None
    return None


def _is_id(sort: Sort, about: str) -> bool:
    if sort is Sort.DESCRIPTION:
        return parse_artifact_id(about) is not None
    return sort is not Sort.LOG or parse_id(about) is not None
