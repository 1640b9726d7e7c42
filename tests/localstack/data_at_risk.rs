//! Data that people put into a platform.

use crate::platform::Platform;

/// An object in two versions, an image, and a version of a model.
pub(crate) fn put(platform: &Platform) {
    let (prefix, bucket) = (platform.prefix(), platform.bucket("models"));
    platform.behind_its_back(async |sdk| {
        let s3 = aws_s3::client(&sdk);
        for weights in ["older", "newer"] {
            let call = s3.put_object().bucket(&bucket).key("model.tar.gz").body(weights.as_bytes().to_vec().into());
            call.send().await.unwrap();
        }
        s3.delete_object().bucket(&bucket).key("model.tar.gz").send().await.unwrap();
        let manifest =
            r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}"#;
        let call = aws_sdk_ecr::Client::new(&sdk).put_image().repository_name(&prefix);
        call.image_manifest(manifest).image_tag("latest").send().await.unwrap();
        let call = aws_sdk_sagemaker::Client::new(&sdk).create_model_package();
        call.model_package_group_name(format!("{prefix}-models")).send().await.unwrap();
    });
}

/// The resources with data.
pub(crate) const HOLDERS: [&str; 3] = ["storage.models", "registry.images", "studio.model-package-group"];
