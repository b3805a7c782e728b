"""Lists of Azure Resource Manager, over all their pages: a whole list, or a `CloudError`.

What a list does not show may be taken for gone, and other things be removed for that. So no list ends
early without a word: because a page is missing, makes no sense, leads away, or comes again.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared import patience
from shared.adapters.arm_rest import ArmClient, Document
from shared.adapters.system import SystemRandom
from shared.domain.errors import CloudError, Trouble
from shared.domain.reasons import Reason
from shared.domain.retry import retry_delay

TRIES = 4
"""How often a page of a long list is asked for before the list is given up."""

LONGEST_WAIT = 30.0
"""Seconds between two tries; where the cloud says to come again later than that, there is no other."""

_MOMENTARY = (Trouble.TRANSIENT, Trouble.THROTTLED)
_CHANCE = SystemRandom()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and the address of the next one where there is one."""

    entries: list[Document]
    link: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """What it shows, however that has changed meanwhile."""
        return tuple(str(entry.get("id") or entry.get("name")) for entry in self.entries)


class ArmLists:
    """Reads lists; `pause` waits for so many seconds."""

    def __init__(self, arm: ArmClient, *, pause: Callable[[float], None]) -> None:
        self._arm = arm
        self._pause = pause

    def read_all(self, path: str, *, deadline: float) -> Iterator[Document]:
        """The entries of a list in the time of one call; none where there is no such list."""

        def ask(link: str) -> Page:
            return self._page(self._arm.read(link, deadline=deadline))

        return _entries(path, ask, optional=True)

    def read_long(self, path: str, *, optional: bool = False) -> Iterator[Document]:
        """The entries of a list however long, for who can wait: each try of a page has the time of a call.

        What fails for the moment is tried again, `TRIES` times in all, unless somebody is in a hurry. A list that is `optional` has no
        entries where it is not there; any other is always there, if the workspace is.
        """
        return _entries(path, self._ask_patiently, optional=optional)

    def _ask_patiently(self, link: str) -> Page:
        tries = 1 if math.isfinite(patience.longest_call()) else TRIES
        for attempt in range(1, tries):
            try:
                return self._ask_once(link)
            except CloudError as error:
                if error.trouble not in _MOMENTARY or (error.retry_after or 0) > LONGEST_WAIT:
                    raise
                told = error.retry_after
                self._pause(retry_delay(error.trouble, attempt, told, _CHANCE.jitter()))
        return self._ask_once(link)

    def _ask_once(self, link: str) -> Page:
        return self._page(self._arm.ask(link, deadline=self._arm.deadline()))

    def _page(self, document: Document) -> Page:
        """A page as it was answered; raises `CloudError` where it makes no sense."""
        entries, link = document.get("value"), document.get("nextLink")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise CloudError(Trouble.TRANSIENT, "unreadable", "a page of a list has no entries")
        if link in (None, ""):
            return Page(entries, None)
        if not self._arm.is_here(link):
            message = f"the list goes on at another service: {str(link)[:200]}"
            raise CloudError(Trouble.PERMANENT, "foreign_link", message)
        return Page(entries, str(link))


def _entries(path: str, ask: Callable[[str], Page], *, optional: bool) -> Iterator[Document]:
    page = _first(path, ask, optional=optional)
    seen: set[int] = set()
    while page is not None:
        marks = {hash(mark) for mark in (page.names, page.link) if mark}
        if marks & seen:
            message = f"the list has come to the same page again: {str(page.link or path)[:200]}"
            raise CloudError(Trouble.TRANSIENT, "repeated_page", message)
        seen |= marks
        yield from page.entries
        page = _next(page.link, ask) if page.link else None


def _first(path: str, ask: Callable[[str], Page], *, optional: bool) -> Page | None:
    try:
        return ask(path)
    except CloudError as error:
        if error.code != Reason.NOT_FOUND:
            raise
        if optional:
            return None
        raise CloudError(Trouble.PERMANENT, Reason.WORKSPACE, error.message) from error


def _next(link: str, ask: Callable[[str], Page]) -> Page:
    try:
        return ask(link)
    except CloudError as error:
        if error.code != Reason.NOT_FOUND:
            raise
        message = f"a page in the middle of the list is not there: {error.message}"
        raise CloudError(Trouble.TRANSIENT, "page_gone", message) from error
