//! A job's script and its modules as one file, so that a run never meets modules of another version than its script.

use std::collections::BTreeMap;

/// Finds modules in the file, and runs the script at its end.
const LOADER: &str = include_str!("script_bundle.py");

/// One script that holds a script and the modules that it imports, as texts. Its lines are those of the files, so that
/// errors name file and line.
pub(crate) fn bundled(script: &str, source: &str, modules: &BTreeMap<String, String>) -> String {
    let mut whole = LOADER.replace("SCRIPT", script);
    for (name, source) in modules {
        whole += &format!("\nSOURCES[{name:?}] = {}\n", literal(source));
    }
    let name = script.rsplit('/').next().unwrap_or(script).trim_end_matches(".py");
    whole + &format!("\nSOURCES[{name:?}] = {}\nrun_script({name:?}, globals())\n", literal(source))
}

/// A text as Python writes it over several lines.
/// <https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals>
fn literal(text: &str) -> String {
    format!("\"\"\"\\\n{}\"\"\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundle_holds_each_source_as_a_text_that_python_reads_back() {
        let modules = BTreeMap::from([("words".to_owned(), "NULL = r\"\\d\"\n".to_owned())]);
        let whole = bundled("glue/etl.py", "from words import NULL\n", &modules);
        assert!(whole.starts_with("# Made from glue/etl.py"), "{whole}");
        assert!(whole.contains("\nSOURCES[\"words\"] = \"\"\"\\\nNULL = r\\\"\\\\d\\\"\n\"\"\"\n"), "{whole}");
        let script = "\nSOURCES[\"etl\"] = \"\"\"\\\nfrom words import NULL\n\"\"\"\nrun_script(\"etl\", globals())\n";
        assert!(whole.ends_with(script), "{whole}");
    }
}
