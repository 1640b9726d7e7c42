//! Images of training and inference: of the platform's repositories, of AWS's registries, and of other accounts.

use super::Pipeline;
use crate::{check::Place, environment::registry::OWN, suggest};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

/// The beginning of the names of AWS's images in a file.
const AWS: &str = "aws/";
/// The repository of SageMaker's XGBoost, which trains by its hyperparameters or by a script.
const XGBOOST: &str = "sagemaker-xgboost";
/// The hyperparameter that names the script which an image of AWS runs.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/docker-containers-adapt-your-own.html>
const SCRIPT: &str = "sagemaker_program";

/// AWS's images and the accounts of their registries. `images.json` names its source.
#[derive(Debug, Default, Deserialize)]
struct Table {
    /// The image of a pipeline that names none.
    default: String,
    repositories: BTreeMap<String, Offer>,
    /// The account by region, for each registry.
    registries: BTreeMap<String, BTreeMap<String, String>>,
}

/// The images that AWS offers in a repository.
#[derive(Debug, Deserialize)]
struct Offer {
    registry: String,
    /// Tags for training, the newest first.
    #[serde(default)]
    training: Vec<String>,
    /// Tags for inference, the newest first.
    #[serde(default)]
    inference: Vec<String>,
    /// Regions of the registry that lack the repository.
    #[serde(default)]
    not_in: Vec<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| serde_json::from_str(include_str!("images.json")).unwrap_or_default());

impl Offer {
    fn account(&self, region: &str) -> Option<&'static str> {
        let is_there = !self.not_in.iter().any(|lacking| lacking == region);
        let accounts = TABLE.registries.get(&self.registry).filter(|_| is_there)?;
        accounts.get(region).map(String::as_str)
    }

    fn tags(&self, purpose: Purpose) -> &[String] {
        match purpose {
            Purpose::Training => &self.training,
            Purpose::Inference => &self.inference,
        }
    }
}

/// The purpose of an image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Training,
    Inference,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Inference => "inference",
        }
    }
}

/// The place of an image in the environment's region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// In a repository of the platform.
    Own {
        /// The short name of the repository.
        repository: String,
        /// The tag.
        tag: String,
    },
    /// In a registry of another account, such as AWS's.
    Other {
        /// The account.
        account: String,
        /// The full name of the repository.
        repository: String,
        /// The tag.
        tag: String,
    },
}

/// The parts of `<account>.dkr.ecr.<region>.amazonaws.com/<repository>`.
fn registry(name: &str) -> Option<(&str, &str, &str)> {
    let (host, repository) = name.split_once('/')?;
    let (account, rest) = host.split_once(".dkr.ecr.")?;
    let (region, _) = rest.split_once('.')?;
    Some((account, region, repository))
}

impl Image {
    /// The image that a file names. `None` if AWS has none of that name in the region.
    fn of(written: &str, region: &str) -> Option<Self> {
        let (name, tag) = written.rsplit_once(':')?;
        let other = |account: &str, repository: &str| Self::Other {
            account: account.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        };
        if let Some(repository) = name.strip_prefix(AWS) {
            return Some(other(TABLE.repositories.get(repository)?.account(region)?, repository));
        }
        match registry(name) {
            Some((account, _, repository)) => Some(other(account, repository)),
            None => Some(Self::Own { repository: name.to_owned(), tag: tag.to_owned() }),
        }
    }
}

impl Pipeline {
    fn written_training_image(&self) -> &str {
        self.image.as_ref().unwrap_or(&TABLE.default)
    }

    fn written_inference_image(&self) -> &str {
        self.inference_image.as_deref().unwrap_or_else(|| self.written_training_image())
    }

    /// The image that trains. `None` if AWS does not offer it in the region.
    pub fn training_image(&self, region: &str) -> Option<Image> {
        Image::of(self.written_training_image(), region)
    }

    /// The image that predicts. `None` if AWS does not offer it in the region.
    pub fn inference_image(&self, region: &str) -> Option<Image> {
        Image::of(self.written_inference_image(), region)
    }

    /// True if SageMaker's XGBoost trains by its hyperparameters alone.
    pub fn trains_by_built_in_xgboost(&self) -> bool {
        let name = self.written_training_image().split(':').next().unwrap_or_default();
        name.strip_prefix(AWS) == Some(XGBOOST) && !self.training.hyperparameters.contains_key(SCRIPT)
    }

