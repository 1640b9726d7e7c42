//! The command `pipeline upload`: uploads data files into the bucket of raw data.

use super::platform::Platform;
use crate::{
    command_error::CommandError,
    printer::Printer,
    remedy,
    render::{
        raw_data::counted_files,
        sending::{Sending, size},
        versioned::Versioned,
    },
};
use aws_client::Failure;
use futures::{StreamExt, stream};
use runs::{Finding, Inspection, PlannedUpload, RawSchema, UploadOutcome, gather, inspect};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Files under way at once.
const AT_ONCE: usize = 8;

/// Findings that are told, of each sort.
const TOLD: usize = 10;
/// The share of rows that may break the schema, as the validation function has it by default.
const MOST_UNFIT: f64 = 0.05;

pub(super) async fn run(
    platform: &Platform,
    data: &[PathBuf],
    unchecked: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let mut uploads =
        gather(data, &platform.session.raw_prefix()).map_err(|unfit| CommandError::usage(unfit.to_string(), ""))?;
    if uploads.is_empty() {
        let named: Vec<String> = data.iter().map(|path| path.display().to_string()).collect();
        return Err(CommandError::usage(format!("there is no file in {}", named.join(", ")), ""));
    }
    if !unchecked {
        check(platform, &mut uploads, printer).await?;
    }
    let store = platform.store()?;
    let sending = Sending::start(printer, &uploads);
    let (store, shown) = (&store, &sending);
    let sent = stream::iter(&uploads).map(|upload| async move {
        let outcome = store.send(upload, |bytes| shown.sent(bytes)).await;
        if let Ok(outcome) = outcome {
            shown.settled(upload, outcome);
        }
        (upload, outcome)
    });
    let sent: Vec<_> = sent.buffered(AT_ONCE).collect().await;
    sending.finish();
    report(platform, &sent, printer)
}

/// Refuses files that the pipeline could not train on, and counts the rows of the others. Without an environment file there is no schema to hold them to.
async fn check(platform: &Platform, uploads: &mut [PlannedUpload], printer: Printer) -> Result<(), CommandError> {
    let session = &platform.session;
    let Some(pipeline) = session.environment.as_ref().and_then(|environment| environment.pipeline.as_ref()) else {
        return Ok(());
    };
    let file = config::inside(&session.root, std::path::Path::new(&pipeline.schema))
        .map_err(|error| CommandError::usage(format!("{}: {error}", pipeline.schema), ""))?;
    let unusable = |error: &dyn std::fmt::Display| CommandError::usage(format!("{}: {error}", file.display()), "");
    let text = app::input::read(&file).map_err(|error| unusable(&error))?;
    let schema = RawSchema::parse(&text).map_err(|error| unusable(&error))?;
    let most_unfit = pipeline.validation.max_quarantined_fraction.unwrap_or(MOST_UNFIT);
    let files: Vec<PathBuf> = uploads.iter().map(|upload| upload.file.clone()).collect();
    // Reading takes a while, and Ctrl-C must end it.
    let inspection =
        tokio::task::spawn_blocking(move || inspect(&schema, files.iter().map(PathBuf::as_path), most_unfit));
    let found = inspection.await.map_err(|error| CommandError::failed(error.to_string()))?;
    tell(&found, pipeline.validation.min_rows, printer);
    for upload in uploads {
        upload.rows = found.rows_by_file.get(&upload.file).copied();
    }
    match found.refusals.len() {
        0 => Ok(()),
        _ => {
            let name = &pipeline.schema;
            let correct = "send the files as they are with --unchecked, or correct them";
            let help = match found.describes_other_data {
                true => format!(
                    "`mlopsctl pipeline {} schema DATA.csv --label NAME` writes a schema for other data; or {correct}",
                    session.name
                ),
                false => correct.to_owned(),
            };
            Err(CommandError::usage(format!("the files do not fit {name}; nothing was sent"), help))
        }
    }
}

