"""The work of the certificate before and after a life: consent, edits of the shipped files, the report."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from certificate.__main__ import consented
from certificate.edits import edits
from certificate.life import Phase
from certificate.program import Run
from certificate.project import Project
from certificate.report import Facts, is_passed, render

FACTS = Facts("mlopsctl 0.2.0", "abc1234", "eu-west-1", "AWS", "2026-11-29 12:00 UTC", 3.5)
STEP = '{"event":"step","address":"network.nat-1","action":"create","phase":"done","elapsed_ms":90500}'
SUMMARY = '{"event":"summary","api_calls":240}'


def run(code: int, stdout: str = "", stderr: str = "") -> Run:
    return Run(["up", "dev"], (0,), code, 1.0, stdout, stderr)


class Consent(unittest.TestCase):
    def agrees(self, given: str | None) -> bool:
        with contextlib.redirect_stderr(io.StringIO()):
            return consented("111111111111", given, 3.5, ["dev"])

    def test_only_the_accounts_own_id_is_consent(self):
        self.assertTrue(self.agrees("111111111111"))
        self.assertFalse(self.agrees("222222222222"))
        self.assertFalse(self.agrees(""))


class Edits(unittest.TestCase):
    def test_each_changes_each_shipped_environment(self):
        with tempfile.TemporaryDirectory() as folder:
            project = Project.create(Path(folder), "eu-west-1", "111111111111")
            for environment in ["dev", "staging", "prod"]:
                self.assertIn('allowed_accounts = ["111111111111"]', project.file(environment).read_text())
                ten = edits(project, environment)
                self.assertEqual(len(ten), 10)
                for what, edit in ten:
                    before = project.file(environment).read_text()
                    edit()
                    self.assertNotEqual(project.file(environment).read_text(), before, f"{environment}: {what}")


class Report(unittest.TestCase):
    def test_success_shows_times_and_calls(self):
        phases = [Phase("dev", "up", 91.0, [run(0, f"{STEP}\n{SUMMARY}\n")])]
        self.assertTrue(is_passed(phases))
        report = render(FACTS, phases)
        self.assertIn("# Certificate: passed", report)
        self.assertIn("| dev | up | passed | 91.0 s | 1 | 240 |", report)
        self.assertIn("| dev | `network.nat-1` | create | 90.5 s |", report)

    def test_error_that_the_book_does_not_have_is_listed_with_its_words(self):
        def waits(text: str) -> str:
            step = {"event": "step", "address": "a.b", "action": "create", "phase": "waiting"}
            return json.dumps(step | {"waiting_for": text})

        known = "CreateFunction: InvalidParameterValueException: The role defined cannot be assumed (request 4f)"
        new = "CreateDomain: NeverSeenException: try | later (request 5a)"
        said = "\n".join(map(waits, [known, new, new.replace("5a", "5b"), "the change to show", "pending"]))
        report = render(FACTS, [Phase("dev", "up", 91.0, [run(0, f"{said}\n{SUMMARY}\n")])])
        self.assertIn("| CreateDomain | `NeverSeenException` | try \\| later | 2 |", report)
        self.assertNotIn("InvalidParameterValueException", report)
        self.assertNotIn("## Errors without", render(FACTS, [Phase("dev", "up", 1.0, [run(0, f"{SUMMARY}\n")])]))

    def test_failure_is_told_verbatim(self):
        error = "error: CreateFunction: InvalidParameterValueException: The role cannot be assumed (request 4f)"
        phases = [Phase("dev", "up", 1.0, [run(1, "", error)])]
        self.assertFalse(is_passed(phases))
        report = render(FACTS, phases)
        self.assertIn("# Certificate: FAILED", report)
        self.assertIn(error, report)

    def test_leftovers_and_nothing_at_all_are_failures(self):
        self.assertFalse(is_passed([Phase("dev", "destroy", wrong=["left behind: bucket x"])]))
        self.assertFalse(is_passed([]))


if __name__ == "__main__":
    unittest.main()
