"""The release as far as this machine can make it: a wheel of the built binary, what release/pack makes of wheels, and
the installer against a server on loopback."""

import contextlib
import functools
import hashlib
import http.server
import importlib.machinery
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import unittest
import zipfile
from pathlib import Path

from loopback import serving

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
HERE = f"{platform.machine()}-unknown-linux-gnu"
TAGS = {
    "x86_64-unknown-linux-gnu": "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "aarch64-unknown-linux-gnu": "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "x86_64-apple-darwin": "macosx_11_0_x86_64",
    "aarch64-apple-darwin": "macosx_11_0_arm64",
}
# Behaves like mlopsctl as far as the installer asks it.
PROGRAM = f'#!/bin/sh\n[ "$1" = -V ] && echo "mlopsctl {VERSION}"\n'


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


def load_pack():
    loader = importlib.machinery.SourceFileLoader("pack", str(ROOT / "release/pack"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("pack", loader))
    loader.exec_module(module)
    return module


def wheel(folder: Path, tag: str, version: str = VERSION, program: str = PROGRAM) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"mlopsctl-{version}"
    with zipfile.ZipFile(folder / f"{name}-py3-none-{tag}.whl", "w") as made:
        made.writestr(f"{name}.data/scripts/mlopsctl", program)
        made.writestr(f"{name}.dist-info/sboms/mlopsctl.cyclonedx.json", '{"bomFormat": "CycloneDX"}')


def wheels(out: Path) -> None:
    """Writes the files that the jobs of the workflow leave together."""
    for target, tag in TAGS.items():
        wheel(out / "wheels", tag)
        if target.endswith("linux-gnu"):
            wheel(out / "job", tag, program=PROGRAM + "# without the embedded AWS\n")


def pack(out: Path, repository: str = "https://github.com/example/mlopsctl"):
    return run(sys.executable, ROOT / "release/pack", out, repository)


@contextlib.contextmanager
def served(folder: Path):
    """The address of a server on loopback that gives the files of a folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with serving(functools.partial(Handler, directory=str(folder))) as address:
        yield address


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Build(Folder):
    def build(self, target: str) -> list[list[str]]:
        """The arguments and settings that release/build gives to maturin."""
        program = self.folder / "maturin"
        program.write_text(
            '#!/bin/sh\necho "$MLOPSCTL_COMMIT $SOURCE_DATE_EPOCH $*" >> "$0.calls"\necho "$RUSTFLAGS" >> "$0.flags"\n'
        )
        program.chmod(0o755)
        calls = self.folder / "maturin.calls"
        calls.unlink(missing_ok=True)
        told = {"MLOPSCTL_COMMIT": "0123456789abcdef", "SOURCE_DATE_EPOCH": "1700000000"}
        environment = {**os.environ, **told, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        ran = run(ROOT / "release/build", self.folder / "out", target, env=environment)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return [line.split() for line in calls.read_text().splitlines()]

    def test_linux_gets_both_binaries_for_an_old_glibc(self):
        whole, job = self.build("aarch64-unknown-linux-gnu")
        for call in [whole, job]:
            self.assertEqual(call[:4], ["0123456789abcdef", "1700000000", "build", "--locked"])
            for pair in ["--profile dist", "--target aarch64-unknown-linux-gnu", "--zig --compatibility manylinux2014"]:
                self.assertIn(pair, " ".join(call))
        self.assertNotIn("--no-default-features", whole)
        self.assertIn("--no-default-features", job)
        self.assertEqual([Path(call[-1]).name for call in [whole, job]], ["wheels", "job"])
        self.assertIn(f"--remap-path-prefix={ROOT}=mlopsctl", (self.folder / "maturin.flags").read_text())

    def test_macos_gets_the_whole_one(self):
        (whole,) = self.build("aarch64-apple-darwin")
        self.assertNotIn("--zig", whole)


class Pack(Folder):
    def setUp(self):
        super().setUp()
        wheels(self.folder)
        self.release = self.folder / "release"

    def test_release_has_an_archive_and_an_sbom_for_each_binary_and_a_checksum_for_each_file(self):
        ran = pack(self.folder)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        names = {file.name for file in self.release.iterdir()}
        linux = [target for target in TAGS if target.endswith("linux-gnu")]
        binaries = [f"mlopsctl-{target}" for target in TAGS] + [f"mlopsctl-job-{target}" for target in linux]
        expected = {f"{binary}{ending}" for binary in binaries for ending in [".tar.gz", ".cdx.json"]}
        expected |= {f"mlopsctl-{VERSION}-py3-none-{tag}.whl" for tag in TAGS.values()}
        self.assertEqual(names, expected | {"install.sh", "mlopsctl.rb", "SHA256SUMS"})
        sums = dict(line.split("  ")[::-1] for line in (self.release / "SHA256SUMS").read_text().splitlines())
        self.assertEqual(set(sums), names - {"SHA256SUMS"})
        for name, digest in sums.items():
            self.assertEqual(hashlib.sha256((self.release / name).read_bytes()).hexdigest(), digest, name)
        for binary in binaries:
            with tarfile.open(self.release / f"{binary}.tar.gz") as archive:
                self.assertEqual(
                    archive.getnames(), [f"{binary}/{name}" for name in ["LICENSE", "README.md", "mlopsctl"]]
                )
                self.assertEqual(archive.getmember(f"{binary}/mlopsctl").mode, 0o755)
        for processor in ["amd64", "arm64"]:
            self.assertEqual((self.folder / f"image/{processor}/mlopsctl").read_text(), PROGRAM)

    def test_formula_names_each_archive_with_its_checksum(self):
        pack(self.folder)
        formula = (self.release / "mlopsctl.rb").read_text()
        found = re.findall(
            r'url "https://github.com/example/mlopsctl/releases/download/v(.+)/(.+)"\n\s+sha256 "(.+)"', formula
        )
        self.assertEqual({name for _, name, _ in found}, {f"mlopsctl-{target}.tar.gz" for target in TAGS})
        for version, name, digest in found:
            self.assertEqual(version, VERSION)
            self.assertEqual(hashlib.sha256((self.release / name).read_bytes()).hexdigest(), digest)
        opened = re.findall(r"^\s*(?:class|on_\w+|def|test)\b", formula, re.MULTILINE)
        self.assertEqual(len(opened), len(re.findall(r"^\s*end$", formula, re.MULTILINE)))

    def test_the_same_wheels_give_the_same_bytes(self):
        pack(self.folder)
        before = (self.release / "SHA256SUMS").read_bytes()
        for file in (self.folder / "wheels").iterdir():
            os.utime(file, (1, 1))
        pack(self.folder)
        self.assertEqual((self.release / "SHA256SUMS").read_bytes(), before)

    def test_wheels_of_two_versions_and_of_other_platforms_are_refused(self):
        wheel(self.folder / "wheels", "win_amd64")
        self.assertIn("win_amd64 is none of a release", pack(self.folder).stderr)
        wheel(self.folder / "wheels", TAGS[HERE], version="99.0.0")
        self.assertIn("the wheels are of several versions", pack(self.folder).stderr)
        self.assertIn("has no wheel", pack(self.folder / "nothing").stderr)


class Installer(Folder):
    def setUp(self):
        super().setUp()
        wheels(self.folder / "out")
        self.release = self.folder / "out/release"
        self.home = self.folder / "home"
        self.home.mkdir()

    def install(self, repository: str, **variables):
        pack(self.folder / "out", repository)
        return self.install_again(**variables)

    def install_again(self, **variables):
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], **variables}
        return run("sh", self.release / "install.sh", env=environment)

    @contextlib.contextmanager
    def published(self):
        """The release at the address at which GitHub would have it."""
        root = self.folder / "site"
        (root / "releases/download").mkdir(parents=True)
        (root / f"releases/download/v{VERSION}").symlink_to(self.release)
        with served(root) as address:
            yield address

    def test_binary_is_installed_and_starts(self):
        with self.published() as address:
            ran = self.install(address)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            into = self.home / ".local/bin"
            self.assertIn(f"installed mlopsctl {VERSION} in {into}", ran.stdout)
            self.assertIn(f'export PATH="{into}:$PATH"', ran.stdout)
            self.assertEqual(run(into / "mlopsctl", "-V").stdout, f"mlopsctl {VERSION}\n")
            elsewhere = self.folder / "tools"
            again = self.install_again(MLOPSCTL_INSTALL_DIR=str(elsewhere), PATH=f"{elsewhere}:{os.environ['PATH']}")
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertNotIn("PATH", again.stdout)
            self.assertEqual([file.name for file in elsewhere.iterdir()], ["mlopsctl"])

    def test_archive_with_another_content_is_not_installed(self):
        with self.published() as address:
            pack(self.folder / "out", address)
            # The mirror replaces the archive, and the list of checksums with it.
            archive = self.release / f"mlopsctl-{HERE}.tar.gz"
            archive.write_bytes(archive.read_bytes() + b"more")
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            (self.release / "SHA256SUMS").write_text(f"{digest}  {archive.name}\n")
            ran = self.install_again()
        self.assertEqual(ran.returncode, 1)
        self.assertIn(f"the checksum of {archive.name} is {digest}, and not", ran.stderr)
        self.assertEqual(list(self.home.iterdir()), [])

    def test_mirror_is_used_and_a_missing_file_is_told(self):
        pack(self.folder / "out", "https://github.invalid/example/mlopsctl")
        with served(self.release) as mirror:
            self.assertEqual(self.install_again(MLOPSCTL_DOWNLOAD=mirror).returncode, 0)
            (self.release / f"mlopsctl-{HERE}.tar.gz").unlink()
            ran = self.install_again(MLOPSCTL_DOWNLOAD=mirror)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(f"{mirror}/mlopsctl-{HERE}.tar.gz cannot be downloaded", ran.stderr)

    def test_processor_without_a_build_is_told(self):
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "uname").write_text('#!/bin/sh\n[ "$1" = -m ] && echo riscv64 || echo Linux\n')
        (tools / "uname").chmod(0o755)
        ran = self.install("https://github.invalid/x", PATH=f"{tools}:{os.environ['PATH']}")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("there is no build for the processor riscv64", ran.stderr)

    def test_half_a_script_does_nothing(self):
        with self.published() as address:
            pack(self.folder / "out", address)
            script = (self.release / "install.sh").read_text()
            (self.release / "install.sh").write_text(script[: script.rindex("main")])
            self.install_again()
        self.assertEqual(list(self.home.iterdir()), [])


class Wheel(Folder):
    """The installation of a person who types `uvx mlopsctl`, with the binary that the other tests run."""

    def test_wheel_builds_the_platform_in_an_empty_folder(self):
        out = self.folder / "wheels"
        environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", "CARGO_TERM_QUIET": "true"}
        # Level 1: a build for debugging has hundreds of megabytes.
        arguments = ["--profile", "dev", "--locked", "--compression-level", "1", "--out", out]
        built = run("maturin", "build", *arguments, cwd=ROOT / "crates/mlopsctl", env=environment)
        self.assertEqual(built.returncode, 0, built.stderr)
        (made,) = out.iterdir()
        self.assertRegex(
            made.name, rf"^mlopsctl-{re.escape(VERSION)}-py3-none-manylinux_2_\d+_{platform.machine()}\.whl$"
        )
        packing = load_pack()
        self.assertEqual(packing.target(made), HERE)
        with zipfile.ZipFile(made) as opened:
            sbom = json.loads(packing.member(opened, packing.SBOM))
            self.assertTrue(any(packing.BINARY.fullmatch(name) for name in opened.namelist()))
            (metadata,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
            described = opened.read(metadata).decode()
        self.assertIn("License-Expression: Apache-2.0", described)
        self.assertIn("# mlopsctl", described)
        crates = {component["name"] for component in sbom["components"]}
        self.assertTrue({"aws-sdk-sagemaker", "rustls", "winterbaume-core"} <= crates, sorted(crates))

        project = self.folder / "project"
        project.mkdir()
        settings = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "UV_CACHE_DIR": str(self.folder / "cache")}
        settings |= {"UV_OFFLINE": "1", "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
        for arguments in [["init"], ["up", "dev", "--local"], ["plan", "dev", "--local", "--exit-code"]]:
            ran = run(TOOLS / "uvx", "--from", made, "mlopsctl", *arguments, cwd=project, env=settings)
            self.assertEqual(ran.returncode, 0, ran.stderr)


if __name__ == "__main__":
    unittest.main()
