//! Reconciler for Glue security configurations: the encryption of objects, logs and job bookmarks.

use crate::errors;
use aws_client::{Attempt, Result};
use aws_sdk_glue::{
    Client,
    types::{
        self as sdk, CloudWatchEncryption, CloudWatchEncryptionMode, EncryptionConfiguration, JobBookmarksEncryption,
        JobBookmarksEncryptionMode, S3EncryptionMode,
    },
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{KeyArn, Permission, Place};

/// The encryption of all that jobs and crawlers write. It cannot be changed, only replaced, and not tagged. The id is
/// the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityConfiguration {
    /// The name.
    pub name: String,
    /// Objects in S3.
    pub s3: S3Encryption,
    /// Logs; the key's policy must let CloudWatch Logs use it.
    pub logs: LogEncryption,
    /// Job bookmarks.
    pub job_bookmarks: BookmarkEncryption,
}

/// The encryption of objects in S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum S3Encryption {
    /// As the bucket does by default.
    Disabled,
    /// By S3, with its own keys.
    SseS3,
    /// By S3, with this key.
    SseKms(KeyArn),
}

/// The encryption of logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LogEncryption {
    /// As the log group does by default.
    Disabled,
    /// With this key.
    SseKms(KeyArn),
}

/// The encryption of job bookmarks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BookmarkEncryption {
    /// Not by the job.
    Disabled,
    /// By the job, with this key.
    CseKms(KeyArn),
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityConfigurationOutputs {
    /// The name.
    pub name: String,
}

impl Resource for SecurityConfiguration {
    const KIND: &'static str = "glue:security-configuration";
    const NOUN: &'static str = "Glue security configuration";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_glue_security_configuration", &[("name", "name")]));
    // The most that AWS takes of a Glue security configuration.
    // <https://docs.aws.amazon.com/glue/latest/webapi/API_CreateSecurityConfiguration.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 255)];
    const REPLACE_ON: &'static [&'static str] = &["name", "s3", "logs", "job_bookmarks"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = SecurityConfigurationOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let found = get(&self.name, cx).await?;
        Ok(found.map(|_| Found { id: self.name.clone(), owner: Owner::Name }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let call = cx.client(Client::new).create_security_configuration().name(&self.name);
        call.encryption_configuration(self.encryption()).send().await.during("CreateSecurityConfiguration")?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(configuration) = get(id, cx).await? else { return Ok(Observed::Absent) };
        let live = live(&configuration);
        Ok(Observed::Ready { live, outputs: SecurityConfigurationOutputs { name: id.to_owned() } })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, _: &Context) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_security_configuration().name(id);
        call.send().await.during("DeleteSecurityConfiguration").none_on(errors::ABSENT)?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, _: &Place, _: SecurityConfigurationOutputs) -> SecurityConfigurationOutputs {
        SecurityConfigurationOutputs { name: self.name.clone() }
    }

    /// None of them knows resources.
    fn permissions(&self, _: &Place) -> Vec<Permission> {
        let changes = ["glue:CreateSecurityConfiguration", "glue:DeleteSecurityConfiguration"];
        vec![
            Permission::read(["glue:GetSecurityConfiguration"]).on_anything(),
            Permission::change(changes).on_anything(),
        ]
    }

    fn usage(&self) -> Usage {
        Usage::free("the key it names costs, on its own line")
    }
}

