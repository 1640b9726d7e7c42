//! Repositories for container images.

use crate::{build_context::BuildContext, encryption::Keys, policy::Policy};
use aws_ecr::{Encryption, Repository};
use config::environment::{pipeline::Image, registry::OWN};
use resource::{Stack, Tags};
use serde_json::{Value, json};

/// Short and full names of the repositories: the platform's own, `<project>-<env>`, and those of the file.
pub(crate) fn names(context: &BuildContext) -> Vec<(String, String)> {
    let others = context.environment.registry.repositories.iter().map(|name| (name.clone(), context.named(name)));
    std::iter::once((OWN.to_owned(), context.prefix())).chain(others).collect()
}

/// The account and the full name of the repository that holds an image.
fn repository_of<'a>(context: &'a BuildContext, image: &'a Image) -> (&'a str, String) {
    match image {
        Image::Other { account, repository, .. } => (account, repository.clone()),
        Image::Own { repository, .. } => {
            let known = names(context).into_iter().find_map(|(short, name)| (short == *repository).then_some(name));
            (&context.place.account, known.unwrap_or_else(|| context.named(repository)))
        }
    }
}

/// The URI of an image.
pub(crate) fn uri(context: &BuildContext, image: &Image) -> String {
    let (account, repository) = repository_of(context, image);
    let (Image::Own { tag, .. } | Image::Other { tag, .. }) = image;
    format!("{account}.dkr.ecr.{}.{}/{repository}:{tag}", context.place.region, context.place.dns_suffix())
}

/// The ARN of the repository that holds an image.
pub(crate) fn arn(context: &BuildContext, image: &Image) -> String {
    let (account, repository) = repository_of(context, image);
    format!("arn:{}:ecr:{}:{account}:repository/{repository}", context.place.partition, context.place.region)
}

pub(crate) fn build(stack: &mut Stack, context: &BuildContext, keys: &Keys) {
    let settings = &context.environment.registry;
    for (index, (short, name)) in names(context).into_iter().enumerate() {
        let settings = settings.clone();
        let lifecycle = lifecycle(settings.keep_tagged, settings.expire_untagged_days);
        let pull = Policy::new()
            .allow::<_, String>(
                ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
                [],
            )
            .for_principal(json!({"Service": context.service("sagemaker")}))
            .when("StringEquals", "aws:SourceAccount", context.place.account.as_str())
            .document();
        // The platform's own comes first.
        let setting = index.checked_sub(1).map_or_else(String::new, |at| format!("registry.repositories.{at}"));
        let repository = stack.for_setting(setting, |stack| {
            stack.add("registry", &short, keys.data.clone(), move |key| Repository {
                name: name.clone(),
                immutable_tags: settings.immutable_tags,
                scan_on_push: settings.scan_on_push,
                encryption: key.map_or(Encryption::Aes256, |key| Encryption::Kms { key: key.arn }),
                lifecycle_policy: lifecycle.clone(),
                policy: pull.clone(),
                tags: Tags::default(),
            })
        });
        if index == 0 {
            stack.output("ecr_repository_url", repository, |repository| repository.uri);
        }
    }
}

fn lifecycle(keep_tagged: u16, expire_untagged_days: u16) -> Value {
    json!({"rules": [
        {
            "rulePriority": 1,
            "description": "expire untagged images",
            "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": expire_untagged_days},
            "action": {"type": "expire"}
        },
        {
            "rulePriority": 2,
            "description": "keep the newest tagged images",
            "selection": {"tagStatus": "tagged", "tagPatternList": ["*"], "countType": "imageCountMoreThan", "countNumber": keep_tagged},
            "action": {"type": "expire"}
        }
    ]})
}
