"""From the comment on a pull request to the plan that is applied, with the real mlopsctl on the embedded AWS."""

import json
import sys
import unittest

from fakes import OTHER, GitHub, GitLab
from workspace import SCRIPTS, Workspace

sys.path.insert(0, str(SCRIPTS))
import mark


class ReviewedPlans:
    """The tests for both hosts."""

    def setUp(self):
        self.work = Workspace(self.HOST)
        self.addCleanup(self.work.close)
        self.host = self.work.host

    def own_comments(self):
        return [one["body"] for one in self.host.comments if one["author"] == self.host.me]

    def refused(self, reason, *options):
        """The application ends before mlopsctl is called."""
        code, said = self.work.apply(*options)
        self.assertEqual(code, 1, said)
        self.assertIn(reason, said)
        self.assertNotIn("mlopsctl plan for", said)

    def test_commented_plan_is_what_is_applied(self):
        code, said = self.work.plan()
        self.assertEqual(code, 0, said)
        [comment] = self.own_comments()
        shown = mark.read(comment)
        self.assertEqual((shown.environment, shown.commit, shown.run), ("dev", self.host.head, "11"))
        self.assertIn("### mlopsctl plan for `dev`", comment)
        self.assertLess(len(comment), 65_536)
        self.work.merge()
        code, said = self.work.apply()
        self.assertEqual(code, 0, said)
        self.assertIn(f"has the digest of the comment: {shown.digest}", said)
        self.assertEqual(self.work.mlopsctl("plan", "dev", "--exit-code").returncode, 0)

    def test_comment_is_one_and_changes_with_each_commit(self):
        forged = mark.Mark("dev", self.host.head, "11", "0" * 64).line()
        for number in range(120):
            self.host.add(self.host.other, forged if number == 60 else "looks good")
        self.work.plan("11")
        self.host.head = "e" * 40
        self.work.edit("log_retention_days = 7", "log_retention_days = 14")
        code, said = self.work.plan("12")
        self.assertEqual((code, "was updated" in said), (0, True), said)
        [comment] = self.own_comments()
        self.assertEqual(mark.read(comment).commit, "e" * 40)
        self.assertEqual(self.host.comments[60]["body"], forged)

    def test_run_of_an_earlier_commit_does_not_overwrite_the_comment(self):
        settings = self.host.of_pull_request("11")
        self.host.head = "e" * 40
        code, said = self.work.run("plan_comment.py", settings)
        self.assertEqual(code, 0, said)
        self.assertIn("has a later commit", said)
        self.assertEqual(self.own_comments(), [])

    def test_second_comment_of_runs_at_the_same_time_is_removed(self):
        line = mark.Mark("dev", self.host.head, "10", "0" * 64).line()
        for text in (line, line, mark.Mark("prod", self.host.head, "10", "0" * 64).line()):
            self.host.add(self.host.me, text)
        self.work.plan()
        environments = [mark.read(comment).environment for comment in self.own_comments()]
        self.assertEqual(environments, ["dev", "prod"])

    def test_plan_is_not_applied_after_a_later_commit(self):
        self.work.plan()
        self.host.head = "e" * 40
        self.work.merge()
        self.refused("was merged with eeee")

    def test_plan_is_not_applied_without_a_pull_request(self):
        self.work.plan()
        self.host.merge_commit = None
        settings = {**self.host.of_merge(), "GITHUB_SHA": "f" * 40, "CI_COMMIT_SHA": "f" * 40}
        code, said = self.work.run("apply_plan.py", settings)
        self.assertEqual(code, 1)
        self.assertIn("nobody reviewed a plan of it", said)

    def test_plan_is_not_applied_if_another_account_commented(self):
        self.work.plan()
        for one in self.host.comments:
            one["author"] = self.host.other
        self.work.merge()
        self.refused("has no comment with a plan of dev")

    def test_plan_with_another_digest_is_not_applied(self):
        self.work.plan()
        self.host.keep("11", "dev", b"{}")
        self.work.merge()
        self.refused("its digest differs")

    def test_plan_of_a_fork_or_of_another_event_is_not_applied(self):
        self.work.plan()
        plan = (self.work.folder / "mlopsctl-plan/dev.plan").read_bytes()
        self.work.merge()
        for repository, event in ((OTHER, "pull_request"), ("acme/ml", "push")):
            self.host.keep("11", "dev", plan, repository, event)
            self.refused("11 is no ")

    def test_stale_plan_changes_nothing(self):
        self.work.plan()
        self.work.edit('cidr = "10.0.0.0/16"', 'cidr = "10.8.0.0/16"')
        self.work.merge()
        code, said = self.work.apply()
        self.assertEqual(code, 1, said)
        self.assertIn("environment file", said)
        plan = json.loads(self.work.mlopsctl("plan", "dev", "--json").stdout)
        self.assertEqual(plan["summary"]["unchanged"], 0)

    def test_invalid_file_is_commented_and_never_applied(self):
        self.work.plan("11")
        self.work.edit("zones = 2", "zones = 12")
        self.host.head = "e" * 40
        code, said = self.work.plan("12")
        self.assertEqual(code, 64, said)
        self.assertIn("::error file=environments/dev.toml,line=", said)
        [comment] = self.own_comments()
        self.assertIn("No plan could be made", comment)
        self.work.merge()
        self.refused("shows no plan that can be applied")

    def test_options_that_lose_data_are_needed_again(self):
        self.work.plan("11", "--delete-data=storage.*", "--unprotect=")
        [comment] = self.own_comments()
        self.assertIn("**Planned with `--delete-data=storage.*`**", comment)
        self.work.merge()
        code, said = self.work.apply()
        self.assertNotEqual(code, 0)
        self.assertIn("--delete-data", said)
        self.assertEqual(self.work.apply("--delete-data=storage.*")[0], 0)