fn tell(found: &Inspection, least: Option<u64>, printer: Printer) {
    for finding in found.refusals.iter().take(TOLD) {
        printer.error(&place(finding), Some(finding.help.as_str()).filter(|help| !help.is_empty()));
    }
    if found.refusals.len() > TOLD {
        printer.say(&format!("and {} more", found.refusals.len() - TOLD));
    }
    for finding in found.remarks.iter().take(TOLD) {
        printer.note(&place(finding));
    }
    if found.refusals.is_empty() && found.unfit > 0 {
        printer.note(&format!("{} of {} rows break the schema, and training puts them aside", found.unfit, found.rows));
    }
    if let Some(least) = least.filter(|least| (1..*least).contains(&found.rows)) {
        printer.note(&format!(
            "{} rows are fewer than the {least} that [pipeline.validation] wants in all (min_rows)",
            found.rows
        ));
    }
}

/// A finding on one line, with its place.
fn place(finding: &Finding) -> String {
    let row = finding.row.map(|row| format!(", row {row}")).unwrap_or_default();
    let column = finding.column.as_ref().map(|column| format!(", column `{column}`")).unwrap_or_default();
    format!("{}{row}{column}: {}", finding.file.display(), finding.what)
}

/// An upload for a program.
#[derive(Serialize)]
struct Uploaded<'a> {
    to: &'a str,
    added: usize,
    replaced: usize,
    unchanged: usize,
    failed: usize,
    files: Vec<FileDocument<'a>>,
}

#[derive(Serialize)]
struct FileDocument<'a> {
    file: &'a Path,
    key: &'a str,
    bytes: u64,
    fate: &'a str,
}

fn report(
    platform: &Platform,
    sent: &[(&PlannedUpload, Result<UploadOutcome, Failure>)],
    printer: Printer,
) -> Result<(), CommandError> {
    let place = format!("s3://{}/{}", platform.data_bucket()?, platform.session.raw_prefix());
    let count = |wanted: UploadOutcome| sent.iter().filter(|(_, outcome)| *outcome == Ok(wanted)).count();
    let (added, replaced, unchanged) =
        (count(UploadOutcome::Added), count(UploadOutcome::Replaced), count(UploadOutcome::Unchanged));
    let failed: Vec<_> = sent.iter().filter_map(|(upload, outcome)| Some((upload, outcome.as_ref().err()?))).collect();
    for (upload, failure) in &failed {
        let help = remedy::words_of(failure.help.as_ref());
        printer.error(&format!("{}: {failure}", upload.file.display()), help.as_deref());
    }
    if printer.json {
        let files = sent.iter().map(|(upload, outcome)| FileDocument {
            file: &upload.file,
            key: &upload.key,
            bytes: upload.bytes,
            fate: outcome.as_ref().map_or("failed", |outcome| outcome.as_str()),
        });
        let (to, failed, files) = (place.as_str(), failed.len(), files.collect());
        printer.document(&Versioned::new(Uploaded { to, added, replaced, unchanged, failed, files }));
    }
    let bytes =
        sent.iter().filter(|(_, outcome)| matches!(outcome, Ok(UploadOutcome::Added | UploadOutcome::Replaced)));
    let bytes = size(bytes.map(|(upload, _)| upload.bytes).sum());
    let name = &platform.session.name;
    if !failed.is_empty() {
        let what = format!("{} of {} files were not uploaded to {place}", failed.len(), sent.len());
        return Err(CommandError::failed_with(what, "the same command goes on from here"));
    }
    let files = counted_files(added + replaced);
    let instead = match replaced {
        0 => String::new(),
        count => format!(", {count} in place of another of the same name"),
    };
    printer.note(&format!("{files} ({bytes}) uploaded to {place}{instead}, {unchanged} there already"));
    printer.hint(&format!("next: `mlopsctl pipeline {name} run --follow`"));
    Ok(())
}
