//! Environments whose names cannot be told apart by how they begin.

use crate::environment::names::{DEFAULT, render};
use crate::load::{discover, text};
use std::path::Path;
use toml_edit::Document;

/// Two environments that can be in one account, where every name of the second begins as the first one's names do:
/// `dev` and `dev-eu` of one project. IAM policies name what they are about by how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The environment whose policies cover the other's resources.
    pub covers: String,
    /// The other.
    pub covered: String,
}

/// The names and accounts of a file.
struct Names {
    environment: String,
    /// The prefix of every name, with a hyphen.
    prefix: String,
    accounts: Vec<String>,
}

impl Names {
    fn of(dir: &Path, environment: &str) -> Option<Self> {
        let source = text(&dir.join(format!("{environment}.toml")), dir).ok()?;
        let document = Document::parse(source.as_str()).ok()?;
        let project = document.get("project")?.as_str()?;
        let accounts = document.get("allowed_accounts").and_then(|item| item.as_array()).into_iter().flatten();
        let accounts = accounts.filter_map(|account| account.as_str().map(str::to_owned)).collect();
        let region = document.get("region").and_then(|item| item.as_str()).unwrap_or_default();
        let pattern = document.get("names").and_then(|names| names.get("pattern")).and_then(|item| item.as_str());
        let prefix = render(pattern.unwrap_or(DEFAULT), project, environment, region);
        Some(Self { environment: environment.to_owned(), prefix: format!("{prefix}-"), accounts })
    }

    fn can_meet(&self, other: &Self) -> bool {
        let anywhere = self.accounts.is_empty() || other.accounts.is_empty();
        anywhere || self.accounts.iter().any(|account| other.accounts.contains(account))
    }
}

/// The pairs in a folder of environment files. Files that cannot be read have none.
pub fn overlapping(dir: &Path) -> Vec<Overlap> {
    let names: Vec<Names> = discover(dir).iter().filter_map(|name| Names::of(dir, name)).collect();
    let mut found = Vec::new();
    for one in &names {
        for other in &names {
            if one.environment != other.environment && other.prefix.starts_with(&one.prefix) && one.can_meet(other) {
                found.push(Overlap { covers: one.environment.clone(), covered: other.environment.clone() });
            }
        }
    }
    found
}
