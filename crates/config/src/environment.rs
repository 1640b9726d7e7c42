//! The settings of an environment file. One module per section of the file.

mod arn;
pub mod budget;
pub mod catalog;
mod checks;
pub mod cidr;
pub mod drift;
pub mod encryption;
pub mod feature_groups;
pub mod functions;
pub mod grants;
pub mod identity;
pub mod ignore;
pub mod monitoring;
pub mod moved;
pub mod names;
pub mod network;
pub mod owner_tags;
pub mod pipeline;
pub mod private_calls;
pub mod protection;
pub mod registry;
pub mod schedule;
pub(crate) mod secrets;
pub mod storage;
pub mod studio;
mod tags;

use crate::check::Place;
use crate::form::{
    Account, BucketName, ExistingKeyArn, IgnoreRule, KeyPrefix, Map, Region, Slug, TagKey, TagValue, Text,
    VersionRequirement,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use budget::Budget;
pub use catalog::Catalog;
pub use drift::{Drift, DriftRepair};
pub use encryption::Encryption;
pub use feature_groups::FeatureGroup;
pub use functions::Function;
pub use identity::Identity;
pub use monitoring::Monitoring;
pub use moved::Moved;
pub use names::Names;
pub use network::Network;
pub use owner_tags::OwnerTags;
pub use pipeline::Pipeline;
pub use protection::Protection;
pub use registry::Registry;
pub use storage::Storage;
pub use studio::Studio;

/// One environment of the platform: everything `mlopsctl up <environment>` builds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The name of the environment, which is the name of its file; stating it guards against a copied file.
    #[serde(default)]
    #[schemars(with = "Text<Slug>")]
    pub environment: String,
    /// The versions of mlopsctl that may use the file, such as `">=0.2, <1"`; any other refuses it. Left out, any may.
    #[serde(default)]
    #[schemars(with = "Option<Text<VersionRequirement>>")]
    pub required_version: Option<String>,
    /// The project. `<project>-<environment>` begins every name.
    #[schemars(with = "Text<Slug>")]
    pub project: String,
    /// The region everything is built in.
    #[schemars(with = "Text<Region>")]
    pub region: String,
    /// The accounts this environment may be built in. Empty allows any.
    #[serde(default)]
    #[schemars(with = "Vec<Text<Account>>", extend("uniqueItems" = true))]
    pub allowed_accounts: Vec<String>,
    /// Fields of resources that are left to others, `<pattern of addresses>#<field>`: their live values stay, also where
    /// other fields of the same resource change. `plan` and `drift` count their differences apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<IgnoreRule>>", extend("uniqueItems" = true))]
    pub ignore: Vec<String>,
    /// Resources that have another address now and stay the same. An entry that every state has made does no harm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Moved>,
    /// The place of the state, the record of every resource that mlopsctl made.
    #[serde(default)]
    pub state: State,
    /// The names of everything that mlopsctl makes.
    #[serde(default, skip_serializing_if = "Names::is_default")]
    pub names: Names,
    /// The tags that say whose a resource is, where `Project` and `Environment` are called otherwise.
    #[serde(default, skip_serializing_if = "OwnerTags::is_default")]
    pub owner_tags: OwnerTags,
    /// Tags of every resource, beside `Project`, `Environment` and `ManagedBy`, which are set anyway. A `Name` goes
    /// before the names that the parts of the network have otherwise.
    #[serde(default)]
    #[schemars(with = "Map<TagKey, Text<TagValue>>")]
    pub tags: BTreeMap<String, String>,
    /// The VPC.
    pub network: Network,
    /// Encryption with KMS keys that you own.
    #[serde(default)]
    pub encryption: Encryption,
    /// Roles.
    #[serde(default)]
    pub identity: Identity,
    /// Buckets.
    #[serde(default)]
    pub storage: Storage,
    /// SageMaker Studio.
    #[serde(default)]
    pub studio: Studio,
    /// Feature Store.
    #[serde(default)]
    pub feature_groups: Vec<FeatureGroup>,
    /// Container images.
    #[serde(default)]
    pub registry: Registry,
    /// Glue: database, crawlers, jobs and the workflow that joins them.
    #[serde(default)]
    pub catalog: Catalog,
    /// Lambda functions.
    #[serde(default)]
    pub functions: Vec<Function>,
    /// The training pipeline. Left out, there is none.
    #[serde(default)]
    pub pipeline: Option<Pipeline>,
    /// Logs, alarms and the dashboard.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// The resources that no command deletes or replaces unless `--unprotect` names them.
    #[serde(default)]
    pub protection: Protection,
    /// The search for drift, and its repair.
    #[serde(default)]
    pub drift: Drift,
    /// A limit on costs that raises an alarm. Left out, there is none.
    #[serde(default)]
    pub budget: Option<Budget>,
}

