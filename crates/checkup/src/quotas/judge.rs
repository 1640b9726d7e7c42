//! Compares the used and planned amount of a resource with its quota.

use crate::Finding;
use aws_client::Remedy;

pub(crate) const CHECK: &str = "quotas";

/// The demand for something that AWS counts.
pub(crate) struct Demand<'a> {
    /// The measure that the limit applies to.
    pub(crate) what: &'a str,
    /// The number in use.
    pub(crate) used: usize,
    /// The number that the plan adds.
    pub(crate) needed: usize,
    /// The limit.
    pub(crate) limit: f64,
    /// Service and code, as Service Quotas names them.
    pub(crate) quota: (&'a str, &'a str),
}

pub(crate) fn judge(demand: &Demand<'_>) -> Finding {
    let Demand { what, used, needed, limit, quota: (service, code) } = demand;
    let wanted = used + needed;
    // Quotas are whole numbers that AWS writes as fractions; none comes near what a double cannot hold.
    #[allow(clippy::cast_precision_loss, reason = "a count of resources")]
    let fits = wanted as f64 <= *limit;
    // IAM is global, and its quotas are kept in one region.
    let region = (*service == "iam").then_some("us-east-1");
    let in_use = if *used > 0 { format!(" ({used} in use)") } else { String::new() };
    match fits {
        true => Finding::ok(CHECK, format!("{what}: {wanted} of {limit}{in_use}")),
        false => Finding::problem(
            CHECK,
            format!("{what}: {wanted} needed{in_use}, and this account may have {limit}"),
            Remedy::RaiseQuota { service: (*service).to_owned(), code: (*code).to_owned(), wanted, region },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    #[test]
    fn what_is_there_and_what_is_needed_must_fit_together() {
        let demand =
            |used, needed, limit| judge(&Demand { what: "VPCs", used, needed, limit, quota: ("vpc", "L-F678F1CE") });
        assert_eq!(demand(4, 1, 5.0).verdict, Verdict::Ok);
        assert_eq!(demand(4, 1, 5.0).what, "VPCs: 5 of 5 (4 in use)");
        let lacking = demand(5, 1, 5.0);
        assert_eq!(lacking.verdict, Verdict::Problem);
        assert_eq!(lacking.what, "VPCs: 6 needed (5 in use), and this account may have 5");
        let raise = Remedy::RaiseQuota { service: "vpc".into(), code: "L-F678F1CE".into(), wanted: 6, region: None };
        assert_eq!(lacking.help, Some(raise));
        assert_eq!(demand(0, 1, 0.0).verdict, Verdict::Problem);
    }
}
