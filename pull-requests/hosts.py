"""The hosts of pull requests: comments, and the plans that their runs keep."""

from __future__ import annotations

import io
import re
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping

import mark
from api import Api
from mark import Mark, RefusedError


def host_of(environ: Mapping[str, str]) -> GitHub | GitLab:
    """The host whose run this is."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHub(environ)
    if environ.get("GITLAB_CI") == "true":
        return GitLab(environ)
    raise RefusedError("this is a run of neither GitHub Actions nor GitLab CI")


def _needed(environ: Mapping[str, str], name: str, where: str = "") -> str:
    value = environ.get(name, "")
    if not value:
        raise RefusedError(f"{name} is not set{where}")
    return value


class _Host:
    """The steps that all hosts have in common."""

    def put(self, shown: Mark, text: str) -> str:
        """Makes the text the one comment about the environment, and says what was done."""
        if self.newest_commit() != shown.commit:
            return f"the pull request has a later commit than {shown.commit}: its own run comments on it"
        first, *others = [*self.comments(shown.environment), None]
        body = f"{shown.line()}\n{text}"
        if first is None:
            self.create(body)
            return "the comment was created"
        self.change(first[0], body)
        for other in others[:-1]:
            self.delete(other[0])
        return "the comment was updated"

    def reviewed(self, environment: str) -> Mark:
        """What the comment says on the pull request whose merge started this run."""
        pull_request, last = self.merged()
        marks = [shown for _, shown in self.comments(environment, pull_request)]
        if not marks:
            raise RefusedError(f"{pull_request} has no comment with a plan of {environment}")
        shown = marks[0]
        if shown.commit != last:
            raise RefusedError(f"{pull_request} was merged with {last}, and the comment shows a plan of {shown.commit}")
        if shown.digest == "none":
            raise RefusedError(f"the comment on {pull_request} shows no plan that can be applied")
        self.check_run(shown, pull_request)
        return shown

    def plan(self, shown: Mark) -> bytes:
        """The saved plan that the comment shows."""
        plan = self.saved(shown)
        if mark.digest(plan) != shown.digest:
            raise RefusedError(f"the plan of run {shown.run} is not the one of the comment: its digest differs")
        return plan

    def comments(self, environment: str, pull_request: str | None = None) -> Iterator[tuple[str, Mark]]:
        """Our comments about the environment, the oldest first. What others write does not count."""
        for number, author, body in self.all_comments(pull_request):
            shown = mark.read(body)
            if shown is not None and author == self.author() and shown.environment == environment:
                yield number, shown


class GitHub(_Host):
    """GitHub, in a run of GitHub Actions."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._repository = _needed(environ, "GITHUB_REPOSITORY")
        token = _needed(environ, "GITHUB_TOKEN")
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._api = Api(environ.get("GITHUB_API_URL", "https://api.github.com"), headers)
        self._below = f"/repos/{self._repository}"

    def link(self) -> str:
        """The page of this run."""
        server = self._environ.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{self._repository}/actions/runs/{self.run()}"

    def run(self) -> str:
        """The number of this run."""
        return _needed(self._environ, "GITHUB_RUN_ID")

    def commit(self) -> str:
        """The commit of the pull request that this run planned: its last one when the run began."""
        return _needed(self._environ, "PULL_REQUEST_COMMIT", ": the action sets it")

    def newest_commit(self) -> str:
        """The last commit of the pull request."""
        return self._api.get(f"{self._below}/pulls/{self._number()}")["head"]["sha"]

    def _number(self) -> str:
        return _needed(self._environ, "PULL_REQUEST", ": the action comments in runs of pull requests only")

    def author(self) -> str:
        """The account that comments."""
        return self._environ.get("COMMENT_AUTHOR") or "github-actions[bot]"

    def all_comments(self, pull_request: str | None) -> Iterator[tuple[str, str, str]]:
        """Number, author and text of each comment."""
        number = (pull_request or self._number()).lstrip("#")
        for one in self._api.all_of(f"{self._below}/issues/{number}/comments"):
            yield str(one["id"]), (one["user"] or {}).get("login", ""), one["body"] or ""

    def create(self, body: str) -> None:
        """Creates the comment."""
        self._api.send("POST", f"{self._below}/issues/{self._number()}/comments", {"body": body})

    def change(self, comment: str, body: str) -> None:
        """Changes a comment."""
        self._api.send("PATCH", f"{self._below}/issues/comments/{comment}", {"body": body})

    def delete(self, comment: str) -> None:
        """Deletes a comment."""
        self._api.send("DELETE", f"{self._below}/issues/comments/{comment}")

    def merged(self) -> tuple[str, str]:
        """The pull request whose merge made the commit of this run, and its last commit."""
        commit, branch = _needed(self._environ, "GITHUB_SHA"), _needed(self._environ, "GITHUB_REF_NAME")
        for one in self._api.all_of(f"{self._below}/commits/{commit}/pulls"):
            if one["merged_at"] and one["merge_commit_sha"] == commit and one["base"]["ref"] == branch:
                return f"#{one['number']}", one["head"]["sha"]
        raise RefusedError(f"no pull request was merged into {branch} with {commit}: nobody reviewed a plan of it")

    def check_run(self, shown: Mark, pull_request: str) -> None:
        """Refuses a plan of another repository's run, or of a run of something else."""
        run = self._api.get(f"{self._below}/actions/runs/{shown.run}")
        found = (run["event"], run["head_sha"], (run["head_repository"] or {}).get("full_name"))
        if found != ("pull_request", shown.commit, self._repository):
            raise RefusedError(f"run {shown.run} is no run of {pull_request} of this repository with {shown.commit}")

    def saved(self, shown: Mark) -> bytes:
        """The plan that the run keeps."""
        name = artifact(shown.environment)
        of_run = f"{self._below}/actions/runs/{shown.run}/artifacts?per_page=100&name={name}"
        found = [one for one in self._api.get(of_run)["artifacts"] if one["name"] == name]
        if not found or found[-1]["expired"]:
            raise RefusedError(f"run {shown.run} keeps no plan of {shown.environment} any more: plan again")
        archive = self._api.bytes_of(f"{self._below}/actions/artifacts/{found[-1]['id']}/zip")
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            return files.read(file_of(shown.environment))


