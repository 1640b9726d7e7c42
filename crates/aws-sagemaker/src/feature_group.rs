//! Reconciler for feature groups of the Feature Store.

use crate::{
    errors,
    feature::{self, Feature},
    iam, status,
    store::{self, OfflineStore, OnlineStore},
    tagging,
};
use aws_client::{Attempt, Failure, Remedy, Result, Tokens};
use aws_sdk_sagemaker::{
    Client,
    operation::describe_feature_group::DescribeFeatureGroupOutput,
    types::{FeatureGroupStatus as Status, LastUpdateStatusValue, OnlineStoreConfigUpdate},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{Permission, Place, RoleArn};

/// AWS takes at most so many new features a call.
const ADDITIONS: usize = 100;

/// The database in which SageMaker makes the tables of offline stores.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/feature-store-storage-configurations-offline-store.html>
const OFFLINE_DATABASE: &str = "sagemaker_featurestore";

/// A group of features in the Feature Store. The id is the name.
///
/// Deleting it deletes the records of its online store, so a group with one is deleted only when data
/// may be deleted. What the offline store wrote (objects in S3, its Glue table) stays in either case. A group of the
/// same name does not go on with it: AWS puts the time of creation into the path and the table's name, so that the new
/// offline store begins empty.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/feature-store-delete-feature-group-offline-store.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureGroup {
    /// The name.
    pub name: String,
    /// The feature that identifies a record.
    pub record_identifier: String,
    /// The feature that says when a record was made.
    pub event_time: String,
    /// Its features. They can be added; AWS neither removes nor changes one.
    pub features: Vec<Feature>,
    /// The store for reads with low latency.
    pub online: OnlineStore,
    /// The store for training and history.
    pub offline: OfflineStore,
    /// The role that writes the offline store.
    pub role: RoleArn,
    /// The purpose of the group; may be empty.
    pub description: String,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeatureGroupOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The folder that the offline store really writes to, below the declared place.
    pub offline_s3_uri: Option<String>,
    /// The database of its Glue table.
    pub glue_database: Option<String>,
    /// Its Glue table.
    pub glue_table: Option<String>,
}

