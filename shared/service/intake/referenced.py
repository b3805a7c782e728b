"""Models that stay in the workspace's registry: looked up, read where their files lie in our datastore, never copied.

A version that another user's deployment registered is as if it were not there.
"""

import re
from collections.abc import Sequence
from contextlib import suppress

from shared.domain.catalogue.sources import DatastoreSource, RegistrySource
from shared.domain.errors import CloudError, Conflict, Refusal, SourceError, StoreError, Trouble
from shared.domain.failures import MODEL_GONE
from shared.domain.ownership import DEPLOYMENT_TAG
from shared.domain.policy import Policy
from shared.domain.reconcile.compare_registry import compare_referenced
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.marks import mark_of
from shared.domain.records import Model
from shared.intake_ports import IntakePorts, SourceFile
from shared.ports import Ports
from shared.service import marks, store

_URI = re.compile(
    r"azureml:(?://subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/|//|/[^/]+/)"
    r"datastores/(?P<datastore>[^/]+)/paths/(?P<path>.+)",
    re.IGNORECASE,
)
_KIND = "mlflow_model"


def find_files(
    ports: IntakePorts, policy: Policy, user_key: str, source: RegistrySource
) -> Sequence[SourceFile]:
    """The files of a registered model. Raises a Refusal where it is not there or cannot be judged, SourceError."""
    try:
        found = ports.view.find_model(source.name, source.version)
    except CloudError as error:
        if error.trouble in (Trouble.AUTH, Trouble.PERMANENT):
            raise Refusal("source_denied", f"Azure ML refused: {error}", _TELL) from error
        raise SourceError(str(error), retry_after=error.retry_after) from error
    if found is None or not _may_see(ports, user_key, found.tags.get(DEPLOYMENT_TAG, "")):
        raise gone()
    if found.kind != _KIND:
        raise Refusal(
            "model_format_unsupported",
            f"{source} is registered as {found.kind}; only an MLflow model is served without a script.",
            "Register it as an MLflow model, or upload its file with POST /models.",
        )
    place = _URI.fullmatch(found.uri)
    if place is None or place["datastore"] != policy.datastore:
        raise Refusal(
            "source_not_readable",
            f"The files of {source} are not in the datastore {policy.datastore}, so they cannot be read and judged.",
            "Upload the model's folder as a zip archive with POST /models.",
        )
    return ports.sources.find(DatastoreSource(place["path"].strip("/")))


def require_registered(ports: Ports, model: Model) -> None:
    """Raises Conflict where the version that a model refers to is not in the registry any more; CloudError."""
    if ports.view.find_model(model.registry_name, model.registry_version) is None:
        raise gone()


def note(ports: Ports, model: Model, *, missing: bool) -> None:
    """Marks a model of the registry that was not found there, or takes that away; a lost note is made up for by a nightly run."""
    if not model.registry_name:
        return
    with suppress(StoreError):
        if not missing:
            marks.take_away(ports, model.user_key, model.id, Case.REFERENCED_MODEL_GONE)
            return
        finding = compare_referenced(model, registered=False)
        mark = mark_of(finding, ports.clock.now()) if finding else None
        if mark:
            marks.put(ports, mark)


def gone() -> Refusal:
    """The refusal of what the registry does not have."""
    return Conflict(
        "model_not_in_registry",
        MODEL_GONE,
        "Register it anew, or upload its file with POST /models.",
    )


def _may_see(ports: Ports, user_key: str, deployment_id: str) -> bool:
    """Whether a version with this tag may be a user's: nobody's here, or that user's own."""
    if not deployment_id:
        return True
    claim = store.load_claim(ports.tables, deployment_id)
    return claim is not None and claim.record.user_key == user_key


_TELL = "Tell the operators: the app's identity needs to read the workspace's models."
