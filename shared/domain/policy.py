"""The numbers that decisions use; `shared.settings` fills them from the environment."""

from dataclasses import dataclass, field

from shared.domain.catalogue.sources import Allowed
from shared.domain.prices import PriceList
from shared.domain.reconcile.findings import PROMPT, Repair

DEPLOY_JOBS = "deploy-jobs"
DEPLOY_REQUESTS = "deploy-requests"
DEPLOY_JOBS_POISON = f"{DEPLOY_JOBS}-poison"
DEPLOY_REQUESTS_POISON = f"{DEPLOY_REQUESTS}-poison"
INTAKE_JOBS = "intake-jobs"
INTAKE_JOBS_POISON = f"{INTAKE_JOBS}-poison"
RECONCILE_JOBS = "reconcile-jobs"
RECONCILE_JOBS_POISON = f"{RECONCILE_JOBS}-poison"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Times are in seconds, sizes in bytes.

    `lease` is how long a turn may go without renewing; `cloud_timeout` bounds one cloud call and is
    at most a third of it. `deploy_deadline` ends a deployment that makes no way. `turn` is how long
    one turn goes on to a next step. `admission_grace` is how long an acceptance may take to commit.
    `reconcile_days` is how old a thing without cost has to be before a reconciliation repairs it, `sighting_gap` how far
    apart two runs are that have to see it, `reconcile_repairs` what they may do. `paid_grace` is how old what costs money
    has to be: more than the longest deployment may take. `most_deletes` is how many things a run may take away in an area
    however few there are. `trash_days` is how long what it puts into the trash of a store can come back, `event_days`
    how long the events of what was torn down are kept.
    `max_unfinished` and `deploys_per_minute` are for each user. `sources` are where models may be taken from.
    `usage_days` is for how many days it is kept how deployments were used, `idle_days` after how many without a request
    an endpoint is told as idle (0: never).
    """

    lease: float = 60.0
    cloud_timeout: float = 20.0
    deploy_deadline: float = 3600.0
    turn: float = 120.0
    admission_grace: float = 300.0
    rehint_after: float = 15.0
    upload_limit: int = 64 * 1024 * 1024
    direct_upload_limit: int = 16 * 1024**3
    upload_link: int = 3600
    datastore: str = "workspaceblobstore"
    sources: Allowed = field(default_factory=Allowed)
    max_members: int = 20  # Azure's limit of deployments per endpoint
    max_unfinished: int = 100
    deploys_per_minute: int = 120
    require_evaluation: bool = False
    allow_reset: bool = False
    usage_days: int = 90
    idle_days: int = 14
    default_python: str = "3.10"
    reconcile_days: int = 7
    sighting_gap: float = 3600.0
    paid_grace: float = 7200.0
    most_deletes: int = 10
    trash_days: float = 30
    event_days: int = 365
    reconcile_repairs: frozenset[Repair] = PROMPT
    prices: PriceList = field(default_factory=PriceList)
