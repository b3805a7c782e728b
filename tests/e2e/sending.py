"""Files sent straight to storage, as a user sends them."""

import subprocess
from pathlib import Path
from typing import Any

from local.processes import wait_until
from tests.e2e.user import SELDOM, Json, User


def begin(user: User, **asked: Any) -> Json:
    answer = user.http.post("/uploads", json=asked)
    assert answer.status_code == 201, answer.text
    shown: Json = answer.json()
    return shown


def confirm(user: User, upload_id: str, **told: str) -> None:
    answer = user.http.post(f"/uploads/{upload_id}/confirm", json=told)
    assert answer.status_code == 202, answer.text


def wait_finished(user: User, upload_id: str, *, seconds: float = 60) -> Json:
    """The upload once it has come to an end."""
    seen: Json = {}

    def finished() -> bool:
        answer = user.http.get(f"/uploads/{upload_id}")
        seen.update(answer.json())
        return "retry-after" not in answer.headers

    wait_until(finished, seconds=seconds, what=f"upload {upload_id}", every=SELDOM)
    return seen


def paste(command: str, folder: Path) -> None:
    """What a person does with a command that they were given."""
    done = subprocess.run(
        ["bash", "-c", f"{command} --fail --silent --show-error"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
