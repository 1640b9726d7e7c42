//! Completions in a shell: commands, options, environments and addresses.

use crate::project::{Project, Ran};
use std::{env, ffi::OsString, path::Path, process::Command};

/// The answers of the binary to a shell that completes the last word of this line.
fn answers(project: &Project, shell: &str, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = project.command(&[&["--"], words.as_slice()].concat());
    command.env("MLOPSCTL_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    let answered = Ran::of(command.env("_CLAP_IFS", "\n").output().unwrap()).ends_with(0);
    assert!(answered.stderr.is_empty(), "{}", answered.stderr);
    // zsh and fish get a description as well.
    let name = |line: &str| line.split(['\t', ':']).next().unwrap_or_default().to_owned();
    answered.stdout.lines().map(name).collect()
}

#[test]
fn every_shell_completes_environments_and_addresses() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish"] {
        let answers = |line: &str| answers(&project, shell, line);
        for line in ["mlopsctl up ", "mlopsctl destroy --local ", "mlopsctl state show "] {
            assert_eq!(answers(line)[..3], ["dev", "prod", "staging"], "{shell}: {line}");
        }
        assert_eq!(answers("mlopsctl plan p"), ["prod"], "{shell}");
        assert_eq!(answers("mlopsctl pipeline s"), ["schema", "status", "stop", "staging"], "{shell}");
        for line in [
            "mlopsctl state show dev network.v",
            "mlopsctl up dev --target network.v",
            "mlopsctl plan dev --unprotect network.v",
            "mlopsctl drift dev --accept network.v",
            "mlopsctl output dev network.v",
        ] {
            assert_eq!(answers(line), ["network.vpc"], "{shell}: {line}");
        }
        assert_eq!(answers("mlopsctl state mv dev network.vpc storage.d"), ["storage.data"], "{shell}");
        let second = answers("mlopsctl destroy dev --unprotect storage.data,storage.mo");
        assert_eq!(second, ["storage.data,storage.models"], "{shell}");
        assert!(answers("mlopsctl des").contains(&"destroy".to_owned()), "{shell}");
    }
}

#[test]
fn completions_read_the_folder_that_the_line_names_and_end_without_one() {
    let project = Project::new();
    std::fs::rename(project.path().join("environments"), project.path().join("settings")).unwrap();
    for line in ["mlopsctl plan --environments settings p", "mlopsctl plan --environments=settings p"] {
        assert_eq!(answers(&project, "bash", line), ["prod"], "{line}");
    }
    assert_eq!(answers(&project, "bash", "mlopsctl plan p"), Vec::<String>::new());
    assert_eq!(answers(&project, "bash", "mlopsctl state show dev network.v"), Vec::<String>::new());
    project.write("environments/dev.toml", "project = ");
    assert_eq!(answers(&project, "bash", "mlopsctl state show dev network.v"), Vec::<String>::new());
}

#[test]
fn script_completes_in_bash_itself() {
    let project = Project::new();
    let script = project.run(&["completions", "bash"]).ends_with(0).stdout;
    project.write("completions.sh", &script);
    let completed = |words: &str| {
        let line = format!(
            "source completions.sh; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _clap_complete_mlopsctl mlopsctl \"${{COMP_WORDS[COMP_CWORD]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let binary = Path::new(env!("CARGO_BIN_EXE_mlopsctl")).parent().unwrap().to_owned();
        let mut path = OsString::from(binary);
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &line]).current_dir(project.path()).env("PATH", path).env_remove("MLOPSCTL_ENV");
        Ran::of(bash.output().unwrap()).ends_with(0).stdout.trim().to_owned()
    };
    assert_eq!(completed("mlopsctl up pr"), "prod");
    assert_eq!(completed("mlopsctl state show dev network.vp"), "network.vpc");
    assert_eq!(completed("mlopsctl graph dev --format ht"), "html");
}

#[test]
fn every_shell_has_a_script() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = project.run(&["completions", shell]).ends_with(0).stdout;
        assert!(script.contains("MLOPSCTL_COMPLETE") && !script.contains(env!("CARGO_BIN_EXE_mlopsctl")), "{script}");
    }
}
