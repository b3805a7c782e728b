"""An operator of a running cloud: begins reconciliations, watches them, and reads what they found."""

from collections.abc import Callable
from dataclasses import dataclass

from local.processes import wait_until
from tests.e2e.user import SELDOM, Json, User

OVER = ("done", "failed", "needs_approval")


@dataclass
class Report:
    """A run that has ended, what it found, and its page for people."""

    run: Json
    items: list[Json]
    page: str

    @property
    def cases(self) -> list[tuple[str, str]]:
        """What was found, and of what, in order."""
        return sorted((each["case"], each["subject"]) for each in self.items)

    @property
    def repaired(self) -> list[tuple[str, str]]:
        """What was repaired."""
        repaired = (each for each in self.items if each["state"] == "repaired")
        return sorted((each["case"], each["subject"]) for each in repaired)


def reconcile(user: User, **wanted: object) -> Report:
    """One run, from its beginning to its end."""
    return finish(user, begin(user, **wanted))


def begin(user: User, **wanted: object) -> str:
    """Begins a run; its id."""
    answer = user.http.post("/reconcile", json=wanted)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def finish(user: User, run_id: str, *, watch: Callable[[], object] = lambda: None) -> Report:
    """Waits for the end of a run, and reads it; `watch` is called all the while."""

    def is_over() -> bool:
        watch()
        return look(user, run_id)["state"] in OVER

    wait_until(is_over, seconds=300, what=f"the end of run {run_id}", every=SELDOM)
    page = user.http.get(f"/reconcile/runs/{run_id}", params={"format": "text"})
    return Report(look(user, run_id), findings(user, run_id), page.text)


def look(user: User, run_id: str) -> Json:
    """The run as it is now."""
    answer = user.http.get(f"/reconcile/runs/{run_id}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def findings(user: User, run_id: str) -> list[Json]:
    """What a run has found; not more than a page has."""
    answer = user.http.get(f"/reconcile/runs/{run_id}/findings", params={"limit": 100})
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["findings"]
    return found
