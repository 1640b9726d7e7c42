//! The command line that a tool stands for. No argument of an agent can become an option or another command.

use schemars::JsonSchema;
use serde::Deserialize;

/// The platform that a tool works on. Both are always named, so that no tool works on AWS by mistake.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Platform {
    /// The environment: the name of a file in environments/, without .toml.
    pub(super) environment: String,
    /// true: the embedded AWS, at no cost and no risk. false: AWS itself.
    pub(super) local: bool,
}

/// A command line. The environment is no part of its words: `pipeline approve status` would be another command than
/// `pipeline status approve`.
pub(super) struct Line {
    command: Vec<&'static str>,
    options: Vec<String>,
    operands: Vec<String>,
    /// See [`Platform`]. `None` for a command that works on files alone.
    pub(super) platform: Option<Platform>,
    /// True if the command prints a line for each event, and not one document.
    pub(super) gives_events: bool,
}

impl Line {
    /// A command on a platform.
    pub(super) fn new(platform: Platform, command: &[&'static str]) -> Self {
        Self { platform: Some(platform), ..Self::on_files(command) }
    }

    /// A command on files.
    pub(super) fn on_files(command: &[&'static str]) -> Self {
        Self {
            command: command.to_vec(),
            options: Vec::new(),
            operands: Vec::new(),
            platform: None,
            gives_events: false,
        }
    }

    /// Marks a command that prints a line for each event.
    pub(super) fn with_events(self) -> Self {
        Self { gives_events: true, ..self }
    }

    /// Adds an option without a value, such as `--yes`.
    pub(super) fn flag(mut self, name: &str, is_set: bool) -> Self {
        self.options.extend(is_set.then(|| name.to_owned()));
        self
    }

    /// Adds an option for each of the values, if there are any.
    pub(super) fn options<T: ToString>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.options.extend(values.into_iter().map(|value| format!("{name}={}", value.to_string())));
        self
    }

    /// Adds words that are no options, in this order.
    pub(super) fn operands(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.operands.extend(words);
        self
    }

    /// All words of the command line, except for options that all tools have.
    pub(super) fn words(&self) -> Vec<String> {
        let command = self.command.iter().map(|&word| word.to_owned());
        let mut words: Vec<String> = command.chain(self.options.iter().cloned()).collect();
        if !self.operands.is_empty() {
            // Nothing behind it is an option.
            words.push("--".to_owned());
            words.extend(self.operands.iter().cloned());
        }
        words
    }
}
