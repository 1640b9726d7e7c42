//! The pins that docs/supply-chain.md promises.

use std::{fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of README.md, CONTRIBUTING.md and docs, each with its place.
fn lines_of_the_docs() -> Vec<(String, String)> {
    let pages = fs::read_dir(root().join("docs")).unwrap().map(|page| page.unwrap().file_name());
    let pages = pages.map(|name| format!("docs/{}", name.into_string().unwrap())).filter(|name| name.ends_with(".md"));
    let pages = pages.chain(["README.md", "CONTRIBUTING.md"].map(str::to_owned));
    let numbered = |page: String| {
        let lines: Vec<_> = read(&page).lines().map(str::to_owned).collect();
        lines.into_iter().enumerate().map(move |(at, line)| (format!("{page}:{}", at + 1), line))
    };
    pages.flat_map(numbered).collect()
}

/// The workflows of this repository, by their paths.
fn workflows() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join(".github/workflows")).unwrap().map(|file| file.unwrap().file_name());
    let paths = files.map(|name| format!(".github/workflows/{}", name.into_string().unwrap()));
    paths.map(|path| (path.clone(), read(&path))).collect()
}

/// Counts the actions in lines with their places. Panics at one that is not named by a commit, with its version.
fn actions_by_commit(lines: impl Iterator<Item = (String, String)>) -> usize {
    let mut actions = 0;
    for (place, line) in lines {
        let Some(action) = line.trim_start().trim_start_matches("- ").strip_prefix("uses: ") else { continue };
        actions += 1;
        let commit = action.split_once('@').map(|(_, commit)| commit.split(' ').next().unwrap_or_default());
        let is_commit = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(commit.is_some_and(is_commit) && action.contains(" # v"), "{place}: {action}");
    }
    actions
}

#[test]
fn supply_chain_of_workflows_in_the_docs_names_actions_by_commit() {
    let actions = actions_by_commit(lines_of_the_docs().into_iter());
    assert!(actions > 8, "{actions} actions");
}

#[test]
fn supply_chain_of_workflows_names_actions_by_commit_and_keeps_no_credentials() {
    let workflows = workflows();
    let lines = workflows.iter().flat_map(|(path, text)| text.lines().map(|line| (path.clone(), line.to_owned())));
    let actions = actions_by_commit(lines);
    assert!(actions > 8, "{actions} actions");
    for (path, text) in workflows {
        let checkouts = text.matches("uses: actions/checkout@").count();
        assert_eq!(checkouts, text.matches("persist-credentials: false").count(), "{path} checks out with credentials");
    }
}

/// The jobs of a workflow, each from its name on.
fn jobs(workflow: &str) -> Vec<String> {
    let (_, jobs) = workflow.split_once("\njobs:\n").unwrap();
    let mut found: Vec<String> = Vec::new();
    for line in jobs.lines() {
        if line.starts_with("  ") && !line[2..].starts_with([' ', '#']) {
            found.push(String::new());
        }
        *found.last_mut().unwrap() += &format!("{line}\n");
    }
    found
}

#[test]
fn supply_chain_of_workflows_grants_permissions_to_each_job_alone() {
    for (path, text) in workflows() {
        assert!(text.contains("\npermissions: {}\n"), "{path} grants permissions to all jobs");
        for job in jobs(&text) {
            assert_eq!(job.matches("\n    permissions: {").count(), 1, "{path}: {job}");
            // A job that runs code of many authors may publish nothing.
            let builds = ["release/build", ".ci/run", "cargo "].iter().any(|command| job.contains(command));
            assert!(!builds || job.contains("\n    permissions: {contents: read}\n"), "{path}: {job}");
        }
    }
}

#[test]
fn supply_chain_of_releases_takes_nothing_from_a_cache_and_checks_its_tools() {
    let release = read(".github/workflows/release.yml");
    assert!(!release.contains("actions/cache"), "what another run left behind gets into a release");
    for line in release.lines().filter(|line| line.contains("pip\" install") || line.contains("pip install")) {
        assert!(line.contains("--require-hashes --requirement release/requirements.txt"), "{line}");
    }
    let build = read("release/build");
    assert!(build.contains("--locked --profile dist"), "a release is built from other crates than those of Cargo.lock");
    let lock = read("tests/workflows/package-lock.json");
    let packages = lock.matches("\"node_modules/").count();
    assert!(packages > 0 && packages == lock.matches("\"integrity\": \"sha512-").count(), "{packages} packages");
}

