//! The two stores of a feature group.

use aws_sdk_sagemaker::types::{
    self as sdk, OfflineStoreConfig, OnlineStoreConfig, OnlineStoreSecurityConfig, S3StorageConfig, TtlDuration,
    TtlDurationUnit,
};
use serde::{Deserialize, Serialize};
use vocabulary::{KeyArn, Need, Permission, Place};

/// The store for reads with low latency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OnlineStore {
    /// None.
    Disabled,
    /// Keeps the latest record of each identifier.
    Enabled {
        /// When records expire.
        expiry: Expiry,
        /// Encrypts them; AWS's own key when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        kms_key: Option<KeyArn>,
    },
}

/// When records of an online store expire, counted from their event time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expiry {
    /// They stay.
    Never,
    /// After so many units.
    After {
        /// The number of units, from 1.
        value: i32,
        /// Of what.
        unit: TimeUnit,
    },
}

/// A unit of time in which expiry is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TimeUnit {
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
}

/// The store for training and history, in S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OfflineStore {
    /// None.
    Disabled,
    /// Keeps every record.
    Enabled {
        /// `s3://bucket/prefix`; AWS adds account, region and the group's name.
        s3_uri: String,
        /// Encrypts the objects; the bucket's own encryption when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        kms_key: Option<KeyArn>,
        /// The format of its table.
        table_format: TableFormat,
    },
}

/// The format of an offline store's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableFormat {
    /// A Hive table of Parquet files.
    Glue,
    /// An Apache Iceberg table, which can be compacted.
    Iceberg,
}

impl OnlineStore {
    pub(crate) fn config(&self) -> Option<OnlineStoreConfig> {
        let Self::Enabled { kms_key, .. } = self else { return None };
        let security =
            kms_key.as_ref().map(|key| OnlineStoreSecurityConfig::builder().kms_key_id(key.as_str()).build());
        let config = OnlineStoreConfig::builder().enable_online_store(true).set_security_config(security);
        Some(config.set_ttl_duration(self.ttl()).build())
    }

    pub(crate) fn ttl(&self) -> Option<TtlDuration> {
        let Self::Enabled { expiry: Expiry::After { value, unit }, .. } = self else { return None };
        Some(TtlDuration::builder().value(*value).unit(unit.as_type()).build())
    }

    pub(crate) fn read(config: Option<&OnlineStoreConfig>) -> Self {
        let Some(config) = config.filter(|config| config.enable_online_store() == Some(true)) else {
            return Self::Disabled;
        };
        let ttl = config.ttl_duration().and_then(|ttl| Some((ttl.value()?, TimeUnit::read(ttl.unit()?)?)));
        Self::Enabled {
            expiry: ttl.map_or(Expiry::Never, |(value, unit)| Expiry::After { value, unit }),
            kms_key: config.security_config().and_then(|security| security.kms_key_id()).map(KeyArn::new),
        }
    }

    /// The reason why `self` cannot be reached from `live` in place: only the expiry can be changed, and not ended.
    pub(crate) fn beyond_update(&self, live: &Self) -> Option<String> {
        let cause = match (self, live) {
            (Self::Disabled, Self::Disabled) => return None,
            (Self::Disabled, _) => "take the online store from a feature group",
            (_, Self::Disabled) => "add an online store to a feature group",
            (Self::Enabled { expiry: Expiry::Never, .. }, Self::Enabled { expiry: Expiry::After { .. }, .. }) => {
                "end the expiry of an online store's records"
            }
            _ => return None,
        };
        Some(format!("AWS cannot {cause}"))
    }
}

impl TimeUnit {
    fn as_type(self) -> TtlDurationUnit {
        match self {
            Self::Seconds => TtlDurationUnit::Seconds,
            Self::Minutes => TtlDurationUnit::Minutes,
            Self::Hours => TtlDurationUnit::Hours,
            Self::Days => TtlDurationUnit::Days,
            Self::Weeks => TtlDurationUnit::Weeks,
        }
    }

