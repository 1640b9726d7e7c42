//! A new project: its environment files, with the name and the region that the user gives, and its pipeline.

use crate::{cli::InitArgs, command_error::CommandError, printer::Printer};
use config::Problem;
use include_dir::{Dir, include_dir};
use serde_json::json;
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

static ENVIRONMENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../environments");
static PIPELINE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../pipeline");
static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../state/schemas");

/// The settings of the files that are written.
const PROJECT: &str = "mlops-pipeline";
const REGION: &str = "ap-south-1";
/// The region of the copies of production's data, which must be another one.
const REPLICA_REGION: &str = "ap-southeast-1";
/// The data of the embedded AWS and the times of runs, which belong into no repository.
const IGNORED: &str = "state/local/\nstate/runs/";

/// The values that the files of a new project contain.
struct Answers {
    project: String,
    region: String,
}

/// Writes a new project. What exists is never overwritten: everything is checked before the first file.
pub(crate) async fn run(args: &InitArgs, printer: Printer) -> Result<(), CommandError> {
    let dir = &args.dir;
    let parts = [("environments", None), ("pipeline", Some(&PIPELINE)), ("state/schemas", Some(&SCHEMAS))];
    for (name, _) in &parts {
        if dir.join(name).exists() {
            return Err(CommandError::usage(
                format!("{} exists already; nothing was written", dir.join(name).display()),
                "",
            ));
        }
    }
    let environments = answered(args, printer).await?;
    for (name, content) in parts {
        let written = match content {
            Some(content) => write(content, &dir.join(name)),
            None => write_environments(&environments, &dir.join(name)),
        };
        if let Err(failed) = written {
            // None of these folders existed before. If some of them stayed, the next `init` would refuse.
            parts.iter().for_each(|(name, _)| drop(fs::remove_dir_all(dir.join(name))));
            return Err(failed);
        }
        printer.note(&format!("wrote {}", dir.join(name).display()));
    }
    ignore_local_data(dir, printer)?;
    printer.note("next: look at environments/dev.toml, then `mlopsctl up dev --local`");
    Ok(())
}

/// The environment files with the answers of the command line. On a terminal it asks for those that are missing.
async fn answered(args: &InitArgs, printer: Printer) -> Result<Vec<(String, String)>, CommandError> {
    let given = |region: &str| Answers {
        project: args.project.clone().unwrap_or_else(|| PROJECT.to_owned()),
        region: args.region.clone().unwrap_or_else(|| region.to_owned()),
    };
    let checked = files(&given(REGION)).map_err(|Problem { message, help, .. }| CommandError::Usage {
        what: format!("{message}; nothing was written"),
        help,
    })?;
    let is_answered = args.project.is_some() && args.region.is_some();
    if is_answered || printer.json || !printer.can_ask() {
        return Ok(checked);
    }
    let region = region_of_caller().filter(|region| files(&given(region)).is_ok()).unwrap_or_else(|| REGION.to_owned());
    loop {
        let Answers { mut project, mut region } = given(&region);
        if args.project.is_none() {
            project = ask("Name of the project, which begins all names in AWS", project, printer).await;
        }
        if args.region.is_none() {
            region = ask("Region of AWS", region, printer).await;
        }
        match files(&Answers { project, region }) {
            Ok(files) => return Ok(files),
            Err(problem) => printer.error(&problem.message, problem.help.as_deref()),
        }
    }
}

/// The region that the caller's AWS settings name.
fn region_of_caller() -> Option<String> {
    let of = |name| std::env::var(name).ok().filter(|region: &String| !region.is_empty());
    of("AWS_REGION").or_else(|| of("AWS_DEFAULT_REGION"))
}

/// The answer to a question, or what stands there if there is none.
async fn ask(question: &str, default: String, printer: Printer) -> String {
    let answer = printer.answer(&format!("{question} [{default}]:")).await;
    if answer.is_empty() { default } else { answer }
}

/// The environment files with these answers, or the first problem of them.
fn files(answers: &Answers) -> Result<Vec<(String, String)>, Problem> {
    let mut files = Vec::new();
    for file in ENVIRONMENTS.files() {
        let Some(name) = file.path().file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        let mut text = String::from_utf8_lossy(file.contents()).into_owned();
        if answers.region == REPLICA_REGION {
            text = text.replace(&format!("region = \"{REPLICA_REGION}\""), &format!("region = \"{REGION}\""));
        }
        for (setting, value) in [("project", &answers.project), ("region", &answers.region)] {
            text = config::set_setting(&text, setting, &json!(value)).unwrap_or(text);
        }
        let environment = name.trim_end_matches(".toml");
        if let Err(problems) = config::parse(environment, &text, None)
            && let Some(problem) = problems.into_iter().next()
        {
            return Err(problem);
        }
        files.push((name, text));
    }
    Ok(files)
}

fn write_environments(files: &[(String, String)], to: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(to).map_err(|error| failed(to, &error))?;
    for (name, text) in files {
        fs::write(to.join(name), text).map_err(|error| failed(&to.join(name), &error))?;
    }
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::failed(format!("{}: {error}", path.display()))
}

fn write(content: &Dir<'_>, to: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(to).map_err(|error| failed(to, &error))?;
    for file in content.files() {
        if let Some(name) = file.path().file_name() {
            let path = to.join(name);
            fs::write(&path, file.contents()).map_err(|error| failed(&path, &error))?;
        }
    }
    for folder in content.dirs() {
        let Some(name) = folder.path().file_name() else { continue };
        let passing = name.to_string_lossy();
        if !passing.starts_with('.') && passing != "__pycache__" {
            write(folder, &to.join(name))?;
        }
    }
    Ok(())
}

/// Keeps the data of the embedded AWS out of the repository. It adds a line to a file that is there already.
fn ignore_local_data(dir: &Path, printer: Printer) -> Result<(), CommandError> {
    let file = dir.join(".gitignore");
    let there = fs::read_to_string(&file).unwrap_or_default();
    let covers = |line: &str| matches!(line.trim().trim_matches('/'), "state/local" | "state");
    if there.lines().any(covers) {
        return Ok(());
    }
    let break_before = if there.is_empty() || there.ends_with('\n') { "" } else { "\n" };
    let mut opened = OpenOptions::new().create(true).append(true).open(&file).map_err(|error| failed(&file, &error))?;
    let line = format!("{break_before}# The data of `mlopsctl --local`, and the times of runs.\n{IGNORED}\n");
    opened.write_all(line.as_bytes()).map_err(|error| failed(&file, &error))?;
    printer.note(&format!("wrote {}", file.display()));
    Ok(())
}
