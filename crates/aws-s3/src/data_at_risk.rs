//! The content of a bucket, in words.

use crate::{emptying::Pages, read::NO_BUCKET};
use aws_client::{Attempt, Result};
use aws_sdk_s3::{Client, operation::list_object_versions::ListObjectVersionsOutput};

/// The data that deleting the bucket would destroy beside the keys that are `ours`; `None` if there are no versions in
/// it, or no bucket. Delete markers are no data.
pub(crate) async fn describe(client: &Client, name: &str, ours: impl Fn(&str) -> bool) -> Result<Option<String>> {
    let mut pages = Pages::new(client, name, None);
    while let Some(mut page) = pages.next().await.none_on(NO_BUCKET)?.flatten() {
        if let Some(versions) = &mut page.versions {
            versions.retain(|version| !version.key().is_some_and(&ours));
        }
        if !page.versions().is_empty() {
            return Ok(Some(in_words(&page)));
        }
    }
    Ok(None)
}

/// One page is enough to refuse: counting millions of objects would take minutes.
fn in_words(page: &ListObjectVersionsOutput) -> String {
    let versions = page.versions();
    let bytes = versions.iter().filter_map(|version| version.size()).map(i64::unsigned_abs).sum();
    let at_least = if page.is_truncated() == Some(true) { "at least " } else { "" };
    let what = match versions.len() {
        1 => "1 object".to_owned(),
        count if versions.iter().all(|version| version.is_latest() == Some(true)) => {
            format!("{} objects", grouped(count))
        }
        count => format!("{} objects and old versions", grouped(count)),
    };
    format!("{at_least}{what}, {}", size(bytes))
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// In decimal units, as S3 bills.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    match UNITS.into_iter().find(|(_, one)| bytes >= *one) {
        // Rounded down, so that a size never rises into the next unit.
        Some((unit, one)) => format!("{}.{} {unit}", bytes / one, bytes % one * 10 / one),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::ObjectVersion;

    fn page(versions: &[(i64, bool)], truncated: bool) -> ListObjectVersionsOutput {
        let versions = versions
            .iter()
            .map(|(size, latest)| ObjectVersion::builder().key("k").size(*size).is_latest(*latest).build());
        ListObjectVersionsOutput::builder().set_versions(Some(versions.collect())).is_truncated(truncated).build()
    }

    #[test]
    fn holdings_name_count_and_size_and_say_when_there_is_more() {
        assert_eq!(in_words(&page(&[(512, true)], false)), "1 object, 512 bytes");
        assert_eq!(in_words(&page(&[(1000, true), (1, false)], false)), "2 objects and old versions, 1.0 kB");
        let full = vec![(3_100_000, true); 1000];
        assert_eq!(in_words(&page(&full, true)), "at least 1,000 objects, 3.1 GB");
    }

    #[test]
    fn sizes_stay_below_the_next_unit() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(999_999), "999.9 kB");
        assert_eq!(size(2_000_000_000_000), "2.0 TB");
    }
}