class OnGitHub(ReviewedPlans, unittest.TestCase):
    HOST = GitHub

    def test_token_does_not_follow_a_redirect_to_another_host(self):
        self.work.plan()
        self.work.merge()
        self.assertEqual(self.work.apply()[0], 0)
        [(_, _, headers)] = self.work.store.asked
        self.assertNotIn("Authorization", headers)

    def test_expired_plan_is_told(self):
        self.work.plan()
        self.host.artifacts["11"]["expired"] = True
        self.work.merge()
        self.refused("keeps no plan of dev any more")

    def test_summary_of_the_run_shows_the_plan(self):
        page = self.work.folder / "summary.md"
        settings = {**self.host.of_pull_request("11"), "GITHUB_STEP_SUMMARY": str(page)}
        self.work.run("plan_comment.py", settings)
        self.assertIn("### mlopsctl plan for `dev`", page.read_text())

    def test_file_of_a_fork_is_checked_without_token_and_requests(self):
        code, said = self.work.run("plan_comment.py", {"GITHUB_TOKEN": ""}, "--validate-only")
        self.assertEqual(code, 0, said)
        self.work.edit("zones = 2", "zones = 12")
        code, said = self.work.run("plan_comment.py", {"GITHUB_TOKEN": ""}, "--validate-only")
        self.assertEqual((code, "::error" in said), (64, True), said)
        self.assertEqual(self.host.asked, [])


class OnGitLab(ReviewedPlans, unittest.TestCase):
    HOST = GitLab

    def test_fast_forward_merge_is_found_by_the_last_commit(self):
        self.work.plan()
        self.work.merge()
        self.host.merge_commit = None
        self.host._merge_requests = lambda query, _, commit: self.host.page(
            query, [{"iid": 7, "state": "merged", "target_branch": "main", "sha": commit, "merge_commit_sha": None}]
        )
        settings = {**self.host.of_merge(), "CI_COMMIT_SHA": self.host.head}
        code, said = self.work.run("apply_plan.py", settings)
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
