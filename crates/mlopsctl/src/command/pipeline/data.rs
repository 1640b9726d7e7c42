//! The command `pipeline data`: lists the raw data, and removes files of it.

use super::{
    consent::confirm,
    platform::{Platform, Work},
};
use crate::{
    command_error::CommandError,
    printer::Printer,
    render::{
        raw_data::{self, Files},
        versioned::Versioned,
    },
};
use aws_s3::Recovery;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use runs::{RawFile, Removal, Status};
use serde::Serialize;

/// The number of executions that are searched for one that is running.
const SEARCHED: u16 = 20;

/// The files that the user asked to remove, and the consent.
pub(super) struct Asked<'a> {
    /// Names below the raw prefix; a name that ends in `/` is a folder.
    pub(super) names: &'a [String],
    /// All files instead.
    pub(super) all: bool,
    /// Also files that nothing brings back.
    pub(super) delete_data: bool,
    /// Without being asked on the terminal.
    pub(super) yes: bool,
}

/// Prints the files of raw data.
pub(super) async fn list(platform: &Platform, printer: Printer) -> Result<(), CommandError> {
    let (bucket, prefix) = (platform.data_bucket()?, platform.session.raw_prefix());
    let files = platform.store()?.files(&prefix).await?;
    let page = Files { bucket, prefix: &prefix, files: &files };
    match (printer.json, files.is_empty()) {
        (true, _) => printer.document(&Versioned::new(page.document())),
        (false, true) => printer.hint(&format!(
            "there is no data in s3://{bucket}/{prefix}; `mlopsctl pipeline {} upload DATA…` brings some",
            platform.session.name
        )),
        (false, false) => printer.page(&page.text(printer.columns_of_data())),
    }
    Ok(())
}

/// Removes files of raw data.
pub(super) async fn remove(platform: &Platform, asked: Asked<'_>, printer: Printer) -> Result<(), CommandError> {
    let name = &platform.session.name;
    if asked.names.is_empty() != asked.all {
        let example = format!("such as `mlopsctl pipeline {name} data --remove churn.csv`, or `--remove --all`");
        return Err(CommandError::usage("either the files to remove or --all is needed", example));
    }
    let (bucket, prefix, store) = (platform.data_bucket()?, platform.session.raw_prefix(), platform.store()?);
    let files = store.files(&prefix).await?;
    let place = Files { bucket, prefix: &prefix, files: &files };
    let chosen = chosen(&place, &asked, name)?;
    let recovery = store.recovery(&prefix).await?;
    let until = restorable_until(recovery, Timestamp::now());
    if recovery == Recovery::Never && !asked.delete_data {
        return Err(CommandError::usage(
            format!("s3://{bucket} keeps no versions, so nothing would bring removed files back; nothing was removed"),
            "pass --delete-data to remove them for good",
        ));
    }
    let account = platform.place();
    let whole = format!("in account {}, region {}", account.account, account.region);
    for line in raw_data::removal(&place, &chosen, &whole, recovery, until.as_deref()) {
        printer.note(&line);
    }
    if let Some(execution) = running(platform).await? {
        printer.note(&format!("The execution {execution} is running, and may be reading them."));
    }
    confirm(if chosen.len() == 1 { "Remove it?" } else { "Remove them?" }, asked.yes, printer).await?;
    let keys: Vec<String> = chosen.iter().map(|file| file.key.clone()).collect();
    let removal = store.remove(&keys).await?;
    report(&place, &removal, recovery, until.as_deref(), printer)
}

