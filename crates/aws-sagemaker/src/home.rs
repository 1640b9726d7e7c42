//! The file system of a domain, with the home directories of those who work in its Studio.

use crate::occupants;
use aws_sdk_efs::Client;
use aws_sdk_sagemaker::operation::describe_domain::DescribeDomainOutput;
use resource::{Attempt, Cx, Permission, Place, Result};

/// Fewer bytes are directories that EFS and SageMaker have made, and nobody's work.
const NOBODYS: i64 = 1 << 20;

/// What people keep there, in words; `None` if nothing. EFS measures late, so that of directories which were in use
/// within the last day nobody knows how much they hold.
/// <https://docs.aws.amazon.com/efs/latest/ug/API_FileSystemSize.html>
pub(crate) async fn holdings(domain: &DescribeDomainOutput, cx: &Cx) -> Result<Option<String>> {
    let Some(id) = domain.home_efs_file_system_id() else { return Ok(None) };
    let call = cx.client(Client::new).describe_file_systems().file_system_id(id);
    let answer = call.send().await.during("DescribeFileSystems").absent(&[("FileSystemNotFound", "")])?;
    let found = answer.and_then(|answer| answer.file_systems.unwrap_or_default().pop());
    let bytes = found.and_then(|system| system.size_in_bytes).map(|size| size.value);
    match (bytes.and_then(in_words), domain.domain_id()) {
        (None, Some(domain)) if bytes.is_some() && occupants::used_lately(domain, cx).await? => {
            Ok(Some("home directories that were used within the last day, which EFS has not measured yet".to_owned()))
        }
        (measured, _) => Ok(measured),
    }
}

/// What looking needs. The id of the file system is AWS's choice.
pub(crate) fn permission(place: &Place) -> Permission {
    let systems = place.arn("elasticfilesystem", "file-system/*");
    Permission::change(["elasticfilesystem:DescribeFileSystems"]).on([systems])
}

fn in_words(bytes: i64) -> Option<String> {
    (bytes >= NOBODYS).then(|| format!("home directories of {} MiB", bytes / NOBODYS))
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn empty_directories_are_nobodys_work() {
        assert_eq!(in_words(6144), None);
        assert_eq!(in_words(5 << 20), Some("home directories of 5 MiB".into()));
    }
}
