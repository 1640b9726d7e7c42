"""Does the work of the embedded AWS at ENDPOINT: of an execution, or of an endpoint.

    python -m runner --endpoint ENDPOINT --builtin FOLDER --own FOLDER execute EXECUTION-ARN
    python -m runner --endpoint ENDPOINT --builtin FOLDER --own FOLDER serve ENDPOINT-CONFIG-ARN

It ends when the execution has ended. It ends at once, with all that it started, when its stdin is closed: the
process that started it has ended then, or stops it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Thread

from .clients import Clients
from .containers import Images
from .executions import Execution
from .interpreter import Waits
from .recording import Recording
from .services import Services
from .serving import serve

# Nothing here needs the time that AWS's services need.
LONGEST_WAIT = 1.0  # seconds
CLEANER = Path(__file__).with_name("cleaner.py")


def end_with_stdin(services: Services) -> None:
    sys.stdin.buffer.read()
    services.end()
    os._exit(1)


def keep_temporary_files_together() -> None:
    """Makes this process and its programs create their temporary files in one folder, among them copies of buckets.

    A process of its own removes the folder when this one has ended, and ends what is left of its programs. While this
    one lives, its threads would take a file that is missing there for one that a job removed, and remove the object.
    """
    folder = tempfile.mkdtemp(prefix="mlopsctl-")
    # Python closes no bare descriptor, so only the end of this process closes the other end of the pipe.
    ends_with_this_process, _ = os.pipe()
    subprocess.Popen(
        [sys.executable, "-I", CLEANER, folder],
        stdin=ends_with_this_process,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(ends_with_this_process)
    tempfile.tempdir = os.environ["TMPDIR"] = folder


def execute(clients: Clients, services: Services, arn: str) -> None:
    # Spark takes its time to start, which the first steps need as well.
    services.job_runs.spark.start()
    services.training.before_work = services.job_runs.spark.end_if_idle
    states = clients.client("stepfunctions")
    execution = states.describe_execution(executionArn=arn)
    machine = states.describe_state_machine(stateMachineArn=execution["stateMachineArn"])
    work = Execution(arn, machine["definition"], machine["roleArn"], execution["input"])
    work.follow(Recording(clients, arn).tell)


def main() -> None:
    parser = argparse.ArgumentParser(prog="runner", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--builtin", type=Path, required=True, help="the programs of SageMaker's own images")
    parser.add_argument("--own", type=Path, required=True, help="the programs of the project's image")
    parser.add_argument("--memory", default="1g", help="of Spark")
    parser.add_argument("work", choices=["execute", "serve"])
    parser.add_argument("arn")
    options = parser.parse_args()
    _, _, _, region, account, *_ = options.arn.split(":")
    clients = Clients(options.endpoint, region, account)
    images = Images(options.builtin, options.own, account)
    keep_temporary_files_together()
    services = Services(clients, images, Waits(LONGEST_WAIT), options.memory)
    try:
        if options.work == "execute":
            Thread(target=end_with_stdin, args=(services,), daemon=True).start()
            execute(clients, services, options.arn)
        else:
            serve(clients, services.programs, images, options.arn.rsplit("/", 1)[1])
    finally:
        services.end()


if __name__ == "__main__":
    main()
