"""A project in a folder, the embedded AWS as its AWS, and the scripts as a run calls them."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fakes import Store

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = REPOSITORY / "pull-requests"
BINARY = Path(os.environ.get("MLOPSCTL_BINARY", REPOSITORY / "target/debug/mlopsctl"))


@contextmanager
def embedded_aws(folder):
    """Serves the embedded AWS, and yields the settings that lead there."""
    command = [BINARY, "local", "serve", "--port", "0", "--keep-only"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            settings = {}
            for line in process.stdout:
                pairs = (word.partition("=") for word in shlex.split(line.removeprefix("export ")))
                settings |= {name: value for name, equals, value in pairs if equals}
                if "AWS_SECRET_ACCESS_KEY" in settings:
                    break
            yield settings
        finally:
            process.kill()


def copy_project(folder):
    """Copies the environments and the pipeline of this repository."""
    for name in ("environments", "pipeline"):
        shutil.copytree(REPOSITORY / name, folder / name)


class Workspace:
    """The checkout of a run."""

    def __init__(self, host_class):
        self._ends = ExitStack()
        self.folder = Path(self._ends.enter_context(tempfile.TemporaryDirectory()))
        copy_project(self.folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/mlopsctl").symlink_to(BINARY)
        self.store = Store()
        self.host = host_class(self.store, self._ends.enter_context(self.store.serving()))
        self.address = self._ends.enter_context(self.host.serving())
        self.aws = self._ends.enter_context(embedded_aws(self.folder))

    def close(self):
        self._ends.close()

    def _environment(self, settings):
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        passed = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**passed, "PATH": path, **self.aws, **self.host.settings(self.address), **settings}

    def run(self, script, settings, *options):
        """Runs a script of a job, and returns its exit code with all that it said."""
        command = [sys.executable, SCRIPTS / script, "dev", *options]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment(settings), capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def plan(self, run="11", *options):
        """A run of the pull request: it plans, comments and keeps the plan."""
        code, said = self.run("plan_comment.py", self.host.of_pull_request(run), *options)
        file = self.folder / "mlopsctl-plan/dev.plan"
        if file.is_file():
            self.host.keep(run, "dev", file.read_bytes())
        return code, said

    def merge(self):
        """Merges the pull request; the next run has a checkout of its own."""
        self.host.merge_commit = "b" * 40
        shutil.rmtree(self.folder / "mlopsctl-plan", ignore_errors=True)

    def apply(self, *options):
        """A run after the merge."""
        return self.run("apply_plan.py", self.host.of_merge(), *options)

    def mlopsctl(self, *arguments):
        command = [BINARY, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self._environment({}), capture_output=True, text=True, check=False
        )

    def edit(self, old, new):
        file = self.folder / "environments/dev.toml"
        text = file.read_text()
        if old not in text:
            raise AssertionError(f"{old} is not in dev.toml")
        file.write_text(text.replace(old, new, 1))