impl Resource for FeatureGroup {
    const KIND: &'static str = "sagemaker:feature-group";
    const NOUN: &'static str = "feature group";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::named("aws_sagemaker_feature_group", &[("feature_group_name", "name")]));
    // The most that AWS takes of a feature group.
    // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateFeatureGroup.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 64),
        SizeLimit::characters("description", 128),
        SizeLimit::items("features", 2500),
    ];
    const REPLACE_ON: &'static [&'static str] =
        &["name", "record_identifier", "event_time", "offline", "role", "description"];
    const COMPARE: &'static [(&'static str, As)] = &[("features", As::Set)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const IN_DATA_CATALOG: bool = true;
    const TYPICAL: Duration = Duration::from_secs(60);
    const DEADLINE: Duration = Duration::from_secs(600);

    type Outputs = FeatureGroupOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let Some(group) = describe(&self.name, cx).await? else { return Ok(None) };
        let tags = tagging::read(group.feature_group_arn().unwrap_or_default(), cx).await?;
        Ok(Some(Found { id: self.name.clone(), owner: Owner::Tags(tags) }))
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        let Some(found) = describe(id, cx).await? else { return Ok(None) };
        tagging::read(found.feature_group_arn().unwrap_or_default(), cx).await.map(Some)
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let sent = cx
            .client(Client::new)
            .create_feature_group()
            .feature_group_name(&self.name)
            .record_identifier_feature_name(&self.record_identifier)
            .event_time_feature_name(&self.event_time)
            .set_feature_definitions(Some(self.features.iter().map(Feature::definition).collect()))
            .set_online_store_config(self.online.config())
            .set_offline_store_config(self.offline.config())
            .role_arn(self.role.as_str())
            .set_description((!self.description.is_empty()).then(|| self.description.clone()))
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateFeatureGroup")
            // A group of that name may still be going away.
            // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeFeatureGroup.html>
            .retry_on(&[("ResourceInUse", "elet")], Duration::from_secs(300))
            .exists_on(errors::EXISTS)
            .retry_on(errors::PROPAGATING, errors::PROPAGATION);
        let is_there = async {
            let there = describe(&self.name, cx).await?;
            Ok(there.is_some_and(|group| group.feature_group_status() != Some(&Status::Deleting)))
        };
        errors::tell_taken_from_busy(sent, is_there).await?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(group) = describe(id, cx).await? else { return Ok(Observed::Absent) };
        let arn = group.feature_group_arn().unwrap_or_default().to_owned();
        let reason = group.failure_reason();
        match group.feature_group_status() {
            Some(Status::Created) => {}
            // The group is being deleted; a creation waits until its name is free.
            Some(Status::Deleting) => return Ok(Observed::Absent),
            Some(status @ (Status::CreateFailed | Status::DeleteFailed)) => {
                return Ok(status::broken(reason.unwrap_or(status.as_str())));
            }
            status => {
                let status = status.map_or("Creating", Status::as_str).to_owned();
                return Ok(Observed::Settling { status, outputs: None });
            }
        }
        let last_update = group.last_update_status();
        match last_update.and_then(|update| update.status()) {
            Some(LastUpdateStatusValue::InProgress) => {
                return Ok(Observed::Settling { status: "Updating".into(), outputs: Some(outputs(&group)) });
            }
            Some(LastUpdateStatusValue::Failed) => {
                let reason = last_update.and_then(|update| update.failure_reason());
                status::judge_failed_change(&arn, "UpdateFeatureGroup", reason, cx)?;
            }
            _ => {}
        }
        let live = Self {
            name: group.feature_group_name().unwrap_or_default().to_owned(),
            record_identifier: group.record_identifier_feature_name().unwrap_or_default().to_owned(),
            event_time: group.event_time_feature_name().unwrap_or_default().to_owned(),
            features: group.feature_definitions().iter().map(Feature::read).collect(),
            online: OnlineStore::read(group.online_store_config()),
            offline: OfflineStore::read(group.offline_store_config()),
            role: RoleArn::new(group.role_arn().unwrap_or_default()),
            description: group.description().unwrap_or_default().to_owned(),
            tags: cx.tags(&arn, &self.tags, tagging::read(&arn, cx)).await?,
        };
        Ok(Observed::Ready { live, outputs: outputs(&group) })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let Some(group) = describe(id, cx).await? else { return Ok(()) };
        let arn = group.feature_group_arn().unwrap_or_default();
        tagging::converge(arn, &self.tags, &live.tags, diff, cx).await?;
        let call = cx.client(Client::new).update_feature_group().feature_group_name(id);
        let added = feature::added(&self.features, &live.features);
        // One change a call: AWS works on one at a time, and the engine comes back for the other.
        let call = if !added.is_empty() {
            call.set_feature_additions(Some(added.into_iter().take(ADDITIONS).map(Feature::definition).collect()))
        } else if let Some(ttl) = self.online.ttl().filter(|_| diff.has("online")) {
            call.online_store_config(OnlineStoreConfigUpdate::builder().ttl_duration(ttl).build())
        } else {
            return Ok(());
        };
        // One update at a time.
        // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateFeatureGroup.html>
        let busy = &[("ResourceInUse", ""), ("ValidationException", "is being updated")];
        call.send().await.during("UpdateFeatureGroup").retry_on(busy, Duration::from_secs(300))?;
        status::changed(arn, cx);
        Ok(())
    }

    fn replacement(&self, live: &Self, diff: &Diff) -> Option<String> {
        if diff.has("online.Enabled.kms_key") {
            return Some("AWS cannot change the key of an online store".to_owned());
        }
        feature::beyond_addition(&self.features, &live.features).or_else(|| self.online.beyond_update(&live.online))
    }

    /// AWS deletes neither the objects nor the table of an offline store.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/feature-store-delete-feature-group-offline-store.html>
    fn after_deletion(&self) -> Option<String> {
        let OfflineStore::Enabled { s3_uri, .. } = &self.offline else { return None };
        Some(format!(
            "its offline history stays for as long as the objects under {s3_uri}, and its table in Glue's database \
             {OFFLINE_DATABASE} until `aws glue delete-table` removes it; a new group begins another table"
        ))
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        Ok(describe(id, cx).await?.as_ref().and_then(online_records))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Some(group) = describe(id, cx).await? else { return Ok(Deletion::Gone) };
        if group.feature_group_status() == Some(&Status::Deleting) {
            return Ok(Deletion::Going("Deleting".into()));
        }
        if let Some(what) = online_records(&group).filter(|_| !cx.may_delete_data()) {
            let stays = "the offline store's history stays in its bucket";
            let help = Remedy::Several(vec![Remedy::AllowDataDeletion { address: None }, stays.into()]);
            return Err(Failure::refused(format!("the feature group holds {what}"), help));
        }
        let sent = cx
            .client(Client::new)
            .delete_feature_group()
            .feature_group_name(id)
            .send()
            .await
            .during("DeleteFeatureGroup")
            .retry_on(errors::BUSY, Duration::from_secs(600))
            .none_on(errors::ABSENT)?;
        Ok(sent.map_or(Deletion::Gone, |_| Deletion::Going("Deleting".into())))
    }

    fn predict_outputs(&self, place: &Place, outputs: FeatureGroupOutputs) -> FeatureGroupOutputs {
        let arn = place.arn("sagemaker", &format!("feature-group/{}", self.name));
        let outputs = FeatureGroupOutputs { name: self.name.clone(), arn, ..outputs };
        match self.offline {
            OfflineStore::Disabled => {
                FeatureGroupOutputs { offline_s3_uri: None, glue_database: None, glue_table: None, ..outputs }
            }
            OfflineStore::Enabled { .. } => outputs,
        }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let reads = ["sagemaker:DescribeFeatureGroup"];
        let changes = ["sagemaker:CreateFeatureGroup", "sagemaker:UpdateFeatureGroup", "sagemaker:DeleteFeatureGroup"];
        let mut permissions = iam::named("feature-group", &self.name, &reads, &changes, place);
        permissions.push(iam::pass_role(&self.role, place));
        if let OnlineStore::Enabled { kms_key: Some(key), .. } = &self.online {
            permissions.extend(store::online_key(key, place));
        }
        permissions
    }

    fn usage(&self) -> Usage {
        // The offline store is part of what its bucket stores.
        let usage = Usage::default().by_use(
            "writes to the feature store",
            "records ingested, by their size",
            UsageType::FeatureWrites,
        );
        match self.online {
            OnlineStore::Disabled => usage,
            OnlineStore::Enabled { .. } => usage
                .by_use("reads from the feature store", "records read, by their size", UsageType::FeatureReads)
                .by_use(
                    "records in the online store",
                    "what is ingested and how long it lives",
                    UsageType::FeatureGbMonth,
                ),
        }
    }
}

