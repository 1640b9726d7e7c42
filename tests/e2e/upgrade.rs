//! Platforms that earlier versions built: planned, brought up, repaired and destroyed by this one.
//!
//! `tests/fixture/as-built` holds, for each release, what `mlopsctl up --local` left: the project and the embedded
//! AWS with all its environments. CONTRIBUTING.md says how a release adds its own.

use crate::project::{Project, Ran};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

const ENVIRONMENTS: [&str; 4] = ["dev", "staging", "prod", "every"];

/// The files that describe the environments: those of the release that built the platform, or those of this version.
#[derive(Clone, Copy)]
enum Files {
    AsBuilt,
    OfThisVersion,
}

/// The archives of all releases.
fn releases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixture/as-built");
    let archives = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let archives: Vec<PathBuf> = archives.filter(|path| path.extension().is_some_and(|kind| kind == "xz")).collect();
    assert!(!archives.is_empty());
    archives
}

/// The platforms of a release, as it left them.
fn unpacked(archive: &Path, files: Files) -> Project {
    let project = Project::new();
    let members: &[&str] = match files {
        Files::OfThisVersion => &["state", "tools", "environments/every.toml"],
        Files::AsBuilt => {
            for folder in ["environments", "pipeline"] {
                std::fs::remove_dir_all(project.path().join(folder)).unwrap();
            }
            &[]
        }
    };
    let tar = Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(project.path()).args(members).output();
    let tar = Ran::of(tar.expect("these tests need tar and xz"));
    assert_eq!(tar.code, 0, "{}", tar.stderr);
    project
}

fn plan(project: &Project, environment: &str) -> Value {
    project.local(&["plan", environment, "--json"]).ends_with(0).json()
}

fn is_nothing_to_do(project: &Project, environment: &str) {
    let plan = plan(project, environment);
    assert_eq!(plan["changes"], json!([]), "{environment}");
}

fn is_without_drift(project: &Project, environment: &str) {
    project.local(&["drift", environment]).ends_with(0);
    let repaired = summary(&project.local(&["reconcile", environment, "--json"]).ends_with(0));
    let nothing = json!([0, 0, 0, 0, 0, []]);
    let counts = ["created", "updated", "replaced", "deleted", "failed", "drift_left"].map(|what| &repaired[what]);
    assert_eq!(json!(counts), nothing, "{environment}");
}

fn summary(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap()
}

fn destroy(project: &Project, environment: &str) -> Ran {
    project.local(&["destroy", environment, "--delete-data", "--unprotect", "*", "--with-state"])
}

/// The places in the cloud that still have the name or the tags of the environment.
fn leftovers(project: &Project, environment: &str) -> Vec<String> {
    let cloud = local::Cloud::open(Some(&project.path().join("state/local")), "ap-south-1", local::ACCOUNT).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let everything = runtime.block_on(cloud.export()).unwrap();
    let there = testkit::inventory(&json!(everything), "no bucket");
    let mut found = Vec::new();
    search(&there, "", &format!("mlops-pipeline-{environment}"), environment, &mut found);
    found
}

fn search(value: &Value, path: &str, name: &str, environment: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let inner = format!("{path}/{key}");
                if key.contains(name) || (key == "Environment" && member == environment) {
                    found.push(inner.clone());
                }
                search(member, &inner, name, environment, found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                search(item, &format!("{path}/{at}"), name, environment, found);
            }
        }
        Value::String(text) if text.contains(name) => found.push(format!("{path}: {text}")),
        _ => {}
    }
}

/// Plans, brings up, repairs and destroys an environment of each release.
fn lives_on(environment: &str, files: Files) {
    for archive in releases() {
        let project = unpacked(&archive, files);
        let listed = project.local(&["state", "list", environment, "--json"]).ends_with(0).json();
        let listed = listed.as_array().unwrap().clone();
        assert!(listed.len() > 40, "{}", listed.len());
        for resource in listed.iter().step_by(listed.len() / 4) {
            project.local(&["state", "show", resource["address"].as_str().unwrap(), environment]).ends_with(0);
        }
        project.local(&["state", "pull", environment]).ends_with(0);
        project.local(&["output", environment, "vpc_id"]).ends_with(0);
        project.local(&["wait", environment]).ends_with(0);

        let changes = plan(&project, environment);
        let lossy = ["replace", "delete"].map(|action| &changes["summary"][action]);
        assert_eq!(lossy, [&json!(0), &json!(0)], "{environment} of {}: {changes:#}", archive.display());
        is_without_drift(&project, environment);

        project.local(&["up", environment]).ends_with(0);
        is_nothing_to_do(&project, environment);
        is_without_drift(&project, environment);

        assert!(leftovers(&project, environment).len() > listed.len());
        destroy(&project, environment).ends_with(0);
        assert_eq!(leftovers(&project, environment), Vec::<String>::new(), "{environment} of {}", archive.display());
    }
}

#[test]
fn upgrade_of_dev_under_the_files_it_was_built_from() {
    lives_on("dev", Files::AsBuilt);
}

#[test]
fn upgrade_of_staging_under_the_files_it_was_built_from() {
    lives_on("staging", Files::AsBuilt);
}

#[test]
fn upgrade_of_prod_under_the_files_it_was_built_from() {
    lives_on("prod", Files::AsBuilt);
}

#[test]
fn upgrade_of_an_environment_with_every_kind_under_the_files_it_was_built_from() {
    lives_on("every", Files::AsBuilt);
}

#[test]
fn upgrade_of_dev_under_the_files_of_this_version() {
    lives_on("dev", Files::OfThisVersion);
}

#[test]
fn upgrade_of_staging_under_the_files_of_this_version() {
    lives_on("staging", Files::OfThisVersion);
}

