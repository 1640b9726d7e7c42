//! Words of other tools, and words in another order, on the command line: each leads to the command of mlopsctl.

use clap::{
    Command, Error,
    builder::StyledStr,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// The words that users of Terraform, Pulumi, CDK, Kubernetes or SageMaker's tools type, each with the command for it.
const WORDS: &[(&str, &str)] = &[
    ("apply", "up ENVIRONMENT"),
    ("approve", "pipeline ENVIRONMENT approve"),
    ("check", "validate"),
    ("create", "up ENVIRONMENT"),
    ("delete", "destroy ENVIRONMENT"),
    ("deploy", "up ENVIRONMENT"),
    ("diff", "plan ENVIRONMENT"),
    ("down", "destroy ENVIRONMENT"),
    ("endpoint", "pipeline ENVIRONMENT status"),
    ("force-unlock", "unlock ENVIRONMENT LOCK_ID"),
    ("format", "fmt"),
    ("history", "state history ENVIRONMENT"),
    ("import", "adopt ENVIRONMENT ADDRESS=ID"),
    ("invoke", "pipeline ENVIRONMENT invoke ROWS"),
    ("lint", "validate"),
    ("list", "state list ENVIRONMENT"),
    ("logs", "pipeline ENVIRONMENT logs"),
    ("ls", "state list ENVIRONMENT"),
    ("model", "pipeline ENVIRONMENT status"),
    ("new", "init"),
    ("outputs", "output ENVIRONMENT"),
    ("predict", "pipeline ENVIRONMENT invoke ROWS"),
    ("preview", "plan ENVIRONMENT"),
    ("provision", "up ENVIRONMENT"),
    ("pull", "state pull ENVIRONMENT"),
    ("push", "state push ENVIRONMENT FILE"),
    ("refresh", "drift ENVIRONMENT"),
    ("remove", "destroy ENVIRONMENT"),
    ("rm", "state rm ENVIRONMENT ADDRESS"),
    ("run", "pipeline ENVIRONMENT run"),
    ("serve", "local serve"),
    ("show", "state show ENVIRONMENT ADDRESS"),
    ("start", "pipeline ENVIRONMENT run"),
    ("status", "pipeline ENVIRONMENT status"),
    ("stop", "pipeline ENVIRONMENT stop"),
    ("synth", "plan ENVIRONMENT"),
    ("teardown", "destroy ENVIRONMENT"),
    ("test", "validate"),
    ("train", "pipeline ENVIRONMENT run"),
    ("update", "up ENVIRONMENT"),
    ("upgrade", "up ENVIRONMENT"),
    ("upload", "pipeline ENVIRONMENT upload PATH"),
    ("version", "--version"),
];

/// The words of other tools for which mlopsctl needs no command, each with the reason.
const NEEDLESS: &[(&str, &str)] = &[
    ("bootstrap", "there is nothing to bootstrap: `mlopsctl up ENVIRONMENT` creates the state bucket as well"),
    ("login", "mlopsctl uses the AWS credentials of the shell: log in with `aws sso login` or `aws configure`"),
];

/// Replaces clap's suggestion, which goes by spelling, where the word means something else than it resembles.
pub(crate) fn suggest(mut error: Error, command: &Command, arguments: &[String]) -> Error {
    let tips = match (error.kind(), error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word)), _) => {
            let word = word.clone();
            drop_dangerous(&mut error, &word);
            meant(command, &word, arguments)
        }
        (ErrorKind::UnknownArgument, _, Some(ContextValue::String(_))) => pipeline(command, arguments),
        _ => None,
    };
    if let Some(tip) = tips {
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

/// No slip of the keyboard may lead to the deletion of a platform: `destroy` is suggested only for words that begin
/// like it.
fn drop_dangerous(error: &mut Error, word: &str) {
    let names_destroy = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::String(one)) => one == "destroy",
        Some(ContextValue::Strings(several)) => several.iter().any(|one| one == "destroy"),
        _ => false,
    };
    if names_destroy && !word.starts_with("des") {
        error.remove(ContextKind::SuggestedSubcommand);
        // Without suggestions it prints an empty line.
        error.remove(ContextKind::Suggested);
    }
}

/// The tip for a word that is no command.
fn meant(command: &Command, word: &str, arguments: &[String]) -> Option<String> {
    if let Some((_, ours)) = WORDS.iter().find(|(theirs, _)| *theirs == word) {
        return Some(format!("`mlopsctl {ours}` does that"));
    }
    if let Some((_, why)) = NEEDLESS.iter().find(|(theirs, _)| *theirs == word) {
        return Some((*why).to_owned());
    }
    // `mlopsctl dev up`
    let after = arguments.iter().skip_while(|one| *one != word).nth(1)?;
    let is_command = command.get_subcommands().any(|one| one.get_name() == after);
    is_command.then(|| format!("the command comes first: `mlopsctl {after} {word}`"))
}

/// The tip for a word in the place of a command of `pipeline`.
fn pipeline(command: &Command, arguments: &[String]) -> Option<String> {
    let mut words = arguments.iter().filter(|one| !one.starts_with('-')).skip_while(|one| *one != "pipeline").skip(1);
    let (first, second) = (words.next()?, words.next()?);
    let pipeline = command.find_subcommand("pipeline")?;
    let commands: Vec<&str> = pipeline.get_subcommands().map(Command::get_name).filter(|one| *one != "help").collect();
    match commands.contains(&first.as_str()) {
        true => Some(format!("the environment comes first: `mlopsctl pipeline {second} {first}`")),
        false => Some(format!("the commands of `pipeline {first}` are {}", commands.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{CommandFactory as _, Parser as _};

    fn said(line: &str) -> String {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let error = Cli::try_parse_from(&arguments).err().expect("it is no command");
        suggest(error, &Cli::command(), &arguments).to_string()
    }

    #[test]
    fn words_of_other_tools_lead_to_the_command_that_does_it() {
        assert!(said("mlopsctl apply").contains("`mlopsctl up ENVIRONMENT` does that"));
        assert!(said("mlopsctl train").contains("`mlopsctl pipeline ENVIRONMENT run` does that"));
        assert!(said("mlopsctl version").contains("`mlopsctl --version` does that"));
        assert!(said("mlopsctl test").contains("`mlopsctl validate` does that"));
        assert!(said("mlopsctl login").contains("log in with `aws sso login`"));
    }

    #[test]
    fn no_word_leads_to_a_deletion_unless_it_means_one() {
        for word in ["deploy", "detroy", "doctr", "deliver", "destro", "depoly"] {
            let said = said(&format!("mlopsctl {word}"));
            assert_eq!(said.contains("destroy"), word == "destro", "{said}");
            assert!(!said.contains("\n\n\n"), "{said}");
        }
    }

    #[test]
    fn every_word_leads_to_a_command_that_exists() {
        for (word, ours) in WORDS {
            let names: Vec<&str> = ours.split(' ').filter(|part| part.chars().all(char::is_lowercase)).collect();
            let mut command = &Cli::command();
            for name in names {
                let found = command.find_subcommand(name);
                command = found.unwrap_or_else(|| panic!("{word} leads to `{ours}`, and there is no `{name}`"));
            }
        }
    }

    #[test]
    fn words_in_another_order_are_put_right() {
        assert!(said("mlopsctl dev up").contains("the command comes first: `mlopsctl up dev`"));
        assert!(said("mlopsctl pipeline dev train").contains("the commands of `pipeline dev` are schema, upload, "));
    }
}
