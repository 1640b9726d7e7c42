//! The trust policy of a role that a repository's CI runs assume by OpenID Connect.

use serde_json::{Value, json};
use std::str::FromStr;
use vocabulary::Place;

/// A repository on a system that runs its CI pipelines and issues their tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    host: Host,
    /// `ORG/REPO`, `ORG@ID/REPO@ID`, `GROUP/PROJECT` or `GROUP/SUBGROUP/PROJECT`.
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    GitHub,
    GitLab,
}

/// The trusted runs of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs {
    /// The runs of a branch.
    Branch(String),
    /// The runs of a deployment environment, which the system protects by rules. Only GitHub has it in the subject. With
    /// a branch, only its runs.
    Environment {
        /// The name of the environment.
        name: String,
        /// The branch.
        branch: Option<String>,
    },
    /// The runs of pull requests. On GitLab, the runs of any branch, because a merge request has no subject of its own.
    PullRequests,
    /// The runs with this subject in the system's spelling. `*` stands for anything.
    Subject(String),
}

/// The reasons against a trust policy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The repository's name has the wrong form.
    #[error("`{0}` is not github:ORG/REPO, github:ORG@ID/REPO@ID or gitlab:GROUP/PROJECT")]
    Repository(String),
    /// GitLab's subject has no environment.
    #[error("the subject of GitLab's tokens names no environment: AWS can tell branches apart, and no environments")]
    Environment,
    /// The policy would trust every run of every repository of the system.
    #[error("the subject `{0}` does not name the repository {1}: runs of other repositories could assume the role")]
    Open(String, String),
}

impl FromStr for Repository {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        let wrong = || TrustError::Repository(text.to_owned());
        let (host, path) = text.split_once(':').ok_or_else(wrong)?;
        let host = match host {
            "github" => Host::GitHub,
            "gitlab" => Host::GitLab,
            _ => return Err(wrong()),
        };
        let is_name = |part: &str| {
            !part.is_empty() && part.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_.".contains(sign))
        };
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|sign| sign.is_ascii_digit());
        let numbered = |part: &str| part.split_once('@').is_some_and(|(name, id)| is_name(name) && is_id(id));
        let parts = path.split('/').count();
        let fits = match host {
            Host::GitHub => parts == 2 && (path.split('/').all(is_name) || path.split('/').all(numbered)),
            Host::GitLab => parts >= 2 && path.split('/').all(is_name),
        };
        if fits { Ok(Self { host, path: path.to_owned() }) } else { Err(wrong()) }
    }
}

