//! The users, apps and spaces of a domain. AWS deletes neither a domain, a profile nor a space that is lived in, and
//! people add apps, spaces and profiles of their own, so all of them are moved out first.

use crate::errors;
use aws_client::{Attempt, Failure, Pages, Remedy, Result};
use aws_sdk_sagemaker::{
    Client,
    types::{AppStatus, AppType, SpaceDetails, SpaceStatus, UserProfileDetails, UserProfileStatus},
};
use resource::Context;

/// The number of names in a message.
const NAMED: usize = 5;

/// The owner of the apps.
#[derive(Clone, Copy)]
pub(crate) enum AppOwner<'a> {
    Domain,
    Profile(&'a str),
    Space(&'a str),
}

/// Closes apps; answers how many are still there.
pub(crate) async fn close_apps(domain: &str, of: AppOwner<'_>, cx: &Context) -> Result<usize> {
    let client = cx.client(Client::new);
    let list = client.list_apps().domain_id_equals(domain);
    let list = match of {
        AppOwner::Domain => list,
        AppOwner::Profile(name) => list.user_profile_name_equals(name),
        AppOwner::Space(name) => list.space_name_equals(name),
    };
    let pages = Pages::new("ListApps", list.into_paginator().send(), |page| page.next_token().into());
    let mut apps = pages.items(|page| page.apps);
    let mut open = 0;
    while let Some(app) = apps.next().await.none_on(errors::ABSENT)?.flatten() {
        match app.status() {
            // AWS lists an app for a day after it is gone. One that failed is gone, and AWS refuses to delete it.
            // <https://docs.aws.amazon.com/sagemaker/latest/dg/gs-studio-delete-domain.html>
            Some(AppStatus::Deleted | AppStatus::Failed) => continue,
            Some(AppStatus::Deleting) => {}
            _ => {
                let sent = client
                    .delete_app()
                    .domain_id(domain)
                    .set_user_profile_name(app.user_profile_name)
                    .set_space_name(app.space_name)
                    .set_app_type(app.app_type)
                    .set_app_name(app.app_name)
                    .send()
                    .await
                    .during("DeleteApp")
                    .retry_on(errors::BUSY, errors::TIDYING)
                    .none_on(errors::ABSENT)?;
                if sent.is_none() {
                    continue;
                }
            }
        }
        open += 1;
    }
    Ok(open)
}

/// True if a user has an app open in a domain, or had one within the last day, for which AWS lists it.
pub(crate) async fn was_used_recently(domain: &str, cx: &Context) -> Result<bool> {
    let pages = cx.client(Client::new).list_apps().domain_id_equals(domain).into_paginator().send();
    let mut apps = Pages::new("ListApps", pages, |page| page.next_token().into()).items(|page| page.apps);
    Ok(apps.next().await.none_on(errors::ABSENT)?.flatten().is_some())
}

/// The number of home directories in a domain: one for each profile and space.
pub(crate) async fn residents(domain: &str, cx: &Context) -> Result<usize> {
    Ok(spaces(domain, None, cx).await?.len() + profiles(domain, cx).await?.len())
}

async fn profiles(domain: &str, cx: &Context) -> Result<Vec<UserProfileDetails>> {
    let pages = cx.client(Client::new).list_user_profiles().domain_id_equals(domain).into_paginator().send();
    let pages = Pages::new("ListUserProfiles", pages, |page| page.next_token().into());
    let mut listed = pages.items(|page| page.user_profiles);
    let mut profiles = Vec::new();
    while let Some(profile) = listed.next().await.none_on(errors::ABSENT)?.flatten() {
        profiles.push(profile);
    }
    Ok(profiles)
}

/// The user profiles that the plan does not delete and that go with the domain, in words. People made them by hand, or
/// IAM Identity Center made them at sign-in.
pub(crate) async fn foreign_profiles(domain: &str, cx: &Context) -> Result<Option<String>> {
    let profiles = profiles(domain, cx).await?;
    let names = profiles.iter().filter_map(|profile| profile.user_profile_name());
    let foreign: Vec<&str> = names.filter(|name| !cx.deletes(name)).collect();
    let noun = if foreign.len() == 1 { "the user profile" } else { "the user profiles" };
    Ok((!foreign.is_empty()).then(|| format!("{noun} {} of people that are not declared", listed(&foreign))))
}

/// The first names of a list, and the number of the others.
pub(crate) fn listed(names: &[&str]) -> String {
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

/// The spaces of a domain, or those that one profile owns.
pub(crate) async fn spaces(domain: &str, owner: Option<&str>, cx: &Context) -> Result<Vec<SpaceDetails>> {
    let pages = cx.client(Client::new).list_spaces().domain_id_equals(domain).into_paginator().send();
    let mut listed = Pages::new("ListSpaces", pages, |page| page.next_token().into()).items(|page| page.spaces);
    let mut spaces = Vec::new();
    while let Some(space) = listed.next().await.none_on(errors::ABSENT)?.flatten() {
        let theirs = space.ownership_settings_summary().and_then(|settings| settings.owner_user_profile_name());
        if owner.is_none_or(|owner| theirs == Some(owner)) {
            spaces.push(space);
        }
    }
    Ok(spaces)
}

/// The data in spaces, in words: all but those of Studio Classic have a volume that goes with them.
pub(crate) fn volumes(spaces: &[SpaceDetails]) -> Option<String> {
    match spaces.iter().filter(|space| has_volume(space)).count() {
        0 => None,
        1 => Some("the volume of a space".to_owned()),
        count => Some(format!("the volumes of {count} spaces")),
    }
}

/// Studio Classic keeps everything on the domain's file system. A space of which AWS tells nothing may
/// hold data.
fn has_volume(space: &SpaceDetails) -> bool {
    let Some(summary) = space.space_settings_summary() else { return true };
    let classic = matches!(summary.app_type(), Some(AppType::JupyterServer | AppType::KernelGateway));
    let declared = summary.space_storage_settings().is_some_and(|storage| storage.ebs_storage_settings().is_some());
    declared || !classic
}

/// Deletes spaces, whose apps are closed; answers how many are still there.
pub(crate) async fn close_spaces(domain: &str, spaces: Vec<SpaceDetails>, cx: &Context) -> Result<usize> {
    if !cx.may_delete_data()
        && let Some(what) = volumes(&spaces)
    {
        return Err(Failure::refused(format!("it holds {what}"), Remedy::AllowDataDeletion { address: None }));
    }
    let client = cx.client(Client::new);
    let count = spaces.len();
    for space in spaces.into_iter().filter(|space| space.status() != Some(&SpaceStatus::Deleting)) {
        let call = client.delete_space().domain_id(domain).set_space_name(space.space_name);
        call.send().await.during("DeleteSpace").retry_on(errors::BUSY, errors::TIDYING).none_on(errors::ABSENT)?;
    }
    Ok(count)
}

/// Deletes the profiles of a domain once their apps and spaces are gone. Returns the names of the profiles that still
/// exist.
pub(crate) async fn close_profiles(domain: &str, cx: &Context) -> Result<Vec<String>> {
    let client = cx.client(Client::new);
    let mut names = Vec::new();
    for profile in profiles(domain, cx).await? {
        names.extend(profile.user_profile_name.clone());
        if profile.status() != Some(&UserProfileStatus::Deleting) {
            let call = client.delete_user_profile().domain_id(domain).set_user_profile_name(profile.user_profile_name);
            call.send()
                .await
                .during("DeleteUserProfile")
                .retry_on(errors::BUSY, errors::TIDYING)
                .none_on(errors::ABSENT)?;
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sagemaker::types::SpaceSettingsSummary;

    fn space(app: AppType) -> SpaceDetails {
        SpaceDetails::builder().space_settings_summary(SpaceSettingsSummary::builder().app_type(app).build()).build()
    }

    #[test]
    fn many_names_are_counted_rather_than_listed() {
        assert_eq!(listed(&["a", "b"]), "a, b");
        assert_eq!(listed(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    }

    #[test]
    fn spaces_hold_data_unless_they_are_known_not_to() {
        let unknown = SpaceDetails::builder().build();
        assert_eq!(volumes(&[space(AppType::JupyterServer)]), None);
        assert_eq!(
            volumes(&[space(AppType::JupyterServer), space(AppType::JupyterLab)]).as_deref(),
            Some("the volume of a space")
        );
        assert_eq!(volumes(&[space(AppType::CodeEditor), unknown]).as_deref(), Some("the volumes of 2 spaces"));
    }
}
