"""The people of a run: each action of the scenario is somebody at a browser or a script.

They see answers only. Without one they ask again, with the same key; a refusal they accept, or do
what it says.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from shared.domain.errors import CloudError, Refusal, StoreError
from shared.domain.records import Endpoint
from shared.service.claims import Mint
from simulator.chance import Counted
from simulator.faults import Surprise
from simulator.front import Front, key_of, principal
from simulator.ledger import Ledger
from simulator.machines import Machine
from simulator.moments import Moments
from simulator.scenario import PERSISTENT, Action, Verb
from simulator.timeline import SECOND, Actor, Broken, Died, Task, Timeline

_SHORTEST, _LONGEST = 2.0, 30.0  # seconds until they ask again
_LOOK_EVERY, _LOOKS = 20.0, 60
_WATCHES = 900 * SECOND
Answered = Callable[[str, str, str], None]


@dataclass(slots=True, kw_only=True)
class People:
    """All of them; `answered` is told of each acceptance: of whom, under which key, which deployment.

    `made` are the deployments they know of, by the number of the action that made them; `sent` the
    keys of producers' messages.
    """

    timeline: Timeline
    chance: Counted
    front: Front
    fronts: list[Machine]
    ledger: Ledger
    answered: Answered
    mend: Callable[[str], None]
    moments: Moments
    made: dict[int, str] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    busy: int = 0
    _models: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    _deleted: Counter[tuple[str, str, bool]] = field(default_factory=Counter)

    def start(self, number: int, action: Action) -> None:
        """Lets somebody begin, and with them those who send the same once more."""
        for copy, after in enumerate((0.0, *action.again)):
            self.busy += 1
            actor = Actor(f"{action.user} {number}{'ab'[copy] if action.again else ''}")
            self.timeline.start(actor, lambda: self._do(number, action), after=action.at + after)

    def _do(self, number: int, action: Action) -> None:
        self.timeline.current.task = Task("request", principal(action.user).user_key)
        if action.upon:
            self._wait_for(action)
        if action.waits_for:
            self._wait_for_status(action)
        self._act(number, action)
        self.busy -= 1

    def _wait_for(self, action: Action) -> None:
        about = "" if action.verb in (Verb.DEPLOY, Verb.EVENT) else self._target(action)
        self.moments.wait(action.upon, about, self.timeline.now + _WATCHES)

    def _wait_for_status(self, action: Action) -> None:
        for _ in range(_LOOKS):
            record = self.ledger.deployments.get(self.made.get(action.of, ""))
            if record is not None and record.status == action.waits_for:
                return
            self.timeline.sleep(_LOOK_EVERY)

    # -------------------------------------------------------------- asking

    def _act(self, number: int, action: Action) -> None:
        key = key_of(action, number)
        match action.verb:
            case Verb.DEPLOY | Verb.EVENT:
                self._deploy(number, action, key)
            case Verb.TRAFFIC:
                self._route(action)
            case _ if target := self._target(action):
                self._change(number, action, key, target)

    def _deploy(self, number: int, action: Action, key: str) -> None:
        model_id = self._model(action)
        if not model_id:
            return
        if action.verb is Verb.EVENT:
            sent = self._ask(
                action.tries, lambda _mint: self.front.send_event(action, number, model_id)
            )
            if sent:
                self.sent.append((principal(action.user).user_key, sent))
            return
        refusals: list[Refusal] = []
        made = self._ask(
            action.tries,
            lambda mint: self.front.deploy(action, key, model_id, mint),
            refusals.append,
        )
        if refusals and refusals[0].code == "endpoint_taken":
            action = replace(action, endpoint=f"{action.user}-{action.endpoint}")
            self._deploy(number, action, key_of(action, number))
            return
        self._note(number, action, key, made)

    def _change(self, number: int, action: Action, key: str, target: str) -> None:
        if action.verb is Verb.DELETE:
            self._delete(action, target)
        elif action.verb is Verb.DELETE_MODEL:
            self._delete_model(action, target)
        elif action.verb is Verb.RETRY:
            self.mend(action.user)
            self._note(
                -1,
                action,
                key,
                self._ask(action.tries, lambda _: self.front.retry(action, key, target)),
            )
        else:
            made = self._ask(
                action.tries, lambda mint: self.front.redeploy(action, key, target, mint)
            )
            self._note(number, action, key, made)

    def _delete(self, action: Action, target: str) -> None:
        refusals: list[Refusal] = []
        self._ask(action.tries, lambda _: self.front.delete(action, target, ""), refusals.append)
        if refusals and refusals[0].code == "carries_traffic":
            heir = next(iter(self._others(target)), "")
            self._ask(action.tries, lambda _: self.front.delete(action, target, heir))

    def _delete_model(self, action: Action, target: str) -> None:
        """Where it is gone, the same file is uploaded anew when it is wanted again."""
        model_id = self.ledger.deployments[target].model_id
        if self._ask(action.tries, lambda _: self.front.delete_model(action, model_id)):
            for which in [each for each, known in self._models.items() if known == model_id]:
                self._deleted[which] += 1
                del self._models[which]

    def _route(self, action: Action) -> None:
        target = self._target(action)
        record = self.ledger.deployments.get(target)
        if record is None:
            return
        shares = {record.deployment_name: action.share}
        if action.share < 100:
            shares |= dict.fromkeys(self._others(target)[:1], 100 - action.share)
        if not any(shares.values()):
            self.ledger.silenced.add(record.endpoint_name.lower())
        if sum(shares.values()) in (0, 100):
            self._ask(
                action.tries, lambda _: self.front.route(action, record.endpoint_name, shares)
            )

    def _note(self, number: int, action: Action, key: str, made: str) -> None:
        if made:
            self.answered(principal(action.user).user_key, key, made)
            self.made.setdefault(number, made)

    def _model(self, action: Action) -> str:
        """The model to deploy; its upload comes first."""
        which = (action.user, "" if action.fragile else action.endpoint, action.fragile)
        if which not in self._models:
            made = self._ask(
                PERSISTENT,
                lambda mint: self.front.upload(*which, again=self._deleted[which], mint=mint),
            )
            if made:
                self._models[which] = made
        return self._models.get(which, "")

    def _target(self, action: Action) -> str:
        """The deployment an action is about: the one it names, else the user's newest."""
        known = self.made.get(action.of)
        owned = [
            each.id
            for each in self.ledger.deployments.values()
            if each.user_key == principal(action.user).user_key
        ]
        return known if known in owned else max(owned, default="")

    def _others(self, deployment_id: str) -> list[str]:
        """The names of the other deployments on the same endpoint."""
        record = self.ledger.deployments[deployment_id]
        endpoint: Endpoint | None = self.ledger.endpoints.get(record.endpoint_name.lower())
        members = endpoint.members if endpoint else ()
        return [each.deployment_name for each in members if each.deployment_id != deployment_id]

    def _ask(
        self,
        tries: int,
        do: Callable[[Mint], str],
        refused: Callable[[Refusal], None] = lambda _: None,
    ) -> str:
        """The answer; empty where there is none after so many tries, or a refusal."""
        actor = self.timeline.current
        for _ in range(tries):
            machine = self.fronts[int(len(self.fronts) * self.chance.fraction("front", actor.name))]
            actor.task = Task("request", actor.task.user_key)
            try:
                machine.enter(actor)
                ports = self.front.ports
                return do(
                    machine.mint(Mint(ports.tables, ports.clock, ports.random, self.front.policy))
                )
            except (Died, StoreError, CloudError, Surprise):
                self.timeline.require_running()
            except Refusal as refusal:
                _require_nothing_accepted(actor.task, refusal)
                if refusal.retry_after is None:
                    refused(refusal)
                    return ""
            finally:
                actor.process = None
            wait = self.chance.fraction("patience", actor.name)
            self.timeline.sleep(_SHORTEST + (_LONGEST - _SHORTEST) * wait)
        return ""


def _require_nothing_accepted(task: Task, refusal: Refusal) -> None:
    """A request that is refused has changed nothing."""
    if task.accepted:
        raise Broken(f"refused as {refusal.code}, and accepted: {task.accepted}", task.accepted)
