//! Problems of what a file asks for, told at the lines of its settings.

use crate::check::Node;
use crate::load::text;
use crate::problem::{Finding, Invalid, located};
use crate::read::Reader;
use crate::schema;
use std::ops::Range;
use std::path::Path;
use toml_edit::Document;

/// A problem of what a setting asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The setting, `functions.0.name`. Of one that the file leaves to its default, the table it would stand in is shown.
    pub setting: String,
    /// The problem.
    pub message: String,
    /// The advice; may be empty.
    pub help: String,
}

/// The problems of a valid file, each with its line.
pub fn at_settings(file: &Path, project_root: &Path, problems: Vec<SettingProblem>) -> Invalid {
    let source = match text(file, project_root) {
        Ok(source) => source,
        Err(invalid) => return invalid,
    };
    let node = match Document::parse(source.as_str()) {
        Ok(document) => Reader::default().read_root(document.as_table(), schema::shared()).1,
        Err(_) => Node::default(),
    };
    let finding = |problem: SettingProblem| Finding {
        span: span(&node, &problem.setting),
        message: problem.message,
        help: Some(problem.help).filter(|help| !help.is_empty()),
    };
    let problems = located(&source, problems.into_iter().map(finding).collect());
    Invalid { file: file.to_owned(), source, problems }
}

fn span(root: &Node, setting: &str) -> Range<usize> {
    let mut node = root;
    for step in setting.split('.') {
        let inner = match step.parse::<usize>() {
            Ok(index) => node.items.get(index),
            Err(_) => node.entries.get(step),
        };
        match inner {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node.span.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_at_its_line_or_at_that_of_its_table() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("dev.toml");
        let text = "project = \"p\"\nregion = \"eu-west-1\"\n[network]\ncidr = \"10.0.0.0/16\"\n\
                    [[functions]]\nname = \"a\"\n[[functions]]\nname = \"b\"\n";
        std::fs::write(&file, text).expect("a file");
        let lines = |settings: &[&str]| -> Vec<usize> {
            let problem = |setting: &&str| SettingProblem {
                setting: (*setting).to_owned(),
                message: (*setting).to_owned(),
                help: String::new(),
            };
            let problems = settings.iter().map(problem).collect();
            at_settings(&file, folder.path(), problems).problems.into_iter().map(|problem| problem.line).collect()
        };
        assert_eq!(lines(&["functions.1.name", "network.zones", "studio.spaces.0", ""]), [1, 1, 3, 8]);
    }
}
