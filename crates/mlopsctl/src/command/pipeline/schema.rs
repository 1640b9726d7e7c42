//! A first schema for a data set of one's own, and what the environment file must say with it.

use crate::{
    cli::{Global, SchemaTask},
    command_error::CommandError,
    printer::Printer,
    render::versioned::Versioned,
};
use config::{
    Environment,
    environment::{Pipeline, pipeline::is_metric_of},
};
use runs::{FirstSchema, LearnedTask, UnfitFile};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::{Component, Path},
};

/// The data and the options of a new schema.
pub(super) struct Asked<'a> {
    pub(super) data: &'a Path,
    pub(super) label: &'a str,
    pub(super) task: Option<SchemaTask>,
    /// The path of the new file, from the project's root.
    pub(super) out: &'a Path,
}

pub(super) fn run(
    global: &Global,
    named: Option<&str>,
    asked: Asked<'_>,
    printer: Printer,
) -> Result<(), CommandError> {
    let settings = global.settings();
    let name = settings.choose_to_change(named)?;
    // The environment file may name a schema that does not exist yet, and may have other problems.
    let environment_file = settings.file(&name);
    let source = config::text(&environment_file, &settings.root()).ok();
    if source.is_none() {
        settings.read(&name)?;
    }
    let environment = source.and_then(|source| config::parse(&name, &source, None).ok());
    if !asked.out.components().all(|part| matches!(part, Component::Normal(_))) {
        let help = "name a file in the project, such as data/schema.json: the environment file can name no other";
        return Err(CommandError::usage(format!("{} is not in the project", asked.out.display()), help));
    }
    let task = asked.task.map(|task| match task {
        SchemaTask::Binary => LearnedTask::Binary,
        SchemaTask::Multiclass => LearnedTask::Multiclass,
        SchemaTask::Regression => LearnedTask::Regression,
    });
    let unfit = |UnfitFile { what, help }| CommandError::usage(format!("{}: {what}", asked.data.display()), help);
    let guess = FirstSchema::guess(asked.data, asked.label, task).map_err(unfit)?;
    let file = settings.root().join(asked.out);
    write(&file, &guess.text())?;
    let next = environment.map(|environment| next(&environment, &guess, &asked.out.to_string_lossy()));
    if next.is_none() {
        printer.note(&format!("{} has problems: `mlopsctl validate {name}` tells them", environment_file.display()));
    }
    let next = next.unwrap_or_default();
    if printer.json {
        printer.document(&Versioned::new(Document {
            file: asked.out,
            task: guess.task.as_str(),
            classes: guess.classes,
            rows: guess.rows,
            schema: guess.document(),
            settings: &next,
            remarks: &guess.remarks,
        }));
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
    if !next.is_empty() {
        printer.note(&format!("look through it; then set in {}:", environment_file.display()));
        printer.data(&toml(&next));
    }
    printer.hint(&format!("then: `mlopsctl validate {name}`"));
    Ok(())
}

/// Writes a file that must not be there yet.
fn write(file: &Path, text: &str) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => CommandError::usage(
            format!("{} is there already; nothing was written", file.display()),
            "--out names another file, or remove this one first",
        ),
        _ => CommandError::failed(format!("{}: {error}", file.display())),
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

/// A first schema for a program.
#[derive(Serialize)]
struct Document<'a> {
    file: &'a Path,
    task: &'a str,
    classes: usize,
    rows: u64,
    schema: Value,
    settings: &'a [Setting],
    remarks: &'a [String],
}

/// A setting of the environment file.
#[derive(Serialize)]
struct Setting {
    /// Its section, as it is written.
    section: String,
    key: String,
    /// `None` for one that has to go.
    value: Option<Value>,
    /// A sentence for the person who checks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Setting {
    fn new(section: impl Into<String>, key: &str, value: impl Into<Value>) -> Self {
        Self { section: section.into(), key: key.to_owned(), value: Some(value.into()), why: None }
    }

    fn without(section: &str, key: &str) -> Self {
        Self { section: section.to_owned(), key: key.to_owned(), value: None, why: None }
    }

    fn because(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }

    /// The line of the file.
    fn line(&self) -> String {
        let Some(value) = &self.value else { return format!("# without {}", self.key) };
        let value = match value.as_object() {
            Some(table) => {
                let fields: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", fields.join(", "))
            }
            None => value.to_string(),
        };
        let why = self.why.as_ref().map(|why| format!("  # {why}")).unwrap_or_default();
        format!("{} = {value}{why}", self.key)
    }
}

/// The rows that the validation function wants by default, and the share of each class.
const LEAST_ROWS: u64 = 100;
const LEAST_SHARE: f64 = 0.01;

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
    if pipeline.trains_by_built_in_xgboost() && !fits {
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
    found.extend(least_share(pipeline, guess));
    found.extend(judging(pipeline, guess, pipeline.schema != schema));
    let groups = environment.feature_groups.iter().filter(|group| group.ingest);
    let lacks = |column: &str| !guess.names().any(|name| name.eq_ignore_ascii_case(column));
    for group in groups.filter(|group| lacks(&group.record_identifier)) {
        found.push(Setting::new(format!("[[feature_groups]], `{}`", group.name), "ingest", false));
    }
    found
}

