//! The checks of a whole file: of each section, and of sections that belong together.

use super::{Environment, drift, encryption, feature_groups, functions, grants, ignore, moved, tags};
use crate::check::{Place, Surroundings};

/// The pipeline begins SageMaker job names with the prefix and adds a hash; together they have 63 characters.
const LONGEST_PREFIX: usize = 28;

impl Environment {
    pub(crate) fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        self.names.check(at.get("names"), &around.prefix);
        if at.sound(&["project", "environment", "names"]) && around.prefix.len() > LONGEST_PREFIX {
            let (setting, what) = match self.names.is_default() {
                true => ("project", "project and environment together have"),
                false => ("names", "what names begin with has"),
            };
            at.get(setting).report(
                format!("`{}` is too long: {what} at most {LONGEST_PREFIX} characters", around.prefix),
                "SageMaker's job names begin with it and have to stay below 64 characters",
            );
        }
        for reserved in ["xn--", "sthree-", "amzn-s3-demo-"] {
            if around.prefix.starts_with(reserved) {
                at.get("project").report(format!("S3 reserves bucket names that begin with `{reserved}`"), "");
            }
        }
        ignore::check(&self.ignore, &self.owner_tags, at.get("ignore"));
        moved::check(&self.moved, at.get("moved"));
        self.owner_tags.check(at.get("owner_tags"));
        tags::check(&self.tags, &self.owner_tags, at.get("tags"));
        self.network.check(at.get("network"), around);
        let region = at.sound(&["region"]).then_some(self.region.as_str());
        self.state.check(at.get("state"), region);
        encryption::check_region(self.encryption.key_arn.as_deref(), at.get("encryption").get("key_arn"), region);
        self.identity.check(at.get("identity"), around, &self.functions);
        self.storage.check(at.get("storage"), around);
        self.studio.check(at.get("studio"));
        feature_groups::check(&self.feature_groups, at.get("feature_groups"), around);
        self.registry.check(at.get("registry"));
        self.catalog.check(at.get("catalog"), around, at.sound(&["storage"]).then_some(&self.storage));
        functions::check(&self.functions, at.get("functions"), around);
        self.monitoring.check(at.get("monitoring"), around);
        self.protection.check(at.get("protection"));
        self.drift.check(at.get("drift"), around, self.identity.permissions_boundary.is_some());
        self.functions_leave_the_job_its_name(at.get("functions"));
        if let Some(pipeline) = &self.pipeline {
            pipeline.check(at.get("pipeline"), around, at, self);
        }
        grants::check(self, at);
        self.check_private_calls(at);
    }

    /// A function is found by its name.
    fn functions_leave_the_job_its_name(&self, at: Place<'_>) {
        let Some(index) = self.functions.iter().position(|function| function.name == drift::JOB) else { return };
        if self.drift.job.is_some() {
            at.at(index).get("name").report(format!("the job of `[drift.job]` is called `{}`", drift::JOB), "");
        }
    }
}
