"""The example policies, evaluated by a Rego interpreter against plans of mlopsctl."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from workspace import BINARY, REPOSITORY, SCRIPTS, copy_project

REGO = Path(os.environ.get("REGO_BINARY", REPOSITORY / "target/rego/debug/rego"))


class Policies(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        copy_project(self.folder)

    def mlopsctl(self, *arguments):
        command = [BINARY, *arguments, "--local"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=True).stdout

    def edit(self, environment, old, new):
        file = self.folder / f"environments/{environment}.toml"
        text = file.read_text()
        self.assertIn(old, text)
        file.write_text(text.replace(old, new, 1))

    def denied(self, policy, environment, *options):
        """The messages of a policy about the plan."""
        plan = self.mlopsctl("plan", environment, "--json", *options)
        done = subprocess.run([REGO, SCRIPTS / "policies" / policy], input=plan, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return sorted(json.loads(done.stdout))

    def test_new_platforms_have_no_permission_to_change_everything(self):
        for environment in ("dev", "staging", "prod"):
            self.assertEqual(self.denied("permissions.rego", environment), [])

    def test_permission_on_all_resources_is_denied(self):
        wide = '[{ actions = ["sqs:SendMessage", "sqs:ListQueues"], resources = ["*"], accept_wildcards = true }]'
        self.edit("dev", 'name = "data-validation"\n', f'name = "data-validation"\npermissions = {wide}\n')
        expected = ["identity.data-validation-function may sqs:SendMessage on all resources"]
        self.assertEqual(self.denied("permissions.rego", "dev"), expected)

    def test_permission_that_widens_a_role_is_denied(self):
        queue = "arn:aws:sqs:ap-south-1:123456789012:orders"
        narrow = f'[{{ actions = ["sqs:SendMessage"], resources = ["{queue}"] }}]'
        self.edit("dev", 'name = "data-validation"\n', f'name = "data-validation"\npermissions = {narrow}\n')
        self.mlopsctl("up", "dev")
        self.assertEqual(self.denied("permissions.rego", "dev"), [])
        self.edit("dev", f'resources = ["{queue}"]', 'resources = ["*"], accept_wildcards = true')
        expected = ["identity.data-validation-function may sqs:SendMessage on all resources"]
        self.assertEqual(self.denied("permissions.rego", "dev"), expected)

    def test_cost_of_a_change_has_a_limit(self):
        for environment in ("dev", "staging"):
            self.assertEqual(self.denied("data_and_cost.rego", environment), [])
        [message] = self.denied("data_and_cost.rego", "prod")
        self.assertRegex(message, r"^the platform costs [0-9]{3}\.[0-9]{2} USD a month more, and 500 are allowed$")

    def test_deletion_of_storage_is_denied(self):
        models = '[[storage.buckets]]\nname = "models"'
        landing = f'[[storage.buckets]]\nname = "landing"\n\n{models}'
        self.edit("dev", models, landing)
        self.mlopsctl("up", "dev")
        self.edit("dev", landing, models)
        expected = ["storage.landing: delete of a resource that may hold data"]
        self.assertEqual(self.denied("data_and_cost.rego", "dev"), expected)
        self.mlopsctl("plan", "dev", "--delete-data=storage.*", "--out", "dev.plan")
        expected.append("the plan allows to delete the data of storage.*")
        self.assertEqual(self.denied("data_and_cost.rego", "dev", "--show", "dev.plan"), expected)


if __name__ == "__main__":
    unittest.main()
