"""The preprocessor, the checker of links and the pages of reference."""

import json
import tempfile
import unittest
from pathlib import Path

import chapters
import check
import reference


class Chapters(unittest.TestCase):
    def test_pages_outside_docs_get_a_path_inside_the_site(self) -> None:
        self.assertEqual(chapters.chapter_path("docs/how-to/keys.md"), "how-to/keys.md")
        self.assertEqual(chapters.chapter_path("ARCHITECTURE.md"), "ARCHITECTURE.md")
        self.assertEqual(chapters.chapter_path("pipeline/README.md"), "pipeline.md")
        self.assertEqual(chapters.chapter_path("README.md"), "README.md")

    def test_links_to_chapters_follow_their_new_paths(self) -> None:
        listed = {"docs/how-to/keys.md", "ARCHITECTURE.md", "state/README.md", "docs/drift.md"}
        sources: set[str] = set()
        text = "[a](../../ARCHITECTURE.md#words), [`b`](../../state/README.md), [c](../drift.md), [d](#here)"
        self.assertEqual(
            chapters.translate("docs/how-to/keys.md", text, listed, sources),
            "[a](../ARCHITECTURE.md#words), [`b`](../state.md), [c](../drift.md), [d](#here)",
        )
        self.assertEqual(sources, set())

    def test_links_to_files_lead_to_their_copies(self) -> None:
        sources: set[str] = set()
        text = "[a](../book.toml) ![b](dev.svg) [c](https://example.com/x.md)\n```\n[d](../book.toml)\n```"
        self.assertEqual(
            chapters.translate("docs/drift.md", text, {"docs/drift.md"}, sources),
            "[a](source/book.toml.txt) ![b](dev.svg) [c](https://example.com/x.md)\n```\n[d](../book.toml)\n```",
        )
        self.assertEqual(sources, {"book.toml"})

    def test_the_summary_is_the_list_of_chapters_on_the_site(self) -> None:
        self.assertEqual(chapters.translate("README.md", "[all](docs/SUMMARY.md)", set(), set()), "[all](toc.html)")

    def test_chapters_within_chapters_are_changed_too(self) -> None:
        inner = {"source_path": "../SECURITY.md", "path": "../SECURITY.md", "content": "", "sub_items": []}
        link = "[x](../SECURITY.md)"
        outer = {"source_path": "a.md", "path": "a.md", "content": link, "sub_items": [{"Chapter": inner}]}
        chapters.preprocess({"items": ["Separator", {"Chapter": outer}]})
        self.assertEqual((outer["content"], inner["path"]), ("[x](SECURITY.md)", "SECURITY.md"))


