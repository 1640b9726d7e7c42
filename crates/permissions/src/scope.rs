//! From the names of single resources to those of the whole stack, so that a policy outlives edits of the file.

use vocabulary::{UNKNOWN_CLOSE, UNKNOWN_OPEN};

/// The names of a stack: `<prefix>` itself and everything under `<prefix>-` or `<prefix>/`.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    prefix: String,
    account: String,
}

impl Scope {
    /// The names that begin with a prefix. Names that are unique in all of AWS end in the account.
    pub(crate) fn new(prefix: impl Into<String>, account: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), account: account.into() }
    }

    /// The account.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// The patterns for everything of the same kind in the stack; a pattern with another name stays as it is, and what
    /// is not known yet is a wildcard.
    pub(crate) fn widen(&self, arn: &str) -> Vec<String> {
        let arn = without_unknowns(arn);
        // arn:partition:service:region:account:resource
        let Some((at, _)) = arn.match_indices(':').nth(4) else { return vec![arn] };
        let (head, resource) = arn.split_at(at + 1);
        // Keys in a bucket outside of the stack are those of one environment, whatever they begin with.
        if resource.split_once('/').is_some_and(|(bucket, _)| head.contains(":s3:") && !self.has_bucket(bucket)) {
            return vec![arn];
        }
        match self.widen_resource(resource) {
            // A resource whose name is the prefix alone has siblings whose names begin with it.
            Some(all) if resource.ends_with(&self.prefix) => vec![format!("{head}{all}"), arn],
            Some(all) => vec![format!("{head}{all}")],
            None => vec![arn],
        }
    }

    /// True if an ARN is that of a bucket or role outside of the stack, which the environment file names.
    pub(crate) fn is_outside(&self, arn: &str) -> bool {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next(), parts.nth(2).unwrap_or_default());
        let name = match (service, resource.split_once('/')) {
            (Some("s3"), Some((bucket, _))) => bucket,
            (Some("s3"), None) => resource,
            (Some("iam"), Some(("role", path))) if !path.starts_with("aws-service-role/") => {
                path.rsplit('/').next().unwrap_or_default()
            }
            _ => return false,
        };
        !name.starts_with(&self.prefix) && !without_unknowns(name).contains('*')
    }

    fn has_bucket(&self, name: &str) -> bool {
        name.starts_with(&self.prefix) && name.ends_with(&self.account)
    }

    fn widen_resource(&self, resource: &str) -> Option<String> {
        let begins = |at: usize| at == 0 || resource[..at].ends_with(['/', ':']);
        let (at, _) = resource.match_indices(&self.prefix).find(|(at, _)| begins(*at))?;
        let (name, rest) = resource.split_at(at + self.prefix.len());
        if rest.is_empty() {
            return Some(format!("{name}-*"));
        }
        let rest = rest.strip_prefix(['-', '/'])?;
        let kept = &resource[..name.len() + 1];
        // The account tells this stack's buckets from those that others may give such a name.
        let bucket = rest.split_once(&format!("-{}", self.account));
        match bucket {
            Some((_, "")) => Some(format!("{kept}*-{}", self.account)),
            // The right to empty one bucket covers all buckets of the stack.
            Some((_, "/*")) => Some(format!("{kept}*-{}/*", self.account)),
            // Objects with names are mlopsctl's own: those beside them, in the same folder of the same bucket.
            Some((_, key)) if key.starts_with('/') => match key.rsplit_once('/') {
                Some((folder, _)) if !folder.is_empty() => {
                    let bucket = resource.strip_suffix(key).unwrap_or(resource);
                    Some(format!("{bucket}{folder}/*"))
                }
                _ => None,
            },
            _ => Some(format!("{kept}*")),
        }
    }
}

fn without_unknowns(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, unknown)) = rest.split_once(UNKNOWN_OPEN) {
        plain.push_str(before);
        plain.push('*');
        rest = unknown.split_once(UNKNOWN_CLOSE).map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "123456789012";

    fn widened(resource: &str) -> String {
        let arns = Scope::new("ml-dev", ACCOUNT).widen(&format!("arn:aws:any:eu-west-1:{ACCOUNT}:{resource}"));
        let resources: Vec<&str> = arns.iter().filter_map(|arn| arn.splitn(6, ':').last()).collect();
        resources.join(" ")
    }

    #[test]
    fn names_of_the_stack_become_all_names_of_the_stack() {
        assert_eq!(widened("function:ml-dev-validate"), "function:ml-dev-*");
        assert_eq!(widened("log-group:/aws/lambda/ml-dev-validate:*"), "log-group:/aws/lambda/ml-dev-*");
        assert_eq!(widened("log-group:/aws-glue/ml-dev/etl"), "log-group:/aws-glue/ml-dev/*");
        assert_eq!(widened("model-package/ml-dev-churn/*"), "model-package/ml-dev-*");
        assert_eq!(widened("endpoint-config/ml-dev-*"), "endpoint-config/ml-dev-*");
    }

    #[test]
    fn the_stacks_own_name_has_siblings_and_does_not_open_those_of_its_neighbours() {
        assert_eq!(widened("repository/ml-dev"), "repository/ml-dev-* repository/ml-dev");
        assert_eq!(widened("repository/ml-dev2-images"), "repository/ml-dev2-images");
        assert_eq!(widened("repository/old-ml-dev-images"), "repository/old-ml-dev-images");
    }

    #[test]
    fn buckets_keep_the_account_and_objects_their_buckets() {
        assert_eq!(widened(&format!("ml-dev-data-{ACCOUNT}")), format!("ml-dev-*-{ACCOUNT}"));
        assert_eq!(widened(&format!("ml-dev-data-{ACCOUNT}/*")), format!("ml-dev-*-{ACCOUNT}/*"));
        let script = format!("ml-dev-artifacts-{ACCOUNT}/glue/scripts/etl.py");
        assert_eq!(widened(&script), format!("ml-dev-artifacts-{ACCOUNT}/glue/scripts/*"));
        let state = format!("ml-dev-mlopsctl-state-{ACCOUNT}/state.json");
        assert_eq!(widened(&state), state);
    }

    #[test]
    fn keys_in_a_bucket_outside_of_the_stack_stay_as_they_are() {
        for key in ["ml-dev-states/ml/dev/state.json", "central-states/ml-dev/ml/dev/lock.json"] {
            let arn = format!("arn:aws:s3:::{key}");
            assert_eq!(Scope::new("ml-dev", ACCOUNT).widen(&arn), [arn]);
        }
    }

    #[test]
    fn what_is_not_known_yet_is_a_wildcard_where_it_stands_and_nowhere_else() {
        assert_eq!(widened("key/⟦encryption.data.id⟧"), "key/*");
        assert_eq!(widened("space/⟦studio.domain.id⟧/team"), "space/*/team");
        assert_eq!(Scope::new("ml-dev", ACCOUNT).widen("*"), ["*"]);
    }
}