/// The records that would be lost with the group. A size of nothing does not mean that there are none: AWS does not say
/// when it measures the store, and lists no records. A group that never came to work has none.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeFeatureGroup.html>
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Feature_Store_Runtime.html>
fn online_records(group: &DescribeFeatureGroupOutput) -> Option<String> {
    if group.feature_group_status() == Some(&Status::CreateFailed)
        || OnlineStore::read(group.online_store_config()) == OnlineStore::Disabled
    {
        return None;
    }
    Some(match group.online_store_total_size_bytes() {
        Some(bytes) if bytes > 0 => format!("the records of an online store, {bytes} bytes at AWS's last count"),
        _ => "the records of an online store".to_owned(),
    })
}

fn outputs(group: &DescribeFeatureGroupOutput) -> FeatureGroupOutputs {
    let offline = group.offline_store_config();
    let table = offline.and_then(|offline| offline.data_catalog_config());
    let resolved = offline.and_then(|offline| offline.s3_storage_config()?.resolved_output_s3_uri());
    FeatureGroupOutputs {
        name: group.feature_group_name().unwrap_or_default().to_owned(),
        arn: group.feature_group_arn().unwrap_or_default().to_owned(),
        offline_s3_uri: resolved.map(str::to_owned),
        glue_database: table.and_then(|table| table.database()).map(str::to_owned),
        glue_table: table.and_then(|table| table.table_name()).map(str::to_owned),
    }
}

/// AWS gives a long list of features in pages.
async fn describe(name: &str, cx: &Context) -> Result<Option<DescribeFeatureGroupOutput>> {
    let client = cx.client(Client::new);
    let page = |token: Option<String>| {
        let call = client.describe_feature_group().feature_group_name(name).set_next_token(token);
        async { call.send().await.during("DescribeFeatureGroup").none_on(errors::ABSENT) }
    };
    let Some(mut group) = page(None).await? else { return Ok(None) };
    let mut tokens = Tokens::default();
    while let Some(token) = tokens.follow("DescribeFeatureGroup", group.next_token().into())? {
        let Some(next) = page(Some(token)).await? else { return Ok(None) };
        group.feature_definitions.get_or_insert_default().extend(next.feature_definitions.unwrap_or_default());
        group.next_token = next.next_token;
    }
    Ok(Some(group))
}
