//! Completions of names that only the project knows: its environments, and the addresses of their resources. They ask AWS
//! nothing.

use app::Settings;
use clap::Command;
use clap_complete::{CompleteEnv, Shell, engine::CompletionCandidate, env::Shells};
use std::{
    ffi::{OsStr, OsString},
    io::{Error, ErrorKind, Write},
    path::PathBuf,
    time::Duration,
};

/// The variable by which a shell asks for completions.
const VARIABLE: &str = "MLOPSCTL_COMPLETE";
const PROGRAM: &str = "mlopsctl";

/// Answers a shell that asks for completions, and ends the process then.
pub(crate) fn answer_shell(command: impl Fn() -> Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// Writes the script that makes a shell ask.
pub(crate) fn write_script(shell: Shell, script: &mut impl Write) -> Result<(), Error> {
    let name = shell.to_string();
    let shells = Shells::builtins();
    let shell = shells.completer(&name).ok_or_else(|| Error::from(ErrorKind::Unsupported))?;
    shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, script)
}

/// Completes the name of an environment.
pub(crate) fn environments(current: &OsStr) -> Vec<CompletionCandidate> {
    matching(current, config::discover(&folder(&words())))
}

/// Completes addresses of resources, also after a comma.
pub(crate) fn addresses(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let (before, last) = current.rsplit_once(',').map_or(("", current), |(before, last)| (before, last));
    let known = declared(&words()).unwrap_or_default();
    let prefix = if before.is_empty() { String::new() } else { format!("{before},") };
    let fitting = known.into_iter().filter(|address| address.starts_with(last));
    fitting.map(|address| CompletionCandidate::new(format!("{prefix}{address}"))).collect()
}

/// Completes an environment, and after it addresses.
pub(crate) fn environment_then_addresses(current: &OsStr) -> Vec<CompletionCandidate> {
    let words = words();
    let before = words.split_last().map_or(&[] as &[OsString], |(_, before)| before);
    match named(before) {
        Some(_) => addresses(current),
        None => environments(current),
    }
}

fn matching(current: &OsStr, names: Vec<String>) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    names.into_iter().filter(|name| name.starts_with(&*current)).map(CompletionCandidate::new).collect()
}

/// The words of the line that the shell completes.
fn words() -> Vec<OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(2).collect()
}

/// The folder of the environment files, as the line names it.
fn folder(words: &[OsString]) -> PathBuf {
    const OPTION: &str = "--environments";
    let of_next = words.iter().zip(words.iter().skip(1)).find(|(word, _)| *word == OPTION).map(|(_, next)| next.into());
    let of_same =
        words.iter().filter_map(|word| word.to_str()?.strip_prefix(OPTION)?.strip_prefix('=')).map(PathBuf::from);
    of_next.or_else(|| of_same.into_iter().next()).unwrap_or_else(|| PathBuf::from("environments"))
}

/// The environment that one of the words names.
fn named(words: &[OsString]) -> Option<String> {
    config::discover(&folder(words)).into_iter().find(|name| words.iter().any(|word| word == name.as_str()))
}

/// The addresses that the file of the environment on the line declares.
fn declared(words: &[OsString]) -> Option<Vec<String>> {
    let settings = Settings { local: true, environments: folder(words), lock_timeout: Duration::ZERO };
    let name = settings.named_or_only(named(words).as_deref()).ok()??;
    let environment = settings.read(&name).ok()?;
    let addresses = blueprint::addresses(&environment, &name, &settings.root());
    Some(addresses.into_iter().map(|address| address.to_string()).collect())
}