#[test]
fn upgrade_of_prod_under_the_files_of_this_version() {
    lives_on("prod", Files::OfThisVersion);
}

#[test]
fn upgrade_is_not_needed_to_destroy_what_an_earlier_version_built() {
    for archive in releases() {
        let project = unpacked(&archive, Files::AsBuilt);
        for environment in ENVIRONMENTS {
            destroy(&project, environment).ends_with(0);
            assert_eq!(leftovers(&project, environment), Vec::<String>::new(), "{}", archive.display());
        }
    }
}

#[test]
fn upgrade_keeps_data_until_its_deletion_is_allowed() {
    for archive in releases() {
        let project = unpacked(&archive, Files::AsBuilt);
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        project.behind_its_back(async |sdk| {
            let put = aws_s3::client(&sdk).put_object().bucket(&bucket).key("raw/customers.csv");
            put.body(b"id\n1\n".to_vec().into()).send().await.unwrap();
        });
        let refused = project.local(&["destroy", "dev"]).ends_with(1);
        assert!(
            refused.stderr.contains("storage.data") && refused.stderr.contains("--delete-data"),
            "{}",
            refused.stderr
        );
        project.local(&["up", "dev"]).ends_with(0);
        project.local(&["destroy", "dev"]).ends_with(1);
        project.behind_its_back(async |sdk| {
            let kept = aws_s3::client(&sdk).get_object().bucket(&bucket).key("raw/customers.csv").send().await.unwrap();
            assert_eq!(kept.body.collect().await.unwrap().to_vec(), b"id\n1\n");
        });
        destroy(&project, "dev").ends_with(0);
        assert_eq!(leftovers(&project, "dev"), Vec::<String>::new());
    }
}

/// The state as the release wrote it, byte for byte.
fn stored_state(project: &Project, environment: &str) -> Value {
    let bucket = format!("mlops-pipeline-{environment}-mlopsctl-state-{}", local::ACCOUNT);
    project.behind_its_back(async |sdk| {
        let state = aws_s3::client(&sdk).get_object().bucket(&bucket).key("state.json").send().await.unwrap();
        serde_json::from_slice(&state.body.collect().await.unwrap().to_vec()).unwrap()
    })
}

#[test]
fn upgrade_reads_recorded_specs_and_outputs_of_every_kind() {
    let registry = blueprint::registry();
    let place = vocabulary::Place::new(local::ACCOUNT, "ap-south-1");
    for archive in releases() {
        let project = unpacked(&archive, Files::AsBuilt);
        let mut kinds = BTreeSet::new();
        for environment in ENVIRONMENTS {
            for (address, entry) in stored_state(&project, environment)["resources"].as_object().unwrap() {
                let (kind, recorded) = (entry["kind"].as_str().unwrap(), &entry["spec"]);
                let what = format!("{address} ({kind}) of {}", archive.display());
                let reconciler = registry.get(kind).unwrap();
                let spec = reconciler.recorded_spec(recorded).unwrap_or_else(|failure| panic!("{what}: {failure}"));
                let diff = reconciler.compare(&spec, Some(recorded), recorded);
                assert!(diff.is_empty(), "{what} means something else now: {:#?}", diff.changes);
                assert_eq!(reconciler.recorded_spec(&spec).unwrap(), spec, "{what}");
                let outputs = reconciler.recorded_outputs(&entry["outputs"], &spec, address, &place).unwrap();
                assert!(!vocabulary::has_unknown(&outputs), "{what}: {outputs}");
                kinds.insert(kind.to_owned());
            }
        }
        let missing: Vec<&str> = registry.iter().map(|one| one.kind()).filter(|kind| !kinds.contains(*kind)).collect();
        // No environment has a resource policy: it is there for programs that use the library. The other kinds came after 0.1.
        let later = ["logs:resource-policy", "sagemaker:mlflow-app"];
        assert_eq!(missing, later, "kinds that {} has not", archive.display());
    }
}

#[test]
fn upgrade_refuses_a_saved_plan_and_names_both_versions() {
    for archive in releases() {
        let project = unpacked(&archive, Files::AsBuilt);
        let refused = project.local(&["up", "dev", "--plan", "dev.plan"]).ends_with(64);
        for said in ["dev.plan was made by mlopsctl 0.1", "this is mlopsctl", "nothing was touched"] {
            assert!(refused.stderr.contains(said), "{}", refused.stderr);
        }
    }
}

/// A downgrade: the state has a setting that only the later version knows.
#[test]
fn downgrade_is_told_which_version_wrote_the_state() {
    let project = Project::new();
    project.local(&["up", "dev", "--target", "storage.*"]).ends_with(0);
    let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT);
    let mut state = stored_state(&project, "dev");
    state["tool"] = json!("7.8.9");
    state["resources"]["storage.data"]["spec"]["holographic"] = json!(true);
    project.behind_its_back(async |sdk| {
        let put = aws_s3::client(&sdk).put_object().bucket(&bucket).key("state.json");
        put.body(state.to_string().into_bytes().into()).send().await.unwrap();
    });
    for command in ["plan", "up", "drift", "reconcile", "destroy"] {
        let refused = project.local(&[command, "dev"]).ends_with(1);
        for said in ["storage.data", "`holographic`", "mlopsctl 7.8.9", concat!("mlopsctl ", env!("CARGO_PKG_VERSION"))]
        {
            assert!(refused.stderr.contains(said), "{command}: {}", refused.stderr);
        }
        assert!(!refused.stderr.contains("damaged"), "{command}: {}", refused.stderr);
    }
    assert_eq!(stored_state(&project, "dev"), state);
}
