//! Buckets: closed, encrypted, versioned; with what the platform ships in them.

use crate::{
    build_context::BuildContext,
    encryption::{Keys, decrypt_former},
    policy,
    roles::role_with_key,
};
use aws_s3::{AccessLogs, Bucket, Encryption, LifecycleRule, Replication, Transition};
use config::environment::storage::{self, ACCESS_LOGS};
use resource::{Handle, Ready, Reference, Stack, Tags};
use serde_json::json;
use std::collections::BTreeMap;
use vocabulary::KeyArn;

/// The buckets, by their short names.
pub(crate) type Buckets = BTreeMap<String, Handle<Bucket>>;

pub(crate) fn build(stack: &mut Stack, context: &BuildContext, keys: &Keys) -> Buckets {
    let settings = &context.environment.storage;
    let logs = settings.buckets.iter().any(|bucket| bucket.access_logs).then(|| access_logs(stack, context));
    let role = settings
        .replication
        .as_ref()
        .map(|_| stack.for_setting("storage.replication", |stack| replication_role(stack, context, keys)));
    let mut buckets = Buckets::new();
    for (index, bucket) in settings.buckets.iter().enumerate() {
        let logs = logs.filter(|_| bucket.access_logs).map(Handle::ready);
        let handle = stack.for_setting(format!("storage.buckets.{index}.name"), |stack| {
            let replica = match (&settings.replication, &role) {
                (Some(to), Some(role)) if bucket.replicate => {
                    Some((replica(stack, context, bucket, &to.region).ready(), role.clone().ready()))
                }
                _ => None,
            };
            add(stack, context, keys, bucket, logs, replica)
        });
        buckets.insert(bucket.name.clone(), handle);
    }
    for (output, name) in
        [("data_bucket_name", "data"), ("model_bucket_name", "models"), ("artifacts_bucket_name", "artifacts")]
    {
        if let Some(bucket) = buckets.get(name) {
            stack.output(output, *bucket, |bucket| bucket.name);
        }
    }
    buckets
}

type Replica = (Ready<Bucket>, Reference<aws_iam::Role>);

fn add(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    bucket: &storage::Bucket,
    logs: Option<Ready<Bucket>>,
    replica: Option<Replica>,
) -> Handle<Bucket> {
    let (settings, name, arn) = (bucket.clone(), context.bucket(&bucket.name), context.bucket_arn(&bucket.name));
    let lifecycle = lifecycle(context, bucket);
    let event_bridge =
        bucket.name == "data" && context.environment.pipeline.as_ref().is_some_and(|pipeline| pipeline.on_upload);
    let replica_region = context.environment.storage.replication.as_ref().map(|replication| replication.region.clone());
    let (place, encrypted) = (context.place.clone(), keys.data.is_some());
    stack.add("storage", &bucket.name, (keys.data.clone(), logs, replica), move |(key, logs, replica)| Bucket {
        name: name.clone(),
        region: None,
        versioning: settings.versioning,
        encryption: key.map_or(Encryption::S3, |key| Encryption::Kms { key: key.arn }),
        public_access_blocked: true,
        owner_enforced: true,
        policy: policy::tls_only(&arn).document(),
        lifecycle: lifecycle.clone(),
        access_logs: logs.map(|logs| AccessLogs { bucket: logs.name, prefix: format!("{}/", settings.name) }),
        replication: replica.zip(replica_region.clone()).map(|((destination, role), region)| Replication {
            role: role.arn,
            destination_bucket_arn: destination.arn,
            // A key of one's own would have to exist in the other region as well; AWS's key for S3 does.
            kms_key: encrypted
                .then(|| KeyArn::new(format!("arn:{}:kms:{region}:{}:alias/aws/s3", place.partition, place.account))),
            metrics: true,
        }),
        event_bridge,
        tags: Tags::default(),
    })
}

/// The prefixes of objects in the artifacts bucket that expire by the bucket's own settings. S3 counts the days since an
/// object was put, even if it is still read: so neither scripts of the platform nor the evaluations that registered
/// models point to may be below one of them.
const PERISHABLE: [&str; 4] = ["data-capture/", "glue/spark-ui/", "glue/temporary/", "predictions/"];
/// The prefixes of the data sets of one execution, as the training definition has them. The data set of incremental
/// executions has another name, because later executions train on it too.
const SNAPSHOTS: [&str; 4] = [
    "processed/csv/snapshot-",
    "processed/parquet/dataset=snapshot-",
    "processed/sources/snapshot-",
    "quarantine/dataset=snapshot-",
];
/// The folder of checkpoints, from which an interrupted training goes on, and the days that S3 keeps them. SageMaker
/// lets a job run and wait for at most 28 days.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html>
const CHECKPOINTS: (&str, i32) = ("checkpoints/", 31);

