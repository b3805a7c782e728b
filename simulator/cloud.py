"""Azure ML in the simulation: the in-memory twin, behind the door of `effects`.

`SimulatedCloud` is the view, the control and the scorer that the service works with; `workspace` has the twin.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from shared.cloud_ports import (
    Answer,
    CloudDeployment,
    CloudEndpoint,
    KeyName,
    Keys,
    Metrics,
    NewDeployment,
    NewModel,
    RegistryModel,
    Usage,
)
from shared.domain.errors import CloudError, Trouble
from simulator.chance import Counted
from simulator.effects import Effect, Effects
from simulator.faults import Fault, Kind, Surprise
from simulator.listings import Listings
from simulator.refusals import refusal
from simulator.workspace import Call, Workspace

T = TypeVar("T")
_SLOWER = 12
_CLEARS = {
    "remove model": "clear model",
    "put traffic": "clear traffic",
    "put tags": "retag endpoint",
    "put endpoint": "clear traffic",  # of one that has just gone: it is back, empty, until the next run
    "remove deployment": "clear deployment",
    "remove endpoint": "clear endpoint",
}
"""What the reconciliation does has names of its own."""


class SimulatedCloud:
    """`CloudView`, `CloudControl` and `Scorer`; `begun` and `landed` are told of every change."""

    def __init__(
        self,
        real: Workspace,
        effects: Effects,
        chance: Counted,
        listings: Listings,
        begun: Callable[[Call], None],
        landed: Callable[[Call], None],
    ) -> None:
        self._real, self._effects, self._chance = real, effects, chance
        self._listings = listings
        self._begun, self._landed = begun, landed
        self._seconds = real.operation_seconds

    # -------------------------------------------------------------- looking

    def find_model(self, name: str, version: str) -> RegistryModel | None:
        """See `CloudView`."""
        return self._look("find model", (name,), lambda: self._real.find_model(name, version))

    def find_endpoint(self, name: str) -> CloudEndpoint | None:
        """See `CloudView`."""
        return self._look("find endpoint", (name,), lambda: self._real.find_endpoint(name))

    def find_deployment(self, endpoint_name: str, name: str) -> CloudDeployment | None:
        """See `CloudView`."""
        return self._look(
            "find deployment",
            (endpoint_name, name),
            lambda: self._real.find_deployment(endpoint_name, name),
        )

    def list_deployments(self, endpoint_name: str) -> Sequence[CloudDeployment]:
        """See `CloudView`."""
        listed = self._list(
            "list deployments",
            (endpoint_name,),
            lambda: self._real.list_deployments(endpoint_name),
        )
        return list(listed)

    def list_endpoints(self) -> Iterator[CloudEndpoint]:
        """See `CloudView`."""
        return self._list("list endpoints", (), lambda: list(self._real.list_endpoints()))

    def list_models(self) -> Iterator[str]:
        """See `CloudView`."""
        return self._list("list models", (), lambda: list(self._real.list_models()))

    def list_versions(self, name: str) -> Sequence[RegistryModel]:
        """See `CloudView`."""
        listed = self._list("list versions", (name,), lambda: self._real.list_versions(name))
        return list(listed)

    def list_usages(self) -> Sequence[Usage]:
        """See `CloudView`."""
        return self._look("list usages", (), self._real.list_usages)

    def read_logs(self, endpoint_name: str, name: str, *, lines: int) -> str:
        """See `CloudView`."""
        return self._look(
            "read logs",
            (endpoint_name, name),
            lambda: self._real.read_logs(endpoint_name, name, lines=lines),
        )

    def read_metrics(
        self, endpoint_name: str, name: str, *, since: datetime, until: datetime
    ) -> Metrics:
        """See `CloudView`."""
        return self._look(
            "read metrics",
            (endpoint_name, name),
            lambda: self._real.read_metrics(endpoint_name, name, since=since, until=until),
        )

    def read_keys(self, endpoint_name: str) -> Keys:
        """See `CloudView`."""
        return self._look(
            "read keys", (endpoint_name,), lambda: self._real.read_keys(endpoint_name)
        )

    def score(
        self, uri: str, *, key: str, deployment_name: str, payload: Mapping[str, object]
    ) -> Answer:
        """See `Scorer`."""
        return self._look(
            "score",
            (deployment_name,),
            lambda: self._real.score(
                uri, key=key, deployment_name=deployment_name, payload=payload
            ),
        )

    # -------------------------------------------------------------- changing

    def rotate_key(self, endpoint_name: str, which: KeyName) -> None:
        """See `CloudView`; nobody asks for it here."""
        self._real.rotate_key(endpoint_name, which)

    def register_model(self, model: NewModel) -> None:
        """See `CloudControl`."""
        call = Call("register model", model=model.name, tags=model.tags)
        self._change(call, Kind.CHANGE, lambda: self._real.register_model(model))

    def remove_model(self, name: str, version: str) -> None:
        """See `CloudView`."""
        call = Call("remove model", model=name)
        self._change(call, Kind.CHANGE, lambda: self._real.remove_model(name, version))

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        """See `CloudControl`."""
        found = self._real.find_endpoint(name)
        what = "put traffic" if found else "put endpoint"
        if found and found.tags != tags and self._effects.actor.task.kind == "reconcile":
            what = "put tags"
        call = Call(what, endpoint=name, tags=tags, traffic=traffic)
        self._change(
            call,
            Kind.OPERATION,
            lambda: self._real.put_endpoint(name, tags=tags, traffic=traffic),
        )

    def put_deployment(self, deployment: NewDeployment) -> None:
        """See `CloudControl`."""
        call = Call(
            "put deployment",
            endpoint=deployment.endpoint_name,
            deployment=deployment.name,
            tags=deployment.tags,
        )
        self._change(call, Kind.DEPLOYMENT, lambda: self._real.put_deployment(deployment))

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        """See `CloudControl`."""
        call = Call("remove deployment", endpoint=endpoint_name, deployment=name)
        self._change(
            call, Kind.OPERATION, lambda: self._real.remove_deployment(endpoint_name, name)
        )

    def remove_endpoint(self, name: str) -> None:
        """See `CloudControl`."""
        call = Call("remove endpoint", endpoint=name)
        self._change(call, Kind.OPERATION, lambda: self._real.remove_endpoint(name))

    def _look(self, name: str, about: Collection[str], do: Callable[[], T]) -> T:
        return self._effects.read(name, "cloud", about, do)

    def _list(
        self, name: str, about: Collection[str], do: Callable[[], Sequence[T]]
    ) -> Iterator[T]:
        def listed() -> Sequence[T]:
            self._real.lag_seconds = self._listings.lag()
            try:
                return do()
            finally:
                self._real.lag_seconds = 0.0

        error = CloudError(Trouble.TRANSIENT, "504", "no answer to a page")
        return self._listings.read(name, error, lambda: self._look(name, about, listed))

    def _change(self, call: Call, kind: Kind, do: Callable[[], None]) -> None:
        def land(slower: float = 1) -> None:
            self._begun(call)
            pace = 0.4 + 1.2 * self._chance.fraction("operation", call.name)
            self._real.operation_seconds = self._seconds * pace * slower
            do()
            self._landed(call)

        def land_oddly(fault: Fault) -> None:
            if fault is Fault.FAILS:
                self._real.fail_next("InternalError", "the operation failed")
                land()
            elif fault is Fault.SLOW:
                land(_SLOWER)
            elif fault is Fault.MALFORMED:
                raise Surprise("the answer is no JSON")
            else:
                raise refusal(fault, self._chance.fraction("told", call.name))

        clears = self._effects.actor.task.kind == "reconcile"
        effect = Effect(
            name=_CLEARS[call.name] if clears else call.name,
            kind=kind,
            about=tuple(
                each.lower() for each in (call.endpoint, call.deployment, call.model) if each
            ),
            do=land,
            unclear=CloudError(Trouble.AMBIGUOUS, "timeout", f"{call.name}: no answer"),
            odd=land_oddly,
            became=lambda: _tell(call),
        )
        self._effects.change(effect, "cloud")


def _tell(call: Call) -> str:
    """What was asked for."""
    named = "/".join(each for each in (call.endpoint, call.deployment, call.model) if each)
    if call.traffic is None:
        return named
    shares = ", ".join(f"{name} {share} %" for name, share in sorted(call.traffic.items()))
    return f"{named}: {shares or 'no traffic'}"
