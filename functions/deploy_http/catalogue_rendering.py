"""Artifacts, exceptions and what is known of models, as the answers of the API."""

from functions.deploy_http import catalogue_answers as answers
from functions.deploy_http.figures_rendering import render_cost
from functions.deploy_http.rendering import render_grant
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind, kind_of, name_of
from shared.domain.catalogue.exceptions import VerdictException
from shared.domain.catalogue.readable import Description, call_of
from shared.domain.catalogue.readiness import Readiness, find_untold
from shared.domain.inspection import Column, Tensor
from shared.domain.prices import Cost
from shared.domain.records import Model


def render_artifact(
    record: Model | Artifact, content_present: bool | None = None
) -> answers.ArtifactAnswer:
    """An artifact of any type as the API shows it."""
    kind = kind_of(record)
    return answers.ArtifactAnswer(
        id=record.id,
        type=kind,
        name=name_of(record),
        filename=record.filename,
        size=record.size,
        sha256=record.content_digest,
        content_present=content_present,
        content=f"/artifacts/{kind}/{record.id}/content",
        model=f"/models/{record.id}" if kind is ArtifactKind.MODEL else None,
        description=record.description,
        created_at=record.created_at,
    )


def render_readiness(
    model_id: str, instance_type: str, readiness: Readiness, cost: Cost
) -> answers.ReadinessAnswer:
    """How ready a model is, and what one instance of the size costs, as the API shows it."""
    return answers.ReadinessAnswer(
        model_id=model_id,
        instance_type=instance_type,
        score=readiness.score,
        blocked=readiness.blocked or None,
        **render_cost(cost),
        parts=[
            answers.ReadinessPart(
                part=part.name,
                weight=part.weight,
                score=part.score,
                why=part.why,
                raise_by=part.raise_by or None,
            )
            for part in readiness.parts
        ],
    )


def render_exception(
    exception: VerdictException, *, superseded: bool = False
) -> answers.ExceptionAnswer:
    """An operator's decision, which is the last one about its file unless superseded by the next."""
    return answers.ExceptionAnswer(
        digest=exception.digest,
        number=exception.number,
        names=list(exception.names),
        requirements=list(exception.requirements),
        reason=exception.reason,
        operator=exception.operator,
        at=exception.at,
        revoked_by=exception.revoked_by or None,
        revoked_at=exception.revoked_at,
        superseded_by=exception.number + 1 if superseded else None,
        holds=not superseded and exception.revoked_at is None,
    )


def render_inspection(described: Description) -> answers.InspectionAnswer:
    """All that was read from a model's file, as the API shows it."""
    model, found, environment = described.model, described.inspection, described.environment
    obstacle = f"{found.obstacle.why} {found.obstacle.next}" if found.obstacle else None
    return answers.InspectionAnswer(
        model_id=model.id,
        model_name=model.model_name,
        format=found.format,
        written_by=found.written_by,
        compression=found.compression,
        size=found.size,
        digest=found.digest,
        estimator=found.estimator,
        flavor=found.flavor,
        verdict=found.verdict,
        reasons=list(found.reasons),
        refused=list(found.refused),
        allowed_by=render_grant(described.grant),
        obstacle=obstacle,
        python_version=found.python_version,
        libraries={
            **dict.fromkeys(name for name, _ in find_untold(found)),
            **dict(found.libraries),
        },
        features=[_column(each) for each in found.features],
        inputs=[_tensor(each) for each in found.inputs],
        outputs=[_tensor(each) for each in found.outputs],
        classes=list(found.classes),
        details=dict(found.details),
        installed=answers.InstalledAnswer(
            python=environment.python, requirements=list(environment.requirements)
        ),
        findings=[
            answers.FindingAnswer(code=each.code, what=each.what, fix=each.fix)
            for each in described.findings
        ],
        sample_payload=described.payload,
        sample_call=call_of(described.payload),
        reader_version=found.reader_version,
    )


def _column(column: Column) -> answers.ColumnAnswer:
    return answers.ColumnAnswer(name=column.name, type=column.type)


def _tensor(tensor: Tensor) -> answers.TensorAnswer:
    return answers.TensorAnswer(name=tensor.name, dtype=tensor.dtype, shape=list(tensor.shape))
