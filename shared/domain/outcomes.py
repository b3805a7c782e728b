"""What a step returns: a value, matched exhaustively by the turn that ran it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.errors import Trouble
from shared.domain.records import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The step's aim is reached and was read back.

    `text` is what the event says; `changes` are fields of the deployment to set; `phases` are those
    of the timeline that are reached. The endpoint's row is written in the same transaction where
    the step gives up the right to change it, or takes the deployment off its members; `routed` is
    the traffic that the cloud shows, to be on that row from now on.
    """

    text: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    phases: tuple[str, ...] = ()
    frees_endpoint: bool = False
    leaves_endpoint: bool = False
    routed: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The cloud, or somebody else's turn on the endpoint, needs more time.

    `seconds` is None where the step follows an operation in the cloud: the pace of earlier ones
    then decides. `began` says that this turn has asked the cloud for it, `in_line` that it is not
    this deployment's turn on the endpoint yet, `met` the trouble that ended the look.
    """

    why: str
    seconds: float | None = None
    began: bool = False
    in_line: bool = False
    met: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The step cannot succeed; the deployment is given up and cleaned away. `changes` are fields of it to set."""

    failure: Failure
    changes: Mapping[str, Any] = field(default_factory=dict)


Outcome = Done | Wait | Failed
