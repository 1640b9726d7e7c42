//! The default encryption of a bucket, and its conversion to and from S3's types.

use crate::unbuildable;
use aws_client::Result;
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use serde::{Deserialize, Serialize};
use vocabulary::KeyArn;

/// Default encryption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Encryption {
    /// With keys that S3 owns (SSE-S3).
    S3,
    /// With a key of one's own (SSE-KMS), through a bucket key.
    Kms {
        /// The key.
        key: KeyArn,
    },
    /// With a key of one's own (SSE-KMS) and a call to KMS for every object.
    KmsPerObject {
        /// The key.
        key: KeyArn,
    },
    /// With a key of one's own in two layers (DSSE-KMS).
    KmsTwoLayers {
        /// The key.
        key: KeyArn,
    },
}

impl Encryption {
    /// The key of one's own, if it is not S3's.
    pub(crate) fn key(&self) -> Option<&KeyArn> {
        match self {
            Self::S3 => None,
            Self::Kms { key } | Self::KmsPerObject { key } | Self::KmsTwoLayers { key } => Some(key),
        }
    }

    /// `blocked` are the ways of encryption that the bucket refuses, which S3 keeps in the same rule: left out, they would
    /// be allowed again.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html>
    pub(crate) fn to_aws(&self, blocked: Option<BlockedEncryptionTypes>) -> Result<ServerSideEncryptionConfiguration> {
        let algorithm = match self {
            Self::S3 => ServerSideEncryption::Aes256,
            Self::Kms { .. } | Self::KmsPerObject { .. } => ServerSideEncryption::AwsKms,
            Self::KmsTwoLayers { .. } => ServerSideEncryption::AwsKmsDsse,
        };
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(algorithm)
            .set_kms_master_key_id(self.key().map(|key| key.as_str().to_owned()))
            .build()
            .map_err(unbuildable)?;
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default)
            .bucket_key_enabled(matches!(self, Self::Kms { .. }))
            .set_blocked_encryption_types(blocked)
            .build();
        ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unbuildable)
    }

    /// The ways of encryption that a bucket refuses.
    pub(crate) fn blocked(configuration: &ServerSideEncryptionConfiguration) -> Option<BlockedEncryptionTypes> {
        configuration.rules().first().and_then(|rule| rule.blocked_encryption_types().cloned())
    }

    pub(crate) fn from_aws(configuration: &ServerSideEncryptionConfiguration) -> Self {
        let Some(rule) = configuration.rules().first() else { return Self::S3 };
        let Some(by_default) = rule.apply_server_side_encryption_by_default() else { return Self::S3 };
        let key = KeyArn::new(by_default.kms_master_key_id().unwrap_or_default());
        match by_default.sse_algorithm() {
            ServerSideEncryption::AwsKms if rule.bucket_key_enabled() == Some(true) => Self::Kms { key },
            ServerSideEncryption::AwsKms => Self::KmsPerObject { key },
            ServerSideEncryption::AwsKmsDsse => Self::KmsTwoLayers { key },
            _ => Self::S3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::EncryptionType;

    #[test]
    fn encryption_reads_back_as_declared() {
        let key = || KeyArn::new("arn:aws:kms:ap-south-1:123456789012:key/1234");
        for declared in [
            Encryption::S3,
            Encryption::Kms { key: key() },
            Encryption::KmsPerObject { key: key() },
            Encryption::KmsTwoLayers { key: key() },
        ] {
            assert_eq!(Encryption::from_aws(&declared.to_aws(None).unwrap()), declared);
        }
    }

    #[test]
    fn what_a_bucket_refuses_stays_refused_when_its_encryption_changes() {
        let blocked = BlockedEncryptionTypes::builder().encryption_type(EncryptionType::SseC).build();
        let configuration = Encryption::S3.to_aws(Some(blocked.clone())).unwrap();
        assert_eq!(Encryption::blocked(&configuration), Some(blocked));
        assert_eq!(Encryption::blocked(&Encryption::S3.to_aws(None).unwrap()), None);
    }
}
