//! SageMaker Studio.

use super::grants::{BucketGrants, BucketGrantsSchema, Permission};
use crate::check::Place;
use crate::form::{SageMakerName, Text, WeeklyTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The SageMaker domain and those who work in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Studio {
    /// The way in which people sign in. Changing it replaces the domain.
    pub auth_mode: AuthMode,
    /// The way from notebooks to the internet: through the VPC, or through a network of AWS.
    pub network: NetworkAccess,
    /// Minutes without work after which a notebook's machine is stopped. Left out, it runs on.
    #[schemars(range(min = 60, max = 525_600))]
    pub idle_shutdown_minutes: Option<u32>,
    /// The group in which the pipeline registers models, without `<project>-<environment>-`.
    #[schemars(with = "Text<SageMakerName>", example = &"models")]
    pub model_package_group: String,
    /// Allow notebooks to approve models, which deploys them. Left out, only people with permissions of their own can.
    pub approve_models: bool,
    /// The people. With `auth_mode = "SSO"`, each is the name of a user in IAM Identity Center.
    #[schemars(with = "Vec<Text<SageMakerName>>", extend("uniqueItems" = true))]
    pub user_profiles: Vec<String>,
    /// Shared spaces.
    pub spaces: Vec<Space>,
    /// MLflow for the experiments of people in Studio. Left out, there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mlflow: Option<Mlflow>,
    /// Buckets of this environment that people in Studio may use: `{ landing = "read" }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BucketGrantsSchema")]
    pub buckets: BucketGrants,
    /// Further rights of their role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
}

/// A serverless MLflow tracking server, SageMaker's MLflow app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mlflow {
    /// The weekly time in UTC at which AWS may update MLflow. Left out, AWS chooses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<WeeklyTime>>")]
    pub maintenance_window: Option<String>,
}

/// The way in which people sign in to Studio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum AuthMode {
    /// With IAM credentials.
    #[default]
    Iam,
    /// With IAM Identity Center.
    Sso,
}

/// The way from notebooks to the internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NetworkAccess {
    /// Only through the VPC.
    #[default]
    VpcOnly,
    /// Past the VPC, through a network of AWS.
    PublicInternetOnly,
}

/// A space that several people share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Its name.
    #[schemars(with = "Text<SageMakerName>", example = &"exploration")]
    pub name: String,
    /// The user profile it belongs to.
    #[schemars(with = "Text<SageMakerName>")]
    pub owner: String,
    /// The application that opens in it.
    #[serde(default)]
    pub app: App,
    /// The size of its disk, which can grow but not shrink.
    #[serde(default = "five")]
    #[schemars(range(min = 5, max = 16_384))]
    pub volume_gb: u16,
}

fn five() -> u16 {
    5
}

/// The application of a space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum App {
    /// JupyterLab.
    #[default]
    JupyterLab,
    /// Code Editor, based on Code-OSS.
    CodeEditor,
}

impl Default for Studio {
    fn default() -> Self {
        Self {
            auth_mode: AuthMode::Iam,
            network: NetworkAccess::VpcOnly,
            idle_shutdown_minutes: None,
            model_package_group: "models".to_owned(),
            approve_models: false,
            user_profiles: Vec::new(),
            spaces: Vec::new(),
            mlflow: None,
            buckets: BucketGrants::new(),
            permissions: Vec::new(),
        }
    }
}

impl Studio {
    pub(super) fn check(&self, at: Place<'_>) {
        // SageMaker compares names without case.
        for (index, profile) in self.user_profiles.iter().enumerate() {
            let before = self.user_profiles[..index].iter().find(|other| other.eq_ignore_ascii_case(profile));
            if let Some(before) = before.filter(|before| *before != profile) {
                at.get("user_profiles")
                    .at(index)
                    .report(format!("`{before}` and `{profile}` differ in case only"), "keep one");
            }
        }
        let spaces = at.get("spaces");
        spaces.unique("spaces", self.spaces.iter().map(|space| space.name.as_str()));
        for (index, space) in self.spaces.iter().enumerate() {
            let before = self.spaces[..index].iter().find(|other| other.name.eq_ignore_ascii_case(&space.name));
            if let Some(before) = before.filter(|before| before.name != space.name) {
                let name = spaces.at(index).get("name");
                name.report(format!("`{}` and `{}` differ in case only", before.name, space.name), "keep one");
            }
        }
        if at.sound(&["user_profiles"]) {
            for (index, space) in self.spaces.iter().enumerate() {
                let owner = spaces.at(index).get("owner");
                owner.refers_to("user profile", &space.owner, self.user_profiles.iter().map(String::as_str));
            }
        }
    }
}
