"""The services that work on this machine, together."""

from __future__ import annotations

from .clients import Clients
from .containers import Images
from .functions import Functions
from .interpreter import Waits, complete
from .job_runs import JobRuns
from .jobs import TrainingJobs, TransformJobs
from .programs import Programs
from .scaling import Scaling


class Services:
    """One for a process: the interpreter's clients are those of the last one that was made."""

    def __init__(self, clients: Clients, images: Images, waits: Waits, memory: str = "1g") -> None:
        self.clients = clients
        self.programs = Programs(clients.endpoint, clients.region)
        self.functions = Functions(clients, self.programs)
        self.job_runs = JobRuns(clients, self.programs, memory)
        self.training = TrainingJobs(clients, self.programs, images)
        self.transform = TransformJobs(clients, self.programs, images)
        self.scaling = Scaling(clients)
        complete(clients, waits)

    def end(self) -> None:
        self.programs.end_all()