/// The place of the state, the record of every resource that mlopsctl made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// A bucket that exists already, in which the state is kept as `<project>/<environment>/state.json`: versioned, in
    /// the region and account of the environment. Several projects may share one. Left out, mlopsctl makes one,
    /// `<project>-<environment>-mlopsctl-state-<account>`.
    #[schemars(with = "Option<Text<BucketName>>")]
    pub bucket: Option<String>,
    /// The part of that bucket, for example `platform/mlops`: the state is then kept as
    /// `<key_prefix>/<project>/<environment>/state.json`. A state that was begun elsewhere in the bucket stays there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<KeyPrefix>>")]
    pub key_prefix: Option<String>,
    /// The ARN of a key that exists already, with which the state and the lock are encrypted. A bucket that mlopsctl
    /// makes encrypts everything with it by default. Left out, S3 encrypts with a key of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<ExistingKeyArn>>")]
    pub kms_key_arn: Option<String>,
}

impl State {
    fn check(&self, at: Place<'_>, region: Option<&str>) {
        if self.key_prefix.is_some() && self.bucket.is_none() {
            at.get("key_prefix").report(
                "`key_prefix` is about a bucket that several environments share, and none is named",
                "name it with `bucket`, or leave `key_prefix` out: a bucket that mlopsctl makes is one environment's",
            );
        }
        encryption::check_region(self.kms_key_arn.as_deref(), at.get("kms_key_arn"), region);
    }
}

impl Environment {
    /// The prefix of every name: `<project>-<environment>`, or the rendered pattern of `[names]`.
    pub fn prefix(&self) -> String {
        self.names.prefix(&self.project, &self.environment, &self.region)
    }

    /// The ownership tags of this environment without `ManagedBy`: the tag of the project and the tag of the
    /// environment.
    pub fn owner_tags(&self) -> [(&str, &str); 2] {
        let OwnerTags { project, project_value, environment, environment_value } = &self.owner_tags;
        [
            (project, project_value.as_deref().unwrap_or(&self.project)),
            (environment, environment_value.as_deref().unwrap_or(&self.environment)),
        ]
    }

    /// The name of a function, role, job, crawler or repository of this environment.
    pub fn name_of(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix())
    }

    /// The name of a bucket. Bucket names are global, so the account is part of them.
    pub fn bucket_name(&self, bucket: &str, account: &str) -> String {
        format!("{}-{bucket}-{account}", self.prefix())
    }

    /// The name of the Glue database, in the letters that Athena reads.
    pub fn database_name(&self) -> String {
        self.catalog.database.clone().unwrap_or_else(|| self.prefix().replace('-', "_"))
    }

    /// The environment as a file with every default spelled out, which reads as this one.
    ///
    /// # Errors
    /// When a value has no form in TOML, which none has that was read from a file.
    pub fn to_toml(&self) -> Result<String, toml_edit::ser::Error> {
        if self.network.vpc_id.is_none() {
            return toml_edit::ser::to_string_pretty(self);
        }
        let mut document = toml_edit::ser::to_document(self)?;
        // With `vpc_id`, the file may not even contain the defaults of these settings.
        if let Some(network) = document["network"].as_table_like_mut() {
            for key in ["zones", "nat", "s3_endpoint"] {
                network.remove(key);
            }
        }
        Ok(document.to_string())
    }

    /// The name of the state bucket.
    pub fn state_bucket_name(&self, account: &str) -> String {
        self.state.bucket.clone().unwrap_or_else(|| self.own_state_bucket(account))
    }

    /// True if the file names the state bucket, which then exists already; else the bucket is the environment's own,
    /// and created when it is needed.
    pub fn names_state_bucket(&self, account: &str) -> bool {
        self.state_bucket_name(account) != self.own_state_bucket(account)
    }

    /// mlopsctl finds the state by this name even if the environment's file is lost. So no pattern changes the name.
    fn own_state_bucket(&self, account: &str) -> String {
        format!("{}-{}-{}-{account}", self.project, self.environment, storage::STATE)
    }
}
