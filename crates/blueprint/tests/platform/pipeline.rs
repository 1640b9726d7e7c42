//! The training pipeline as it is declared.

use crate::{Declared, declared_after};

fn spec<'a>(declared: &'a [Declared], address: &str) -> &'a serde_json::Value {
    &declared.iter().find(|resource| resource.address == address).unwrap().spec
}

#[test]
fn an_image_of_ones_own_is_given_to_sagemaker_by_its_full_name() {
    for (image, uri) in [
        ("images:1.4", "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mlops-pipeline-dev:1.4"),
        ("churn:2", "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mlops-pipeline-dev-churn:2"),
    ] {
        let declared = declared_after("dev", |environment| {
            environment.registry.repositories = vec!["churn".into()];
            environment.pipeline.as_mut().unwrap().image = Some(image.into());
        });
        let states = &spec(&declared, "pipeline.training")["definition"]["States"];
        assert_eq!(states["Train"]["Parameters"]["AlgorithmSpecification"]["TrainingImage"], uri);
        assert_eq!(states["CreateModel"]["Parameters"]["PrimaryContainer"]["Image"], uri);
    }
}