    /// True if the container that trains is newer than every one whose hyperparameters are known.
    pub fn trains_by_newer_xgboost(&self) -> bool {
        self.trains_by_built_in_xgboost() && newer_xgboost(self.written_training_image()).is_some()
    }

    /// A warning for each image of SageMaker's XGBoost that this version of mlopsctl does not know.
    pub(super) fn newer_images(&self) -> Vec<String> {
        let mut images = vec![self.written_training_image(), self.written_inference_image()];
        images.dedup();
        let newest =
            TABLE.repositories.get(XGBOOST).and_then(|offer| offer.training.first()).map_or("", String::as_str);
        let warning = |image: &str| {
            format!(
                "`{image}` is newer than {newest}, the newest container of SageMaker's XGBoost that this version of \
                 mlopsctl knows; SageMaker refuses an image that AWS does not offer"
            )
        };
        images.into_iter().filter(|image| newer_xgboost(image).is_some()).map(warning).collect()
    }

    /// Reports images that are not there, or not for their purpose. `repositories` are those of the file.
    pub(super) fn check_images(&self, at: Place<'_>, region: &str, repositories: &[String]) {
        let named = (region, repositories);
        let image = self.written_training_image();
        check(image, Purpose::Training, named, at.get("image"));
        match &self.inference_image {
            Some(image) => check(image, Purpose::Inference, named, at.get("inference_image")),
            None if is_only_for(image, Purpose::Training) => {
                let examples = newest(Purpose::Inference);
                at.get("image").report(
                    format!("`{image}` trains only, and no `inference_image` is set"),
                    format!("set `inference_image` to an image that predicts, such as {}", suggest::one_of(examples)),
                );
            }
            None => {}
        }
    }
}

/// The offer that an image of AWS belongs to, with its tag.
fn offer(written: &str) -> Option<(&'static Offer, &str)> {
    let (name, tag) = written.rsplit_once(':')?;
    Some((TABLE.repositories.get(name.strip_prefix(AWS)?)?, tag))
}

/// The tag of an image of SageMaker's XGBoost that is newer than every one that is known.
fn newer_xgboost(written: &str) -> Option<&str> {
    let (name, tag) = written.rsplit_once(':')?;
    let known = TABLE.repositories.get(XGBOOST)?;
    let newest = known.training.iter().filter_map(|tag| xgboost_version(tag)).max()?;
    (name.strip_prefix(AWS) == Some(XGBOOST) && xgboost_version(tag)? > newest).then_some(tag)
}

/// The numbers of a tag such as `3.2-0`: the version of XGBoost, and the container's own.
fn xgboost_version(tag: &str) -> Option<[u32; 3]> {
    let (version, own) = tag.split_once('-')?;
    let (major, minor) = version.split_once('.')?;
    Some([major.parse().ok()?, minor.parse().ok()?, own.parse().ok()?])
}

/// True if AWS offers the image for this purpose and for no other.
fn is_only_for(written: &str, purpose: Purpose) -> bool {
    let is_for = |purpose| offer(written).is_some_and(|(offer, tag)| offer.tags(purpose).iter().any(|one| one == tag));
    is_for(purpose)
        && ![Purpose::Training, Purpose::Inference].into_iter().any(|other| other != purpose && is_for(other))
}

/// The newest image of each repository for a purpose, as a file names it.
fn newest(purpose: Purpose) -> Vec<String> {
    let repositories = TABLE.repositories.iter();
    repositories.filter_map(|(name, offer)| Some(format!("{AWS}{name}:{}", offer.tags(purpose).first()?))).collect()
}

fn check(written: &str, purpose: Purpose, (region, repositories): (&str, &[String]), at: Place<'_>) {
    let (name, tag) = written.rsplit_once(':').unwrap_or((written, ""));
    if let Some(repository) = name.strip_prefix(AWS) {
        return check_offer(repository, tag, purpose, region, at);
    }
    match registry(name) {
        // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html>
        Some((_, other, _)) if other != region => {
            at.report(format!("the image is in {other}"), format!("SageMaker pulls images from {region} only"));
        }
        Some(_) => {}
        None => at.refers_to("repository", name, repositories.iter().map(String::as_str).chain([OWN])),
    }
}

