use crate::cli::Global;

/// Parts what a command needs from the environment, which may be left out. It stands last; people also
/// write it first.
pub(super) fn split<'a>(global: &Global, words: &'a [String], needs: usize) -> (Option<&'a str>, Vec<String>) {
    if words.len() <= needs {
        return (None, words.to_vec());
    }
    let names = config::discover(&global.environments);
    let last = words.len() - 1;
    let at = if !names.contains(&words[last]) && names.contains(&words[0]) { 0 } else { last };
    let rest = words.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, word)| word.clone()).collect();
    (Some(&words[at]), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser as _;

    #[test]
    fn the_environment_stands_last_or_first_or_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("dev.toml"), "").unwrap();
        let cli = Cli::parse_from(["mlopsctl", "--environments", dir.path().to_str().unwrap(), "state", "list"]);
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        for (line, environment, rest) in [
            ("a.b dev", Some("dev"), "a.b"),
            ("dev a.b", Some("dev"), "a.b"),
            ("a.b", None, "a.b"),
            ("a.b nowhere", Some("nowhere"), "a.b"),
        ] {
            let line = words(line);
            assert_eq!(split(&cli.global, &line, 1), (environment, words(rest)));
        }
    }
}
