//! The features of a feature group, and their conversion to and from SageMaker's types.

use aws_sdk_sagemaker::types::{self as sdk, FeatureDefinition};
use serde::{Deserialize, Serialize};

/// One feature of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Its type.
    pub r#type: FeatureType,
}

/// The type of a feature's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeatureType {
    /// Text, also for times in ISO 8601.
    String,
    /// Whole numbers.
    Integral,
    /// Numbers with a fraction.
    Fractional,
}

impl Feature {
    pub(crate) fn definition(&self) -> FeatureDefinition {
        let kind = match self.r#type {
            FeatureType::String => sdk::FeatureType::String,
            FeatureType::Integral => sdk::FeatureType::Integral,
            FeatureType::Fractional => sdk::FeatureType::Fractional,
        };
        FeatureDefinition::builder().feature_name(&self.name).feature_type(kind).build()
    }

    pub(crate) fn read(definition: &FeatureDefinition) -> Self {
        let r#type = match definition.feature_type() {
            Some(sdk::FeatureType::Integral) => FeatureType::Integral,
            Some(sdk::FeatureType::Fractional) => FeatureType::Fractional,
            _ => FeatureType::String,
        };
        Self { name: definition.feature_name().unwrap_or_default().to_owned(), r#type }
    }
}

/// Features that are declared and not there.
pub(crate) fn added<'a>(declared: &'a [Feature], live: &[Feature]) -> Vec<&'a Feature> {
    declared.iter().filter(|feature| live.iter().all(|other| other.name != feature.name)).collect()
}

/// The reason why no addition reaches the declared features, naming the feature in the way.
pub(crate) fn beyond_addition(declared: &[Feature], live: &[Feature]) -> Option<String> {
    live.iter().find_map(|feature| match declared.iter().find(|other| other.name == feature.name) {
        None => Some(format!("AWS cannot remove the feature {} from a feature group", feature.name)),
        Some(other) if other.r#type != feature.r#type => {
            let (name, from, to) = (&feature.name, feature.r#type, other.r#type);
            Some(format!("AWS cannot change the feature {name} from {from:?} to {to:?}"))
        }
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(of: &[(&str, FeatureType)]) -> Vec<Feature> {
        of.iter().map(|(name, r#type)| Feature { name: (*name).to_owned(), r#type: *r#type }).collect()
    }

    #[test]
    fn more_features_in_another_order_are_an_addition() {
        let live = features(&[("id", FeatureType::String), ("age", FeatureType::Integral)]);
        let declared = features(&[
            ("age", FeatureType::Integral),
            ("score", FeatureType::Fractional),
            ("id", FeatureType::String),
        ]);
        assert_eq!(beyond_addition(&declared, &live), None);
        assert_eq!(added(&declared, &live), [&declared[1]]);
    }

    #[test]
    fn a_removed_or_changed_feature_is_named_as_the_cause_of_a_replacement() {
        let live = features(&[("id", FeatureType::String), ("age", FeatureType::Integral)]);
        let removed = beyond_addition(&features(&[("id", FeatureType::String)]), &live).unwrap();
        assert!(removed.contains("remove the feature age"), "{removed}");
        let declared = features(&[("id", FeatureType::String), ("age", FeatureType::Fractional)]);
        let changed = beyond_addition(&declared, &live).unwrap();
        assert!(changed.contains("age from Integral to Fractional"), "{changed}");
    }

    #[test]
    fn every_type_reads_back_as_it_was_sent() {
        for r#type in [FeatureType::String, FeatureType::Integral, FeatureType::Fractional] {
            let feature = Feature { name: "f".into(), r#type };
            assert_eq!(Feature::read(&feature.definition()), feature);
        }
    }
}
