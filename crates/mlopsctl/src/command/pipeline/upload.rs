//! The command `pipeline upload`: uploads data files into the bucket of raw data.

use super::platform::Platform;
use crate::{
    end::End,
    printer::Printer,
    render::sending::{Sending, size},
};
use futures::{StreamExt, stream};
use resource::Failure;
use runs::{Fate, Shipment, gather};
use serde_json::json;
use std::path::PathBuf;

/// Files under way at once.
const AT_ONCE: usize = 8;

pub(super) async fn run(platform: &Platform, data: &[PathBuf], printer: Printer) -> Result<(), End> {
    let shipments = gather(data, &platform.session.raw_prefix()).map_err(|unfit| End::usage(unfit.to_string(), ""))?;
    if shipments.is_empty() {
        let named: Vec<String> = data.iter().map(|path| path.display().to_string()).collect();
        return Err(End::usage(format!("there is no file in {}", named.join(", ")), ""));
    }
    let store = platform.store()?;
    let sending = Sending::start(printer, &shipments);
    let (store, shown) = (&store, &sending);
    let sent = stream::iter(&shipments).map(|shipment| async move {
        let fate = store.send(shipment, |bytes| shown.sent(bytes)).await;
        if let Ok(fate) = fate {
            shown.settled(shipment, fate);
        }
        (shipment, fate)
    });
    let sent: Vec<_> = sent.buffered(AT_ONCE).collect().await;
    sending.finish();
    report(platform, &sent, printer)
}

fn report(platform: &Platform, sent: &[(&Shipment, Result<Fate, Failure>)], printer: Printer) -> Result<(), End> {
    let place = format!("s3://{}/{}", platform.data_bucket()?, platform.session.raw_prefix());
    let count = |wanted: Fate| sent.iter().filter(|(_, fate)| *fate == Ok(wanted)).count();
    let (added, replaced, unchanged) = (count(Fate::Added), count(Fate::Replaced), count(Fate::Unchanged));
    let failed: Vec<_> = sent.iter().filter_map(|(shipment, fate)| Some((shipment, fate.as_ref().err()?))).collect();
    for (shipment, failure) in &failed {
        printer.error(&format!("{}: {failure}", shipment.file.display()), failure.help.as_deref());
    }
    if printer.json {
        let files = sent.iter().map(|(shipment, fate)| {
            let fate = fate.as_ref().map_or("failed", |fate| fate.as_str());
            json!({"file": shipment.file, "key": shipment.key, "bytes": shipment.bytes, "fate": fate})
        });
        let files: Vec<_> = files.collect();
        printer.document(&json!({"format": 1, "to": place, "added": added, "replaced": replaced,
                                 "unchanged": unchanged, "failed": failed.len(), "files": files}));
    }
    let bytes = sent.iter().filter(|(_, fate)| matches!(fate, Ok(Fate::Added | Fate::Replaced)));
    let bytes = size(bytes.map(|(shipment, _)| shipment.bytes).sum());
    let name = &platform.session.name;
    if !failed.is_empty() {
        let what = format!("{} of {} files were not uploaded to {place}", failed.len(), sent.len());
        return Err(End::failed_with(what, "the same command goes on from here"));
    }
    let files = match added + replaced {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    printer.note(&format!("{files} ({bytes}) uploaded to {place}, {unchanged} there already"));
    printer.hint(&format!("next: `mlopsctl pipeline {name} run --follow`"));
    Ok(())
}
