//! The command `pipeline logs`: shows the log of one step of a pipeline execution.

use super::platform::{Platform, Work};
use crate::{
    command_error::CommandError,
    printer::{Printer, Style},
    render::{
        execution::{FailedStep, Page},
        steps::{StepLine, document, line},
        took::clock,
        versioned::Versioned,
    },
};
use jiff::Timestamp;
use runs::{Execution, History, Line, Source, Step, lines, sources};
use serde::Serialize;

/// The log of a step's last attempt.
struct Log {
    source: Source,
    lines: Vec<Line>,
}

pub(super) async fn run(
    platform: &Platform,
    work: Work,
    named: Option<&str>,
    step: Option<&str>,
    most: usize,
    printer: Printer,
) -> Result<(), CommandError> {
    let machine = platform.machine(work)?;
    let execution = platform.execution(work, &machine, named).await?;
    let history = machine.history(&execution.arn).await?;
    let step = choose(&execution, &history, step)?;
    let now = Timestamp::now();
    let mut logs = Vec::new();
    if let Some(attempt) = step.and_then(|step| step.attempts.last()) {
        for source in sources(attempt, now, &platform.glue_groups()) {
            let lines = lines(platform.config(), &source, most).await?;
            logs.push(Log { source, lines });
        }
    }
    let page = platform.page(&execution, &history).await;
    match printer.json {
        true => printer.document(&whole(&page, step, &logs)),
        false => printer.page(&text(&page, step, &logs, printer.for_data())),
    }
    Ok(())
}

/// The step that was named, or the one that failed, or the one that is running or was when the execution ended.
fn choose<'a>(
    execution: &Execution,
    history: &'a History,
    named: Option<&str>,
) -> Result<Option<&'a Step>, CommandError> {
    let Some(named) = named else {
        let failed = execution.status.is_bad().then(|| history.failed(execution.why.as_ref())).flatten();
        return Ok(failed.or_else(|| history.running()).or_else(|| history.interrupted()));
    };
    history.step(named).map(Some).ok_or_else(|| {
        let names: Vec<&str> =
            history.steps.iter().filter(|step| step.is_work()).map(|step| step.name.as_str()).collect();
        let help = match names.as_slice() {
            [] => "it ended before its first step".to_owned(),
            names => format!("it reached {}", names.join(", ")),
        };
        CommandError::usage(format!("the execution did not reach a step `{named}`"), help)
    })
}

fn text(page: &Page<'_>, step: Option<&Step>, logs: &[Log], printer: Printer) -> String {
    let mut lines = vec![page.title(printer)];
    lines.extend(page.history.events.iter().map(|event| line(event, printer)));
    lines.extend(page.failure().map(|failure| format!("{} {failure}", printer.paint(Style::Alarm, "error:"))));
    if let Some(step) = step {
        lines.push(String::new());
        lines.extend(log(step, logs, printer));
    }
    lines.join("\n")
}

fn log(step: &Step, logs: &[Log], printer: Printer) -> Vec<String> {
    let mut shown = Vec::new();
    for log in logs.iter().filter(|log| !log.lines.is_empty()) {
        shown.push(printer.paint(Style::Bold, &format!("{}: log {}", step.name, group(&log.source))));
        shown.extend(
            log.lines.iter().map(|line| format!("  {} {}", printer.paint(Style::Dim, &clock(line.at)), line.text)),
        );
    }
    if shown.is_empty() {
        let searched: Vec<&str> = logs.iter().map(|log| group(&log.source)).collect();
        shown.push(match searched.as_slice() {
            [] => format!("{} writes no log.", step.name),
            searched => format!("{} has written nothing to {}.", step.name, searched.join(", ")),
        });
    }
    shown
}

fn group(source: &Source) -> &str {
    match source {
        Source::Streams { group, .. } | Source::Window { group, .. } => group,
    }
}

/// An execution with the log of a step, for a program.
#[derive(Serialize)]
struct Whole<'a> {
    execution: &'a str,
    status: &'a str,
    history: Vec<StepLine<'a>>,
    error: Option<FailedStep<'a>>,
    step: Option<&'a str>,
    lines: Vec<LineDocument<'a>>,
}

#[derive(Serialize)]
struct LineDocument<'a> {
    at: String,
    group: &'a str,
    stream: &'a str,
    text: &'a str,
}

fn whole<'a>(page: &'a Page<'_>, step: Option<&'a Step>, logs: &'a [Log]) -> Versioned<Whole<'a>> {
    let lines = logs.iter().flat_map(|log| log.lines.iter().map(|line| (group(&log.source), line)));
    let lines = lines.map(|(group, line)| LineDocument {
        at: line.at.to_string(),
        group,
        stream: &line.stream,
        text: &line.text,
    });
    Versioned::new(Whole {
        execution: &page.execution.name,
        status: page.execution.status.as_str(),
        history: page.history.events.iter().map(document).collect(),
        error: page.error_document(),
        step: step.map(|step| step.name.as_str()),
        lines: lines.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use runs::Status;

    #[test]
    fn step_of_an_execution_without_steps_is_refused_with_the_reason() {
        let execution = Execution {
            arn: "arn".to_owned(),
            name: "e1".to_owned(),
            status: Status::Failed,
            started: Timestamp::UNIX_EPOCH,
            ended: None,
            input: serde_json::Value::Null,
            output: serde_json::Value::Null,
            why: None,
        };
        let Err(CommandError::Usage { help, .. }) = choose(&execution, &History::default(), Some("Train")) else {
            panic!("it has no steps")
        };
        assert_eq!(help.as_deref(), Some("it ended before its first step"));
    }
}
