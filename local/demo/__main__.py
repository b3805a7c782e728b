"""`python -m local.demo` (`make demo`): from a saved model to a live endpoint, on one machine.

Trains two models, deploys them to one endpoint of a local cloud of its own, scores rows through
HTTP, compares with the models themselves, deletes all, and looks whether anything is left. Exit
code 0 if all was as it should be, 1 if not, 130 after Ctrl-C.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from local import interrupts
from local.azurite import InstallError
from local.cloud import LocalCloud, Options
from local.demo import story
from local.demo.api import Api
from local.demo.failure import DemoFailure


def main() -> int:
    """Runs the demo in a temporary folder, which is kept if it fails; returns the exit code."""
    interrupts.interrupt_on_signals()
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument(
        "--operation-seconds", type=float, default=2.0, help="least time of each cloud operation"
    )
    seconds: float = parser.parse_args().operation_seconds
    console = Console(highlight=False, soft_wrap=True)
    folder = Path(tempfile.mkdtemp(prefix="longshore-demo-"))
    try:
        _run(folder, console, seconds)
    except (DemoFailure, RuntimeError, TimeoutError, InstallError) as failure:
        console.print(f"\nThe demo failed: {failure}", style="red", markup=False)
        console.print(f"Logs of every part: {folder / 'logs'}", markup=False)
        return 1
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        console.print("\nstopped; nothing is left running")
        return 130
    shutil.rmtree(folder)
    return 0


def _run(folder: Path, console: Console, operation_seconds: float) -> None:
    start = time.monotonic()
    console.print("Starting the cloud on this machine: storage, Azure ML emulator, functions ...")
    options = Options(
        folder=folder,
        in_memory=True,
        operation_seconds=operation_seconds,
        say=lambda line: console.print(line, markup=False),
    )
    with LocalCloud(options) as cloud:
        console.print(f"  it answers at {cloud.base_url} after {time.monotonic() - start:.1f} s")
        api = Api(cloud.base_url, console)
        try:
            story.tell(api, cloud, folder, console)
        finally:
            api.close()
    console.print(f"\nDone in {time.monotonic() - start:.0f} s. `make up` runs it for you to try.")


if __name__ == "__main__":
    sys.exit(main())