/// The files that were named.
fn chosen<'a>(place: &Files<'a>, asked: &Asked<'_>, environment: &str) -> Result<Vec<&'a RawFile>, CommandError> {
    let is_chosen = |file: &RawFile, key: &str| file.key == key || key.ends_with('/') && file.key.starts_with(key);
    let mut keys = Vec::new();
    for name in asked.names {
        let whole = name.strip_prefix(&format!("s3://{}/", place.bucket));
        // As the list names it, else as S3 does.
        let below = whole.is_none().then(|| format!("{}{name}", place.prefix));
        let whole = Some(whole.unwrap_or(name).to_owned()).filter(|key| key.starts_with(place.prefix));
        let found = below.into_iter().chain(whole).find(|key| place.files.iter().any(|file| is_chosen(file, key)));
        keys.push(found.ok_or_else(|| {
            let near = config::nearest(name, place.files.iter().map(|file| place.name(file)));
            let help = near.map_or_else(
                || format!("`mlopsctl pipeline {environment} data` lists them"),
                |near| format!("did you mean `{near}`?"),
            );
            CommandError::usage(format!("there is no raw file `{name}`; nothing was removed"), help)
        })?);
    }
    let chosen: Vec<&RawFile> = match asked.all {
        true => place.files.iter().collect(),
        false => place.files.iter().filter(|file| keys.iter().any(|key| is_chosen(file, key))).collect(),
    };
    match chosen.len() {
        0 => Err(CommandError::failed(format!("there is no data in s3://{}/{}", place.bucket, place.prefix))),
        _ => Ok(chosen),
    }
}

/// The execution that is running, if one is.
async fn running(platform: &Platform) -> Result<Option<String>, CommandError> {
    let Ok(machine) = platform.machine(Work::Training) else { return Ok(None) };
    let latest = machine.latest(SEARCHED).await?;
    Ok(latest.into_iter().find(|execution| execution.status == Status::Running).map(|execution| execution.name))
}

/// The day until which files can be restored. S3 counts whole days, and rounds up to the next midnight in UTC.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>
fn restorable_until(recovery: Recovery, now: Timestamp) -> Option<String> {
    let Recovery::Days(days) = recovery else { return None };
    let last = now.to_zoned(TimeZone::UTC).date().checked_add(i64::from(days).days());
    last.ok().map(|date| date.to_string())
}

/// A removal for a program.
#[derive(Serialize)]
struct Removed<'a> {
    bucket: &'a str,
    prefix: &'a str,
    restorable: bool,
    restorable_until: Option<&'a str>,
    removed: Vec<RemovedFile<'a>>,
    failed: Vec<FailedFile<'a>>,
}

#[derive(Serialize)]
struct RemovedFile<'a> {
    key: &'a str,
    delete_marker: Option<&'a str>,
}

#[derive(Serialize)]
struct FailedFile<'a> {
    key: &'a str,
    message: String,
}

fn report(
    place: &Files<'_>,
    removal: &Removal,
    recovery: Recovery,
    until: Option<&str>,
    printer: Printer,
) -> Result<(), CommandError> {
    let Files { bucket, prefix, .. } = *place;
    if printer.json {
        let removed = removal.removed.iter();
        printer.document(&Versioned::new(Removed {
            bucket,
            prefix,
            restorable: recovery != Recovery::Never,
            restorable_until: until,
            removed: removed.map(|(key, marker)| RemovedFile { key, delete_marker: marker.as_deref() }).collect(),
            failed: removal
                .kept
                .iter()
                .map(|file| FailedFile { key: &file.key, message: file.failure.to_string() })
                .collect(),
        }));
    }
    for file in &removal.kept {
        printer.error(&format!("{}: {}", file.key, file.failure), None);
    }
    let gone = raw_data::counted_files(removal.removed.len());
    printer.note(&format!("{gone} removed from s3://{bucket}/{prefix}"));
    // A key may contain signs that a shell obeys.
    let is_plain = |key: &str| key.chars().all(|sign| sign.is_alphanumeric() || "/._-=+ ".contains(sign));
    let first = removal.removed.first().filter(|(key, _)| is_plain(key));
    if let Some((key, Some(marker))) = first {
        let until = until.map(|until| format!("until {until}, ")).unwrap_or_default();
        printer.hint(&format!(
            "{until}`aws s3api delete-object --bucket {bucket} --key '{key}' --version-id {marker}` restores {key}"
        ));
    }
    match removal.kept.len() {
        0 => Ok(()),
        kept => Err(CommandError::failed_with(
            format!("{} not removed", raw_data::counted_files(kept)),
            "a policy or an object lock may protect them",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_can_be_restored_until_the_lifecycle_may_take_their_versions() {
        let now: Timestamp = "2026-11-30T23:30:00Z".parse().expect("it is a time");
        assert_eq!(restorable_until(Recovery::Days(7), now).as_deref(), Some("2026-12-07"));
        assert_eq!(restorable_until(Recovery::Unlimited, now), None);
        assert_eq!(restorable_until(Recovery::Never, now), None);
    }
}
