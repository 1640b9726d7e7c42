"""The workflows of docs/ci.md and other pages: their form, and the inputs that they give to our actions."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ruamel.yaml import YAML

from workspace import REPOSITORY

ACTIONS = REPOSITORY / ".github/actions"


def blocks(page=REPOSITORY / "docs/ci.md"):
    """The YAML of a page."""
    return re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def read(text):
    return YAML(typ="safe", pure=True).load(text)


def is_workflow(document):
    return isinstance(document, dict) and "jobs" in document


class Documents(unittest.TestCase):
    def test_workflows_have_the_form_that_their_hosts_ask_for(self):
        counts = {"vendor.github-workflows": 0, "vendor.gitlab-ci": 0}
        for block in blocks():
            schema = "vendor.github-workflows" if is_workflow(read(block)) else "vendor.gitlab-ci"
            counts[schema] += 1
            with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
                file.write(block)
                file.flush()
                command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file.name]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, f"{done.stdout}\n{block}")
        self.assertEqual(counts, {"vendor.github-workflows": 3, "vendor.gitlab-ci": 1})

    def test_inputs_of_our_actions_are_those_that_they_take(self):
        used = set()
        for workflow in filter(is_workflow, map(read, blocks())):
            steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
            for step in steps:
                found = re.search(r"/\.github/actions/([a-z-]+)@", step.get("uses", ""))
                if not found:
                    continue
                used.add(found[1])
                inputs = read((ACTIONS / found[1] / "action.yml").read_text())["inputs"]
                given = step.get("with", {}).keys()
                self.assertLessEqual(given, inputs.keys())
                self.assertLessEqual({name for name, one in inputs.items() if one.get("required")}, given)
        self.assertEqual(used, {path.name for path in ACTIONS.iterdir()})

    def test_jobs_have_the_permissions_that_the_actions_ask_for(self):
        for name in ("plan-comment", "apply-plan"):
            described = read((ACTIONS / name / "action.yml").read_text())["description"]
            asked = dict(re.findall(r"([a-z-]+): (read|write)", described))
            jobs = [
                job
                for workflow in filter(is_workflow, map(read, blocks()))
                for job in workflow["jobs"].values()
                if any(f"/{name}@" in step.get("uses", "") for step in job["steps"])
            ]
            self.assertEqual([job["permissions"] for job in jobs], [asked], name)

    def test_jobs_that_run_mlopsctl_set_it_up_before(self):
        ours = {"plan-comment", "apply-plan"}
        found = []
        for page in sorted((REPOSITORY / "docs").glob("**/*.md")):
            for workflow in filter(is_workflow, map(read, blocks(page))):
                for name, job in workflow["jobs"].items():
                    uses = [step.get("uses", "") for step in job["steps"]]
                    actions = [re.search(r"/\.github/actions/([a-z-]+)@", action) for action in uses]
                    actions = [action and action[1] for action in actions]
                    runs = [bool(re.search(r"\bmlopsctl ", step.get("run", ""))) for step in job["steps"]]
                    users = [at for at, action in enumerate(actions) if action in ours or runs[at]]
                    if users:
                        found.append(f"{page.name}: {name}")
                        self.assertIn("setup-mlopsctl", actions[: users[0]], found[-1])
        self.assertEqual(found, ["ci.md: plan", "ci.md: apply", "ci.md: plan", "ci.md: apply", "drift.md: reconcile"])

    def test_jobs_of_gitlab_extend_the_template(self):
        [gitlab] = [block for block in map(read, blocks()) if not is_workflow(block)]
        template = read((REPOSITORY / "pull-requests/gitlab.yml").read_text())
        jobs = [job for name, job in gitlab.items() if name != "include"]
        self.assertEqual([job["extends"] in template for job in jobs], [True, True])
        for job in template.values():
            for line in job.get("script", []):
                script = Path(re.search(r'MLOPSCTL_SCRIPTS/([a-z_.]+)"', line)[1])
                self.assertTrue((REPOSITORY / "pull-requests" / script).is_file(), line)


if __name__ == "__main__":
    unittest.main()
