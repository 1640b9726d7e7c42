//! Feature groups.

use crate::check::{Place, Surroundings};
use crate::form::{FeatureName, SageMakerName, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A group of features that describe the same thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureGroup {
    /// The short name. The group is called `<project>-<environment>-<name>`.
    #[schemars(with = "Text<SageMakerName>")]
    pub name: String,
    /// A description for people.
    #[serde(default)]
    #[schemars(length(max = 128))]
    pub description: String,
    /// The feature that says whom a record is about.
    #[schemars(with = "Text<FeatureName>")]
    pub record_identifier: String,
    /// The feature that holds the time of the event in a record: a fraction (seconds since 1970) or text (ISO 8601).
    #[schemars(with = "Text<FeatureName>")]
    pub event_time: String,
    /// The features. One more is added in place; one less, or another type, replaces the group.
    #[schemars(length(min = 1, max = 2500))]
    pub features: Vec<Feature>,
    /// Keep the latest records where they are read within milliseconds.
    #[serde(default = "yes")]
    pub online: bool,
    /// The time after its event at which an online record expires. Left out, records stay.
    #[serde(default)]
    pub ttl: Option<Ttl>,
    /// Keep all records in the data bucket, for training.
    #[serde(default = "yes")]
    pub offline: bool,
    /// The form of the offline table.
    #[serde(default)]
    pub table_format: TableFormat,
    /// The pipeline writes a record of every row of an accepted batch, each feature from the column of its name.
    #[serde(default)]
    pub ingest: bool,
}

/// One feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Its name.
    #[schemars(with = "Text<FeatureName>")]
    pub name: String,
    /// Its type.
    pub r#type: FeatureType,
}

/// The type of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FeatureType {
    /// Text.
    String,
    /// A whole number.
    Integral,
    /// A number with a fraction.
    Fractional,
}

/// The time after which a record expires, for example `{ value = 30, unit = "Days" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ttl {
    /// The number of units.
    #[schemars(range(min = 1, max = 31_536_000))]
    pub value: u32,
    /// The unit of time.
    pub unit: TimeUnit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TimeUnit {
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
}

/// The form of an offline store's table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TableFormat {
    /// Parquet files in a Glue table.
    #[default]
    Glue,
    /// Apache Iceberg, which compacts small files.
    Iceberg,
}

fn yes() -> bool {
    true
}

/// Columns that the offline store adds by itself.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_FeatureDefinition.html>
const RESERVED: [&str; 7] = ["is_deleted", "write_time", "api_invocation_time", "year", "month", "day", "hour"];

pub(super) fn check(groups: &[FeatureGroup], at: Place<'_>, around: &Surroundings<'_>) {
    at.unique("feature groups", groups.iter().map(|group| group.name.as_str()));
    for (index, group) in groups.iter().enumerate() {
        group.check(at.at(index), around);
    }
}

impl FeatureGroup {
    fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let full = around.prefix.len() + 1 + self.name.len();
        if full > 64 {
            at.get("name").report(
                format!(
                    "`{}-{}` has {full} characters; a feature group's name has at most 64",
                    around.prefix, self.name
                ),
                format!("shorten it by {}", full - 64),
            );
        }
        let list = at.get("features");
        list.unique("features", self.features.iter().map(|feature| feature.name.as_str()));
        for (index, feature) in self.features.iter().enumerate() {
            // Glue converts column names to lower case, so two such features would be one column of the offline table.
            // https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
            let before = self.features[..index].iter().find(|other| other.name.eq_ignore_ascii_case(&feature.name));
            if let Some(before) = before.filter(|before| self.offline && before.name != feature.name) {
                list.at(index).get("name").report(
                    format!("`{}` and `{}` are the same column of the offline table", before.name, feature.name),
                    "give one of them another name",
                );
            }
            if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&feature.name)) {
                list.at(index).get("name").report(
                    format!("`{}` is a column of the offline store itself", feature.name),
                    "give the feature another name",
                );
            }
        }
        if at.sound(&["features"]) {
            self.check_special(at);
        }
        if !self.online && !self.offline {
            at.report(format!("`{}` keeps its records nowhere", self.name), "set `online` or `offline`");
        }
        if self.table_format == TableFormat::Iceberg && !self.offline {
            at.get("table_format")
                .report("`table_format` is about offline records, and there are none", "leave it out");
        }
        if self.ttl.is_some() && !self.online {
            at.get("ttl").report("`ttl` is about online records, and there are none", "leave it out");
        }
    }

    /// The two features that the group is built on.
    fn check_special(&self, at: Place<'_>) {
        let names = || self.features.iter().map(|feature| feature.name.as_str());
        at.get("record_identifier").refers_to("feature", &self.record_identifier, names());
        at.get("event_time").refers_to("feature", &self.event_time, names());
        let time = self.features.iter().find(|feature| feature.name == self.event_time);
        if time.is_some_and(|feature| feature.r#type == FeatureType::Integral) {
            at.get("event_time").report(
                format!("the event time `{}` cannot be Integral", self.event_time),
                "use Fractional (seconds since 1970) or String (ISO 8601)",
            );
        }
    }
}