fn check_offer(repository: &str, tag: &str, purpose: Purpose, region: &str, at: Place<'_>) {
    let Some(offer) = TABLE.repositories.get(repository) else {
        let names =
            || TABLE.repositories.iter().filter(|(_, offer)| !offer.tags(purpose).is_empty()).map(|(name, _)| name);
        let help = suggest::nearest(repository, names().map(String::as_str)).map_or_else(
            || format!("AWS's images for {} are {}", purpose.word(), suggest::one_of(newest(purpose))),
            |near| format!("did you mean `{AWS}{near}`?"),
        );
        return at.report(format!("AWS has no image `{AWS}{repository}`"), help);
    };
    let tags = offer.tags(purpose);
    if offer.account(region).is_none() {
        let help = "set `image` of [pipeline] to an image of your own, or use another region";
        at.report(format!("AWS does not offer `{AWS}{repository}` in {region}"), help);
    } else if tags.is_empty() {
        let help = format!("AWS's images for it are {}", suggest::one_of(newest(purpose)));
        at.report(format!("`{AWS}{repository}` is not for {}", purpose.word()), help);
    } else if !tags.iter().any(|known| known == tag) && newer_xgboost(&format!("{AWS}{repository}:{tag}")).is_none() {
        let known = match suggest::nearest(tag, tags.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", suggest::one_of(tags)),
        };
        at.report(
            format!("`{AWS}{repository}` has no tag `{tag}` for {}", purpose.word()),
            format!("{known} Name an image that AWS has added since this version by its whole URI"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(written: &str, region: &str) -> (String, String, String) {
        match Image::of(written, region) {
            Some(Image::Other { account, repository, tag }) => (account, repository, tag),
            other => panic!("{written} in {region}: {other:?}"),
        }
    }

    #[test]
    fn image_of_aws_is_in_the_registry_of_its_region() {
        for (written, region, account, repository) in [
            ("aws/sagemaker-xgboost:3.0-5", "ap-south-1", "720646828776", "sagemaker-xgboost"),
            ("aws/sagemaker-xgboost:3.0-5", "cn-north-1", "450853457545", "sagemaker-xgboost"),
            ("aws/sagemaker-scikit-learn:1.4-2-cpu-py3", "us-gov-west-1", "414596584902", "sagemaker-scikit-learn"),
            ("aws/pytorch-training:2.8.0-gpu-py312", "eu-central-1", "763104351884", "pytorch-training"),
            ("aws/tensorflow-inference:2.19.0-cpu", "eu-south-1", "692866216735", "tensorflow-inference"),
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/a/b:1", "eu-west-1", "111122223333", "a/b"),
        ] {
            let found = of(written, region);
            assert_eq!((found.0.as_str(), found.1.as_str()), (account, repository), "{written} in {region}");
            assert_eq!(found.2, written.rsplit(':').next().unwrap());
        }
        assert_eq!(Image::of("aws/autogluon-training:1.5.0-cpu-py311", "mx-central-1"), None);
    }

    #[test]
    fn image_of_xgboost_is_newer_by_the_numbers_of_its_tag() {
        for (tag, is_newer) in [
            ("3.2-0", false),
            ("3.0-6", false),
            ("1.10-1", false),
            ("3.2-1", true),
            ("3.10-0", true),
            ("4.0-1", true),
            ("latest", false),
            ("4.0-1-cpu-py3", false),
        ] {
            assert_eq!(newer_xgboost(&format!("aws/sagemaker-xgboost:{tag}")).is_some(), is_newer, "{tag}");
        }
        assert_eq!(newer_xgboost("aws/sagemaker-scikit-learn:9.9-9"), None);
        assert_eq!(newer_xgboost("images:9.9-9"), None);
    }

    #[test]
    fn every_account_of_the_table_is_an_id_of_twelve_digits_and_every_offer_has_a_registry() {
        assert!(TABLE.repositories.len() >= 10, "{TABLE:?}");
        for accounts in TABLE.registries.values() {
            assert!(accounts.len() > 30);
            assert!(accounts.values().all(|id| id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_digit())));
        }
        for (name, offer) in &TABLE.repositories {
            let accounts = &TABLE.registries[&offer.registry];
            assert!(offer.not_in.iter().all(|region| accounts.contains_key(region)), "{name}: {offer:?}");
            assert!(!offer.training.is_empty() || !offer.inference.is_empty(), "{name}");
        }
        assert!(offer(&TABLE.default).is_some_and(|(offer, tag)| offer.training.contains(&tag.to_owned())));
    }
}