/// A limit below the share of the rarest class, if the present one is above it.
fn least_share(pipeline: &Pipeline, guess: &FirstSchema) -> Option<Setting> {
    let limit = pipeline.validation.min_label_fraction.unwrap_or(LEAST_SHARE);
    let share = guess.rarest.filter(|share| *share < limit)?;
    let half = (share / 2.0 * 1e6).floor() / 1e6;
    let why = format!("the rarest class has {:.3}% of the rows", share * 100.0);
    Some(Setting::new("[pipeline.validation]", "min_label_fraction", half).because(why))
}

/// A metric that says whether a model of the task has learned anything: its least value for a first data set, and the
/// value of a model that gives every row the same answer.
fn least(guess: &FirstSchema) -> (&'static str, f64, f64) {
    match guess.task {
        LearnedTask::Binary => ("auc", 0.6, 0.5),
        LearnedTask::Multiclass => {
            let same = 1.0 / guess.classes.max(1) as f64;
            let percent = |share: f64| (share * 100.0).round() / 100.0;
            ("balanced_accuracy", percent(same + (1.0 - same) * 0.2), percent(same))
        }
        LearnedTask::Regression => ("r2", 0.1, 0.0),
    }
}

/// The settings by which a model is judged. Those for other data would refuse a good model, or accept a useless one.
fn judging(pipeline: &Pipeline, guess: &FirstSchema, is_new: bool) -> Vec<Setting> {
    const THRESHOLDS: &str = "[pipeline.thresholds]";
    let task = guess.task.as_str();
    let (metric, least, same) = least(guess);
    let keeps = |known: &str| is_metric_of(task, known) && (!is_new || known == metric);
    let mut found: Vec<Setting> = pipeline
        .thresholds
        .keys()
        .filter(|known| !keeps(known))
        .map(|known| Setting::without(THRESHOLDS, known))
        .collect();
    let known = pipeline.thresholds.get(metric).and_then(|threshold| threshold.min);
    let judges = pipeline.thresholds.keys().any(|known| keeps(known));
    if is_new && known != Some(least) || !judges {
        let why = format!("a model that gives every row the same answer reaches {same}");
        found.push(Setting::new(THRESHOLDS, metric, json!({"min": least})).because(why));
    }
    if pipeline.comparison.as_ref().is_some_and(|comparison| !is_metric_of(task, &comparison.metric)) {
        found.push(Setting::new("[pipeline.comparison]", "metric", metric));
    }
    if guess.task != LearnedTask::Binary {
        let unfit =
            [("decision_threshold", pipeline.decision_threshold.is_some()), ("maximise", pipeline.maximise.is_some())];
        found.extend(unfit.into_iter().filter(|(_, set)| *set).map(|(key, _)| Setting::without("[pipeline]", key)));
    }
    found
}

/// The settings as they are written, by section.
fn toml(settings: &[Setting]) -> String {
    let mut sections: Vec<(&str, Vec<String>)> = Vec::new();
    for setting in settings {
        let line = setting.line();
        match sections.iter_mut().find(|(section, _)| *section == setting.section) {
            Some((_, lines)) => lines.push(line),
            None => sections.push((&setting.section, vec![line])),
        }
    }
    let written = sections.into_iter().map(|(section, lines)| format!("{section}\n{}", lines.join("\n")));
    written.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::environment::pipeline::{ChoiceMetric, Comparison, Threshold};

    fn guess(rows: &str) -> FirstSchema {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        std::fs::write(&file, format!("x,y\n{rows}")).unwrap();
        FirstSchema::guess(&file, "y", None).unwrap()
    }

    fn judged_by(metrics: &[&str]) -> Pipeline {
        let threshold = Threshold { min: Some(0.7), max: None };
        let thresholds = metrics.iter().map(|metric| ((*metric).to_owned(), threshold)).collect();
        Pipeline { thresholds, ..Pipeline::default() }
    }

    fn lines(settings: &[Setting]) -> Vec<String> {
        settings.iter().map(Setting::line).collect()
    }

    #[test]
    fn thresholds_for_other_data_give_way_to_one_that_a_useless_model_does_not_reach() {
        let (flags, pipeline) = (guess("1,0\n2,1\n"), judged_by(&["auc", "log_loss"]));
        let least = "auc = { min = 0.6 }  # a model that gives every row the same answer reaches 0.5";
        assert_eq!(lines(&judging(&pipeline, &flags, true)), ["# without log_loss", least]);
        // The file sets its own thresholds, which then stay.
        assert!(judging(&pipeline, &flags, false).is_empty());
        assert_eq!(lines(&judging(&Pipeline::default(), &flags, false)), [least]);
    }

    #[test]
    fn settings_that_do_not_suit_the_task_are_replaced() {
        let comparison = Some(Comparison { metric: "auc".to_owned(), max_regression: 0.0 });
        let pipeline = Pipeline { comparison, maximise: Some(ChoiceMetric::F1), ..judged_by(&["auc"]) };
        let expected = [
            "# without auc",
            "r2 = { min = 0.1 }  # a model that gives every row the same answer reaches 0",
            "metric = \"r2\"",
            "# without maximise",
        ];
        assert_eq!(lines(&judging(&pipeline, &guess("1,1.5\n2,2.5\n"), false)), expected);
    }

    #[test]
    fn rare_classes_lower_the_limit_that_would_refuse_them() {
        let rare = guess(&("1,0\n".repeat(499) + "1,1\n"));
        let setting = least_share(&Pipeline::default(), &rare).unwrap();
        assert_eq!(setting.line(), "min_label_fraction = 0.001  # the rarest class has 0.200% of the rows");
        assert!(least_share(&Pipeline::default(), &guess("1,0\n1,1\n")).is_none());
    }
}
