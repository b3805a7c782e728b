"""What a step returns: a value, matched exhaustively by the turn that ran it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.records import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The step's aim is reached and was read back.

    `changes` are fields of the deployment to set; `phase` names the phase of the timeline that
    is reached; `took` is how long the cloud needed, in seconds by kind, for the next estimate.
    """

    text: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    phase: str = ""
    frees_endpoint: bool = False
    leaves_endpoint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The cloud, or somebody else's turn on the endpoint, needs more time."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The step cannot succeed; the deployment is given up and cleaned away."""

    failure: Failure


Outcome = Done | Wait | Failed
