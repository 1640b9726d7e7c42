//! EC2's tags: given in the create call, and changed by one pair of calls for every kind of resource.

use crate::eventual_consistency;
use aws_client::{Attempt, Result};
use aws_sdk_ec2::{
    Client,
    types::{Filter, ResourceType, Tag, TagSpecification},
};
use resource::{Context, Diff, Tags};
use vocabulary::UNKNOWN_OPEN;

/// Tags for a create call.
pub(crate) fn specification(kind: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(ec2_tags(tags))).build()
}

/// AWS's form to ours.
pub(crate) fn read(tags: &[Tag]) -> Tags {
    tags.iter().filter_map(|tag| Some((tag.key()?, tag.value()?))).collect()
}

pub(crate) fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(str::to_owned).collect())).build()
}

/// True if a live resource may be the declared one, judged by a field that forces a replacement. The deposed resource
/// of a replacement has the same tags, and a find must not return it. An unknown declared value fits any live value.
pub(crate) fn fits(declared: &str, live: Option<&str>) -> bool {
    declared.contains(UNKNOWN_OPEN) || live == Some(declared)
}

/// Brings the tags of any EC2 resource in line.
pub(crate) async fn converge(id: &str, tags: &Tags, live: &Tags, diff: &Diff, cx: &Context) -> Result<()> {
    let client = cx.client(Client::new);
    let add = async |missing: Tags| {
        let call = client.create_tags().resources(id).set_tags(Some(ec2_tags(&missing)));
        call.send()
            .await
            .during("CreateTags")
            .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
    };
    let remove = async |removed: Vec<String>| {
        let keys = removed.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        client.delete_tags().resources(id).set_tags(Some(keys)).send().await.during("DeleteTags")
    };
    tags.converge(live, diff, add, remove).await
}

fn ec2_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn resource_with_other_settings_does_not_match_and_unknown_values_match_anything() {
        assert!(fits("10.0.0.0/24", Some("10.0.0.0/24")));
        assert!(!fits("10.0.0.0/24", Some("10.1.0.0/24")));
        assert!(!fits("10.0.0.0/24", None));
        assert!(fits("⟦network.vpc.id⟧", Some("vpc-1")));
    }
}
