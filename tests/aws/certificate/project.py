"""A project of its own, under a name that no other platform has."""

import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


class UnfitFileError(Exception):
    """An environment file that a step cannot edit: the step does not fit the file any more."""


@dataclass
class Project:
    """A copy of the repository's environments and pipeline."""

    folder: Path
    name: str

    @classmethod
    def create(cls, folder: Path, region: str, account: str) -> "Project":
        project = cls(folder, f"cert-{secrets.token_hex(3)}")
        for part in ["environments", "pipeline"]:
            shutil.copytree(REPOSITORY / part, folder / part)
        for file in (folder / "environments").glob("*.toml"):
            project.replace(file.stem, r"^project = .*$", f'project = "{project.name}"')
            # Keys of the whole file stand before its first table.
            project.replace(file.stem, r"^region = .*$", f'region = "{region}"\nallowed_accounts = ["{account}"]')
        return project

    def file(self, environment: str) -> Path:
        return self.folder / "environments" / f"{environment}.toml"

    def replace(self, environment: str, pattern: str, text: str) -> None:
        """Replaces the first match of a pattern, which there must be."""
        file = self.file(environment)
        edited, count = re.subn(pattern, lambda _: text, file.read_text(), count=1, flags=re.MULTILINE)
        if count == 0:
            raise UnfitFileError(f"{file.name} has nothing that matches {pattern}")
        file.write_text(edited)

    def append(self, environment: str, text: str) -> None:
        file = self.file(environment)
        file.write_text(file.read_text() + text)

    def remove(self, environment: str, text: str) -> None:
        file = self.file(environment)
        if text not in file.read_text():
            raise UnfitFileError(f"{file.name} lacks {text!r}")
        file.write_text(file.read_text().replace(text, ""))