impl Repository {
    /// The trust policy of a role that these runs may assume.
    ///
    /// # Errors
    /// When the system cannot issue tokens for such runs, or the subject is not the repository's.
    pub fn trust_policy(&self, runs: &Runs, place: &Place) -> Result<Value, TrustError> {
        let provider = self.provider();
        let subject = self.subject(runs)?;
        let (audience_key, subject_key) = (format!("{provider}:aud"), format!("{provider}:sub"));
        let mut audience = json!({audience_key: self.audience(place)});
        // The subject names no branch then. AWS evaluates the claim `ref` of GitHub.
        // <https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/>
        if let Runs::Environment { branch: Some(branch), .. } = runs {
            audience[format!("{provider}:ref")] = format!("refs/heads/{branch}").into();
        }
        let condition = match subject.contains('*') {
            true => json!({"StringEquals": audience, "StringLike": {subject_key: subject}}),
            false => {
                let mut equals = audience;
                equals[subject_key] = subject.into();
                json!({"StringEquals": equals})
            }
        };
        Ok(json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Runs",
            "Effect": "Allow",
            "Principal": {"Federated": place.iam_arn(&format!("oidc-provider/{provider}"))},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }]}))
    }

    /// The host of the identity provider. IAM uses it in the provider's name and as the prefix of its condition keys.
    fn provider(&self) -> &'static str {
        match self.host {
            Host::GitHub => "token.actions.githubusercontent.com",
            Host::GitLab => "gitlab.com",
        }
    }

    /// The audience of a token. GitHub's action requests the name of AWS's STS, which differs in China. A job of GitLab
    /// sets `aud` itself.
    /// <https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws>
    /// <https://docs.gitlab.com/ci/cloud_services/aws/>
    fn audience(&self, place: &Place) -> &'static str {
        match (self.host, place.partition.as_str()) {
            (Host::GitHub, "aws-cn") => "sts.amazonaws.com.cn",
            (Host::GitHub, _) => "sts.amazonaws.com",
            (Host::GitLab, _) => "https://gitlab.com",
        }
    }

    /// The subject in a run's token. On GitHub it holds the ids of owner and repository beside their names, if the
    /// repository was made after the middle of July 2026 or opted in.
    /// <https://docs.github.com/en/actions/reference/security/oidc>
    /// <https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/>
    /// <https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload>
    fn subject(&self, runs: &Runs) -> Result<String, TrustError> {
        let own = match self.host {
            Host::GitHub => format!("repo:{}:", self.path),
            Host::GitLab => format!("project_path:{}:", self.path),
        };
        Ok(match (self.host, runs) {
            (_, Runs::Subject(subject)) if !subject.starts_with(&own) => {
                return Err(TrustError::Open(subject.clone(), self.path.clone()));
            }
            (_, Runs::Subject(subject)) => subject.clone(),
            (Host::GitHub, Runs::Branch(branch)) => format!("{own}ref:refs/heads/{branch}"),
            (Host::GitHub, Runs::Environment { name, .. }) => format!("{own}environment:{name}"),
            (Host::GitHub, Runs::PullRequests) => format!("{own}pull_request"),
            (Host::GitLab, Runs::Branch(branch)) => format!("{own}ref_type:branch:ref:{branch}"),
            (Host::GitLab, Runs::PullRequests) => format!("{own}ref_type:branch:ref:*"),
            (Host::GitLab, Runs::Environment { .. }) => return Err(TrustError::Environment),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(repository: &str, runs: &Runs) -> Result<Value, TrustError> {
        repository.parse::<Repository>()?.trust_policy(runs, &Place::new("123456789012", "eu-west-1"))
    }

    #[test]
    fn trust_policy_names_audience_and_subject() {
        let policy = trust("github:acme/ml", &Runs::Branch("main".into())).unwrap();
        let statement = &policy["Statement"][0];
        let provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
        assert_eq!(statement["Principal"]["Federated"], provider);
        let expected = json!({"StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:acme/ml:ref:refs/heads/main",
        }});
        assert_eq!(statement["Condition"], expected);
        let requests = trust("gitlab:acme/team/ml", &Runs::PullRequests).unwrap();
        let condition = &requests["Statement"][0]["Condition"];
        assert_eq!(condition["StringLike"]["gitlab.com:sub"], "project_path:acme/team/ml:ref_type:branch:ref:*");
        assert_eq!(condition["StringEquals"]["gitlab.com:aud"], "https://gitlab.com");
    }

    #[test]
    fn trust_is_never_in_other_repositories() {
        for subject in ["*", "repo:acme/*", "repo:acme/ml*"] {
            let open = trust("github:acme/ml", &Runs::Subject(subject.into()));
            assert!(matches!(open, Err(TrustError::Open(..))), "{subject}");
        }
        for repository in [
            "github:acme",
            "github:acme/*",
            "acme/ml",
            "github:a/b/c",
            "gitlab:",
            "github:acme/",
            "github:a@1/b",
            "github:a@x/b@2",
            "gitlab:a@1/b@2",
        ] {
            assert!(matches!(trust(repository, &Runs::PullRequests), Err(TrustError::Repository(_))), "{repository}");
        }
    }

    #[test]
    fn trust_in_an_environment_can_name_its_branch() {
        let runs = Runs::Environment { name: "prod".into(), branch: Some("main".into()) };
        let policy = trust("github:acme@12/ml@345", &runs).unwrap();
        let expected = json!({"StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:ref": "refs/heads/main",
            "token.actions.githubusercontent.com:sub": "repo:acme@12/ml@345:environment:prod",
        }});
        assert_eq!(policy["Statement"][0]["Condition"], expected);
    }

    #[test]
    fn environment_of_gitlab_is_refused() {
        let runs = Runs::Environment { name: "prod".into(), branch: None };
        assert_eq!(trust("gitlab:acme/ml", &runs), Err(TrustError::Environment));
    }
}
