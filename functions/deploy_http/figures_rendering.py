"""Counts and costs as the answers of the API."""

from typing import Any

from functions.deploy_http import figures_answers as answers
from shared.domain import prices
from shared.domain.figures import Figures
from shared.domain.prices import Cost, PriceList
from shared.domain.records import Status


def render_cost(cost: Cost) -> dict[str, Any]:
    """The two fields that tell a cost wherever one is shown."""
    return {"cost_a_month": cost.a_month, "cost_note": cost.note}


def render_stats(figures: Figures) -> answers.StatsAnswer:
    """Counts of deployments as the API shows them."""
    return answers.StatsAnswer(**_counts(figures))


def render_figures(figures: Figures) -> answers.FiguresAnswer:
    """All figures as the API shows them."""
    return answers.FiguresAnswer(
        **_counts(figures),
        models_registered=figures.registered,
        models_deployed=figures.deployed,
        catalogue_entries=figures.entries,
        being_removed=figures.being_removed,
        **render_cost(figures.cost),
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


def _counts(figures: Figures) -> dict[str, Any]:
    return {
        "total_deployments": figures.total,
        "active_deployments": figures.deployments[Status.ACTIVE],
        "deploying_count": figures.deployments[Status.DEPLOYING],
        "failed_deployments": figures.deployments[Status.FAILED],
        "last_deployment_date": figures.last_created_at,
    }
