"""How many deployments are accepted in a second, and how long one takes.

`POST /deployments/deploy` through the local host, against the same durable writes by the bare SDK:
in turns on one Azurite, whose queue is emptied after each, because it slows with what it holds.
"""

import json
from dataclasses import dataclass, field
from statistics import median, quantiles

from azure.storage.queue import QueueClient

from bench import load, parts, writes
from bench.load import Job, Load
from bench.report import Figure, at_least, at_most, spread

CONCURRENCY = 8
ROUNDS = 8
SECONDS = 2.5
_PATH = "/deployments/deploy?user_id=bench"
_UNLIMITED = {  # one user stands for many here
    "MAX_UNFINISHED_PER_USER": "1000000",
    "DEPLOYS_PER_MINUTE_PER_USER": "1000000",
}


@dataclass
class _Side:
    loads: list[Load] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rates(self) -> list[float]:
        return [each.rate for each in self.loads]

    @property
    def latencies(self) -> list[float]:
        return [one for each in self.loads for one in each.latencies]

    @property
    def p99(self) -> float:
        return quantiles(self.latencies, n=100)[98] * 1000


def measure() -> list[Figure]:
    """Rate, p99, and the processor time of an acceptance."""
    template = writes.record()
    ours, floor = _Side(), _Side()
    with parts.folder() as folder, parts.storage(folder) as azurite:
        env = parts.settings(azurite, **_UNLIMITED)
        with parts.host(parts.ROOT, folder, env, functions="deploy_http") as host:
            model = parts.upload(host.url, "bench")
            body = json.dumps({"model_id": model})
            parts.require(parts.call(host.url, "POST", _PATH, body.encode()), 202)
            request = Job(url=host.url + _PATH, body=body, threads=CONCURRENCY, seconds=SECONDS)
            bare = Job(
                storage=azurite.connection_string,
                template=template,
                threads=CONCURRENCY,
                seconds=SECONDS,
            )
            queue = QueueClient.from_connection_string(azurite.connection_string, writes.QUEUE)
            for _ in range(ROUNDS):
                floor.loads.append(load.run(bare))
                queue.clear_messages()
                before = parts.cpu_seconds([host.process.pid])
                ours.loads.append(load.run(request))
                ours.cpu += parts.cpu_seconds([host.process.pid]) - before
                queue.clear_messages()
    floor.cpu = sum(each.cpu for each in floor.loads)
    return _figures(ours, floor, writes.count(template))


def _figures(ours: _Side, floor: _Side, written: str) -> list[Figure]:
    ratios = [one / other for one, other in zip(ours.rates, floor.rates, strict=True)]
    return [
        at_least(
            "accept: rate",
            median(ours.rates),
            "1/s",
            floor=median(floor.rates),
            goal=0.8,
            note=f"c={CONCURRENCY}; ratio of {ROUNDS} rounds: {spread(ratios)}; each writes {written}",
        ),
        at_most(
            "accept: p99",
            ours.p99,
            "ms",
            floor=floor.p99,
            goal=1.5,
            note=f"of {len(ours.latencies)} requests and {len(floor.latencies)} bare acceptances",
        ),
        Figure(
            name="accept: CPU",
            value=ours.cpu / len(ours.latencies) * 1000,
            unit="ms",
            floor=floor.cpu / len(floor.latencies) * 1000,
            note="of the host's process, and of the bare SDK's, for one acceptance",
        ),
    ]
