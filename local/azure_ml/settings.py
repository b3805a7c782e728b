"""What the emulator can be told: parsed once from the command line, then only read.

Defaults are Azure's where Azure has one (`docs/emulator.md` lists them).
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between two emulators.

    `operation_seconds` is the least time of a long-running operation; `cores` the quota of each
    VM family, `family_cores` its exceptions; `resident_models` bounds memory in light serving.
    """

    port: int
    state: Path
    storage: str
    container: str
    location: str = "local"
    operation_seconds: float = 2.0
    serving: Literal["process", "light"] = "process"
    environments: Literal["installed", "built"] = "installed"
    cores: int = 24
    family_cores: tuple[tuple[str, int], ...] = ()
    endpoints: int = 100
    deployments: int = 500
    deployments_per_endpoint: int = 20
    page_size: int = 100
    token_seconds: int = 86_400
    resident_models: int = 32


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Settings from the command line; exits with a usage message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m local.azure_ml", description="Azure ML on one machine"
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="directory kept between runs")
    parser.add_argument("--storage", required=True, help="connection string of the blob service")
    parser.add_argument("--container", required=True, help="container of workspaceblobstore")
    parser.add_argument("--location", default="local")
    parser.add_argument("--operation-seconds", type=_not_negative, default=2.0)
    parser.add_argument("--serving", choices=["process", "light"], default="process")
    parser.add_argument("--environments", choices=["installed", "built"], default="installed")
    parser.add_argument("--cores", type=int, default=24, help="quota of each VM family")
    parser.add_argument(
        "--family-cores", type=_family_cores, action="append", default=[], metavar="FAMILY=N"
    )
    parser.add_argument("--endpoints", type=int, default=100, help="limit per subscription")
    parser.add_argument("--deployments", type=int, default=500, help="limit per subscription")
    parser.add_argument("--deployments-per-endpoint", type=int, default=20)
    parser.add_argument("--page-size", type=_positive, default=100)
    parser.add_argument("--token-seconds", type=int, default=86_400, help="life of a token")
    parser.add_argument("--resident-models", type=_positive, default=32, help="light serving only")
    values = vars(parser.parse_args(arguments))
    if (values["serving"], values["environments"]) == ("light", "built"):
        parser.error("light serving has one process for all, which has one environment")
    values["state"] = values["state"].resolve()
    values["family_cores"] = tuple(values["family_cores"])
    return Settings(**values)


def _not_negative(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _family_cores(text: str) -> tuple[str, int]:
    family, equals, cores = text.partition("=")
    if not (family and equals and cores.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is not FAMILY=N, like standardDSv2Family=6")
    return family.lower(), int(cores)
