//! Checks of ARNs in a file against the region and the accounts of its environment.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

use crate::check::{Place, Surroundings};
use crate::form::partition;

/// The parts of an ARN that locate a resource.
#[derive(Clone, Copy)]
pub(super) struct Arn<'a> {
    pub(super) partition: &'a str,
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` if the text is no ARN, such as the name of a parameter.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let ("arn", [partition, service, region, account, resource]) =
            (parts.next()?, { [parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?] })
        else {
            return None;
        };
        Some(Self { partition, service, region, account, resource })
    }

    /// Reports an ARN of another partition. Accounts and services cannot reach another partition.
    /// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
    pub(super) fn check_partition(self, at: Place<'_>, around: &Surroundings<'_>) {
        let own = partition(around.region);
        if self.partition != own {
            at.report(
                format!("the ARN is of the partition `{}`, and {} is in `{own}`", self.partition, around.region),
                format!("name a resource of this environment's partition: `arn:{own}:…`"),
            );
        }
    }

    /// Reports an ARN of another region. `what` names the resource, with its article.
    pub(super) fn check_region(self, what: &str, help: &str, at: Place<'_>, around: &Surroundings<'_>) {
        if self.region != around.region {
            let message = format!("{what} is in {}, and this environment is in {}", self.region, around.region);
            at.report(message, help);
        }
    }

    /// Reports an ARN of an account that is not allowed for the environment. `what` names the resource, with its
    /// article.
    pub(super) fn check_account(self, what: &str, at: Place<'_>, around: &Surroundings<'_>) {
        let is_account = self.account.chars().all(|digit| digit.is_ascii_digit()) && !self.account.is_empty();
        if is_account && !around.accounts.is_empty() && !around.accounts.iter().any(|one| one == self.account) {
            at.report(
                format!("{what} is in the account {}, which `allowed_accounts` does not name", self.account),
                "name one of the environment's own account",
            );
        }
    }
}
