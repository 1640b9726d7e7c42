//! Many log groups read together: AWS lists them by prefix, so those of one folder share a call.

use aws_client::{Loader, Pages, Result};
use aws_sdk_cloudwatchlogs::{Client, types::LogGroup};
use resource::Context;
use std::collections::{BTreeMap, HashMap};

/// Reads that are made at the same time.
#[derive(Default)]
struct LogGroups(Loader<String, LogGroup>);

/// The log group of this name.
pub(crate) async fn load(name: &str, cx: &Context) -> Result<Option<LogGroup>> {
    let client = cx.client(Client::new);
    cx.shared::<LogGroups>().0.load(name.to_owned(), |names| list(client, names)).await
}

async fn list(client: Client, names: Vec<String>) -> Result<HashMap<String, LogGroup>> {
    let mut found = HashMap::new();
    for prefix in prefixes(&names) {
        let pages = client.describe_log_groups().log_group_name_prefix(prefix).into_paginator().send();
        let pages = Pages::new("DescribeLogGroups", pages, |page| page.next_token().into());
        let mut groups = pages.items(|page| page.log_groups);
        while let Some(group) = groups.next().await? {
            if let Some(name) = group.log_group_name().filter(|name| names.iter().any(|wanted| wanted == name)) {
                found.insert(name.to_owned(), group);
            }
        }
    }
    Ok(found)
}

/// For each folder, what its names have in common. Names of different folders have too little in
/// common: `/aws/` would list half the account.
fn prefixes(names: &[String]) -> Vec<String> {
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(name);
    }
    folders.into_values().map(|names| common_prefix(&names)).collect()
}

fn common_prefix(names: &[&str]) -> String {
    let first = names.first().copied().unwrap_or_default();
    let shared = first
        .char_indices()
        .find(|(at, _)| {
            let so_far = &first[..=*at];
            !names.iter().all(|name| name.starts_with(so_far))
        })
        .map_or(first.len(), |(at, _)| at);
    first[..shared].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_folder_share_a_prefix_and_folders_do_not() {
        let names =
            ["/aws/lambda/ml-dev-validate", "/aws/lambda/ml-dev-evaluate", "/aws/vendedlogs/states/ml-dev", "plain"];
        let names: Vec<String> = names.map(str::to_owned).to_vec();
        assert_eq!(prefixes(&names), ["plain", "/aws/lambda/ml-dev-", "/aws/vendedlogs/states/ml-dev"]);
    }

    #[test]
    fn a_name_that_begins_another_is_the_prefix_of_both() {
        assert_eq!(common_prefix(&["/a/b", "/a/bc"]), "/a/b");
    }
}
