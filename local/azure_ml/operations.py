"""Long-running operations: begun by a PUT, DELETE or POST, finished later, watched by polling.

One operation at a time may run on an endpoint and everything below it. An operation that an
emulator's end interrupts is begun again by the next one.
"""

import asyncio
import time
import traceback
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request

from local.azure_ml import arm
from local.azure_ml.errors import conflict
from local.azure_ml.state import Operation, Resource, Store

POLL_MILLISECONDS = 100
_PREFIXES = {"endpoint": "oeidp", "deployment": "odidp"}


class OperationFailedError(Exception):
    """The operation ends as failed, or in another state, with this code and message."""

    def __init__(self, code: str, message: str, *, state: str = "Failed") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.state = state


class Work(Protocol):
    """What an operation of one kind does to its target."""

    async def prepare(self, operation: Operation) -> None:
        """The part that takes time; may raise OperationFailedError."""

    def finish(self, operation: Operation) -> None:
        """The change that makes the success visible."""

    def fail(self, operation: Operation) -> None:
        """The change that makes the failure visible."""


class Operations:
    """All operations of this emulator."""

    def __init__(self, store: Store, seconds: float, works: Mapping[str, Work]) -> None:
        """`seconds` is the least time an operation takes."""
        self._store = store
        self._seconds = seconds
        self._works = works
        self._running: dict[str, Operation] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._released = asyncio.Event()

    def begin(
        self,
        kind: str,
        target: Resource,
        *,
        effect: Mapping[str, Any],
        fingerprint: str = "",
    ) -> Operation:
        """Starts an operation on `target`; the caller has checked that its endpoint is free."""
        prefix = _PREFIXES[target.kind]
        operation = Operation(
            id=f"{prefix}:{arm.WORKSPACE_ID}:{uuid.uuid4()}",
            kind=kind,
            target=target.id,
            endpoint=(target.id if target.kind == "endpoint" else target.parent).lower(),
            due=time.time() + float(effect.get("seconds", self._seconds)),
            started=arm.now(),
            fingerprint=fingerprint,
            effect=dict(effect),
        )
        target.private["operation"] = operation.id
        self._store.save(target)
        self._store.save_operation(operation)
        self._schedule(operation)
        return operation

    def resume(self) -> None:
        """Goes on with what the last emulator left unfinished."""
        for operation in self._store.unfinished():
            self._schedule(operation)

    def running(self, endpoint: str) -> Operation | None:
        """The operation in progress on an endpoint or below it."""
        return self._running.get(endpoint.lower())

    def require_free(self, endpoint: Resource) -> None:
        """Raises ArmError (409) while an operation runs on the endpoint or below it."""
        operation = self.running(endpoint.id)
        if operation:
            verb = operation.kind.partition(".")[2]
            raise conflict(
                f"Endpoint {endpoint.name} has another operation in progress: "
                f"{verb} of {operation.target.rpartition('/')[2]}, since {operation.started}."
            )

    def repeated(self, target: Resource, fingerprint: str) -> Operation | None:
        """The running operation that an equal request on the same target has begun."""
        operation = self._store.operation(target.private.get("operation", ""))
        if operation is None or operation.status != "InProgress":
            return None
        return operation if operation.fingerprint == fingerprint else None

    def release(self) -> None:
        """Lets operations go on that a fault holds."""
        self._released.set()
        self._released = asyncio.Event()

    async def stop(self) -> None:
        """Abandons what runs; the next start resumes it."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _schedule(self, operation: Operation) -> None:
        self._running[operation.endpoint] = operation
        self._tasks[operation.id] = asyncio.create_task(self._run(operation))

    async def _run(self, operation: Operation) -> None:
        work = self._works[operation.kind]
        ended = "Succeeded"
        try:
            await self._wait_and_prepare(operation, work)
            work.finish(operation)
        except OperationFailedError as failure:
            ended = failure.state
            operation.error = {"code": failure.code, "message": failure.message}
        except Exception as error:  # noqa: BLE001 - a defect of ours must end the operation too
            traceback.print_exc()
            ended = "Failed"
            operation.error = {"code": "InternalServerError", "message": repr(error)}
        operation.status = ended
        operation.ended = arm.now()
        self._store.save_operation(operation)
        del self._running[operation.endpoint], self._tasks[operation.id]
        if operation.error:
            work.fail(operation)

    async def _wait_and_prepare(self, operation: Operation, work: Work) -> None:
        effect = operation.effect
        if effect.get("stuck"):
            await self._released.wait()
        if failure := _failure(effect):
            await asyncio.sleep(operation.due - time.time())
            raise failure
        preparing = asyncio.create_task(work.prepare(operation))
        try:
            await asyncio.sleep(operation.due - time.time())
            await preparing
        finally:
            preparing.cancel()


def _failure(effect: Mapping[str, Any]) -> OperationFailedError | None:
    """How a fault ends an operation, if it does."""
    state, error = effect.get("end", "Failed"), effect.get("fail")
    if error:
        return OperationFailedError(error["code"], error["message"], state=state)
    if "end" not in effect:
        return None
    return OperationFailedError(
        f"Operation{state}", f"The operation ended as {state}.", state=state
    )


def headers(operation: Operation, request: Request, location: str) -> dict[str, str]:
    """The headers by which the caller of `request` finds the operation."""
    base = f"{arm.base_url(request)}/subscriptions/{request.path_params['subscription']}"
    place = f"{base}/providers/{arm.PROVIDER}/locations/{location}"
    query = f"{operation.id}?api-version={arm.api_version(request)}"
    return {
        "Azure-AsyncOperation": f"{place}/mfeOperationsStatus/{query}",
        "Location": f"{place}/mfeOperationResults/{query}",
        "retry-after-ms": str(POLL_MILLISECONDS),
    }


def status_document(operation: Operation) -> dict[str, Any]:
    """What polling `Azure-AsyncOperation` answers."""
    shown: dict[str, Any] = {"status": operation.status, "startTime": operation.started}
    if operation.ended:
        shown |= {"percentComplete": 100, "endTime": operation.ended}
    return shown | ({"error": operation.error} if operation.error else {})
