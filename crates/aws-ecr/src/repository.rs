//! Reconciler for private repositories of container images.

use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Loader, Pages, Remedy, Result};
use aws_sdk_ecr::{
    Client,
    types::{self, EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability, Tag},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use vocabulary::{KeyArn, Need, Permission, Place};

/// A private repository of container images. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repository {
    /// The name, which may contain `/`.
    pub name: String,
    /// True if a tag cannot move to another image once it is pushed.
    pub immutable_tags: bool,
    /// True if ECR scans an image for vulnerabilities when it is pushed.
    pub scan_on_push: bool,
    /// The encryption of images at rest; fixed when the repository is created.
    pub encryption: Encryption,
    /// The rules by which images expire, in the order of their priorities; null for none.
    pub lifecycle_policy: Value,
    /// The policy for principals beside this account's own, which may pull and push; null for none.
    pub policy: Value,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The encryption of images at rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Encryption {
    /// With keys of S3's own.
    Aes256,
    /// With a key of KMS.
    Kms {
        /// The key.
        key: KeyArn,
    },
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepositoryOutputs {
    /// The ARN.
    pub arn: String,
    /// The begin of an image reference, before the tag or digest.
    pub uri: String,
    /// The name.
    pub name: String,
}

const ABSENT: &[ErrorPattern] = &[("RepositoryNotFoundException", "")];
const NO_LIFECYCLE_POLICY: &[ErrorPattern] = &[("LifecyclePolicyNotFoundException", "")];
const NO_POLICY: &[ErrorPattern] = &[("RepositoryPolicyNotFoundException", "")];
const NOT_EMPTY: &[ErrorPattern] = &[("RepositoryNotEmptyException", "")];
/// A role that the policy names is too new: ECR then finds the policy itself invalid.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/39064> <https://github.com/aws/aws-sdk-go/issues/3921>
const PRINCIPAL_TOO_NEW: &[ErrorPattern] =
    &[("InvalidParameterException", "Invalid repository policy provided"), ("InvalidParameterException", "rincipal")];
/// The time after which a new principal has certainly reached ECR. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const PRINCIPALS_SPREAD_WITHIN: Duration = Duration::from_secs(120);
/// The number of names that DescribeRepositories takes.
const AT_ONCE: usize = 100;
/// A key made a moment ago is not known to ECR yet.
const KEY_TOO_NEW: &[ErrorPattern] = &[("KmsException", "")];
/// The time after which a new key has certainly reached ECR: seconds, in some cases minutes.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>
const KEYS_SPREAD_WITHIN: Duration = Duration::from_secs(300);

impl Resource for Repository {
    const KIND: &'static str = "ecr:repository";
    const NOUN: &'static str = "ECR repository";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &["aws_ecr_lifecycle_policy", "aws_ecr_repository_policy"],
        ..Terraform::named("aws_ecr_repository", &[("name", "name")])
    });
    // The most that AWS takes of an ECR repository.
    // <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 256),
        SizeLimit::document("policy", 10_240),
        SizeLimit::document("lifecycle_policy", 30_720),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name", "encryption"];
    const COMPARE: &'static [(&'static str, As)] = &[("policy", As::Policy)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = RepositoryOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let client = cx.client(Client::new);
        if describe(&client, &self.name, cx).await?.is_none() {
            return Ok(None);
        }
        let tags = read_tags(&client, &arn(&self.name, cx.place())).await.none_on(ABSENT)?;
        Ok(tags.map(|tags| Found { id: self.name.clone(), owner: Owner::Tags(tags) }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client(Client::new)
            .create_repository()
            .repository_name(&self.name)
            .image_tag_mutability(mutability(self.immutable_tags))
            .image_scanning_configuration(scanning(self.scan_on_push))
            .encryption_configuration(self.encryption.configuration()?)
            .set_tags(Some(ecr_tags(&self.tags)?))
            .send()
            .await
            .during("CreateRepository")
            .retry_on(KEY_TOO_NEW, KEYS_SPREAD_WITHIN)?;
        let repository = created.repository.and_then(|repository| repository.repository_name);
        repository.ok_or_else(|| Failure::incomplete("CreateRepository", "repository name"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let client = cx.client(Client::new);
        // The ARN follows from the name, so that the tags need not wait for the description.
        let arn = arn(id, cx.place());
        let read = async {
            tokio::try_join!(
                describe(&client, id, cx),
                lifecycle_policy(&client, id),
                policy(&client, id),
                cx.tags(&arn, &self.tags, read_tags(&client, &arn)),
            )
        };
        let Some((Some(repository), lifecycle_policy, policy, tags)) = read.await.none_on(ABSENT)? else {
            return Ok(Observed::Absent);
        };
        let live = Repository {
            name: id.to_owned(),
            immutable_tags: immutable(&repository),
            scan_on_push: repository.image_scanning_configuration().is_some_and(|scanning| scanning.scan_on_push),
            encryption: Encryption::read(&repository),
            lifecycle_policy,
            policy,
            tags,
        };
        let uri = repository.repository_uri.ok_or_else(|| Failure::incomplete("DescribeRepositories", "URI"))?;
        let outputs = RepositoryOutputs { arn, uri, name: id.to_owned() };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("immutable_tags") {
            let call = client.put_image_tag_mutability().repository_name(id);
            let call = call.image_tag_mutability(mutability(self.immutable_tags));
            call.send().await.during("PutImageTagMutability")?;
        }
        if diff.has("scan_on_push") {
            let call = client.put_image_scanning_configuration().repository_name(id);
            let call = call.image_scanning_configuration(scanning(self.scan_on_push));
            call.send().await.during("PutImageScanningConfiguration")?;
        }
        if diff.has("lifecycle_policy") {
            if self.lifecycle_policy.is_null() {
                let call = client.delete_lifecycle_policy().repository_name(id);
                call.send().await.during("DeleteLifecyclePolicy").none_on(NO_LIFECYCLE_POLICY)?;
            } else {
                let call = client.put_lifecycle_policy().repository_name(id);
                let call = call.lifecycle_policy_text(self.lifecycle_policy.to_string());
                call.send().await.during("PutLifecyclePolicy")?;
            }
        }
        if diff.has("policy") {
            if self.policy.is_null() {
                let call = client.delete_repository_policy().repository_name(id);
                call.send().await.during("DeleteRepositoryPolicy").none_on(NO_POLICY)?;
            } else {
                let call = client.set_repository_policy().repository_name(id).policy_text(self.policy.to_string());
                let answer = call.send().await.during("SetRepositoryPolicy");
                answer.retry_on(PRINCIPAL_TOO_NEW, PRINCIPALS_SPREAD_WITHIN)?;
            }
        }
        let arn = arn(id, cx.place());
        let add = async |missing: Tags| {
            let call = client.tag_resource().resource_arn(&arn).set_tags(Some(ecr_tags(&missing)?));
            call.send().await.during("TagResource")
        };
        let remove = async |removed| {
            let call = client.untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource")
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        Ok(in_words(images(&cx.client(Client::new), id).await.none_on(ABSENT)?.unwrap_or_default()))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let call = client.delete_repository().repository_name(id).force(cx.may_delete_data());
        match call.send().await.during("DeleteRepository").none_on(ABSENT) {
            Err(refusal) if refusal.matches(NOT_EMPTY) => {
                let images = images(&client, id).await?;
                let held = in_words(images).unwrap_or_else(|| "images".to_owned());
                let message = format!("ECR repository {id} holds {held}");
                Err(Failure::refused(message, Remedy::AllowDataDeletion { address: None }))
            }
            answer => answer.map(|_| Deletion::Gone),
        }
    }

    fn as_created(&self) -> Option<Self> {
        Some(Self { lifecycle_policy: Value::Null, policy: Value::Null, ..self.clone() })
    }

    fn predict_outputs(&self, place: &Place, _: RepositoryOutputs) -> RepositoryOutputs {
        let Place { account, region, .. } = place;
        RepositoryOutputs {
            arn: arn(&self.name, place),
            uri: format!("{account}.dkr.ecr.{region}.{}/{}", place.dns_suffix(), self.name),
            name: self.name.clone(),
        }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let repository = [arn(&self.name, place)];
        let mut permissions = vec![
            Permission::read([
                "ecr:DescribeRepositories",
                "ecr:GetLifecyclePolicy",
                "ecr:GetRepositoryPolicy",
                "ecr:ListTagsForResource",
            ])
            .on(repository.clone()),
            Permission::change([
                "ecr:CreateRepository",
                "ecr:TagResource",
                "ecr:UntagResource",
                "ecr:PutImageTagMutability",
                "ecr:PutImageScanningConfiguration",
                if self.lifecycle_policy.is_null() { "ecr:DeleteLifecyclePolicy" } else { "ecr:PutLifecyclePolicy" },
                if self.policy.is_null() { "ecr:DeleteRepositoryPolicy" } else { "ecr:SetRepositoryPolicy" },
                "ecr:ListImages",
                "ecr:DeleteRepository",
            ])
            .on(repository),
        ];
        if let Encryption::Kms { key } = &self.encryption {
            // ECR makes grants for a key of one's own, in the caller's name.
            // <https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html>
            let grants = ["kms:CreateGrant", "kms:RetireGrant", "kms:DescribeKey"];
            permissions.push(Permission::use_key(Need::Change, grants, &["ecr"], key, place));
        }
        permissions
    }

    fn usage(&self) -> Usage {
        // Basic scanning on push costs nothing.
        let depends_on = "the images that the lifecycle policy keeps, shared layers once";
        Usage::default().by_use("images", depends_on, UsageType::ImageGbMonth)
    }
}

impl Encryption {
    fn read(repository: &types::Repository) -> Self {
        match repository.encryption_configuration() {
            Some(EncryptionConfiguration { kms_key: Some(key), .. }) => Self::Kms { key: KeyArn::new(key) },
            _ => Self::Aes256,
        }
    }

    fn configuration(&self) -> Result<EncryptionConfiguration> {
        let configuration = match self {
            Self::Aes256 => EncryptionConfiguration::builder().encryption_type(EncryptionType::Aes256),
            Self::Kms { key } => {
                EncryptionConfiguration::builder().encryption_type(EncryptionType::Kms).kms_key(key.as_str())
            }
        };
        configuration.build().map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("ecr", &format!("repository/{name}"))
}

fn mutability(immutable: bool) -> ImageTagMutability {
    if immutable { ImageTagMutability::Immutable } else { ImageTagMutability::Mutable }
}

/// Immutable with exclusions is not: tags that match one can be moved.
fn immutable(repository: &types::Repository) -> bool {
    repository.image_tag_mutability() == Some(&ImageTagMutability::Immutable)
}

fn scanning(on_push: bool) -> ImageScanningConfiguration {
    ImageScanningConfiguration::builder().scan_on_push(on_push).build()
}

/// One DescribeRepositories for all repositories that are read in a batch.
type Repositories = Loader<String, types::Repository>;

async fn describe(client: &Client, name: &str, cx: &Context) -> Result<Option<types::Repository>> {
    let client = client.clone();
    cx.shared::<Repositories>().load(name.to_owned(), |names| describe_all(client, names)).await
}

/// A single name that is gone fails the whole call; then every repository there is is read instead.
async fn describe_all(client: Client, names: Vec<String>) -> Result<HashMap<String, types::Repository>> {
    let by_name = |repositories: Vec<types::Repository>| -> HashMap<String, types::Repository> {
        repositories.into_iter().filter_map(|one| Some((one.repository_name.clone()?, one))).collect()
    };
    // More names than this need the listing anyway.
    if names.len() <= AT_ONCE {
        let call = client.describe_repositories().set_repository_names(Some(names.clone()));
        if let Some(answer) = call.send().await.during("DescribeRepositories").none_on(ABSENT)? {
            return Ok(by_name(answer.repositories.unwrap_or_default()));
        }
        if names.len() == 1 {
            return Ok(HashMap::new());
        }
    }
    let pages = client.describe_repositories().into_paginator().send();
    let pages = Pages::new("DescribeRepositories", pages, |page| page.next_token().into());
    Ok(by_name(pages.items(|page| page.repositories).all().await?))
}

async fn lifecycle_policy(client: &Client, name: &str) -> Result<Value> {
    let call = client.get_lifecycle_policy().repository_name(name);
    let answer = call.send().await.during("GetLifecyclePolicy").none_on(NO_LIFECYCLE_POLICY)?;
    Ok(by_priority(document(answer.and_then(|answer| answer.lifecycle_policy_text))))
}

async fn policy(client: &Client, name: &str) -> Result<Value> {
    let call = client.get_repository_policy().repository_name(name);
    let answer = call.send().await.during("GetRepositoryPolicy").none_on(NO_POLICY)?;
    Ok(document(answer.and_then(|answer| answer.policy_text)))
}

/// ECR gives the rules back in an order of its own.
fn by_priority(mut policy: Value) -> Value {
    if let Some(rules) = policy.get_mut("rules").and_then(Value::as_array_mut) {
        rules.sort_by_key(|rule| rule["rulePriority"].as_i64());
    }
    policy
}

/// Text that is no JSON stays text, so that it differs from every declaration.
fn document(text: Option<String>) -> Value {
    text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))).unwrap_or_default()
}

/// The number of images. An image is listed once for each of its tags.
async fn images(client: &Client, name: &str) -> Result<usize> {
    let pages = client.list_images().repository_name(name).into_paginator().send();
    let mut images = Pages::new("ListImages", pages, |page| page.next_token().into()).items(|page| page.image_ids);
    let mut digests = HashSet::new();
    while let Some(image) = images.next().await? {
        digests.extend(image.image_digest);
    }
    Ok(digests.len())
}

fn in_words(images: usize) -> Option<String> {
    match images {
        0 => None,
        1 => Some("1 image".to_owned()),
        many => Some(format!("{many} images")),
    }
}

async fn read_tags(client: &Client, arn: &str) -> Result<Tags> {
    let answer = client.list_tags_for_resource().resource_arn(arn).send().await.during("ListTagsForResource")?;
    Ok(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

fn ecr_tags(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn repository() -> Repository {
        Repository {
            name: "team/serving".into(),
            immutable_tags: true,
            scan_on_push: true,
            encryption: Encryption::Aes256,
            lifecycle_policy: Value::Null,
            policy: Value::Null,
            tags: Tags::default(),
        }
    }

    fn predicted(region: &str) -> RepositoryOutputs {
        let placeholder = RepositoryOutputs { arn: String::new(), uri: String::new(), name: String::new() };
        repository().predict_outputs(&Place::new("111122223333", region), placeholder)
    }

    #[test]
    fn arn_and_uri_follow_from_the_name() {
        let outputs = predicted("ap-south-1");
        assert_eq!(outputs.arn, "arn:aws:ecr:ap-south-1:111122223333:repository/team/serving");
        assert_eq!(outputs.uri, "111122223333.dkr.ecr.ap-south-1.amazonaws.com/team/serving");
        assert_eq!(outputs.name, "team/serving");
    }

    #[test]
    fn the_uri_ends_in_the_domain_of_the_partition() {
        assert_eq!(predicted("cn-north-1").uri, "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/team/serving");
    }

    #[test]
    fn encryption_reads_back_as_it_was_declared() {
        let key = KeyArn::new("arn:aws:kms:ap-south-1:111122223333:key/1234");
        for declared in [Encryption::Aes256, Encryption::Kms { key }] {
            let configuration = declared.configuration().unwrap();
            let live = types::Repository::builder().encryption_configuration(configuration).build();
            assert_eq!(Encryption::read(&live), declared);
        }
        assert_eq!(Encryption::read(&types::Repository::builder().build()), Encryption::Aes256);
    }

    #[test]
    fn tags_are_immutable_only_without_exceptions() {
        let with = |mutability| types::Repository::builder().image_tag_mutability(mutability).build();
        assert!(immutable(&with(ImageTagMutability::Immutable)));
        assert!(!immutable(&with(ImageTagMutability::ImmutableWithExclusion)));
        assert!(!immutable(&with(ImageTagMutability::Mutable)));
    }

    #[test]
    fn no_document_is_null_and_one_that_is_no_json_stays_text() {
        assert_eq!(document(None), Value::Null);
        assert_eq!(document(Some(r#"{"rules":[]}"#.into())), json!({ "rules": [] }));
        assert_eq!(document(Some("{".into())), json!("{"));
    }

    #[test]
    fn lifecycle_rules_come_in_the_order_of_their_priorities() {
        let rules = json!({"rules": [{"rulePriority": 10}, {"rulePriority": 2}]});
        assert_eq!(by_priority(rules), json!({"rules": [{"rulePriority": 2}, {"rulePriority": 10}]}));
        assert_eq!(by_priority(Value::Null), Value::Null);
    }

    #[test]
    fn an_empty_repository_holds_nothing() {
        assert_eq!(in_words(0), None);
        assert_eq!(in_words(1).as_deref(), Some("1 image"));
        assert_eq!(in_words(12).as_deref(), Some("12 images"));
    }
}
