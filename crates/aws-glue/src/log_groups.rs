//! The log groups of a Glue job. Glue chooses them by its version, the job's arguments and the security configuration.

use crate::Job;
use std::collections::BTreeMap;

/// The job argument that turns on continuous logging in Glue 4.0 and earlier.
const CONTINUOUS: &str = "--enable-continuous-cloudwatch-log";
const CONTINUOUS_GROUP: &str = "--continuous-log-logGroup";
/// The job argument with the name prefix of the log groups that Glue 5 writes to.
const PREFIX: &str = "--custom-logGroup-prefix";
/// The log group of runs without arguments about logging.
const SHARED: &str = "/aws-glue/jobs";

/// The settings that decide which log groups a Glue job writes to.
#[derive(Clone, Copy, Debug)]
pub struct JobLogs<'a> {
    /// The version of Glue, for example `5.0`.
    pub glue_version: &'a str,
    /// The group, or the beginning of the groups, that are the job's own.
    pub own: &'a str,
    /// The security configuration, if it encrypts logs, and the name of the job's role.
    pub encrypted: Option<(&'a str, &'a str)>,
}

/// True if this version of Glue logs continuously in every run and ignores the arguments about continuous logging.
/// <https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html>
fn logs_by_itself(glue_version: &str) -> bool {
    glue_version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 5)
}

impl JobLogs<'_> {
    /// The default arguments that make runs write there.
    pub fn arguments(&self) -> BTreeMap<String, String> {
        let arguments = match logs_by_itself(self.glue_version) {
            true => vec![(PREFIX, self.own)],
            false => vec![(CONTINUOUS, "true"), (CONTINUOUS_GROUP, self.own)],
        };
        arguments.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The names of the groups, as Glue makes them out.
    ///
    /// If logs are encrypted, Glue 4.0 appends the security configuration, and Glue 5 puts it and the role before the
    /// last part.
    /// <https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html>
    pub fn groups(&self) -> Vec<String> {
        let own = self.own;
        match (logs_by_itself(self.glue_version), self.encrypted) {
            (true, encrypted) => streams(own, encrypted),
            (false, Some((security, _))) => vec![format!("{own}-{security}")],
            (false, None) => vec![own.to_owned()],
        }
    }
}

/// The two groups of a run: what Spark and the script's logger say, and what the script prints.
fn streams(prefix: &str, encrypted: Option<(&str, &str)>) -> Vec<String> {
    let place = encrypted.map(|(security, role)| format!("/{security}-role/{role}")).unwrap_or_default();
    ["error", "output"].map(|last| format!("{prefix}{place}/{last}")).into()
}

impl Job {
    /// The log groups that its runs write into and that have its name, its role's or its security configuration's. A job
    /// whose security configuration encrypts no logs has the same groups as without one.
    pub fn log_groups(&self) -> Vec<String> {
        let role = self.role.as_str().rsplit('/').next().unwrap_or_default();
        let security = Some(self.security_configuration.as_str()).filter(|name| !name.is_empty());
        let encrypted = security.map(|security| (security, role));
        let by_itself = logs_by_itself(&self.glue_version);
        let own = self.default_arguments.get(if by_itself { PREFIX } else { CONTINUOUS_GROUP });
        let logs = own.map(|own| JobLogs { glue_version: &self.glue_version, own, encrypted });
        let mut groups = logs.map(|logs| logs.groups()).unwrap_or_default();
        if !by_itself && encrypted.is_some() {
            groups.extend(streams(SHARED, encrypted));
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "/aws-glue/ml-prod/etl";
    const ENCRYPTED: Option<(&str, &str)> = Some(("ml-prod", "ml-prod-glue"));

    fn logs(glue_version: &'static str, encrypted: Option<(&'static str, &'static str)>) -> JobLogs<'static> {
        JobLogs { glue_version, own: OWN, encrypted }
    }

    #[test]
    fn groups_follow_the_version_and_the_security_configuration() {
        let plain = [format!("{OWN}/error"), format!("{OWN}/output")];
        let in_role = ["error", "output"].map(|last| format!("{OWN}/ml-prod-role/ml-prod-glue/{last}"));
        for version in ["5.0", "5.1"] {
            assert_eq!(logs(version, None).groups(), plain);
            assert_eq!(logs(version, ENCRYPTED).groups(), in_role);
        }
        assert_eq!(logs("4.0", None).groups(), [OWN]);
        assert_eq!(logs("4.0", ENCRYPTED).groups(), [format!("{OWN}-ml-prod")]);
    }

    #[test]
    fn arguments_are_those_that_the_version_heeds() {
        let names = |version| logs(version, None).arguments().into_keys().collect::<Vec<_>>();
        assert_eq!(names("5.0"), ["--custom-logGroup-prefix"]);
        assert_eq!(names("4.0"), ["--continuous-log-logGroup", "--enable-continuous-cloudwatch-log"]);
    }
}
