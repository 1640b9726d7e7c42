//! The obstacles between a newcomer and AWS, and the advice of each error.

use crate::project::{Project, Ran};
use std::{fs, net::TcpListener};

/// A login at a company's SSO.
const SSO: &str = "\
[profile corp]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Engineer
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = ap-south-1
[profile program]
credential_process = /bin/false
[profile bare]
region = ap-south-1
";
/// The file of the session `corp`: the SHA-1 of its name.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html>
const LOGIN: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";

/// The address of a port where nobody listens.
fn nobody() -> String {
    format!("http://{}", TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap())
}

/// `plan dev` of a user whose home is the project, on a machine without a role.
#[track_caller]
fn refused(project: &Project, variables: &[(&str, &str)], code: i32) -> String {
    let mut command = project.command(&["plan", "dev"]);
    command.env("HOME", project.path()).env("AWS_EC2_METADATA_DISABLED", "true").envs(variables.iter().copied());
    let ran = Ran::of(command.output().unwrap()).ends_with(code);
    assert!(ran.stdout.is_empty() && ran.stderr.lines().count() == 2, "{}", ran.stderr);
    ran.stderr
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn missing_credentials_are_told_with_the_login_and_the_way_without_aws() {
    let project = Project::new();
    let help = ["`aws sso login`", "`aws configure`", "AWS_PROFILE", "--local"];
    let none = refused(&project, &[], 1);
    says(&none, &["there are no AWS credentials", "the profile `default`"]);
    says(&none, &help);
    project.write(".aws/config", SSO);
    says(&refused(&project, &[("AWS_PROFILE", "bare")], 1), &["there are no AWS credentials", "the profile `bare`"]);
    // A machine that might have a role, whose metadata service does not answer.
    let nobody = nobody();
    let machine = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", nobody.as_str())];
    says(&refused(&project, &machine, 1), &["there are no AWS credentials"]);
    let half = refused(&project, &[("AWS_ACCESS_KEY_ID", "AKIA")], 1);
    says(&half, &["AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"]);
}

#[test]
fn missing_or_expired_login_is_told_with_the_command_that_logs_in() {
    let project = Project::new();
    project.write(".aws/config", SSO);
    let login = "`aws sso login --profile corp`";
    let corp = [("AWS_PROFILE", "corp")];
    says(&refused(&project, &corp, 1), &["nobody is logged in to the SSO of the profile `corp`", login]);
    let expired = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "ap-south-1", "accessToken": "token",
        "expiresAt": "2020-01-01T00:00:00Z"}"#;
    project.write(LOGIN, expired);
    says(&refused(&project, &corp, 1), &["the SSO login of the profile `corp` has expired", login]);
    fs::remove_dir_all(project.path().join(".aws/sso")).unwrap();
    let program = refused(&project, &[("AWS_PROFILE", "program")], 1);
    says(&program, &["the `credential_process` of the profile `program` gives no credentials", "exit status: 1"]);
}

#[test]
fn missing_way_to_aws_is_told_apart_from_wrong_credentials() {
    let (project, nobody) = (Project::new(), nobody());
    let key = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let with = |variable: &str| refused(&project, &[key.as_slice(), &[(variable, nobody.as_str())]].concat(), 1);
    says(&with("AWS_ENDPOINT_URL"), &["check the endpoint (AWS_ENDPOINT_URL)"]);
    let host = nobody.trim_start_matches("http://");
    says(&with("HTTPS_PROXY"), &["check the proxy", &format!("through the proxy {host} (HTTPS_PROXY)")]);
}

#[test]
fn file_for_an_environment_is_named_by_the_environment() {
    let project = Project::new();
    for named in ["dev.toml", "environments/dev.toml", "./environments/dev"] {
        let refused = project.local(&["plan", named]).ends_with(64).stderr;
        says(&refused, &["name the environment, not its file: `dev`"]);
    }
    let similar = project.local(&["up", "prd"]).ends_with(64).stderr;
    says(&similar, &["there is no environment `prd`", "did you mean `prod`?"]);
}

#[test]
fn command_without_a_project_says_how_to_begin_one() {
    let empty = tempfile::tempdir().unwrap();
    let project = Project::new();
    for command in ["up", "plan", "doctor"] {
        let mut command = project.command(&[command, "dev", "--local"]);
        let ran = Ran::of(command.current_dir(empty.path()).output().unwrap()).ends_with(64);
        says(&ran.stderr, &["environments/dev.toml does not exist", "`mlopsctl init` writes"]);
    }
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn environment_after_the_command_of_a_pipeline_is_told_to_stand_before_it() {
    let project = Project::new();
    project.write("data.csv", "a,b\n1,2\n");
    for line in [&["upload", "dev", "data.csv"] as &[&str], &["status", "dev"], &["invoke", "dev"], &["reject", "dev"]]
    {
        let refused = project.local(&[&["pipeline"], line].concat()).ends_with(64).stderr;
        says(
            &refused,
            &[
                "`dev` is an environment, which stands before the command",
                "`mlopsctl pipeline dev --local`, then the command",
            ],
        );
    }
}
