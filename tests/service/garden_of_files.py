"""What is wrong in the stores of a garden, between things that only look so."""

import hashlib
import io
import json
from datetime import timedelta

from shared.domain import ids
from shared.domain.bookkeeping import ClaimKind
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.domain.reconcile.findings import Case
from shared.service import store
from shared.service.catalogue import content, trash, uploads
from shared.service.catalogue.artifacts import FileUpload
from shared.service.intake import rows as intake_rows
from tests.service.reconciling import Reconciled
from tests.service.world import ANNA

Cases = list[tuple[Case, str]]


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def key_of(text: str) -> str:
    """Where a content that is this text belongs."""
    return content.content_key(digest_of(text))


def put(world: Reconciled, text: str) -> str:
    """A content that is this text; its key."""
    world.blobs.put(key_of(text), text.encode())
    return key_of(text)


def add_dataset(world: Reconciled, text: str) -> Artifact:
    upload = FileUpload(
        kind=ArtifactKind.DATASET, file=io.BytesIO(text.encode()), filename="rows.csv", name="rows"
    )
    return uploads.accept_file(world.ports, world.mint, world.policy, ANNA, upload).record


def mint(world: Reconciled, kind: ClaimKind) -> int:
    return world.mint.claim(kind, ANNA.user_key)


def plant_old_trash(world: Reconciled) -> Cases:
    """What is in the trash for longer than its time, when all else is there."""
    key = key_of("thrown away")
    world.blobs.put(trash.trash_key(key), b"thrown away")
    return [(Case.TRASH_EXPIRED, key)]


def plant_wrong(world: Reconciled) -> Cases:
    """What a run repairs."""
    described = content.metadata_key(
        ids.render_artifact_id("model", 1, mint(world, ClaimKind.MODEL))
    )
    world.blobs.put(described, b"{}")
    package = content.package_folder(digest_of("nobody's package"))
    for path in ("conda.yaml", "MLmodel", "data/model.pkl"):
        world.blobs.put(f"{package}/{path}", path.encode())
    log = content.log_key(ids.render_id(mint(world, ClaimKind.DEPLOYMENT)), 2)
    world.blobs.put(log, b"Traceback")
    thrown = add_dataset(world, "thrown away too soon")
    [seen] = world.blobs.list(content.content_key(thrown.content_digest))
    trash.put_away(world.blobs, seen)
    undescribed = content.metadata_key(add_dataset(world, "undescribed").id)
    world.blobs.remove(undescribed)
    return [
        (Case.CONTENT_WITHOUT_RECORD, put(world, "nobody's")),
        (Case.DESCRIPTION_WITHOUT_RECORD, described),
        (Case.PACKAGE_WITHOUT_RECORD, package),
        (Case.LOG_WITHOUT_RECORD, log),
        (Case.CONTENT_IN_TRASH, seen.key),
        (Case.DESCRIPTION_GONE, undescribed),
    ]


def plant_told(world: Reconciled) -> Cases:
    """What a run only tells."""
    gone = content.content_key(add_dataset(world, "gone").content_digest)
    world.blobs.remove(gone)
    return [(Case.CONTENT_GONE, gone)]


def plant_young(world: Reconciled) -> Cases:
    """What nobody names yet; it is told, and left alone."""
    return [(Case.CONTENT_WITHOUT_RECORD, put(world, "young"))]


def plant_look_alikes(world: Reconciled) -> list[str]:
    """Other people's files in the same container; contents of an upload under way, and of another installation."""
    theirs = put(world, "of another installation")
    named = json.dumps({"content_digest": digest_of("of another installation")}).encode()
    world.blobs.put("artifacts/model-1-1600000000000000/metadata.json", named)
    on_its_way = put(world, "on its way")
    _begin_upload(world, digest_of("on its way"))
    keys = (
        "content/readme.txt",
        f"content/{digest_of('x')[:-1]}",
        f"content/{digest_of('x').upper()}",
        f"content/{digest_of('x')}/part",
        f"packages/{digest_of('x')}",
        "packages/theirs/MLmodel",
        "artifacts/model-1-7/metadata.json",
        f"artifacts/picture-1-{'1' * 16}/metadata.json",
        "logs/azureml/20200101000000000000.txt",
        "logs/20200101000000000000.txt",
        "trash/theirs.txt",
        "LocalUpload/model/MLmodel",
        f"azureml/content/{digest_of('x')}",
    )
    for key in keys:
        world.blobs.put(key, b"theirs")
    return [theirs, on_its_way, *keys]


def _begin_upload(world: Reconciled, digest: str) -> None:
    now, later = world.clock.now(), world.clock.now() + timedelta(days=900)
    intake = Intake(
        id=ids.render_id(mint(world, ClaimKind.MODEL)),
        user_key=ANNA.user_key,
        kind=ArtifactKind.MODEL,
        name="churn",
        created_at=now,
        expires_at=later,
        due_at=later,
        deadline_at=later,
        state=IntakeState.READING,
        sha256=digest,
    )
    row = intake_rows.unfinished_row(intake)
    store.insert(world.tables, world.ports.random, intake_rows.INTAKES, row)
