//! Temporary credentials that their source renews during a run.

use crate::{
    aftermath::UP,
    project::{Project, Ran},
    served::{ANOTHER_ACCOUNT, ANOTHER_KEY, Served},
};
use jiff::Timestamp;
use std::{process::Command, time::Duration};

/// `mlopsctl` with a profile whose program gives the first key so often, and then the second one. They expire within
/// seconds, so the SDK asks for each call.
fn command(served: &Served, project: &Project, first: usize, second: &str, arguments: &[&str]) -> Command {
    let expires = Timestamp::now() + Duration::from_secs(1);
    project.write(
        "aws/credentials.sh",
        &format!(
            r#"echo >> aws/asked
key=AKIAFIRST
[ $(wc -l < aws/asked) -le {first} ] || key={second}
printf '{{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"secret","SessionToken":"t","Expiration":"{expires}"}}' $key
"#
        ),
    );
    project.write("aws/config", "[default]\ncredential_process = sh aws/credentials.sh\n");
    let _ = std::fs::remove_file(project.path().join("aws/asked"));
    let mut command = served.command(project, arguments);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.env("AWS_CONFIG_FILE", "aws/config").env("AWS_SHARED_CREDENTIALS_FILE", "aws/none");
    command
}

#[test]
fn credentials_of_another_account_send_nothing_and_the_next_run_goes_on() {
    let (project, served) = (Project::new(), Served::start());
    let other = format!("{ANOTHER_KEY}1");
    let ended = Ran::of(command(&served, &project, 20, &other, UP).output().unwrap()).ends_with(1);
    let words = format!("the credentials changed from account {} to account {ANOTHER_ACCOUNT}", local::ACCOUNT);
    assert!(ended.stderr.contains(&words), "{}", ended.stderr);
    assert_eq!(served.door().of_another_account(), Vec::<String>::new());
    served.run(&project, UP).ends_with(0);
    served.run(&project, &["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn renewed_credentials_of_the_same_account_change_nothing() {
    let (project, served) = (Project::new(), Served::start());
    Ran::of(command(&served, &project, 20, "AKIASECOND", UP).output().unwrap()).ends_with(0);
    let asked = std::fs::read_to_string(project.path().join("aws/asked")).unwrap().len();
    assert!(asked > 20, "the second key was never asked for: {asked}");
}