class GitLab(_Host):
    """GitLab, in a job of GitLab CI."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._project = _needed(environ, "CI_PROJECT_ID")
        token = _needed(environ, "MLOPSCTL_GITLAB_TOKEN", ": a project access token with the scope `api`")
        self._api = Api(_needed(environ, "CI_API_V4_URL"), {"Private-Token": token})
        self._below = f"/projects/{self._project}"
        self._author = ""

    def link(self) -> str:
        """The page of this job."""
        return _needed(self._environ, "CI_JOB_URL")

    def run(self) -> str:
        """The number of this job."""
        return _needed(self._environ, "CI_JOB_ID")

    def commit(self) -> str:
        """The last commit of the merge request. In a pipeline of merged results, `CI_COMMIT_SHA` is another one."""
        source = self._environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
        return source or _needed(self._environ, "CI_COMMIT_SHA")

    def newest_commit(self) -> str:
        """The last commit of the merge request."""
        return self._api.get(f"{self._below}/merge_requests/{self._number()}")["sha"]

    def _number(self) -> str:
        return _needed(self._environ, "CI_MERGE_REQUEST_IID", ": the job comments in merge request pipelines only")

    def author(self) -> str:
        """The account of the token."""
        if not self._author:
            self._author = str(self._api.get("/user")["id"])
        return self._author

    def all_comments(self, pull_request: str | None) -> Iterator[tuple[str, str, str]]:
        """Number, author and text of each note."""
        number = (pull_request or self._number()).lstrip("!")
        for one in self._api.all_of(f"{self._below}/merge_requests/{number}/notes?sort=asc"):
            yield str(one["id"]), str(one["author"]["id"]), one["body"] or ""

    def create(self, body: str) -> None:
        """Creates the note."""
        self._api.send("POST", f"{self._below}/merge_requests/{self._number()}/notes", {"body": body})

    def change(self, comment: str, body: str) -> None:
        """Changes a note."""
        self._api.send("PUT", f"{self._below}/merge_requests/{self._number()}/notes/{comment}", {"body": body})

    def delete(self, comment: str) -> None:
        """Deletes a note."""
        self._api.send("DELETE", f"{self._below}/merge_requests/{self._number()}/notes/{comment}")

    def merged(self) -> tuple[str, str]:
        """The merge request whose merge made the commit of this job, and its last commit."""
        commit, branch = _needed(self._environ, "CI_COMMIT_SHA"), _needed(self._environ, "CI_COMMIT_BRANCH")
        for one in self._api.all_of(f"{self._below}/repository/commits/{commit}/merge_requests"):
            # Without a merge commit, the last commit itself is on the branch.
            results = (one.get("merge_commit_sha"), one.get("squash_commit_sha"), one["sha"])
            if one["state"] == "merged" and one["target_branch"] == branch and commit in results:
                return f"!{one['iid']}", one["sha"]
        raise RefusedError(f"no merge request was merged into {branch} with {commit}: nobody reviewed a plan of it")

    def check_run(self, shown: Mark, pull_request: str) -> None:
        """Refuses a plan of another project's job, or of a job of something else."""
        pipeline = self._api.get(f"{self._below}/jobs/{shown.run}")["pipeline"]
        reference = re.fullmatch(r"refs/merge-requests/([0-9]+)/(head|merge|train)", pipeline["ref"])
        found = (str(pipeline["project_id"]), f"!{reference[1]}" if reference else "")
        if found != (self._project, pull_request):
            raise RefusedError(f"job {shown.run} is no job of {pull_request} of this project")

    def saved(self, shown: Mark) -> bytes:
        """The plan that the job keeps."""
        file = urllib.parse.quote(f"{FOLDER}/{file_of(shown.environment)}")
        return self._api.bytes_of(f"{self._below}/jobs/{shown.run}/artifacts/{file}")


#: The folder of the plans within the working directory.
FOLDER = "mlopsctl-plan"


def artifact(environment: str) -> str:
    """The name of the artifact with the plan of an environment."""
    return f"{FOLDER}-{environment}"


def file_of(environment: str) -> str:
    """The file with the plan of an environment."""
    return f"{environment}.plan"
