//! The types of machines that SageMaker has: what each may be used for, and which have disks of their own.

use crate::{check::Place, suggest};

/// A line for each type: its name, and the works that SageMaker accepts it for.
const TABLE: &str = include_str!("machines.txt");

/// The work of a machine of SageMaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Training jobs.
    Training,
    /// Batch predictions.
    Transform,
    /// Models behind endpoints.
    Hosting,
}

impl Work {
    /// All works, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Training, Self::Transform, Self::Hosting];

    /// The word of the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Transform => "transform",
            Self::Hosting => "hosting",
        }
    }
}

/// The types of machines for a work, sorted. They are the values that AWS's model of the API has for `InstanceType`.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html>
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html>
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html>
pub fn machine_types(work: Work) -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(move |line| {
        let (name, works) = line.split_once(' ')?;
        works.split(' ').any(|word| word == work.word()).then_some(name)
    })
}

/// Reports a type that SageMaker does not have for a work, unless it is among the newer ones that the file names.
pub(super) fn check(written: &str, work: Work, newer: &[String], at: Place<'_>) {
    let has = |work: Work| machine_types(work).any(|known| known == written);
    if has(work) || newer.iter().any(|known| known == written) {
        return;
    }
    let near = suggest::nearest(written, machine_types(work)).map(|near| format!("did you mean `{near}`?"));
    let others: Vec<&str> = Work::ALL.into_iter().filter(|other| has(*other)).map(Work::word).collect();
    if others.is_empty() {
        let newer = "name a type that AWS has added since this version in `newer_instance_types` of [pipeline]";
        let help = near.map_or_else(|| newer.to_owned(), |near| format!("{near} Otherwise {newer}"));
        at.report(format!("SageMaker has no machine `{written}`"), help);
    } else {
        at.report(
            format!("SageMaker has `{written}` for {}, not for {}", others.join(" and "), work.word()),
            near.unwrap_or_default(),
        );
    }
}

/// Families with disks of their own that their letters do not tell.
const WITH_DISKS: [&str; 10] = ["g5", "g6", "g6e", "i3", "i4i", "p5", "p5e", "trn1", "trn1n", "trn2"];

/// True if machines of a type have disks of their own, which AWS encrypts with keys of their own and refuses to encrypt
/// with another.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html>
pub fn has_own_disks(instance_type: &str) -> bool {
    let family = instance_type.split('.').nth(1).unwrap_or_default();
    // After the generation, `d` stands for disks: `m5d`, `c6gd`, `g4dn`.
    let traits = family.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
    let traits = traits.trim_start_matches(|digit: char| digit.is_ascii_digit());
    traits.contains('d') || WITH_DISKS.contains(&family)
}

#[cfg(test)]
mod tests {
    use super::has_own_disks;

    #[test]
    fn disks_are_told_by_the_letters_after_the_generation() {
        for with in
            ["ml.m5d.large", "ml.c6gd.xlarge", "ml.g4dn.xlarge", "ml.p4d.24xlarge", "ml.g5.xlarge", "ml.trn1.2xlarge"]
        {
            assert!(has_own_disks(with), "{with}");
        }
        for without in ["ml.m5.large", "ml.c5n.xlarge", "ml.r5.large", "ml.inf2.xlarge", "ml.t3.medium"] {
            assert!(!has_own_disks(without), "{without}");
        }
    }
}
