//! A first schema for a data set of one's own, and what the environment file must say with it.

use crate::{
    cli::{Global, SchemaTask},
    end::End,
    printer::Printer,
};
use config::{Environment, environment::Pipeline};
use runs::{FirstSchema, LearnedTask, UnfitFile};
use serde_json::{Value, json};
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::{Component, Path},
};

/// Which schema to write.
pub(super) struct Asked<'a> {
    pub(super) data: &'a Path,
    pub(super) label: &'a str,
    pub(super) task: Option<SchemaTask>,
    /// Where to, from the project's root.
    pub(super) out: &'a Path,
}

pub(super) fn run(global: &Global, named: Option<&str>, asked: Asked<'_>, printer: Printer) -> Result<(), End> {
    let settings = global.settings();
    let name = settings.choose_to_change(named)?;
    let environment = settings.read(&name)?;
    if !asked.out.components().all(|part| matches!(part, Component::Normal(_))) {
        let help = "name a file in the project, such as data/schema.json: the environment file can name no other";
        return Err(End::usage(format!("{} is not in the project", asked.out.display()), help));
    }
    let task = asked.task.map(|task| match task {
        SchemaTask::Binary => LearnedTask::Binary,
        SchemaTask::Multiclass => LearnedTask::Multiclass,
        SchemaTask::Regression => LearnedTask::Regression,
    });
    let unfit = |UnfitFile { what, help }| End::usage(format!("{}: {what}", asked.data.display()), help);
    let guess = FirstSchema::guess(asked.data, asked.label, task).map_err(unfit)?;
    let file = settings.root().join(asked.out);
    write(&file, &guess.text())?;
    let next = next(&environment, &guess, &asked.out.to_string_lossy());
    if printer.json {
        let settings: Vec<Value> = next.iter().map(Setting::document).collect();
        printer.document(
            &json!({"format": 1, "file": asked.out, "task": guess.task.as_str(), "classes": guess.classes,
                                 "rows": guess.rows, "schema": guess.document(), "settings": settings,
                                 "remarks": guess.remarks}),
        );
        return Ok(());
    }
    printer.note(&format!(
        "wrote {} from {} rows: a {} task with {} columns",
        file.display(),
        guess.rows,
        guess.task.as_str(),
        guess.names().count()
    ));
    for remark in &guess.remarks {
        printer.note(&format!("  {remark}"));
    }
    let environment_file = settings.file(&name);
    if !next.is_empty() {
        printer.note(&format!("look through it; then set in {}:", environment_file.display()));
        printer.data(&toml(&next));
    }
    printer.hint(&format!("then: `mlopsctl validate {name}`"));
    Ok(())
}

/// Writes a file that must not be there yet.
fn write(file: &Path, text: &str) -> Result<(), End> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => End::usage(
            format!("{} is there already; nothing was written", file.display()),
            "--out names another file, or remove this one first",
        ),
        _ => End::failed(format!("{}: {error}", file.display())),
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

/// A setting of the environment file.
struct Setting {
    /// Its section, as it is written.
    section: String,
    key: String,
    /// `None` for one that has to go.
    value: Option<Value>,
}

impl Setting {
    fn new(section: impl Into<String>, key: &str, value: impl Into<Value>) -> Self {
        Self { section: section.into(), key: key.to_owned(), value: Some(value.into()) }
    }

    fn without(section: &str, key: &str) -> Self {
        Self { section: section.to_owned(), key: key.to_owned(), value: None }
    }

    fn document(&self) -> Value {
        json!({"section": self.section, "key": self.key, "value": self.value})
    }
}

/// The rows that the validation function wants by default.
const LEAST_ROWS: u64 = 100;

/// The settings that have to change for the schema to fit.
fn next(environment: &Environment, guess: &FirstSchema, schema: &str) -> Vec<Setting> {
    const PARAMETERS: &str = "[pipeline.training.hyperparameters]";
    let default = Pipeline::default();
    let pipeline = environment.pipeline.as_ref().unwrap_or(&default);
    let mut found = Vec::new();
    if pipeline.schema != schema {
        found.push(Setting::new("[pipeline]", "schema", schema));
    }
    let (objective, metric) = match guess.task {
        LearnedTask::Binary => ("binary:logistic", "auc"),
        LearnedTask::Multiclass => ("multi:softprob", "mlogloss"),
        LearnedTask::Regression => ("reg:squarederror", "rmse"),
    };
    let parameters = &pipeline.training.hyperparameters;
    let family = objective.split(':').next().unwrap_or_default();
    let fits = parameters.get("objective").is_some_and(|known| known.split(':').next() == Some(family));
    if pipeline.image.is_none() && !fits {
        found.push(Setting::new(PARAMETERS, "objective", objective));
        found.push(Setting::new(PARAMETERS, "eval_metric", metric));
    }
    let classes = guess.classes.to_string();
    if guess.task == LearnedTask::Multiclass && parameters.get("num_class") != Some(&classes) {
        found.push(Setting::new(PARAMETERS, "num_class", guess.classes));
    } else if guess.task != LearnedTask::Multiclass && parameters.contains_key("num_class") {
        found.push(Setting::without(PARAMETERS, "num_class"));
    }
    if pipeline.validation.min_rows.unwrap_or(LEAST_ROWS) > guess.rows {
        found.push(Setting::new("[pipeline.validation]", "min_rows", (guess.rows / 2).max(1)));
    }
    let groups = environment.feature_groups.iter().filter(|group| group.ingest);
    let lacks = |column: &str| !guess.names().any(|name| name.eq_ignore_ascii_case(column));
    for group in groups.filter(|group| lacks(&group.record_identifier)) {
        found.push(Setting::new(format!("[[feature_groups]], `{}`", group.name), "ingest", false));
    }
    found
}

/// The settings as they are written, by section.
fn toml(settings: &[Setting]) -> String {
    let mut sections: Vec<(&str, Vec<String>)> = Vec::new();
    for setting in settings {
        let line = match &setting.value {
            Some(value) => format!("{} = {value}", setting.key),
            None => format!("# without {}", setting.key),
        };
        match sections.iter_mut().find(|(section, _)| *section == setting.section) {
            Some((_, lines)) => lines.push(line),
            None => sections.push((&setting.section, vec![line])),
        }
    }
    let written = sections.into_iter().map(|(section, lines)| format!("{section}\n{}", lines.join("\n")));
    written.collect::<Vec<_>>().join("\n\n")
}