class Check(unittest.TestCase):
    def broken(self, files: dict[str, str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return list(check.broken_in_repository(files, root))

    def test_broken_links_and_headings_of_the_repository_are_found(self) -> None:
        summary = "[a](a.md)"
        page = "# A `b` c!\n[x](#a-b-c) [y](a.md#gone) [z](../gone.md)\n```\n[w](gone.md)\n```\n`[v](gone.md)`"
        self.assertEqual(
            self.broken({"docs/SUMMARY.md": summary, "docs/a.md": page}),
            ["docs/a.md:2: a.md#gone: no such heading", "docs/a.md:2: ../gone.md: no such file"],
        )

    def test_a_page_that_the_summary_leaves_out_is_found(self) -> None:
        self.assertEqual(
            self.broken({"docs/SUMMARY.md": "", "docs/a.md": ""}), ["docs/a.md: docs/SUMMARY.md does not list it"]
        )

    def test_equal_headings_get_numbers(self) -> None:
        self.assertEqual(check.headings("# A\n## B, c\n## B, c\n"), {"a", "b-c", "b-c-1"})

    def test_broken_links_and_anchors_of_the_site_are_found(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder).resolve()
            (site / "a.html").write_text(
                '<h1 id="one"></h1><a href="#one"><a href="b.html#two"><a href="c.html"><a href="https://x.org/y">'
            )
            (site / "b.html").write_text('<h1 id="three"></h1>')
            self.assertEqual(
                list(check.broken_on_site(site)),
                ["a.html: b.html#two: no such anchor", "a.html: c.html: no such file"],
            )


SCHEMA = {
    "required": ["zones"],
    "properties": {
        "zones": {"type": "integer", "minimum": 1, "maximum": 6, "description": "How many\nzones"},
        "storage": {
            "properties": {
                "buckets": {
                    "description": "Buckets.",
                    "items": {"properties": {"nat": {"oneOf": [{"const": "none", "description": "Not at all."}]}}},
                }
            }
        },
    },
}


class Reference(unittest.TestCase):
    def test_settings_are_found_with_their_sections(self) -> None:
        found = [(one.section, one.name, one.required) for one in reference.settings(SCHEMA)]
        self.assertEqual(found, [("", "zones", True), ("storage.buckets[]", "nat", False)])

    def test_settings_are_described(self) -> None:
        page = reference.settings_page(SCHEMA, [{"storage": {"buckets": [{}, {"nat": "none"}]}}])
        zones = "How many zones.\n\n- Type: whole number, 1 to 6\n- Default: none; the setting is required\n"
        self.assertIn(f"`zones`\n\n{zones}", page)
        self.assertIn("## `[[storage.buckets]]`\n\nBuckets.\n", page)
        nat = '- Type: one of\n  - `"none"`: Not at all.\n- Default: left out\n- Example: `nat = "none"`\n'
        self.assertIn(nat, page)

    def test_documents_are_described_with_their_events(self) -> None:
        step = {"required": ["at"], "properties": {"event": {"const": "step"}, "at": {"type": "string"}}}
        page = "\n".join(reference.document("events.schema.json", {"title": "Events", "oneOf": [step]}))
        self.assertIn('The event `step`:\n\n- `event`: `"step"`, not always there\n- `at`: string\n', page)

    def test_every_setting_of_the_schema_is_on_the_page(self) -> None:
        schema = json.loads((reference.SCHEMAS / "environment.schema.json").read_text("utf-8"))
        page = reference.pages()["settings.md"]
        names = [one.name for one in reference.settings(schema)]
        self.assertGreater(len(names), 200)
        self.assertEqual(page.count("\n### "), len(names))

    def test_every_kind_is_in_the_table_of_its_section(self) -> None:
        all_kinds = reference.kinds((reference.PAGES / "kinds.md").read_text("utf-8"))
        found = reference.kinds_of_sections([path.read_text("utf-8") for path in reference.PLANS])
        # Only states of earlier versions have log resource policies.
        declared = set(all_kinds) - {"log resource policy"}
        self.assertEqual({noun.lower() for nouns in found.values() for noun in nouns}, declared)
        self.assertEqual(found["storage"], ["bucket"])
        self.assertEqual(found["feature_groups"], ["feature group"])
        page = reference.pages()["settings.md"]
        self.assertEqual(page.count("| Resource | Replaced on | Data |"), len(found))
        self.assertIn("| [bucket](kinds.md#bucket) | `name`, `region` | yes |\n", page)

    def test_files_and_roles_have_examples_of_their_own(self) -> None:
        schema = json.loads((reference.SCHEMAS / "environment.schema.json").read_text("utf-8"))
        rules = ("must be a path within the project", "must be the ARN of an IAM role")
        settings = [
            one.schema
            for one in reference.settings(schema)
            if one.schema.get("patternErrorMessage", "").startswith(rules) and one.name != "script"
        ]
        self.assertGreater(len(settings), 15)
        self.assertEqual(len({one["examples"][0] for one in settings}), len(settings))
        self.assertNotIn("pipeline/glue/etl.py", [one["examples"][0] for one in settings])

    def test_the_example_of_a_setting_stands_in_for_that_of_its_form(self) -> None:
        form = "must be a path within the project, such as `pipeline/glue/etl.py`"
        schema = {"properties": {"definition": {"type": "string", "patternErrorMessage": form, "examples": ["a.json"]}}}
        page = reference.settings_page(schema, [])
        self.assertIn("- Type: text: a path within the project\n", page)
        self.assertIn('- Example: `definition = "a.json"`', page)


if __name__ == "__main__":
    unittest.main()
