"""Checks the links of the documentation, in the repository and on the built site. Prints each broken link.

`check.py SITE` needs the folder of the built site. It adds the linked sources and the pages as Markdown first.
"""

import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import chapters

REPOSITORY = chapters.REPOSITORY
SUMMARY = chapters.SUMMARY
# A list of the pages for programs, which read them as Markdown.
FOR_PROGRAMS = "docs/llms.txt"
# Pages of folders that are tools of their own, or data of tests.
OUTSIDE = ("fuzz/", "tests/", "crates/", ".github/")


def pages(root: Path = REPOSITORY) -> dict[str, str]:
    """The text of each page of the repository, by its path below the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", FOR_PROGRAMS],
        cwd=root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {name: (root / name).read_text("utf-8") for name in listed.stdout.split() if (root / name).is_file()}


def headings(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    found: set[str] = set()
    for _, line in chapters.prose(re.sub(r"`([^`\n]*)`", r"\1", text)):
        if heading := re.match(r"#{1,6}\s+(.*?)\s*$", line):
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            name, number = anchor, 0
            while name in found:
                number += 1
                name = f"{anchor}-{number}"
            found.add(name)
        found.update(re.findall(r'<a (?:id|name)="([^"]+)"', line))
    return found


def broken_in_repository(texts: dict[str, str], root: Path = REPOSITORY) -> Iterator[str]:
    """Relative links that lead nowhere, and pages of docs/ that the site leaves out."""
    anchors = {page: headings(text) for page, text in texts.items()}
    for page, text in texts.items():
        for number, link in chapters.links(text):
            if link.startswith("#"):
                target, anchor = page, link[1:]
            elif chapters.is_relative(link):
                path, _, anchor = link.partition("#")
                target = str(chapters.in_repository(page, path))
            else:
                continue
            if not (root / target).exists():
                yield f"{page}:{number}: {link}: no such file"
            elif anchor and target in anchors and anchor not in anchors[target]:
                yield f"{page}:{number}: {link}: no such heading"
    listed = {str(chapters.in_repository(SUMMARY, link)) for _, link in chapters.links(texts.get(SUMMARY, ""))}
    for page in texts:
        if page not in (SUMMARY, FOR_PROGRAMS) and page not in listed and not page.startswith(OUTSIDE):
            yield f"{page}: {SUMMARY} does not list it"


class Addresses(HTMLParser):
    """The links and the anchors of a page of the site."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, _: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


@functools.cache
def addresses(page: Path) -> Addresses:
    found = Addresses()
    found.feed(page.read_text("utf-8"))
    return found


def problem(page: Path, link: str) -> str | None:
    """The fault of a link of a page of the site. Links to other hosts are not followed."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "no such file"
    has_anchors = parts.fragment and target.suffix == ".html"
    if has_anchors and unquote(parts.fragment) not in addresses(target).anchors:
        return "no such anchor"
    return None


def broken_on_site(site: Path) -> Iterator[str]:
    """Links of the built pages whose file or anchor does not exist."""
    for page in sorted(site.rglob("*.html")):
        # A page for addresses that do not exist: its links begin at the root of the host.
        if page.name == "404.html":
            continue
        for link in addresses(page).links:
            if found := problem(page, link):
                yield f"{page.relative_to(site)}: {link}: {found}"


def add_to_site(site: Path, texts: dict[str, str]) -> None:
    """Adds the files that pages link to, and each page as Markdown."""
    listed = {str(chapters.in_repository(SUMMARY, link)) for _, link in chapters.links(texts[SUMMARY])}
    sources: set[str] = set()
    for page in sorted(listed):
        target = site / chapters.chapter_path(page)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(chapters.translate(page, texts[page], listed, sources), encoding="utf-8")
    chapters.copy_sources(site, sources)


def main() -> None:
    site = Path(sys.argv[1]).resolve()
    texts = pages()
    broken = list(broken_in_repository(texts))
    if not broken:
        add_to_site(site, texts)
        broken = list(broken_on_site(site))
        for _, link in chapters.links(texts[FOR_PROGRAMS]):
            if not (site / link).is_file():
                broken.append(f"{FOR_PROGRAMS}: {link}: not on the site")
    for line in broken:
        print(line)
    if broken:
        sys.exit(f"{len(broken)} broken links")
    print(f"{len(list(site.rglob('*.html')))} pages of the site, no broken link")


if __name__ == "__main__":
    main()
