//! The places of states: buckets that several projects share, and those of 0.1.

use crate::project::Project;
use aws_config::SdkConfig;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use serde_json::{Value, json};

const SHARED: &str = "company-states";

/// An existing bucket for states, with an object in it.
async fn make_shared(sdk: &SdkConfig, versioned: bool) {
    let s3 = aws_s3::client(sdk);
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::ApSouth1).build();
    s3.create_bucket().bucket(SHARED).create_bucket_configuration(place).send().await.unwrap();
    if versioned {
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        s3.put_bucket_versioning().bucket(SHARED).versioning_configuration(enabled).send().await.unwrap();
    }
    s3.put_object().bucket(SHARED).key("notes").body(b"keep".to_vec().into()).send().await.unwrap();
}

/// A project that names the shared bucket.
fn project(versioned: bool) -> Project {
    let project = Project::new();
    project.behind_its_back(async |sdk| make_shared(&sdk, versioned).await);
    project.append("dev", &format!("\n[state]\nbucket = \"{SHARED}\"\n"));
    project
}

/// The keys in the shared bucket, with those of old versions.
fn keys(project: &Project) -> Vec<String> {
    project.behind_its_back(async |sdk| {
        let listed = aws_s3::client(&sdk).list_object_versions().bucket(SHARED).send().await.unwrap();
        let versions = listed.versions().iter().filter_map(|one| one.key());
        let markers = listed.delete_markers().iter().filter_map(|one| one.key());
        let mut keys: Vec<String> = versions.chain(markers).map(str::to_owned).collect();
        keys.sort();
        keys.dedup();
        keys
    })
}

fn stored(project: &Project, key: &str) -> Value {
    project.behind_its_back(async |sdk| {
        let read = aws_s3::client(&sdk).get_object().bucket(SHARED).key(key).send().await.unwrap();
        serde_json::from_slice(&read.body.collect().await.unwrap().into_bytes()).unwrap()
    })
}

#[test]
fn shared_bucket_is_used_as_it_is_and_keeps_what_others_put_there() {
    let project = project(true);
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    let locks = ["mlops-pipeline/dev/lock.json", "mlops-pipeline/dev/state.json", "notes"];
    assert_eq!(keys(&project), locks);
    let doctor = project.local(&["doctor", "dev"]);
    assert!(doctor.stdout.contains("keeps versions and is closed to the public"), "{}", doctor.stdout);
    let destroyed = project.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(0);
    assert!(destroyed.stderr.contains("so it stays"), "{}", destroyed.stderr);
    assert_eq!(keys(&project), ["notes"]);
    project.behind_its_back(async |sdk| {
        let s3 = aws_s3::client(&sdk);
        assert!(s3.get_bucket_policy().bucket(SHARED).send().await.is_err(), "it was given a policy");
        assert!(s3.get_bucket_tagging().bucket(SHARED).send().await.is_err(), "it was tagged");
    });
}

