"""A preprocessor of mdBook: makes the links between pages work on the site as they work in the repository.

SUMMARY.md names pages outside docs/, such as ../ARCHITECTURE.md. mdBook would write them outside of the site. They
get paths inside of it: ARCHITECTURE.md, and pipeline.md for pipeline/README.md.

A link to another file or folder of the repository leads to a copy of that file below source/, which `copy_sources`
makes after the build. So a site shows the sources of its own version, and needs no other host.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parent.parent
# A link or a picture: the text in brackets, and the address up to a space or the end.
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
REFERENCE = re.compile(r"^(\[[^\]]+\]:\s*)(\S+)()", re.MULTILINE)
FENCE = re.compile(r"^\s*(```|~~~)")
SUMMARY = "docs/SUMMARY.md"
# Browsers show a picture and a page, and download what they do not know.
SHOWN = {".svg", ".png", ".html"}
FOLDER = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{source}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<style>:root{{color-scheme:light dark}}body{{font-family:system-ui;overflow-wrap:anywhere}}</style>"
    "<h1>{source}</h1><ul>{rows}</ul>"
)


def in_repository(page: str, link: str) -> PurePosixPath:
    """The path below the root that a relative link of a page of the repository leads to."""
    return PurePosixPath(os.path.normpath(PurePosixPath(page).parent / link))


def chapter_path(page: str) -> str:
    """The place of a page of the repository on the site: `page` is its path below the root."""
    path = PurePosixPath(page)
    if path.parts[0] == "docs":
        return str(PurePosixPath(*path.parts[1:]))
    if path.name == "README.md":
        return f"{path.parent.name or 'README'}.md"
    return path.name


def source_path(target: PurePosixPath, root: Path = REPOSITORY) -> str:
    """The place on the site of a copy of a file or a list of a folder, below source/."""
    if (root / target).is_dir():
        return f"source/{target}/index.html"
    return f"source/{target}" if target.suffix in SHOWN else f"source/{target}.txt"


def is_relative(link: str) -> bool:
    return not re.match(r"[a-z][a-z0-9+.-]*:|/|#", link)


def links(text: str) -> Iterator[tuple[int, str]]:
    """Each link outside of code, with the number of its line."""
    for number, line in prose(text):
        for pattern in (LINK, REFERENCE):
            for match in pattern.finditer(line):
                yield number, match[2]


def prose(text: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, re.sub(r"`[^`]*`", lambda code: " " * len(code[0]), line)


def translate(page: str, text: str, chapters: set[str], sources: set[str]) -> str:
    """The text of a page with the links of the site. Adds each linked file that is no chapter to `sources`."""
    here = PurePosixPath(chapter_path(page)).parent

    def rewrite(match: re.Match[str]) -> str:
        link, _, anchor = match[2].partition("#")
        if not is_relative(match[2]):
            return match[0]
        target = in_repository(page, link)
        if str(target) == SUMMARY:
            path = "toc.html"
        elif str(target) in chapters:
            path = chapter_path(str(target))
        elif target.parts[0] == "docs" and target.suffix != ".md":
            path = str(PurePosixPath(*target.parts[1:]))
        else:
            sources.add(str(target))
            path, anchor = source_path(target), ""
        address = os.path.relpath(path, here)
        return f"{match[1]}{address}{'#' + anchor if anchor else ''}{match[3]}"

    fenced, lines = False, []
    for line in text.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        if not fenced:
            line = REFERENCE.sub(rewrite, LINK.sub(rewrite, line))
        lines.append(line)
    return "\n".join(lines)


def chapters_of(items: list) -> Iterator[dict]:
    for item in items:
        if isinstance(item, dict) and "Chapter" in item:
            yield item["Chapter"]
            yield from chapters_of(item["Chapter"]["sub_items"])


def page_of(chapter: dict) -> str:
    return os.path.normpath(PurePosixPath("docs") / chapter["source_path"])


def preprocess(book: dict) -> set[str]:
    """Changes the chapters of a book in place, and returns the files that they link to."""
    chapters = [chapter for chapter in chapters_of(book["items"]) if chapter["source_path"]]
    pages = {page_of(chapter) for chapter in chapters}
    sources: set[str] = set()
    for chapter in chapters:
        page = page_of(chapter)
        chapter["path"] = chapter_path(page)
        chapter["content"] = translate(page, chapter["content"], pages, sources)
    return sources


def copy_sources(site: Path, sources: set[str], root: Path = REPOSITORY) -> None:
    """Copies linked files into a built site. Of a linked folder, it writes a list of the files that git has there."""
    for source in sorted(sources):
        target = site / source_path(PurePosixPath(source), root)
        target.parent.mkdir(parents=True, exist_ok=True)
        if (root / source).is_dir():
            names = sorted(path.name for path in (root / source).iterdir() if not path.name.startswith((".", "__")))
            rows = "".join(f"<li>{name}</li>" for name in names)
            target.write_text(FOLDER.format(source=source, rows=rows), encoding="utf-8")
        else:
            shutil.copyfile(root / source, target)


def main() -> None:
    if sys.argv[1:2] == ["supports"]:
        sys.exit(sys.argv[2] != "html")
    _, book = json.load(sys.stdin)
    preprocess(book)
    json.dump(book, sys.stdout)


if __name__ == "__main__":
    main()