fn lifecycle(context: &BuildContext, bucket: &storage::Bucket) -> Vec<LifecycleRule> {
    let transition = |class: &str, days: u16| Transition { storage_class: class.into(), days: i32::from(days) };
    let mut tidy = LifecycleRule {
        id: "keep-tidy".into(),
        prefix: String::new(),
        abort_uploads_days: Some(i32::from(bucket.abort_uploads_days)),
        expire_noncurrent_days: bucket.versioning.then(|| i32::from(bucket.expire_noncurrent_days)),
        expire_days: None,
        transitions: bucket.intelligent_tiering.then(|| transition("INTELLIGENT_TIERING", 0)).into_iter().collect(),
    };
    let expiring = |prefix: &str, days: Option<i32>| LifecycleRule {
        id: prefix.trim_end_matches(['/', '-']).replace(['/', '='], "-"),
        prefix: prefix.to_owned(),
        abort_uploads_days: None,
        expire_noncurrent_days: None,
        expire_days: days,
        transitions: Vec::new(),
    };
    let (expire_days, archive) =
        (bucket.expire_days.map(i32::from), bucket.archive_after_days.map(|days| transition("GLACIER", days)));
    let aged = |prefix: &str| LifecycleRule {
        transitions: archive.iter().cloned().collect(),
        ..expiring(prefix, expire_days)
    };
    let is_aged = expire_days.is_some() || archive.is_some();
    let perishable: Vec<LifecycleRule> = match bucket.name.as_str() {
        "artifacts" if is_aged => PERISHABLE.map(aged).into(),
        "artifacts" => Vec::new(),
        "models" => vec![expiring(CHECKPOINTS.0, Some(CHECKPOINTS.1))],
        name => {
            tidy.expire_days = expire_days;
            tidy.transitions.extend(archive.clone());
            let pipeline = context.environment.pipeline.as_ref().filter(|_| name == "data");
            let rules = |days: u16| SNAPSHOTS.map(|prefix| expiring(prefix, Some(i32::from(days))));
            pipeline.map(|pipeline| rules(pipeline.keep_datasets_days)).into_iter().flatten().collect()
        }
    };
    std::iter::once(tidy).chain(perishable).collect()
}

/// A bucket of the plainest sort, for logs and replicas.
fn plain(name: String, region: Option<String>, policy: serde_json::Value, lifecycle: Vec<LifecycleRule>) -> Bucket {
    Bucket {
        name,
        region,
        versioning: true,
        encryption: Encryption::S3,
        public_access_blocked: true,
        owner_enforced: true,
        policy,
        lifecycle,
        access_logs: None,
        replication: None,
        event_bridge: false,
        tags: Tags::default(),
    }
}

/// S3's log delivery cannot write to a bucket that is encrypted with a key of one's own.
fn access_logs(stack: &mut Stack, context: &BuildContext) -> Handle<Bucket> {
    let (name, arn) = (context.bucket(ACCESS_LOGS), context.bucket_arn(ACCESS_LOGS));
    let policy = policy::tls_only(&arn)
        .allow(["s3:PutObject"], [format!("{arn}/*")])
        .for_principal(json!({"Service": context.service("logging.s3")}))
        .when("StringEquals", "aws:SourceAccount", context.place.account.as_str());
    let kept = LifecycleRule {
        id: "expire".into(),
        prefix: String::new(),
        abort_uploads_days: Some(7),
        // A deleted log can be restored until then.
        expire_noncurrent_days: Some(30),
        expire_days: Some(i32::from(context.environment.monitoring.log_retention_days)),
        transitions: Vec::new(),
    };
    let policy = policy.document();
    stack.add("storage", ACCESS_LOGS, (), move |()| plain(name.clone(), None, policy.clone(), vec![kept.clone()]))
}

fn replica(stack: &mut Stack, context: &BuildContext, bucket: &storage::Bucket, region: &str) -> Handle<Bucket> {
    let short = storage::replica_name(&bucket.name);
    let (name, region) = (context.bucket(&short), region.to_owned());
    let policy = policy::tls_only(&context.bucket_arn(&short)).document();
    let mut lifecycle = lifecycle(context, bucket);
    for rule in &mut lifecycle {
        rule.transitions.clear();
        // Objects that expire in the bucket by its own setting stay in the copy; temporary objects expire in both.
        rule.expire_days = rule.expire_days.filter(|_| !rule.prefix.is_empty());
    }
    stack.add("storage", &short, (), move |()| {
        plain(name.clone(), Some(region.clone()), policy.clone(), lifecycle.clone())
    })
}

fn replication_role(stack: &mut Stack, context: &BuildContext, keys: &Keys) -> Reference<aws_iam::Role> {
    let replicated: Vec<&storage::Bucket> =
        context.environment.storage.buckets.iter().filter(|bucket| bucket.replicate).collect();
    let sources: Vec<String> = replicated.iter().map(|bucket| context.bucket_arn(&bucket.name)).collect();
    let objects = |suffix: &str| -> Vec<String> {
        replicated.iter().map(|bucket| context.objects(&format!("{}{suffix}", bucket.name), "")).collect()
    };
    let policy = policy::Policy::new()
        .allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], sources)
        .allow(
            ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
            objects(""),
        )
        .allow(["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], objects("-replica"));
    let policy = decrypt_former(policy, context);
    let region = context.environment.storage.replication.as_ref().map(|to| to.region.clone()).unwrap_or_default();
    let via = context.place.endpoint_of("s3", &region);
    let keys_there = format!("arn:{}:kms:{region}:{}:key/*", context.place.partition, context.place.account);
    role_with_key(
        stack,
        context,
        "replication",
        "Copies objects to the second region",
        "s3",
        keys.data.clone(),
        move |key| {
            let policy = policy.clone();
            let policy = match key {
                Some(key) => policy
                    .allow(["kms:Decrypt"], [key.to_string()])
                    .allow(["kms:GenerateDataKey", "kms:Encrypt"], [keys_there.clone()])
                    .when("StringLike", "kms:ViaService", via.as_str()),
                None => policy,
            };
            vec![("replicate".to_owned(), policy.document())]
        },
    )
}