#[test]
fn supply_chain_of_workflows_in_the_docs_checks_the_binary_before_it_runs() {
    let lines = lines_of_the_docs();
    // The action compares the checksum before it unpacks the binary.
    let uses = lines.windows(6).filter(|lines| lines[0].1.contains("/setup-mlopsctl@"));
    let uses: Vec<_> = uses.collect();
    assert!(uses.len() >= 2, "{uses:?}");
    for lines in uses {
        assert!(lines.iter().any(|(_, line)| line.contains("sha256")), "{}: it is not checked", lines[0].0);
    }
}

#[test]
fn supply_chain_of_releases_is_locked_and_holds_no_emulator() {
    let lines = lines_of_the_docs();
    // A command may go on in the next line.
    let builds = lines.windows(2).filter(|lines| lines[0].1.contains("cargo build --release"));
    let builds: Vec<_> = builds.map(|lines| (&lines[0].0, format!("{} {}", lines[0].1, lines[1].1))).collect();
    assert!(builds.len() >= 2, "{builds:?}");
    for (place, build) in builds {
        assert!(build.contains("--locked") && build.contains("--no-default-features"), "{place}: {build}");
    }
}

#[test]
fn supply_chain_of_tests_builds_what_the_lock_file_names() {
    for script in [".ci/run", "tests/run"] {
        for line in read(script).lines().filter(|line| line.contains("cargo ") && !line.starts_with('#')) {
            assert!(line.contains("--locked") || line.contains("cargo fmt"), "{script}: {line}");
        }
    }
}

#[test]
fn supply_chain_of_crates_has_a_checksum_for_each() {
    let lock = read("Cargo.lock");
    let packages: Vec<&str> = lock.split("[[package]]").filter(|package| package.contains("\nsource = ")).collect();
    assert!(packages.len() > 100, "{} packages", packages.len());
    for package in packages {
        let is_of_crates_io = package.contains("source = \"registry+https://github.com/rust-lang/crates.io-index\"");
        assert!(is_of_crates_io && package.contains("\nchecksum = "), "{package}");
    }
}

#[test]
fn supply_chain_of_python_has_hashes_for_each_package() {
    let lists = [
        "crates/local/runner/requirements.txt",
        "localstack/requirements-localstack.txt",
        "localstack/requirements-moto.txt",
        "pipeline/image/requirements.txt",
        "pipeline/requirements-test.txt",
        "release/requirements.txt",
        "site/requirements.txt",
        "tests/aws/requirements.txt",
        "tests/judges/requirements.txt",
        "tests/pull-requests/requirements.txt",
        "tests/workflows/requirements.txt",
    ];
    for list in lists {
        let text = read(list);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let packages = lines.windows(2).filter(|lines| lines[0].starts_with(|first: char| first.is_alphanumeric()));
        let packages: Vec<_> = packages.collect();
        assert!(!packages.is_empty(), "{list} names no package");
        for package in packages {
            assert!(package[0].contains("==") && package[1].contains("--hash=sha256:"), "{list}: {}", package[0]);
        }
    }
}

#[test]
fn supply_chain_of_images_names_digests_and_versions() {
    for image in ["pipeline/image/Dockerfile", "release/Dockerfile"] {
        let image = read(image);
        let bases: Vec<&str> = image.lines().filter(|line| line.starts_with("FROM ")).collect();
        assert!(!bases.is_empty() && bases.iter().all(|base| base.contains("@sha256:")), "{bases:?}");
    }
    let services = read("localstack/compose.yaml");
    let images: Vec<&str> = services.lines().filter_map(|line| line.trim().strip_prefix("image: ")).collect();
    let is_version = |tag: &str| tag.starts_with(|first: char| first.is_ascii_digit());
    let named = |image: &&str| image.rsplit_once(':').is_some_and(|(_, tag)| is_version(tag));
    assert!(!images.is_empty() && images.iter().all(named), "{images:?}");
}

#[test]
fn supply_chain_page_names_the_channel_of_the_compiler() {
    let toolchain = read("rust-toolchain.toml");
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    let page = read("docs/supply-chain.md");
    assert!(page.contains(&format!("`rust-toolchain.toml` names the channel `{channel}`")), "the channel is {channel}");
    assert_eq!(channel.bytes().next().is_some_and(|first| first.is_ascii_digit()), !page.contains("pins no version"));
}
