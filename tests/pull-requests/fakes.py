"""The part of GitHub's and GitLab's API that the scripts use, on the loopback interface, written from their references.

<https://docs.github.com/en/rest>, <https://docs.gitlab.com/api/rest/>
"""

import io
import json
import re
import urllib.parse
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from loopback import serving

TOKEN = "token-of-the-run"  # noqa: S105
OWN, OTHER = "acme/ml", "stranger/ml"


class Server:
    """Answers requests by the methods of a subclass, and keeps what was asked."""

    def __init__(self):
        self.asked = []
        self.failures = []

    @contextmanager
    def serving(self):
        """Serves until the end, and yields the address."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                fake.asked.append((self.command, self.path, dict(self.headers)))
                code, headers, content = fake.failures.pop(0) if fake.failures else fake.answer(self, body)
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815

            def log_message(self, *_):
                pass

        with serving(Handler) as address:
            yield address

    def answer(self, request, body):
        raise NotImplementedError


def document(value, code=200):
    return code, {"Content-Type": "application/json"}, json.dumps(value).encode()


class Store(Server):
    """The object store to which GitHub redirects downloads."""

    def __init__(self):
        super().__init__()
        self.files = {}

    def answer(self, request, _):
        return 200, {}, self.files[request.path]


class Host(Server):
    """The state that both hosts have in common."""

    def __init__(self):
        super().__init__()
        self.comments = []
        self.numbers = iter(range(100, 10_000))
        self.head = "a" * 40
        self.merge_commit = None

    def add(self, author, body):
        """Adds a comment of a person."""
        self.comments.append({"id": next(self.numbers), "author": author, "body": body})

    def page(self, query, items):
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return document(items[(page - 1) * size : page * size])

    def answer(self, request, body):
        address = urllib.parse.urlsplit(request.path)
        query = urllib.parse.parse_qs(address.query)
        if not self.is_authorised(request.headers):
            return document({"message": "Bad credentials"}, 401)
        for method, pattern, respond in self.routes():
            found = re.fullmatch(pattern, address.path)
            if found and method == request.command:
                return respond(query, body, *found.groups())
        return document({"message": f"Not Found: {request.command} {request.path}"}, 404)

    def change(self, body, number):
        comment = next(one for one in self.comments if str(one["id"]) == number)
        comment["body"] = body["body"]
        return document({})

    def delete(self, number):
        self.comments = [one for one in self.comments if str(one["id"]) != number]
        return 204, {}, b""

    def create(self, author, body):
        self.add(author, body["body"])
        return document({}, 201)


class GitHub(Host):
    """One repository with pull request 7, and runs that keep plans."""

    me, other = "github-actions[bot]", "somebody"

    def __init__(self, store, store_address):
        super().__init__()
        self.store, self.store_address = store, store_address
        self.runs = {}
        self.artifacts = {}

    def is_authorised(self, headers):
        return headers["Authorization"] == f"Bearer {TOKEN}"

    def keep(self, run, environment, plan, repository=OWN, event="pull_request"):
        """A run ends, and keeps a plan."""
        self.runs[run] = {"event": event, "head_sha": self.head, "head_repository": {"full_name": repository}}
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr(f"{environment}.plan", plan)
        number = next(self.numbers)
        self.artifacts[run] = {"id": number, "name": f"mlopsctl-plan-{environment}", "expired": False}
        self.store.files[f"/{number}.zip"] = archive.getvalue()

    def routes(self):
        below = f"/repos/{OWN}"
        return [
            ("GET", f"{below}/pulls/7", lambda *_: document({"head": {"sha": self.head}})),
            ("GET", f"{below}/issues/7/comments", self._list),
            ("POST", f"{below}/issues/7/comments", lambda _, body: self.create(self.me, body)),
            ("PATCH", f"{below}/issues/comments/([0-9]+)", lambda _, body, number: self.change(body, number)),
            ("DELETE", f"{below}/issues/comments/([0-9]+)", lambda _q, _b, number: self.delete(number)),
            ("GET", f"{below}/commits/([0-9a-f]+)/pulls", self._pulls),
            ("GET", f"{below}/actions/runs/([0-9]+)", lambda _q, _b, run: document(self.runs[run])),
            ("GET", f"{below}/actions/runs/([0-9]+)/artifacts", self._artifacts),
            ("GET", f"{below}/actions/artifacts/([0-9]+)/zip", self._zip),
        ]

    def _list(self, query, _):
        shown = [{"id": one["id"], "user": {"login": one["author"]}, "body": one["body"]} for one in self.comments]
        return self.page(query, shown)

    def _pulls(self, query, _, commit):
        open_one = {
            "number": 9,
            "merged_at": None,
            "merge_commit_sha": commit,
            "base": {"ref": "main"},
            "head": {"sha": "c" * 40},
        }
        merged = {
            "number": 7,
            "merged_at": "2026-01-01T00:00:00Z",
            "merge_commit_sha": self.merge_commit,
            "base": {"ref": "main"},
            "head": {"sha": self.head},
        }
        return self.page(query, [open_one, merged] if self.merge_commit else [open_one])

    def _artifacts(self, query, _, run):
        artifact = self.artifacts.get(run)
        found = [artifact] if artifact and artifact["name"] == query["name"][0] else []
        return document({"total_count": len(found), "artifacts": found})

    def _zip(self, _q, _b, number):
        return 302, {"Location": f"{self.store_address}/{number}.zip"}, b""

    def settings(self, address):
        """The variables of a run."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": address,
            "GITHUB_REPOSITORY": OWN,
            "GITHUB_TOKEN": TOKEN,
        }

    def of_pull_request(self, run):
        return {"GITHUB_RUN_ID": run, "PULL_REQUEST": "7", "PULL_REQUEST_COMMIT": self.head}

    def of_merge(self):
        return {"GITHUB_RUN_ID": "900", "GITHUB_SHA": self.merge_commit, "GITHUB_REF_NAME": "main"}


