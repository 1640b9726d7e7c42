//! The types of machines that files may name are those of AWS's model of SageMaker.

use aws_sdk_sagemaker::types::{ProductionVariantInstanceType, TrainingInstanceType, TransformInstanceType};
use config::environment::pipeline::{Work, machine_types};
use std::collections::BTreeMap;

/// The table of `crates/config` as the SDK would have it.
fn of_the_sdk() -> String {
    let mut works: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for work in Work::ALL {
        let types = match work {
            Work::Training => TrainingInstanceType::values(),
            Work::Transform => TransformInstanceType::values(),
            Work::Hosting => ProductionVariantInstanceType::values(),
        };
        types.iter().for_each(|name| works.entry(name).or_default().push(work.word()));
    }
    works.into_iter().map(|(name, works)| format!("{name} {}\n", works.join(" "))).collect()
}

#[test]
fn machine_types_of_the_table_are_those_of_the_sdk() {
    let path = super::repository().join("crates/config/src/environment/pipeline/machines.txt");
    let expected = of_the_sdk();
    if std::env::var_os("UPDATE_MACHINES").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == expected,
        "AWS's machines have changed; write them again: UPDATE_MACHINES=1 cargo test -p mlopsctl-blueprint machine"
    );
    assert!(machine_types(Work::Training).any(|name| name == "ml.m5.large"));
    assert!(!machine_types(Work::Training).any(|name| name == "ml.inf2.xlarge"));
}
