"""What looks like ours in a workspace and is not: a reconciliation leaves it alone."""

from shared.domain import names, ownership
from shared.domain.records import Deployment
from tests.e2e.by_hand import ByHand


def plant_look_alikes(hand: ByHand, stays: Deployment) -> None:
    """Somebody's own; another installation's, with our words for its tags; tags copied by hand; names like ours."""
    unknown = "20200101000000000000"
    another = {ownership.DEPLOYMENT_TAG: "20200101000000000001"}
    hand.endpoint("foreign", {"team": "physics"})
    hand.deployment("foreign/theirs", stays, {"team": "physics"})
    hand.deployment("foreign/copied", stays, ownership.deployment_tags(stays))
    hand.endpoint("another", ownership.endpoint_tags("f" * 32, "e" * 32))
    hand.deployment("another/theirs", stays, another)
    hand.deployment("shared/untagged", stays, {})
    hand.model(names.registry_name("churn", unknown), stays, {})
    hand.model(names.registry_name("churn", "20200101000000000001"), stays, another)
    hand.model("their_own", stays, ownership.deployment_tags(stays))
