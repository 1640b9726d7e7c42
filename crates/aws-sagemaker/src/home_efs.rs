//! The file system of a domain, with the home directories of those who work in its Studio.

use crate::contents;
use aws_client::{Attempt, Result};
use aws_sdk_efs::Client;
use aws_sdk_sagemaker::operation::describe_domain::DescribeDomainOutput;
use resource::Context;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use vocabulary::{Permission, Place};

/// The metered size of one empty directory: 4 KiB, and 2 KiB of metadata. A file has at least this size.
/// <https://docs.aws.amazon.com/efs/latest/ug/metered-sizes.html>
const DIRECTORY: i64 = 6 << 10;

/// The largest number of profiles and spaces that this run has seen in a domain. Their directories outlive them.
#[derive(Default)]
struct Residents(Mutex<HashMap<String, usize>>);

/// The data in the home directories, in words; `None` if there is none.
///
/// Nothing is the root directory and an empty directory for each profile and space. EFS measures exactly only what
/// nobody has changed for a couple of hours, so directories that were in use within the last day hold data, whatever it
/// has measured. <https://docs.aws.amazon.com/efs/latest/ug/API_FileSystemSize.html>
pub(crate) async fn data_at_risk(domain: &DescribeDomainOutput, cx: &Context) -> Result<Option<String>> {
    let (Some(id), Some(domain)) = (domain.home_efs_file_system_id(), domain.domain_id()) else { return Ok(None) };
    let residents = residents(domain, cx).await?;
    let call = cx.client(Client::new).describe_file_systems().file_system_id(id);
    let answer = call.send().await.during("DescribeFileSystems").none_on(&[("FileSystemNotFound", "")])?;
    let found = answer.and_then(|answer| answer.file_systems.unwrap_or_default().pop());
    let Some(bytes) = found.and_then(|system| system.size_in_bytes).map(|size| size.value) else { return Ok(None) };
    if let Some(measured) = in_words(bytes, residents) {
        return Ok(Some(measured));
    }
    let unmeasured = "home directories that were used within the last day, which EFS has not measured yet";
    Ok(contents::was_used_recently(domain, cx).await?.then(|| unmeasured.to_owned()))
}

async fn residents(domain: &str, cx: &Context) -> Result<usize> {
    let now = contents::residents(domain, cx).await?;
    let known = cx.shared::<Residents>();
    let mut known = known.0.lock().unwrap_or_else(PoisonError::into_inner);
    let most = known.entry(domain.to_owned()).or_default();
    *most = now.max(*most);
    Ok(*most)
}

/// The IAM statement for the read. The id of the file system is AWS's choice.
pub(crate) fn permission(place: &Place) -> Permission {
    let systems = place.arn("elasticfilesystem", "file-system/*");
    Permission::change(["elasticfilesystem:DescribeFileSystems"]).on([systems])
}

fn in_words(bytes: i64, residents: usize) -> Option<String> {
    let empty = DIRECTORY.saturating_mul(i64::try_from(residents).unwrap_or(i64::MAX).saturating_add(1));
    let size = match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        size => format!("{size} MiB"),
    };
    (bytes > empty).then(|| format!("home directories of {size}"))
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn empty_home_directories_are_nobodys_work_and_one_file_is_somebodys() {
        assert_eq!(in_words(6 << 10, 0), None);
        assert_eq!(in_words(18 << 10, 2), None);
        assert_eq!(in_words(24 << 10, 2), Some("home directories of 24 KiB".into()));
        assert_eq!(in_words(5 << 20, 2), Some("home directories of 5 MiB".into()));
    }
}
