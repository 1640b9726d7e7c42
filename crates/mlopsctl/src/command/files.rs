//! Commands that need no cloud: checking, formatting, completions, the manual.

use super::function_code;
use crate::{
    cli::{Cli, Global, completing},
    command_error::CommandError,
    output::{self, Readers},
    printer::Printer,
    render::{
        ending::{self, ProblemDocument},
        versioned::Versioned,
    },
};
use clap::CommandFactory;
use config::environment::Pipeline;
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn validate(global: &Global, environment: Option<&str>, printer: Printer) -> Result<(), CommandError> {
    let names = match environment {
        Some(name) => vec![name.to_owned()],
        None => config::discover(&global.environments),
    };
    if names.is_empty() {
        let what = format!("there are no environment files in {}", global.environments.display());
        return Err(CommandError::usage(what, "`mlopsctl init` writes some to start from"));
    }
    let (mut found, mut warnings) = (Vec::new(), BTreeMap::new());
    for name in &names {
        let checked = global.settings().read(name).and_then(|environment| {
            let (file, root) = (global.settings().file(name), global.settings().root());
            let mut findings = blueprint::check(&environment, name, &root);
            findings.extend(function_code::findings(&environment, &root));
            if findings.is_empty() {
                Ok(environment)
            } else {
                Err(app::settings::refused_settings(&file, &root, findings))
            }
        });
        match checked {
            Ok(environment) => {
                printer.note(&format!("{name} is valid"));
                let unknown = environment.pipeline.as_ref().map(Pipeline::warnings).unwrap_or_default();
                unknown.iter().for_each(|warning| printer.say(&format!("warning: {warning}")));
                warnings.insert(name.as_str(), unknown);
            }
            Err(error) => found.push((Some(name.as_str()), CommandError::from(error))),
        }
    }
    for overlap in config::overlapping(&global.environments) {
        if [&overlap.covers, &overlap.covered].into_iter().any(|name| names.contains(name)) {
            found.push((None, overlaps(&overlap)));
        }
    }
    if printer.json {
        printer.document(&verdict(global, &names, &found, &warnings));
    }
    let mut last = None;
    for (_, end) in found {
        if let Some(before) = last.replace(end) {
            printer.end(&before);
        }
    }
    last.map_or(Ok(()), Err)
}

/// The verdict on environment files.
#[derive(Serialize)]
struct Verdict<'a> {
    valid: bool,
    environments: Vec<EnvironmentVerdict<'a>>,
    /// Problems between several files.
    problems: Vec<ProblemDocument<'a>>,
}

#[derive(Serialize)]
struct EnvironmentVerdict<'a> {
    environment: &'a str,
    valid: bool,
    problems: Vec<ProblemDocument<'a>>,
    /// Settings that this version of mlopsctl does not know.
    warnings: &'a [String],
}

/// The problems of each file as a JSON document.
fn verdict<'a>(
    global: &Global,
    names: &'a [String],
    found: &'a [(Option<&str>, CommandError)],
    warnings: &'a BTreeMap<&str, Vec<String>>,
) -> impl Serialize {
    let environments = names.iter().map(|name| {
        let problems = found.iter().filter(|(of, _)| *of == Some(name.as_str())).flat_map(|(_, end)| match end {
            CommandError::Invalid(invalid) => ending::problems(invalid),
            end => whole(Some(global.settings().file(name).display().to_string()), end),
        });
        let problems: Vec<ProblemDocument<'a>> = problems.collect();
        let warnings = warnings.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
        EnvironmentVerdict { environment: name, valid: problems.is_empty(), problems, warnings }
    });
    let between = found.iter().filter(|(of, _)| of.is_none()).flat_map(|(_, end)| whole(None, end));
    Versioned::new(Verdict {
        valid: found.is_empty(),
        environments: environments.collect(),
        problems: between.collect(),
    })
}

/// A problem that has no position in a file.
fn whole(file: Option<String>, end: &CommandError) -> Vec<ProblemDocument<'_>> {
    match end {
        CommandError::Usage { what, help } | CommandError::Failed { what, help } => {
            vec![ProblemDocument { file, line: None, column: None, message: what, help: help.as_deref() }]
        }
        _ => Vec::new(),
    }
}

fn overlaps(overlap: &config::Overlap) -> CommandError {
    let config::Overlap { covers, covered } = overlap;
    CommandError::usage(
        format!(
            "the names of {covered} begin as those of {covers} do, so that in one account a principal that may provision \
             {covers} may change {covered}"
        ),
        "give the two files different `allowed_accounts`, or name one so that it does not begin with the other",
    )
}

pub(crate) fn format(global: &Global, check: bool, printer: Printer) -> Result<(), CommandError> {
    let mut unformatted = 0;
    for name in config::discover(&global.environments) {
        let file = global.environments.join(format!("{name}.toml"));
        let source = config::text(&file, &global.settings().root())
            .map_err(|invalid| CommandError::Invalid(Box::new(invalid)))?;
        let formatted = config::format(&source).map_err(|problems| {
            CommandError::Invalid(Box::new(config::Invalid { file: file.clone(), source: source.clone(), problems }))
        })?;
        if formatted == source {
            continue;
        }
        unformatted += 1;
        if check {
            printer.say(&format!("{} is not formatted", file.display()));
        } else {
            // A link within the project stays one.
            let written =
                file.canonicalize().and_then(|real| output::write(&real, formatted.as_bytes(), Readers::AsBefore));
            written.map_err(|error| CommandError::failed(format!("{}: {error}", file.display())))?;
            printer.note(&format!("formatted {}", file.display()));
        }
    }
    if check && unformatted > 0 {
        Err(CommandError::failed_with("not everything is formatted", "run `mlopsctl fmt`"))
    } else {
        Ok(())
    }
}

pub(crate) fn completions(shell: clap_complete::Shell, printer: Printer) -> Result<(), CommandError> {
    let mut script = Vec::new();
    completing::write_script(shell, &mut script)?;
    printer.verbatim(&String::from_utf8_lossy(&script));
    Ok(())
}

pub(crate) fn manual(printer: Printer) -> Result<(), CommandError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    printer.verbatim(&String::from_utf8_lossy(&page));
    Ok(())
}
