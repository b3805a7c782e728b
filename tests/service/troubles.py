"""Trouble of the cloud for a while, and what is left of it in records and events."""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.domain.errors import CloudError, Trouble
from shared.domain.records import Deployment, Failure
from tests.service.world import World


def for_a_while(world: World, call: str, error: CloudError, seconds: float) -> None:
    """The call is refused until some time has passed since it was first made."""
    until: list[datetime] = []

    def trouble(name: str) -> None:
        if name == call:
            if not until:
                until.append(world.clock.now() + timedelta(seconds=seconds))
            if world.clock.now() < until[0]:
                raise error

    world.effects.trouble = trouble


def one_after_another(world: World, call: str, errors: list[CloudError | None]) -> list[datetime]:
    """The call meets these in turn, None for nothing, and is well after them; when it was made."""
    made: list[datetime] = []

    def trouble(name: str) -> None:
        if name == call:
            made.append(world.clock.now())
            error = errors[len(made) - 1] if len(made) <= len(errors) else None
            if error is not None:
                raise error

    world.effects.trouble = trouble
    return made


def lost_answers(world: World, call: str, times: int) -> None:
    """The call is performed, and its answer is lost, this many times in all."""
    real: Callable[..., None] = getattr(world.cloud, call)
    left = [times]

    def performed(*given: object, **named: object) -> None:
        real(*given, **named)
        if left[0]:
            left[0] -= 1
            raise error_of(Trouble.AMBIGUOUS, "reset after it was performed")

    setattr(world.cloud, call, performed)


def error_of(trouble: Trouble, message: str = "try later", **more: float) -> CloudError:
    return CloudError(trouble, "Oops", message, **more)


def failure_of(world: World, record: Deployment) -> Failure:
    failure = world.read(record).failure
    assert failure is not None
    return failure


def told(world: World, record: Deployment) -> list[str]:
    """The troubles that the deployment's events tell, in order."""
    return [each.text for each in world.events(record) if each.name == "trouble"]


def turns(world: World, record: Deployment) -> int:
    """How many turns have worked on it so far."""
    return world.read(record).epoch
