//! Commands in texts, such as `` `mlopsctl up dev` ``, get the options that this command was given: a user who pastes one
//! works on the same AWS and the same files.

use crate::cli::Global;
use std::{borrow::Cow, path::Path};

const BEGIN: &str = "`mlopsctl ";
/// Commands that have nothing to do with AWS.
const WITHOUT_AWS: [&str; 6] = ["init", "local", "completions", "man", "validate", "fmt"];

/// The options to repeat. They live as long as the process.
pub(super) fn options(global: &Global) -> &'static str {
    let mut options = String::new();
    if global.local {
        options.push_str(" --local");
    }
    if global.environments != Path::new("environments") {
        let folder = global.environments.to_string_lossy();
        let quoted = shlex::try_quote(&folder).unwrap_or(Cow::Borrowed(&folder));
        options.push_str(&format!(" --environments {quoted}"));
    }
    String::leak(options)
}

/// The text with the options in each of its commands.
pub(super) fn complete<'a>(text: &'a str, options: &str) -> Cow<'a, str> {
    if options.is_empty() || !text.contains(BEGIN) {
        return Cow::Borrowed(text);
    }
    let mut completed = String::with_capacity(text.len() + options.len());
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let (before, command) = rest.split_at(at + 1);
        let Some(end) = command.find('`') else { break };
        let (command, after) = command.split_at(end);
        completed.push_str(before);
        completed.push_str(&with(command, options));
        rest = after;
    }
    completed.push_str(rest);
    Cow::Owned(completed)
}

/// The command with the options.
pub(super) fn with<'a>(command: &'a str, options: &str) -> Cow<'a, str> {
    let name = command.split_whitespace().nth(1).unwrap_or_default();
    if options.is_empty() || WITHOUT_AWS.contains(&name) || name.starts_with('-') || command.contains(" --local") {
        return Cow::Borrowed(command);
    }
    // Before a redirection of the shell.
    let at = command.find(" > ").unwrap_or(command.len());
    let (command, redirection) = command.split_at(at);
    Cow::Owned(format!("{command}{options}{redirection}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_a_text_get_the_options_and_everything_else_stays() {
        let text = "next: `mlopsctl pipeline dev run`, or `mlopsctl state pull dev > state.json`; `up` is no command";
        let completed = "next: `mlopsctl pipeline dev run --local`, or `mlopsctl state pull dev --local > state.json`; \
                         `up` is no command";
        assert_eq!(complete(text, " --local"), completed);
        assert_eq!(complete(text, ""), text);
        let unchanged =
            "`mlopsctl up dev --local`, `mlopsctl init`, `mlopsctl local reset`, `mlopsctl --version`, `mlopsctl ";
        assert_eq!(complete(unchanged, " --local"), unchanged);
    }

    #[test]
    fn the_folder_of_the_environments_is_repeated_in_quotes_where_it_needs_them() {
        use clap::Parser as _;
        let given = |arguments: &[&str]| options(&crate::cli::Cli::parse_from(arguments).global);
        assert_eq!(given(&["mlopsctl", "plan", "dev"]), "");
        let folder = given(&["mlopsctl", "plan", "dev", "--local", "--environments", "my files"]);
        assert_eq!(folder, " --local --environments 'my files'");
    }
}
