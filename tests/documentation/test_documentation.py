"""The documentation says what mlopsctl does. `$MLOPSCTL` is the binary."""

import json
import os
import re
import unittest
from pathlib import Path

import accepted
import shell
import walkthrough

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ["MLOPSCTL"]).resolve()


class Documentation(unittest.TestCase):
    maxDiff = None

    def test_documented_command_lines_are_accepted(self) -> None:
        self.assertGreater(len(list(accepted.documented(ROOT))), 120)
        self.assertEqual(list(accepted.refusals(BINARY, ROOT)), [])

    def test_mentioned_commands_and_options_exist(self) -> None:
        self.assertEqual(list(accepted.unknown_mentions(BINARY, ROOT)), [])

    def test_outputs_have_their_page_and_their_schema(self) -> None:
        code = "".join(path.read_text("utf-8") for path in (ROOT / "crates/blueprint/src").glob("**/*.rs"))
        declared = re.findall(r'stack\.output\("([a-z_]+)"', code) + re.findall(r'\("([a-z]+_bucket_name)", "', code)
        self.assertGreater(len(declared), 8)
        schema = json.loads((ROOT / "state/schemas/output.schema.json").read_text("utf-8"))
        page = (ROOT / "docs/extending.md").read_text("utf-8").partition("\n## Outputs\n")[2]
        self.assertCountEqual(schema["oneOf"][0]["properties"], declared)
        self.assertCountEqual(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE), declared)

    def test_walkthroughs_do_what_they_say(self) -> None:
        found = walkthrough.walkthroughs(ROOT)
        self.assertIn("docs/tutorial.md", found)
        self.assertGreater(len(found), 5)
        for name, text in found.items():
            with self.subTest(name):
                walkthrough.follow(text, BINARY)


class Reader(unittest.TestCase):
    def calls(self, line: str) -> list[str]:
        return [" ".join(call) for call in shell.calls(line, {"id": "123"})]

    def test_calls_are_found_in_lines_of_shells_workflows_and_crontabs(self) -> None:
        self.assertEqual(self.calls("$ mlopsctl plan dev --out 'a b'   # comment | mlopsctl"), ["plan dev --out a b"])
        self.assertEqual(self.calls("- run: mlopsctl drift dev > out || mlopsctl wait $id"), ["drift dev", "wait 123"])
        self.assertEqual(self.calls("$ (cd x && A=1 mlopsctl up dev) | tee log"), ["up dev"])
        self.assertEqual(self.calls("17 * * * * cd /srv && mlopsctl drift dev >> log"), ["drift dev"])
        self.assertEqual(self.calls("$ cargo run -- up dev --local"), ["up dev --local"])
        self.assertEqual(self.calls("mlopsctl: an error; install mlopsctl /usr/local/bin"), [])

    def test_lines_that_go_on_are_joined(self) -> None:
        [(kind, block)] = shell.blocks("```console run\n$ a \\\n  b\nout\n```\n")
        self.assertEqual((kind, [line.text for line in block]), ("console run", ["$ a b", "out"]))

    def test_wrong_arguments_are_refused_and_a_missing_environment_is_not(self) -> None:
        self.assertIsNone(accepted.refusal(BINARY, ["plan", "dev", "--out", "x"]))
        self.assertIn("--no-such", accepted.refusal(BINARY, ["plan", "dev", "--no-such"]) or "")
        self.assertIsNotNone(accepted.refusal(BINARY, ["unlock", "dev"]))

    def test_unknown_commands_and_options_of_mentions_are_found(self) -> None:
        self.assertIsNone(accepted.unknown(BINARY, "mlopsctl state history <env> --show ID"))
        self.assertEqual(accepted.unknown(BINARY, "mlopsctl stat dev"), "stat")
        self.assertEqual(accepted.unknown(BINARY, "mlopsctl plan --no-such=x"), "--no-such")

    def test_a_command_that_fails_or_prints_something_else_is_found(self) -> None:
        for page in ["```console run\n$ false\n```\n", "```console run\n$ echo a\nb\n```\n"]:
            with self.assertRaises(AssertionError):
                walkthrough.follow(page, BINARY)

    def test_settings_are_put_into_their_sections(self) -> None:
        file = 'project = "p"\n\n[network]\nnat = "single"\n\n[studio]\n'
        settings = '[network]\nnat = "none"\nzones = 2\n[encryption]\nkms = true\n[[functions]]\nname = "f"'
        before = 'project = "p" [network] zones = 2 nat = "none" [studio]'
        after = f'{before} [encryption] kms = true [[functions]] name = "f"'
        self.assertEqual(" ".join(walkthrough.put(file, settings).split()), after)


if __name__ == "__main__":
    unittest.main()