    fn read(unit: &TtlDurationUnit) -> Option<Self> {
        [Self::Seconds, Self::Minutes, Self::Hours, Self::Days, Self::Weeks]
            .into_iter()
            .find(|one| one.as_type() == *unit)
    }
}

impl OfflineStore {
    pub(crate) fn config(&self) -> Option<OfflineStoreConfig> {
        let Self::Enabled { s3_uri, kms_key, table_format } = self else { return None };
        let key = kms_key.clone().map(String::from);
        let s3 = S3StorageConfig::builder().s3_uri(s3_uri).set_kms_key_id(key).build();
        let format = match table_format {
            TableFormat::Glue => sdk::TableFormat::Glue,
            TableFormat::Iceberg => sdk::TableFormat::Iceberg,
        };
        Some(OfflineStoreConfig::builder().s3_storage_config(s3).table_format(format).build())
    }

    pub(crate) fn read(config: Option<&OfflineStoreConfig>) -> Self {
        let Some(config) = config else { return Self::Disabled };
        let s3 = config.s3_storage_config();
        Self::Enabled {
            s3_uri: s3.and_then(|s3| s3.s3_uri()).unwrap_or_default().to_owned(),
            kms_key: s3.and_then(|s3| s3.kms_key_id()).map(KeyArn::new),
            table_format: match config.table_format() {
                Some(sdk::TableFormat::Iceberg) => TableFormat::Iceberg,
                _ => TableFormat::Glue,
            },
        }
    }
}

/// The IAM statements for creating an online store with a key.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OnlineStoreSecurityConfig.html>
pub(crate) fn online_key(key: &KeyArn, place: &Place) -> [Permission; 2] {
    let seals = [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:CreateGrant",
        "kms:RetireGrant",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "kms:GenerateDataKey",
        "kms:ListGrants",
        "kms:RevokeGrant",
    ];
    let listing = Permission::change(["kms:ListAliases"]).on_anything();
    [Permission::use_key(Need::Change, seals, &["sagemaker"], key, place), listing]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn online(expiry: Expiry) -> OnlineStore {
        OnlineStore::Enabled { expiry, kms_key: None }
    }

    #[test]
    fn stores_read_back_as_they_were_sent() {
        let key = Some(KeyArn::new("arn:aws:kms:eu-west-1:123456789012:key/1"));
        let expiry = Expiry::After { value: 2, unit: TimeUnit::Weeks };
        for store in
            [OnlineStore::Disabled, online(Expiry::Never), OnlineStore::Enabled { expiry, kms_key: key.clone() }]
        {
            assert_eq!(OnlineStore::read(store.config().as_ref()), store);
        }
        let s3_uri = "s3://data/features".to_owned();
        let offline = OfflineStore::Enabled { s3_uri, kms_key: key, table_format: TableFormat::Iceberg };
        for store in [OfflineStore::Disabled, offline] {
            assert_eq!(OfflineStore::read(store.config().as_ref()), store);
        }
    }

    #[test]
    fn an_expiry_can_be_set_and_changed_in_place_but_not_ended() {
        let day = online(Expiry::After { value: 1, unit: TimeUnit::Days });
        let week = online(Expiry::After { value: 1, unit: TimeUnit::Weeks });
        assert_eq!(week.beyond_update(&day), None);
        assert_eq!(day.beyond_update(&online(Expiry::Never)), None);
        assert!(online(Expiry::Never).beyond_update(&day).is_some());
    }

    #[test]
    fn an_online_store_neither_comes_nor_goes_in_place() {
        assert!(OnlineStore::Disabled.beyond_update(&online(Expiry::Never)).is_some());
        assert!(online(Expiry::Never).beyond_update(&OnlineStore::Disabled).is_some());
        assert_eq!(OnlineStore::Disabled.beyond_update(&OnlineStore::Disabled), None);
    }
}
