"""A deployment and an endpoint to decide about."""

from datetime import UTC, datetime, timedelta

from shared.domain import plans
from shared.domain.records import Deployment, Endpoint, Member, Plan, Status

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(name: str = "blue", status: Status = Status.DEPLOYING) -> Deployment:
    return Deployment(
        id=name,
        user_id="anna",
        user_key="a" * 32,
        model_id="m",
        model_name="churn",
        algorithm="",
        deployment_name=name,
        endpoint_name="shop",
        endpoint_tag="t",
        azure_model_name="",
        instance_type="Standard_DS1_v2",
        instance_count=1,
        content_digest="",
        created_at=NOW,
        status=status,
        work=plans.start_work(Plan.DEPLOY, NOW, NOW + timedelta(hours=1)),
    )


def endpoint(*names: str, **traffic: int) -> Endpoint:
    members = tuple(Member(deployment_id=name, deployment_name=name) for name in names)
    return Endpoint(
        name="shop", user_key="a" * 32, tag="t", created_at=NOW, members=members, traffic=traffic
    )
