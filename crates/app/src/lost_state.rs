//! The resources that an environment without a state may have left in the cloud, found by their tags.

use crate::{Error, Session};
use aws_client::{FailureKind, Operation, Remedy};
use resource::{LINEAGE_TAG, TagIndex as _, Tags};
use state::{History, StateVersion};
use std::collections::BTreeMap;

/// So many of the resources found are named.
const NAMED: usize = 3;

/// Fails if resources have the tags of an environment that has no state: its state was lost, and any answer about the
/// environment would be wrong.
///
/// # Errors
/// The resources with the ways out, or the failure of the search for them.
pub async fn refuse_lost_state(session: &Session) -> Result<(), Error> {
    let left = find(session).await.map_err(|failure| {
        let help = match failure.kind {
            FailureKind::Denied => Some("allow tag:GetResources, or look into AWS's console".into()),
            _ => failure.help.clone(),
        };
        let what = format!(
            "{} has no state, and whether resources of it are left cannot be said, as AWS's tag index could not be \
             read: {failure}",
            session.name
        );
        Error::Failed { what, help }
    })?;
    if left.is_empty() {
        return Ok(());
    }
    // Without its history the resources are as lost as before.
    let newest = session.store.history(&session.keys.state).await.ok().and_then(History::newest);
    Err(Error::failed_with(
        format!("{} has no state, but {}", session.name, named(session, &left)),
        ways_out(session, &left, newest.as_ref()),
    ))
}

/// Warns if resources have the tags of an environment whose state holds none.
pub async fn warn(session: &Session) {
    // Without the right to read the tag index there is no warning.
    let left = find(session).await.unwrap_or_default();
    if !left.is_empty() {
        let what = named(session, &left);
        session.frontend.advise(
            &format!("warning: {what}. AWS may list deleted ones for an hour"),
            &Remedy::perform(Operation::Plan, Some(&session.name), "shows those that exist"),
        );
    }
}

/// Notes that another project has an environment of this name in the account: the project may have been renamed. Call
/// it where there is no state, because a renamed project has its state under the old name.
pub async fn note_other_projects(session: &Session) {
    let (key, ours) = match &session.environment {
        Some(environment) => environment.owner_tags()[0],
        None => ("Project", session.project.as_str()),
    };
    let everyones: Tags = session.identity.iter().filter(|(one, _)| *one != key).collect();
    // Without the right to read the tag index there is no note about other projects.
    let found = aws_tagging::Index::new(session.cloud.config()).find_tagged(&everyones).await.unwrap_or_default();
    let mut theirs: BTreeMap<String, usize> = BTreeMap::new();
    for tags in found.into_values() {
        if let Some(project) = tags.get(key).filter(|project| *project != ours) {
            *theirs.entry(project.to_owned()).or_default() += 1;
        }
    }
    for (project, count) in theirs {
        let (name, region) = (&session.name, &session.cloud.place().region);
        session.frontend.note(&format!(
            "note: project `{project}` has an environment {name} in {region} as well, {count} resources. If `{ours}` is \
             its new name: no platform can be renamed; this makes another one, and the old name in the file still \
             leads to the first"
        ));
    }
}

/// The resources with the environment's tags, by ARN, without its state bucket: one read of AWS's tag index, which
/// knows those of one region.
async fn find(session: &Session) -> aws_client::Result<BTreeMap<String, Tags>> {
    let found = aws_tagging::Index::new(session.cloud.config()).find_tagged(&session.identity).await?;
    let bucket = format!(":s3:::{}", session.bucket.name());
    Ok(found.into_iter().filter(|(arn, _)| !arn.ends_with(&bucket)).collect())
}

/// A phrase with the number of the resources, and the names of some.
fn named(session: &Session, left: &BTreeMap<String, Tags>) -> String {
    let region = &session.cloud.place().region;
    let first = left.keys().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match left.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let have = if left.len() == 1 { "resource has" } else { "resources have" };
    format!("{} {have} its tags in {region}: {first}{more}", left.len())
}

fn ways_out(session: &Session, left: &BTreeMap<String, Tags>, newest: Option<&StateVersion>) -> Remedy {
    let (name, place) = (&session.name, session.state_place());
    let begin_again = begin_again(name, &session.state_identity.lineage(), left);
    match newest {
        Some(StateVersion { id, written, .. }) => Remedy::Several(vec![
            format!("{place} had a version of {written}").into(),
            Remedy::Either(vec![
                Remedy::RestoreState { environment: Some(name.clone()), version: Some(id.clone()) },
                begin_again,
            ]),
        ]),
        None => Remedy::Several(vec![
            format!("no earlier version of {place} is left").into(),
            begin_again,
            "AWS may list deleted resources for an hour".into(),
        ]),
    }
}

/// The way to a new state. `up` takes over only resources whose tags prove that a state in this place recorded them:
/// those of version 0.1 have no lineage.
fn begin_again(environment: &str, lineage: &str, left: &BTreeMap<String, Tags>) -> Remedy {
    match left.values().all(|tags| tags.get(LINEAGE_TAG) == Some(lineage)) {
        true => Remedy::perform(Operation::Up, Some(environment), "takes the resources over"),
        false => Remedy::AdoptAll { environment: environment.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_without_the_lineage_are_to_be_adopted() {
        let with = |lineage: Option<&str>| {
            let tags = lineage.map(|lineage| (LINEAGE_TAG, lineage)).into_iter().collect::<Tags>();
            BTreeMap::from([("arn:aws:sns:ap-south-1:123456789012:alerts".to_owned(), tags)])
        };
        let way = |lineage| begin_again("dev", "abc", &with(lineage));
        assert_eq!(way(Some("abc")), Remedy::perform(Operation::Up, Some("dev"), "takes the resources over"));
        for other in [None, Some("def")] {
            assert_eq!(way(other), Remedy::AdoptAll { environment: "dev".to_owned() });
        }
    }
}
