//! Lists and approves model packages of the model registry.

use crate::time::timestamp;
use aws_client::{Attempt, ErrorPattern, Pages, Result};
use aws_sdk_sagemaker::{
    Client,
    operation::describe_model_package::DescribeModelPackageOutput,
    types::{ModelApprovalStatus, ModelPackageSortBy, ModelPackageSummary, SortOrder},
};
use aws_types::SdkConfig;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// A group of the model registry.
pub struct ModelRegistry {
    client: Client,
    group: String,
}

/// A version of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// Its ARN.
    pub arn: String,
    /// Counts the versions of the group.
    pub version: i32,
    /// The approval, which a deployment needs.
    pub approval: Approval,
    /// When it was registered.
    pub registered: Option<Timestamp>,
    /// The metrics on the test data, by name.
    pub metrics: BTreeMap<String, f64>,
    /// The origin of the model: execution, training job, versions of data and code.
    pub lineage: BTreeMap<String, String>,
}

/// The approval of a model for deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// No decision yet.
    Pending,
    /// It may.
    Approved,
    /// It may not.
    Rejected,
}

impl Approval {
    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "awaits approval",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// A package that names no instance types cannot be deployed.
    fn from_sdk(status: Option<&ModelApprovalStatus>) -> Self {
        match status {
            Some(ModelApprovalStatus::Approved) => Self::Approved,
            Some(ModelApprovalStatus::PendingManualApproval) => Self::Pending,
            _ => Self::Rejected,
        }
    }

    fn status(self) -> ModelApprovalStatus {
        match self {
            Self::Pending => ModelApprovalStatus::PendingManualApproval,
            Self::Approved => ModelApprovalStatus::Approved,
            Self::Rejected => ModelApprovalStatus::Rejected,
        }
    }
}

const GONE: &[ErrorPattern] = &[("ValidationException", "does not exist"), ("ResourceNotFound", "")];
/// The evaluation function's way of telling metrics from lineage among a package's own properties.
const METRIC: &str = "metric_";
/// The property of a package by which a deployment knows that callers are ready for its features.
const MAY_DIFFER: &str = "features_may_differ";

impl ModelRegistry {
    /// The group with this name.
    pub fn new(config: &SdkConfig, group: &str) -> Self {
        Self { client: Client::new(config), group: group.to_owned() }
    }

    /// The newest package of the group, or the newest of those that stand so.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn newest(&self, approval: Option<Approval>) -> Result<Option<Package>> {
        let call = self
            .client
            .list_model_packages()
            .model_package_group_name(&self.group)
            .sort_by(ModelPackageSortBy::CreationTime)
            .sort_order(SortOrder::Descending)
            .set_model_approval_status(approval.map(Approval::status));
        let mut pages = Pages::new("ListModelPackages", call.into_paginator().send(), |page| page.next_token().into());
        // A page can be empty and still have a successor.
        while let Some(page) = pages.next().await? {
            let page = page.model_package_summary_list.unwrap_or_default();
            let newest = page.into_iter().max_by_key(|package| package.model_package_version);
            if let Some(arn) = newest.and_then(|package| package.model_package_arn) {
                return self.package(&arn).await;
            }
        }
        Ok(None)
    }

    /// The newest packages of the group, newest first.
    ///
    /// # Errors
    /// When they cannot be listed or read.
    pub async fn latest(&self, count: usize) -> Result<Vec<Package>> {
        let call = self
            .client
            .list_model_packages()
            .model_package_group_name(&self.group)
            .sort_by(ModelPackageSortBy::CreationTime)
            .sort_order(SortOrder::Descending);
        let pages = Pages::new("ListModelPackages", call.into_paginator().send(), |page| page.next_token().into());
        let mut listed: Vec<ModelPackageSummary> = pages.items(|page| page.model_package_summary_list).all().await?;
        listed.sort_by_key(|package| std::cmp::Reverse(package.model_package_version));
        let mut packages = Vec::new();
        for arn in listed.into_iter().take(count).filter_map(|package| package.model_package_arn) {
            packages.extend(self.package(&arn).await?);
        }
        Ok(packages)
    }

    /// The package with this ARN or version.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn package(&self, named: &str) -> Result<Option<Package>> {
        let arn = match named.starts_with("arn:") {
            true => named.to_owned(),
            false => match self.arn_of(named).await? {
                Some(arn) => arn,
                None => return Ok(None),
            },
        };
        let call = self.client.describe_model_package().model_package_name(&arn);
        Ok(call.send().await.during("DescribeModelPackage").none_on(GONE)?.map(described))
    }

    /// A package's ARN is its group's, with its version.
    async fn arn_of(&self, version: &str) -> Result<Option<String>> {
        let call = self.client.describe_model_package_group().model_package_group_name(&self.group);
        let group = call.send().await.during("DescribeModelPackageGroup").none_on(GONE)?;
        let arn = group.and_then(|group| group.model_package_group_arn);
        Ok(arn.map(|arn| format!("{}/{version}", arn.replacen(":model-package-group/", ":model-package/", 1))))
    }

    /// Approves a package for deployment. Without `features_may_differ`, a deployment refuses a package that takes other
    /// features than the model in service.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn approve(&self, package: &Package, why: &str, features_may_differ: bool) -> Result<()> {
        let said = features_may_differ.then(features_may_differ_property);
        let call = self
            .client
            .update_model_package()
            .model_package_arn(&package.arn)
            .model_approval_status(ModelApprovalStatus::Approved)
            .approval_description(why)
            .set_customer_metadata_properties(said);
        call.send().await.during(UPDATE).help(NEEDS).map(drop)
    }

    /// Rejects a package: no deployment takes it.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn reject(&self, package: &Package, why: &str) -> Result<()> {
        let call = self
            .client
            .update_model_package()
            .model_package_arn(&package.arn)
            .model_approval_status(ModelApprovalStatus::Rejected)
            .approval_description(why);
        call.send().await.during(UPDATE).help(NEEDS).map(drop)
    }

    /// Lets a deployment take an approved package that takes other features than the model in service.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn allow_changed_features(&self, package: &Package) -> Result<()> {
        let call = self.client.update_model_package().model_package_arn(&package.arn);
        let call = call.set_customer_metadata_properties(Some(features_may_differ_property()));
        call.send().await.during(UPDATE).help(NEEDS).map(drop)
    }
}

const UPDATE: &str = "UpdateModelPackage";
const NEEDS: &str = "it needs sagemaker:UpdateModelPackage on the package";

fn features_may_differ_property() -> HashMap<String, String> {
    HashMap::from([(MAY_DIFFER.to_owned(), "true".to_owned())])
}

impl Package {
    /// True if a person has confirmed that callers are ready for its features.
    pub fn features_may_differ(&self) -> bool {
        self.lineage.contains_key(MAY_DIFFER)
    }
}

fn described(answer: DescribeModelPackageOutput) -> Package {
    let properties = answer.customer_metadata_properties().cloned().unwrap_or_default();
    let (metrics, lineage): (Vec<_>, Vec<_>) = properties.into_iter().partition(|(name, _)| name.starts_with(METRIC));
    let metric = |(name, value): (String, String)| Some((name.strip_prefix(METRIC)?.to_owned(), value.parse().ok()?));
    Package {
        version: answer.model_package_version().unwrap_or_default(),
        approval: Approval::from_sdk(answer.model_approval_status()),
        registered: answer.creation_time().map(timestamp),
        metrics: metrics.into_iter().filter_map(metric).collect(),
        lineage: lineage.into_iter().collect(),
        arn: answer.model_package_arn.unwrap_or_default(),
    }
}
