//! Tags of a whole stack, read through the Resource Groups Tagging API: a hundred resources of any service a call,
//! where most services have a call for each resource.
//! <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>

use aws_client::{Boxed, Pages, Result};
use aws_sdk_resourcegroupstagging::{Client, types::TagFilter};
use aws_types::SdkConfig;
use resource::{TagIndex, Tags};
use std::collections::HashMap;
use vocabulary::Permission;

/// AWS's largest page.
const PAGE: i32 = 100;

/// The index that AWS keeps in each region. It needs `tag:GetResources`.
pub struct Index(Client);

impl Index {
    /// The index of the configuration's region.
    pub fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

/// The IAM statement for reading the index. It knows no resources.
pub fn permission() -> Permission {
    Permission::read(["tag:GetResources"]).on_anything()
}

impl TagIndex for Index {
    fn find_tagged<'a>(&'a self, tags: &'a Tags) -> Boxed<'a, Result<HashMap<String, Tags>>> {
        Box::pin(async move {
            let filters = tags.iter().map(|(key, value)| TagFilter::builder().key(key).values(value).build());
            let call = self.0.get_resources().set_tag_filters(Some(filters.collect())).resources_per_page(PAGE);
            let pages = call.into_paginator().send();
            let pages = Pages::new("GetResources", pages, |page| page.pagination_token().into());
            let mut resources = pages.items(|page| page.resource_tag_mapping_list);
            let mut found = HashMap::new();
            while let Some(resource) = resources.next().await? {
                let tags = resource.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
                found.insert(resource.resource_arn.unwrap_or_default(), tags.collect());
            }
            Ok(found)
        })
    }
}