impl SecurityConfiguration {
    fn encryption(&self) -> EncryptionConfiguration {
        let (mode, key) = match &self.s3 {
            S3Encryption::Disabled => (S3EncryptionMode::Disabled, None),
            S3Encryption::SseS3 => (S3EncryptionMode::Sses3, None),
            S3Encryption::SseKms(key) => (S3EncryptionMode::Ssekms, Some(key.to_string())),
        };
        let s3 = sdk::S3Encryption::builder().s3_encryption_mode(mode).set_kms_key_arn(key).build();
        let (mode, key) = match &self.logs {
            LogEncryption::Disabled => (CloudWatchEncryptionMode::Disabled, None),
            LogEncryption::SseKms(key) => (CloudWatchEncryptionMode::Ssekms, Some(key.to_string())),
        };
        let logs = CloudWatchEncryption::builder().cloud_watch_encryption_mode(mode).set_kms_key_arn(key).build();
        let (mode, key) = match &self.job_bookmarks {
            BookmarkEncryption::Disabled => (JobBookmarksEncryptionMode::Disabled, None),
            BookmarkEncryption::CseKms(key) => (JobBookmarksEncryptionMode::Csekms, Some(key.to_string())),
        };
        let bookmarks =
            JobBookmarksEncryption::builder().job_bookmarks_encryption_mode(mode).set_kms_key_arn(key).build();
        EncryptionConfiguration::builder()
            .s3_encryption(s3)
            .cloud_watch_encryption(logs)
            .job_bookmarks_encryption(bookmarks)
            .build()
    }
}

async fn get(name: &str, cx: &Context) -> Result<Option<sdk::SecurityConfiguration>> {
    let call = cx.client(Client::new).get_security_configuration().name(name);
    let answer = call.send().await.during("GetSecurityConfiguration").none_on(errors::ABSENT)?;
    Ok(answer.and_then(|answer| answer.security_configuration))
}

fn live(configuration: &sdk::SecurityConfiguration) -> SecurityConfiguration {
    let encryption = configuration.encryption_configuration();
    let key = |key: Option<&str>| KeyArn::new(key.unwrap_or_default());
    let s3 = encryption.and_then(|encryption| encryption.s3_encryption().first());
    let logs = encryption.and_then(|encryption| encryption.cloud_watch_encryption());
    let bookmarks = encryption.and_then(|encryption| encryption.job_bookmarks_encryption());
    SecurityConfiguration {
        name: configuration.name().unwrap_or_default().to_owned(),
        s3: match s3.and_then(|s3| Some((s3.s3_encryption_mode()?, s3.kms_key_arn()))) {
            Some((S3EncryptionMode::Ssekms, arn)) => S3Encryption::SseKms(key(arn)),
            Some((S3EncryptionMode::Sses3, _)) => S3Encryption::SseS3,
            _ => S3Encryption::Disabled,
        },
        logs: match logs.and_then(|logs| Some((logs.cloud_watch_encryption_mode()?, logs.kms_key_arn()))) {
            Some((CloudWatchEncryptionMode::Ssekms, arn)) => LogEncryption::SseKms(key(arn)),
            _ => LogEncryption::Disabled,
        },
        job_bookmarks: match bookmarks
            .and_then(|part| Some((part.job_bookmarks_encryption_mode()?, part.kms_key_arn())))
        {
            Some((JobBookmarksEncryptionMode::Csekms, arn)) => BookmarkEncryption::CseKms(key(arn)),
            _ => BookmarkEncryption::Disabled,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reads_back_as_it_was_sent() {
        let key = KeyArn::new("arn:aws:kms:eu-west-1:123456789012:key/1");
        let off = SecurityConfiguration {
            name: "s".into(),
            s3: S3Encryption::Disabled,
            logs: LogEncryption::Disabled,
            job_bookmarks: BookmarkEncryption::Disabled,
        };
        let on = SecurityConfiguration {
            s3: S3Encryption::SseKms(key.clone()),
            logs: LogEncryption::SseKms(key.clone()),
            job_bookmarks: BookmarkEncryption::CseKms(key),
            ..off.clone()
        };
        let s3 = SecurityConfiguration { s3: S3Encryption::SseS3, ..off.clone() };
        for declared in [off, on, s3] {
            let described =
                sdk::SecurityConfiguration::builder().name("s").encryption_configuration(declared.encryption()).build();
            assert_eq!(live(&described), declared);
        }
    }
}