#[test]
fn shared_bucket_without_versions_takes_no_first_state() {
    let project = project(false);
    let doctor = project.local(&["doctor", "dev"]).ends_with(1);
    assert!(doctor.stdout.contains("keeps no earlier versions"), "{}", doctor.stdout);
    let refused = project.local(&["up", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("put-bucket-versioning"), "{}", refused.stderr);
    assert_eq!(keys(&project), ["notes"]);
}

#[test]
fn bucket_that_does_not_exist_is_not_made_where_the_file_names_it() {
    let project = Project::new();
    project.append("dev", "\n[state]\nbucket = \"nobody-made-this\"\n");
    project.local(&["plan", "dev"]).ends_with(0);
    let refused = project.local(&["up", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("there is no bucket nobody-made-this"), "{}", refused.stderr);
}

#[test]
fn projects_that_share_a_bucket_leave_each_other_alone() {
    let project = project(true);
    project.local(&["up", "dev"]).ends_with(0);
    let first = stored(&project, "mlops-pipeline/dev/state.json");
    // Another checkout with the same environment.
    project.edit("dev", "project = \"mlops-pipeline\"", "project = \"fraud\"");
    let plan = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    let summary = &plan["summary"];
    assert_eq!([&summary["update"], &summary["replace"], &summary["delete"]], [&json!(0), &json!(0), &json!(0)]);
    project.local(&["up", "dev"]).ends_with(0);
    assert_ne!(stored(&project, "fraud/dev/state.json")["lineage"], first["lineage"]);
    project.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(0);
    assert_eq!(stored(&project, "mlops-pipeline/dev/state.json"), first);
    project.edit("dev", "project = \"fraud\"", "project = \"mlops-pipeline\"");
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn platform_of_a_state_in_another_bucket_is_refused_and_left_as_it_is() {
    let project = project(true);
    project.local(&["up", "dev"]).ends_with(0);
    let named = format!("bucket = \"{SHARED}\"");
    project.edit("dev", &named, "");
    for command in ["plan", "up"] {
        let refused = project.local(&[command, "dev"]).ends_with(1);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains("recorded by the state of lineage"), "{command}: {said}");
    }
    project.local(&["destroy", "dev", "--delete-data"]).ends_with(1);
    project.edit("dev", "[state]\n", &format!("[state]\n{named}"));
    project.local(&["drift", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn state_that_a_later_version_wrote_is_used_with_a_warning() {
    let project = project(true);
    project.local(&["up", "dev"]).ends_with(0);
    let mut state = stored(&project, "mlops-pipeline/dev/state.json");
    state["tool"] = json!("9.9.0");
    project.behind_its_back(async |sdk| {
        let call = aws_s3::client(&sdk).put_object().bucket(SHARED).key("mlops-pipeline/dev/state.json");
        call.body(state.to_string().into_bytes().into()).send().await.unwrap();
    });
    let planned = project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    for part in ["mlopsctl 9.9.0 was the last to write the state", "required_version"] {
        assert!(planned.stderr.contains(part), "{part} is not in {}", planned.stderr);
    }
}

#[test]
fn state_of_another_project_is_refused_by_every_command() {
    let project = project(true);
    project.local(&["up", "dev"]).ends_with(0);
    let state = stored(&project, "mlops-pipeline/dev/state.json");
    project.edit("dev", "project = \"mlops-pipeline\"", "project = \"fraud\"");
    project.behind_its_back(async |sdk| {
        let call = aws_s3::client(&sdk).put_object().bucket(SHARED).key("fraud/dev/state.json");
        call.body(state.to_string().into_bytes().into()).send().await.unwrap();
    });
    project.write("pushed.json", &state.to_string());
    let commands: [&[&str]; 8] = [
        &["plan", "dev"],
        &["up", "dev"],
        &["destroy", "dev"],
        &["adopt", "dev", "network.vpc"],
        &["drift", "dev"],
        &["reconcile", "dev"],
        &["state", "list", "dev"],
        &["state", "push", "pushed.json", "dev", "--force"],
    ];
    for command in commands {
        let refused = project.local(command).ends_with(64);
        assert!(refused.stderr.contains("is of project mlops-pipeline, not fraud"), "{command:?}: {}", refused.stderr);
    }
}

/// Puts the state where and as mlopsctl 0.1 wrote it.
fn put_back_to_0_1(project: &Project) {
    let mut state = stored(project, "mlops-pipeline/dev/state.json");
    for later in ["project", "author"] {
        state.as_object_mut().unwrap().remove(later);
    }
    (state["format"], state["tool"]) = (json!(1), json!("0.1.0"));
    state["lineage"] = json!("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d");
    project.behind_its_back(async |sdk| {
        let s3 = aws_s3::client(&sdk);
        let call = s3.put_object().bucket(SHARED).key("state.json");
        call.body(state.to_string().into_bytes().into()).send().await.unwrap();
        s3.delete_object().bucket(SHARED).key("mlops-pipeline/dev/state.json").send().await.unwrap();
    });
}

#[test]
fn state_of_0_1_at_the_root_of_a_named_bucket_stays_there_even_without_versions() {
    let project = project(true);
    project.local(&["up", "dev"]).ends_with(0);
    let lineage = stored(&project, "mlops-pipeline/dev/state.json")["lineage"].clone();
    put_back_to_0_1(&project);
    project.behind_its_back(async |sdk| {
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let call = aws_s3::client(&sdk).put_bucket_versioning().bucket(SHARED);
        call.versioning_configuration(suspended).send().await.unwrap();
    });
    let plan = project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    assert!(plan.stderr.contains("keeps no earlier versions"), "{}", plan.stderr);
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    let up = project.local(&["up", "dev"]).ends_with(0);
    assert!(up.stderr.contains("keeps no earlier versions"), "{}", up.stderr);
    let state = stored(&project, "state.json");
    assert_eq!((&state["format"], &state["lineage"]), (&json!(2), &lineage));
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    // Another project of the bucket does not meet it.
    project.edit("dev", "project = \"mlops-pipeline\"", "project = \"fraud\"");
    let plan = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    assert_eq!(plan["summary"]["delete"], 0);
    project.edit("dev", "project = \"fraud\"", "project = \"mlops-pipeline\"");
    project.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(0);
    // While no versions are kept, S3 puts a delete marker in the place of what it deletes.
    project.behind_its_back(async |sdk| {
        let listed = aws_s3::client(&sdk).list_object_versions().bucket(SHARED).prefix("state.json").send().await;
        assert_eq!(listed.unwrap().versions(), []);
    });
}

#[test]
fn platform_is_not_planned_anew_in_another_region() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", "region = \"ap-south-1\"", "region = \"eu-west-1\"");
    for command in [&["plan", "dev"][..], &["up", "dev"], &["destroy", "dev"], &["drift", "dev"]] {
        let refused = project.local(command).ends_with(64);
        for part in ["is in ap-south-1, not in eu-west-1", "the platform is up in ap-south-1"] {
            assert!(refused.stderr.contains(part), "{command:?}: {}", refused.stderr);
        }
    }
}

#[test]
fn state_is_under_the_prefix_that_the_file_names_and_one_that_was_begun_elsewhere_stays() {
    let prefixed = project(true);
    prefixed.edit(
        "dev",
        &format!("bucket = \"{SHARED}\""),
        &format!("bucket = \"{SHARED}\"\nkey_prefix = \"platform\""),
    );
    prefixed.local(&["up", "dev"]).ends_with(0);
    assert!(keys(&prefixed).contains(&"platform/mlops-pipeline/dev/state.json".to_owned()));
    prefixed.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(0);
    assert_eq!(keys(&prefixed), ["notes"]);
    let begun = project(true);
    begun.local(&["up", "dev"]).ends_with(0);
    begun.edit("dev", &format!("bucket = \"{SHARED}\""), &format!("bucket = \"{SHARED}\"\nkey_prefix = \"platform\""));
    begun.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    assert!(!keys(&begun).iter().any(|key| key.starts_with("platform/")));
}
