//! Environment files with as many resources as one likes.

use crate::project;
use std::fmt::Write as _;

/// The number of resources of dev.
const OF_DEV: usize = 57;
/// A bucket; a function with its role, its log group and two alarms; four feature groups.
const OF_UNIT: usize = 10;

/// The number of units that make about that many resources.
pub(crate) fn units(resources: usize) -> usize {
    resources.saturating_sub(OF_DEV) / OF_UNIT
}

/// Dev, and as many units more as it takes.
pub(crate) fn environment(resources: usize) -> Result<String, String> {
    let dev = project::repository().join("environments/dev.toml");
    let mut text = std::fs::read_to_string(&dev).map_err(|error| format!("{}: {error}", dev.display()))?;
    for unit in 0..units(resources) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n[[storage.buckets]]\nname = \"b{unit:04}\"");
        let _ = writeln!(text, "\n[[functions]]\nname = \"f{unit:04}\"");
        let _ = writeln!(text, "source = \"pipeline/functions/data-validation\"");
        for n in 0..4 {
            let _ = writeln!(text, "\n[[feature_groups]]\nname = \"g{unit:04}-{n}\"");
            let _ = writeln!(text, "record_identifier = \"id\"\nevent_time = \"at\"\nfeatures = [");
            for (name, kind) in [("id", "String"), ("at", "Fractional"), ("value", "Fractional")] {
                let _ = writeln!(text, "  {{ name = \"{name}\", type = \"{kind}\" }},");
            }
            text.push_str("]\n");
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_about_as_many_resources_as_asked_for() {
        for resources in [57, 100, 1000, 5000] {
            let text = environment(resources).unwrap();
            let units = text.matches("name = \"f").count();
            assert!((resources - OF_UNIT..=resources).contains(&(OF_DEV + units * OF_UNIT)), "{units} units");
            assert_eq!(text.matches("[[feature_groups]]").count(), 1 + units * 4);
        }
    }
}
