//! `mlopsctl --version` names the commit: with Git, without it, and as a release tells it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The compiled build script, in a folder as deep as that of the crate.
struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("crates/mlopsctl")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
        let built = Command::new("rustc")
            .args(["--edition", "2024", "--allow", "warnings", "-o"])
            .arg(folder.path().join("script"))
            .arg(source)
            .status();
        assert!(built.unwrap().success());
        Self { folder }
    }

    fn crate_folder(&self) -> PathBuf {
        self.folder.path().join("crates/mlopsctl")
    }

    /// The value that the script sets for the compiler.
    fn build(&self, variables: &[(&str, &str)]) -> String {
        let mut command = Command::new(self.folder.path().join("script"));
        let no_path = [("CARGO_MANIFEST_DIR", self.crate_folder()), ("HOME", self.folder.path().to_owned())];
        command.env_clear().envs(no_path).envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        let build = printed.lines().find_map(|line| line.strip_prefix("cargo:rustc-env=MLOPSCTL_BUILD="));
        build.unwrap().to_owned()
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

#[test]
fn version_names_the_commit_of_the_checkout_and_only_of_this_project() {
    let script = Script::new();
    let path = std::env::var("PATH").unwrap();
    let release = [("PATH", path.as_str()), ("PROFILE", "release"), ("CARGO_FEATURE_LOCAL", "1")];
    assert_eq!(script.build(&release[1..]), "commit unknown, features: local", "without Git");
    assert_eq!(script.build(&release), "commit unknown, features: local", "in a source archive");
    let root = script.folder.path();
    script.git(root, &["init", "--quiet"]);
    script.git(root, &["commit", "--quiet", "--allow-empty", "--message", "First"]);
    let commit = script.git(root, &["rev-parse", "HEAD"]);
    assert_eq!(script.build(&release), format!("commit {}, features: local", &commit[..12]));
    assert_eq!(script.build(&[("PATH", &path), ("PROFILE", "debug")]), "commit unknown, features: none");
    // A source archive that was unpacked in a checkout of another project.
    let inner = Script { folder: tempfile::tempdir_in(root).unwrap() };
    fs::create_dir_all(inner.crate_folder()).unwrap();
    fs::copy(root.join("script"), inner.folder.path().join("script")).unwrap();
    assert_eq!(inner.build(&release), "commit unknown, features: local");
}

#[test]
fn version_is_what_a_release_tells_the_build() {
    let script = Script::new();
    let told = [("PROFILE", "release"), ("MLOPSCTL_COMMIT", "0123456789abcdef0123")];
    assert_eq!(script.build(&told), "commit 0123456789ab, features: none");
}