class GitLab(Host):
    """One project with merge request 7, and jobs that keep plans."""

    me, other = 42, 43

    def __init__(self, *_):
        super().__init__()
        self.jobs = {}

    def is_authorised(self, headers):
        return headers["Private-Token"] == TOKEN

    def keep(self, run, environment, plan, repository=OWN, event="pull_request"):
        """A job ends, and keeps a plan."""
        reference = "refs/merge-requests/7/head" if event == "pull_request" else "main"
        pipeline = {"ref": reference, "project_id": 5 if repository == OWN else 6}
        self.jobs[run] = (
            {"pipeline": pipeline},
            f"/projects/5/jobs/{run}/artifacts/mlopsctl-plan/{environment}.plan",
            plan,
        )

    def routes(self):
        below = "/projects/5"
        files = [("GET", path, lambda *_, plan=plan: (200, {}, plan)) for _, path, plan in self.jobs.values()]
        return [
            ("GET", "/user", lambda *_: document({"id": self.me})),
            ("GET", f"{below}/merge_requests/7", lambda *_: document({"sha": self.head})),
            ("GET", f"{below}/merge_requests/7/notes", self._list),
            ("POST", f"{below}/merge_requests/7/notes", lambda _, body: self.create(self.me, body)),
            ("PUT", f"{below}/merge_requests/7/notes/([0-9]+)", lambda _, body, number: self.change(body, number)),
            ("DELETE", f"{below}/merge_requests/7/notes/([0-9]+)", lambda _q, _b, number: self.delete(number)),
            ("GET", f"{below}/repository/commits/([0-9a-f]+)/merge_requests", self._merge_requests),
            ("GET", f"{below}/jobs/([0-9]+)", lambda _q, _b, job: document(self.jobs[job][0])),
            *files,
        ]

    def _list(self, query, _):
        shown = [{"id": one["id"], "author": {"id": one["author"]}, "body": one["body"]} for one in self.comments]
        return self.page(query, shown)

    def _merge_requests(self, query, _, commit):
        one = {
            "iid": 7,
            "state": "merged",
            "target_branch": "main",
            "sha": self.head,
            "merge_commit_sha": self.merge_commit,
        }
        other = {"iid": 9, "state": "opened", "target_branch": "main", "sha": commit}
        return self.page(query, [other, one] if self.merge_commit else [other])

    def settings(self, address):
        """The variables of a job."""
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": address,
            "CI_PROJECT_ID": "5",
            "MLOPSCTL_GITLAB_TOKEN": TOKEN,
        }

    def of_pull_request(self, run):
        return {
            "CI_JOB_ID": run,
            "CI_JOB_URL": f"https://gitlab.com/acme/ml/-/jobs/{run}",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": self.head,
            "CI_COMMIT_SHA": "d" * 40,
        }

    def of_merge(self):
        return {
            "CI_JOB_ID": "900",
            "CI_JOB_URL": "https://gitlab.com/acme/ml/-/jobs/900",
            "CI_COMMIT_SHA": self.merge_commit,
            "CI_COMMIT_BRANCH": "main",
        }
