"""Images as folders of programs, run in the container's directories: `/opt/ml` is a folder of this machine."""

from __future__ import annotations

import io
import socket
import subprocess
import tarfile
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from .programs import Programs

SERVES_WITHIN = 300  # seconds
# No proxy of the environment stands before this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class JobFailed(Exception):
    """Why, in SageMaker's words: an algorithm error is the container's own, a client error the request's."""


class Images:
    """The programs of the images that can run here: of SageMaker's XGBoost, and of those of the platform's account."""

    def __init__(self, builtin: Path, own: Path, account: str) -> None:
        self.builtin, self.own, self.account = builtin, own, account

    def programs(self, image: str) -> Path:
        registry, _, name = image.split("@")[0].partition("/")
        if name.rsplit(":", 1)[0] == "sagemaker-xgboost":
            return self.builtin
        if not registry.startswith(f"{self.account}."):
            raise JobFailed(f"ClientError: {image} is an image of another account, and cannot run on this machine")
        if (self.own / "train.py").exists():
            return self.own
        raise JobFailed(f"ClientError: the programs of {image} are not in {self.own}, so it cannot run on this machine")


class Container:
    """One run of an image: its `/opt/ml`, and the program in it."""

    def __init__(self, image: str, images: Images, programs: Programs) -> None:
        self.folder_of_programs, self.programs = images.programs(image), programs
        self.folder = TemporaryDirectory(prefix="opt-ml-")
        self.root = Path(self.folder.name)
        self.log = self.root / "log"
        self.log.touch()

    def write(self, path: str, content: bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def start(self, program: str, **environment: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return self.programs.start(
                [self.folder_of_programs / program],
                {"SAGEMAKER_BASE_DIR": str(self.root), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def unpack(self, archive: bytes) -> None:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(self.root / "model", filter="data")

    def model(self) -> bytes:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for path in sorted((self.root / "model").iterdir()):
                tar.add(path, arcname=path.name)
        return archive.getvalue()

    def failure(self) -> str:
        path = self.root / "output" / "failure"
        return path.read_text()[:1024] if path.exists() else "the container left no reason"

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A container that serves a model on loopback."""

    def __init__(self, container: Container, port: int) -> None:
        self.container, self.address = container, f"http://127.0.0.1:{port}"
        self.program = container.start("serve.py", SAGEMAKER_BIND_TO_PORT=str(port))

    def await_ping(self) -> None:
        deadline = monotonic() + SERVES_WITHIN
        while self.program.poll() is None and monotonic() < deadline:
            try:
                with DIRECT.open(f"{self.address}/ping", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                sleep(0.05)
        raise JobFailed("AlgorithmError: the container did not pass the health check")

    def ask(self, body: bytes, content_type: str) -> tuple[int, str, bytes]:
        """The answer to a request: its status, type and body."""
        request = urllib.request.Request(f"{self.address}/invocations", body, {"Content-Type": content_type})
        try:
            with DIRECT.open(request, timeout=SERVES_WITHIN) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get_content_type(), error.read()

    def predict(self, body: bytes, content_type: str) -> bytes:
        status, _, answer = self.ask(body, content_type)
        if status != HTTPStatus.OK:
            said = answer.decode(errors="replace").strip()
            raise JobFailed(f"ClientError: the container answered {status}: {said}")
        return answer

    def end(self) -> None:
        self.container.programs.end(self.program)
