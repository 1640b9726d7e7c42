//! ECR repositories and their images.

use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageIdentifier, ImageScanningConfiguration, ImageTagMutability, Tag,
};

use crate::{cloud, code};

#[tokio::test]
async fn a_repository_reads_back_with_policies_and_tags() {
    let ecr = Client::new(&cloud().sdk_config());
    let tag = Tag::builder().key("Project").value("p").build().unwrap();
    let encryption = EncryptionConfiguration::builder()
        .encryption_type(EncryptionType::Kms)
        .kms_key("arn:aws:kms:ap-south-1:123456789012:key/k")
        .build()
        .unwrap();
    let create = ecr
        .create_repository()
        .repository_name("models")
        .image_tag_mutability(ImageTagMutability::Immutable)
        .image_scanning_configuration(ImageScanningConfiguration::builder().scan_on_push(true).build())
        .encryption_configuration(encryption.clone())
        .tags(tag.clone());
    create.clone().send().await.unwrap();
    assert_eq!(code(create.send().await), "RepositoryAlreadyExistsException");
    let read = ecr.describe_repositories().repository_names("models").send().await.unwrap();
    let [repository] = read.repositories() else { panic!("{read:?}") };
    assert_eq!(repository.image_tag_mutability(), Some(&ImageTagMutability::Immutable));
    assert!(repository.image_scanning_configuration().unwrap().scan_on_push());
    assert_eq!(repository.encryption_configuration(), Some(&encryption));
    let arn = repository.repository_arn().unwrap();
    let tags = ecr.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);

    let mutable = ecr.put_image_tag_mutability().repository_name("models");
    mutable.image_tag_mutability(ImageTagMutability::Mutable).send().await.unwrap();
    let no_scan = ImageScanningConfiguration::builder().scan_on_push(false).build();
    let scanning = ecr.put_image_scanning_configuration().repository_name("models");
    scanning.image_scanning_configuration(no_scan).send().await.unwrap();
    let read = ecr.describe_repositories().repository_names("models").send().await.unwrap();
    let repository = &read.repositories()[0];
    assert_eq!(repository.image_tag_mutability(), Some(&ImageTagMutability::Mutable));
    assert!(!repository.image_scanning_configuration().unwrap().scan_on_push());

    let policy = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}"#;
    let lifecycle = || ecr.get_lifecycle_policy().repository_name("models").send();
    assert_eq!(code(lifecycle().await), "LifecyclePolicyNotFoundException");
    let put = ecr.put_lifecycle_policy().repository_name("models");
    put.lifecycle_policy_text(policy).send().await.unwrap();
    assert_eq!(lifecycle().await.unwrap().lifecycle_policy_text(), Some(policy));
    let access = || ecr.get_repository_policy().repository_name("models").send();
    assert_eq!(code(access().await), "RepositoryPolicyNotFoundException");
    let text = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let set = ecr.set_repository_policy().repository_name("models");
    set.policy_text(text).send().await.unwrap();
    let read: serde_json::Value = serde_json::from_str(access().await.unwrap().policy_text().unwrap()).unwrap();
    assert_eq!(read, serde_json::from_str::<serde_json::Value>(text).unwrap());
}

#[tokio::test]
async fn a_repository_with_images_is_not_deleted() {
    let ecr = Client::new(&cloud().sdk_config());
    ecr.create_repository().repository_name("models").send().await.unwrap();
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":1,"digest":"sha256:aa"},"layers":[]}"#;
    let put = ecr.put_image().repository_name("models").image_manifest(manifest);
    put.image_tag("v1").send().await.unwrap();
    let delete = || ecr.delete_repository().repository_name("models").send();
    assert_eq!(code(delete().await), "RepositoryNotEmptyException");
    let images = ecr.list_images().repository_name("models").send().await.unwrap();
    assert_eq!(images.image_ids().len(), 1);
    let deleted = ecr
        .batch_delete_image()
        .repository_name("models")
        .image_ids(ImageIdentifier::builder().image_tag("v1").build())
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.failures(), []);
    delete().await.unwrap();
    assert_eq!(
        code(ecr.describe_repositories().repository_names("models").send().await),
        "RepositoryNotFoundException"
    );
}
