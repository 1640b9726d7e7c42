//! Repositories for container images.

use crate::{encryption::Keys, policy::Policy, site::Site};
use aws_ecr::{Encryption, Repository};
use config::environment::{pipeline::Image, registry::OWN};
use resource::{Stack, Tags};
use serde_json::{Value, json};

/// Short and full names of the repositories: the platform's own, `<project>-<env>`, and those of the file.
pub(crate) fn names(site: &Site) -> Vec<(String, String)> {
    let others = site.environment.registry.repositories.iter().map(|name| (name.clone(), site.named(name)));
    std::iter::once((OWN.to_owned(), site.prefix())).chain(others).collect()
}

/// The account and the full name of the repository that holds an image.
fn repository_of<'a>(site: &'a Site, image: &'a Image) -> (&'a str, String) {
    match image {
        Image::Other { account, repository, .. } => (account, repository.clone()),
        Image::Own { repository, .. } => {
            let known = names(site).into_iter().find_map(|(short, name)| (short == *repository).then_some(name));
            (&site.place.account, known.unwrap_or_else(|| site.named(repository)))
        }
    }
}

/// The URI of an image.
pub(crate) fn uri(site: &Site, image: &Image) -> String {
    let (account, repository) = repository_of(site, image);
    let (Image::Own { tag, .. } | Image::Other { tag, .. }) = image;
    format!("{account}.dkr.ecr.{}.{}/{repository}:{tag}", site.place.region, site.place.dns_suffix())
}

/// The ARN of the repository that holds an image.
pub(crate) fn arn(site: &Site, image: &Image) -> String {
    let (account, repository) = repository_of(site, image);
    format!("arn:{}:ecr:{}:{account}:repository/{repository}", site.place.partition, site.place.region)
}

pub(crate) fn build(stack: &mut Stack, site: &Site, keys: &Keys) {
    let settings = &site.environment.registry;
    for (index, (short, name)) in names(site).into_iter().enumerate() {
        let settings = settings.clone();
        let lifecycle = lifecycle(settings.keep_tagged, settings.expire_untagged_days);
        let pull = Policy::new()
            .allow::<_, String>(
                ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
                [],
            )
            .to(json!({"Service": site.service("sagemaker")}))
            .when("StringEquals", "aws:SourceAccount", site.place.account.as_str())
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
