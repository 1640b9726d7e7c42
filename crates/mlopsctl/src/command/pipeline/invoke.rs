//! Asking the model in service about raw rows.

use super::{local_work, platform::Platform};
use crate::{cli::Global, command_error::CommandError, printer::Printer, render::predictions::Predictions};
use runs::{RawRows, Signature, UnfitFile};
use std::{
    fs::File,
    io::{Read, stdin},
    path::Path,
};

/// The property of a package that says where its signature is.
const SIGNATURE: &str = "signature";
/// Bytes of rows in one request. SageMaker takes 6 MB with older settings, and wants an answer within a minute.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html>
const LARGEST: usize = 1_000_000;

pub(super) async fn run(
    platform: &Platform,
    global: &Global,
    file: &Path,
    first: Option<u32>,
    printer: Printer,
) -> Result<(), CommandError> {
    let endpoint = platform.endpoint()?;
    let name = &platform.session.name;
    let none = || {
        let help = format!("`mlopsctl pipeline {name} approve` brings a model into service");
        CommandError::failed_with("no model is in service yet", help)
    };
    let package = endpoint.package().await?.ok_or_else(none)?;
    let found = platform.registry()?.package(&package).await?;
    let place = found.as_ref().and_then(|package| package.lineage.get(SIGNATURE));
    let unknown = || CommandError::failed_with(format!("{package} has no signature"), "train and approve a model");
    let signature = Signature::read(platform.config(), &platform.place().account, place.ok_or_else(unknown)?).await?;
    let most = first.map_or(usize::MAX, |first| usize::try_from(first).unwrap_or(usize::MAX));
    let RawRows { requests, unfit } = read(&signature, file, most)?;
    local_work::begin(platform, global, printer).await?;
    let mut predictions = Predictions::new(&signature, &package);
    for batch in batches(&requests) {
        let body: String = batch.iter().map(|(_, request)| format!("{request}\n")).collect();
        let answer = endpoint.invoke(&body).await?;
        let rows = batch.iter().map(|(row, _)| *row);
        predictions.add(rows, &answer).map_err(CommandError::failed)?;
    }
    match printer.json {
        true => printer.document(&predictions.document(&unfit)),
        false => printer.data(&predictions.csv()),
    }
    for unfit in &unfit {
        printer.say(&format!("{}, row {}: {}", file.display(), unfit.row, unfit.reasons.join("; ")));
    }
    match unfit.len() {
        0 => Ok(()),
        count => Err(CommandError::failed_with(
            format!("{count} of {} rows got no prediction", count + requests.len()),
            "the model has not learned from such rows: training puts them in quarantine",
        )),
    }
}

fn read(signature: &Signature, file: &Path, most: usize) -> Result<RawRows, CommandError> {
    let shown = file.display();
    let is_tsv = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    let input: Box<dyn Read> = match file.as_os_str() == "-" {
        true => Box::new(stdin()),
        false => Box::new(File::open(file).map_err(|error| CommandError::usage(format!("{shown}: {error}"), ""))?),
    };
    let unfit = |UnfitFile { what, help }| CommandError::usage(format!("{shown}: {what}"), help);
    let rows = signature.encode(input, is_tsv, most).map_err(unfit)?;
    match rows.requests.is_empty() && rows.unfit.is_empty() {
        true => Err(CommandError::usage(format!("{shown} has no rows"), "the first line is the header")),
        false => Ok(rows),
    }
}

/// Batches of rows, each as large as a request allows.
fn batches(requests: &[(u64, String)]) -> Vec<&[(u64, String)]> {
    let with_line_break = |(_, row): &(u64, String)| row.len() + 1;
    let mut size = requests.first().map_or(0, with_line_break);
    let is_together = |_: &_, next: &_| {
        size += with_line_break(next);
        let fits = size <= LARGEST;
        if !fits {
            size = with_line_break(next);
        }
        fits
    };
    requests.chunk_by(is_together).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_holds_as_many_rows_as_fit() {
        let row = |number: u64| (number, "1".repeat(LARGEST / 2 - 1));
        let rows: Vec<_> = (0..5).map(row).collect();
        assert_eq!(batches(&rows).iter().map(|batch| batch.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(batches(&[]).is_empty());
    }
}
