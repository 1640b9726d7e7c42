"""The parts of the scripts, and the script that installs mlopsctl."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from fakes import Server, document
from workspace import REPOSITORY, SCRIPTS

sys.path.insert(0, str(SCRIPTS))
import api
import mark
from mark import Mark, RefusedError
from plan_comment import annotation


class Marks(unittest.TestCase):
    MARK = Mark("prod", "a" * 40, "123", "b" * 64)

    def test_mark_is_read_from_the_first_line_only(self):
        self.assertEqual(mark.read(f"{self.MARK.line()}\r\ntext"), self.MARK)
        self.assertIsNone(mark.read(f"text\n{self.MARK.line()}"))
        self.assertIsNone(mark.read(f"{self.MARK.line()} more"))

    def test_mark_holds_nothing_that_could_be_read_as_something_else(self):
        for environment in ("prod commit=" + "c" * 40, "a-->b", "", "a\nb", "x" * 65):
            with self.assertRaises(RefusedError):
                Mark(environment, "a" * 40, "1", "none").line()
        with self.assertRaises(RefusedError):
            Mark("prod", "HEAD", "1", "none").line()


class Annotations(unittest.TestCase):
    def test_text_cannot_begin_another_command(self):
        problem = {"file": "environments/a,b:c.toml", "line": 3, "column": None, "message": "50%\n::add-mask::x\r"}
        expected = "::error file=environments/a%2Cb%3Ac.toml,line=3,col=1::50%25%0A::add-mask::x%0D"
        self.assertEqual(annotation(problem), expected)


class Echo(Server):
    """Answers everything."""

    def answer(self, request, body):
        return document({"path": request.path, "body": body})


class Requests(unittest.TestCase):
    def setUp(self):
        self.server = Echo()
        serving = self.server.serving()
        self.api = api.Api(serving.__enter__(), {"Authorization": "Bearer x"})
        self.addCleanup(serving.__exit__, None, None, None)
        pauses, api.PAUSES = api.PAUSES, (0, 0)
        self.addCleanup(setattr, api, "PAUSES", pauses)

    def test_read_is_tried_again_after_an_error_of_the_server(self):
        self.server.failures = [document({}, 503), document({}, 429)]
        self.assertEqual(self.api.get("/a")["path"], "/a")
        self.assertEqual(len(self.server.asked), 3)

    def test_creation_is_not_repeated(self):
        self.server.failures = [document({}, 503)]
        with self.assertRaisesRegex(RefusedError, "POST /comments: HTTP 503"):
            self.api.send("POST", "/comments", {"body": "x"})
        self.assertEqual(len(self.server.asked), 1)

    def test_refusal_of_the_server_is_told_with_its_words(self):
        self.server.failures = [document({"message": "Resource not accessible by integration"}, 403)]
        with self.assertRaisesRegex(RefusedError, "HTTP 403.*not accessible by integration"):
            self.api.get("/a")

    def test_token_is_not_sent_in_the_clear(self):
        with self.assertRaisesRegex(RefusedError, "in the clear"):
            api.Api("http://example.com", {})


class Files(Server):
    """Serves one file."""

    def __init__(self, content):
        super().__init__()
        self.content = content

    def answer(self, _request, _body):
        return 200, {}, self.content


class Installation(unittest.TestCase):
    PROGRAM = b"#!/bin/sh\necho mlopsctl 0.0.0\n"

    def install(self, content, path="/mlopsctl", sha256=None):
        """The exit code, what was said, and the lines of the PATH."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        added = Path(folder.name, "path")
        with Files(content).serving() as address:
            settings = {
                "PATH": os.environ["PATH"],
                "URL": address + path,
                "SHA256": sha256 or hashlib.sha256(content).hexdigest(),
                "RUNNER_TOOL_CACHE": folder.name,
                "GITHUB_PATH": str(added),
            }
            script = REPOSITORY / ".github/actions/setup-mlopsctl/install.sh"
            done = subprocess.run([script], env=settings, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr, added.read_text().splitlines() if added.exists() else []

    def test_binary_with_the_digest_gets_into_the_path(self):
        code, said, path = self.install(self.PROGRAM)
        self.assertEqual(code, 0, said)
        self.assertIn("mlopsctl 0.0.0", said)
        self.assertTrue(os.access(Path(path[0], "mlopsctl"), os.X_OK))

    def test_archive_is_unpacked(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as files:
            entry = tarfile.TarInfo("mlopsctl-0.0.0/mlopsctl")
            entry.size = len(self.PROGRAM)
            files.addfile(entry, io.BytesIO(self.PROGRAM))
        code, said, _ = self.install(archive.getvalue(), "/mlopsctl.tar.gz")
        self.assertEqual(code, 0, said)
        self.assertIn("mlopsctl 0.0.0", said)

    def test_file_with_another_digest_is_not_run(self):
        code, said, path = self.install(b"#!/bin/sh\necho evil\n", sha256="0" * 64)
        self.assertEqual((code, path), (1, []))
        self.assertIn("has another digest", said)
        self.assertNotIn("evil", said)

    def test_digest_and_address_have_to_be_whole(self):
        for sha256 in ("0" * 63, "$(id)" + "0" * 59):
            self.assertEqual(self.install(self.PROGRAM, sha256=sha256)[0], 1)


if __name__ == "__main__":
    unittest.main()
