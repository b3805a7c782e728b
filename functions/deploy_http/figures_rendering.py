"""Counts and costs as the answers of the API."""

from typing import Any

from functions.deploy_http import figures_answers as answers
from shared.domain import prices
from shared.domain.prices import Cost, PriceList
from shared.domain.records import Status
from shared.service.read import Stats


def render_cost(cost: Cost) -> dict[str, Any]:
    """The two fields that tell a cost wherever one is shown."""
    return {"cost_a_month": cost.a_month, "cost_note": cost.note}


def render_stats(stats: Stats) -> answers.StatsAnswer:
    """Counts as the API shows them."""
    return answers.StatsAnswer(
        total_deployments=stats.total,
        active_deployments=stats.by_status[Status.ACTIVE],
        deploying_count=stats.by_status[Status.DEPLOYING],
        failed_deployments=stats.by_status[Status.FAILED],
        last_deployment_date=stats.last_created_at,  # type: ignore[arg-type]  # parsed here
    )


def render_prices(known: PriceList, instance_type: str | None, count: int) -> answers.PricesAnswer:
    """What so many instances cost, of one size or of each whose price is known."""
    sizes = [instance_type] if instance_type else known.sizes()
    return answers.PricesAnswer(
        currency=prices.CURRENCY,
        hours_a_month=prices.HOURS,
        region=prices.REGION,
        as_of=prices.AS_OF,
        source=prices.SOURCE,
        prices=[
            answers.PriceAnswer(
                instance_type=size,
                instance_count=count,
                an_hour=known.find(size),
                **render_cost(prices.estimate(known, size, count)),
            )
            for size in sizes
        ],
    )
