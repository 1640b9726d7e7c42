//! The check that a bucket can keep a state.

use crate::{Error, StateBucket};
use aws_client::{Attempt, Remedy, Result};
use aws_sdk_s3::types::{BucketVersioningStatus, Grantee, Type};
use std::fmt;

/// Groups of S3's access control lists that reach beyond an account.
const EVERYBODY: [&str; 2] =
    ["http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"];

/// The reason why a bucket is no good place for a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It keeps no earlier versions: what is overwritten or deleted is lost.
    Unversioned,
    /// Others than its owner can read or write in it.
    Public,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unversioned => "keeps no earlier versions of its objects",
            Self::Public => "is open to the public",
        })
    }
}

impl Weakness {
    /// The advice for a bucket.
    pub fn help(self, bucket: &str) -> Remedy {
        let bucket = bucket.to_owned();
        match self {
            Self::Unversioned => Remedy::KeepVersions { bucket },
            Self::Public => Remedy::BlockPublicAccess { bucket },
        }
    }
}

impl StateBucket {
    /// The reasons against a state in this bucket, which must exist.
    ///
    /// # Errors
    /// When S3 does not let its settings be read.
    pub async fn weaknesses(&self) -> Result<Vec<Weakness>, Error> {
        let found = async {
            let (versioned, public) = (self.keeps_versions().await?, self.is_public().await?);
            let unversioned = (!versioned).then_some(Weakness::Unversioned);
            Ok(unversioned.into_iter().chain(public.then_some(Weakness::Public)).collect())
        };
        found.await.map_err(|failure| self.failed(failure))
    }

    /// Refuses a bucket with a weakness.
    pub(crate) async fn refuse_weak(&self) -> Result<(), Error> {
        let weaknesses = self.weaknesses().await?;
        let Some(first) = weaknesses.first() else { return Ok(()) };
        let what: Vec<String> = weaknesses.iter().map(Weakness::to_string).collect();
        Err(Error::UnusableBucket {
            what: format!("the bucket {} {}, so no state is kept in it", self.name(), what.join(" and ")),
            help: Remedy::Either(vec![first.help(self.name()), "name another bucket with `[state] bucket`".into()]),
        })
    }

    async fn keeps_versions(&self) -> Result<bool> {
        let call = self.client.get_bucket_versioning().bucket(self.name());
        let answer = call.expected_bucket_owner(&self.place.account).send().await.during("GetBucketVersioning")?;
        Ok(answer.status() == Some(&BucketVersioningStatus::Enabled))
    }

    /// Most buckets block public access altogether, which one call shows.
    async fn is_public(&self) -> Result<bool> {
        let call = self.client.get_public_access_block().bucket(self.name()).expected_bucket_owner(&self.place.account);
        let answer = call.send().await.during("GetPublicAccessBlock");
        let block = answer.none_on(&[("NoSuchPublicAccessBlockConfiguration", "")])?;
        let block = block.and_then(|answer| answer.public_access_block_configuration);
        let blocks_policies = block.as_ref().is_some_and(|block| block.restrict_public_buckets() == Some(true));
        let ignores_acls = block.as_ref().is_some_and(|block| block.ignore_public_acls() == Some(true));
        Ok(!blocks_policies && self.has_public_policy().await? || !ignores_acls && self.has_public_acl().await?)
    }

    async fn has_public_policy(&self) -> Result<bool> {
        let call = self.client.get_bucket_policy_status().bucket(self.name());
        let answer = call.expected_bucket_owner(&self.place.account).send().await.during("GetBucketPolicyStatus");
        let answer = answer.none_on(&[("NoSuchBucketPolicy", "")])?;
        Ok(answer.and_then(|answer| answer.policy_status).is_some_and(|status| status.is_public() == Some(true)))
    }

    async fn has_public_acl(&self) -> Result<bool> {
        let call = self.client.get_bucket_acl().bucket(self.name()).expected_bucket_owner(&self.place.account);
        let answer = call.send().await.during("GetBucketAcl")?;
        let is_everybody = |grantee: &Grantee| {
            *grantee.r#type() == Type::Group && grantee.uri().is_some_and(|uri| EVERYBODY.contains(&uri))
        };
        Ok(answer.grants().iter().filter_map(|grant| grant.grantee()).any(is_everybody))
    }
}
