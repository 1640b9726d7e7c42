//! Costs of SageMaker domains, spaces and feature groups.

use crate::{Gap, Meter, Quantity, sheet::Sheet};

/// What an app starts on unless its user chooses.
const DEFAULT_APP: &str = "ml.t3.medium";

pub(super) fn domain(sheet: &mut Sheet<'_>) {
    let apps = format!("Studio apps on {DEFAULT_APP}");
    let depends_on = "hours that apps run; what users choose instead of the default has a price of its own";
    sheet.by_use(apps, depends_on, Meter::InstanceHour(DEFAULT_APP.to_owned()));
    sheet.by_use("home directories", "what users keep", Meter::StudioFilesGbMonth);
}

/// Its volume is there from the first app's start until the space goes, whether an app runs or not.
pub(super) fn space(sheet: &mut Sheet<'_>) {
    let Some(gb) = sheet.spec()["volume_gb"].as_u64() else {
        return sheet.gap(Gap::Monthly, "volume of a space", "its specification says no size");
    };
    sheet.monthly(format!("volume of {gb} GB"), &Meter::StudioVolumeGbMonth, Quantity::of(gb));
}

/// The offline store is part of what its bucket stores.
pub(super) fn feature_group(sheet: &mut Sheet<'_>) {
    sheet.by_use("writes to the feature store", "records ingested, by their size", Meter::FeatureWrites);
    if sheet.spec()["online"].get("Enabled").is_some() {
        sheet.by_use("reads from the feature store", "records read, by their size", Meter::FeatureReads);
        sheet.by_use("records in the online store", "what is ingested and how long it lives", Meter::FeatureGbMonth);
    }
}
