"""What the API answers about files on their way in, as models: they are the OpenAPI."""

import shlex
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from functions.deploy_http.catalogue_answers import NextPage
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.ports import Link
from shared.service.intake.begin import Begun

_MOST_IN_ONE = 5000 * 1024 * 1024  # bytes of a PUT, by Blob Storage; azcopy sends blocks
_WAITS = {
    IntakeState.WAITING: "The file is awaited: upload it as POST /uploads said, then POST /uploads/{}/confirm.",
    IntakeState.READING: "The file is read and judged.",
}
UploadId = Annotated[str, Field(examples=["20251118172903100000"])]


class UploadAnswer(BaseModel):
    """A file on its way in, and what became of it."""

    upload_id: UploadId
    state: IntakeState
    type: ArtifactKind
    name: str = Field(description="Of a model: its line.", examples=["iris"])
    filename: str
    source: str | None = Field(description="Where it is taken from; null for an upload.")
    size: int | None = Field(description="Bytes, as far as they are known.")
    waiting: str | None = Field(description="What it waits for, in a sentence.")
    trouble: str | None = Field(description="What went wrong last, while it is tried again.")
    artifact_id: str | None = Field(
        description="Once it is stored: the id of the model, dataset or code.",
        examples=["model-1-1763486943100000"],
    )
    problem: dict[str, Any] | None = Field(
        description="Once it is refused: what an upload over HTTP would have been told."
    )
    created_at: datetime
    expires_at: datetime | None = Field(description="Until when it has to be confirmed.")
    finished_at: datetime | None


class UploadList(BaseModel):
    """Files on their way in, and those that have ended, newest first; `total` counts the whole list."""

    uploads: list[UploadAnswer]
    total: int
    next_page: NextPage


class UploadBegun(UploadAnswer):
    """A place in storage that one file may be written to."""

    url: str | None = Field(
        description="Where to put the file: an address that is a secret. Null once it is confirmed."
    )
    method: str | None = Field(examples=["PUT"])
    headers: dict[str, str] = Field(examples=[{"x-ms-blob-type": "BlockBlob"}])
    command: str | None = Field(description="Ready to paste: uploads the file.")


def render_upload(intake: Intake) -> UploadAnswer:
    """An intake as the API shows it."""
    return UploadAnswer(**_shown(intake))


def render_begun(begun: Begun) -> UploadBegun:
    """The same with the way to write the file, while that is awaited."""
    link = begun.link
    return UploadBegun(
        **_shown(begun.intake),
        url=link.url if link else None,
        method=link.method if link else None,
        headers=dict(link.headers) if link else {},
        command=_command(begun.intake, link) if link else None,
    )


def _shown(intake: Intake) -> dict[str, Any]:
    waits = _WAITS.get(intake.state)
    return {
        "upload_id": intake.id,
        "state": intake.state,
        "type": intake.kind,
        "name": intake.name,
        "filename": intake.filename,
        "source": intake.source or None,
        "size": intake.size or None,
        "waiting": waits.format(intake.id) if waits else None,
        "trouble": intake.trouble or None,
        "artifact_id": intake.artifact_id or None,
        "problem": dict(intake.problem) or None,
        "created_at": intake.created_at,
        "expires_at": intake.expires_at if intake.state is IntakeState.WAITING else None,
        "finished_at": intake.finished_at,
    }


def _command(intake: Intake, link: Link) -> str:
    """What uploads the file; a shell cannot read anything else into its name."""
    file = shlex.quote("./" + (intake.filename or "model"))
    url = shlex.quote(link.url)
    if intake.size > _MOST_IN_ONE:
        return f"azcopy copy {file} {url}"
    headers = " ".join(
        f"-H {shlex.quote(f'{name}: {text}')}" for name, text in link.headers.items()
    )
    # -f: an error is no success (`--fail-with-body` is too new for many); -g: brackets in a name are its own
    return f"curl -f -g -X {link.method} {headers} -T {file} {url}"
