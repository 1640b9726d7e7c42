//! Existing keys and roles that the environment file names. mlopsctl checks them before a plan and in `doctor`.

use crate::{Error, Session, settings::refused_settings};
use blueprint::{Existing, Inputs, Placement};
use checkup::Finding;
use futures::future::join_all;
use resource::{Result, Shortcoming};

/// A shortcoming of an existing resource, with the setting that names it.
struct Named {
    setting: String,
    shortcoming: Shortcoming,
}

impl Session {
    /// Refuses a file that names an existing resource with which the platform cannot be built or work.
    pub async fn refuse_unfit_existing(&self) -> std::result::Result<(), Error> {
        let Some(existing) = self.existing()? else { return Ok(()) };
        let certain = self.shortcomings(&existing).await?.into_iter().filter(|named| named.shortcoming.is_certain);
        let problem = |named: Named| blueprint::Finding {
            setting: named.setting,
            message: named.shortcoming.what,
            help: named.shortcoming.help,
        };
        let problems: Vec<blueprint::Finding> = certain.map(problem).collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(refused_settings(&self.file, &self.root, problems)),
        }
    }

    /// The findings of `doctor` about existing resources.
    pub async fn examine_existing(&self, existing: &Existing) -> Vec<Finding> {
        const CHECK: &str = "existing";
        match self.shortcomings(existing).await {
            Ok(found) if found.is_empty() => {
                let key = existing.keys.iter().map(|key| format!("the KMS key {} is fit for its use", key.arn));
                let roles = existing.roles.iter().map(|role| format!("{} trusts its service", role.arn));
                key.chain(roles).map(|what| Finding::ok(CHECK, what)).collect()
            }
            Ok(found) => {
                let finding = |named: Named| match named.shortcoming {
                    Shortcoming { what, help, is_certain: true } => Finding::problem(CHECK, what, help),
                    Shortcoming { what, help, is_certain: false } => Finding::warning(CHECK, what, help),
                };
                found.into_iter().map(finding).collect()
            }
            Err(failure) => vec![Finding::unknown(CHECK, "what exists already", &failure)],
        }
    }

    async fn shortcomings(&self, existing: &Existing) -> Result<Vec<Named>> {
        let place = self.cloud.place();
        let mut all = Vec::new();
        let client = aws_sdk_kms::Client::new(self.cloud.config());
        for key in &existing.keys {
            let found = key.shortcomings(&client, place).await?;
            let named = |shortcoming| Named { setting: key.setting.to_owned(), shortcoming };
            all.extend(found.into_iter().map(named));
        }
        let client = aws_sdk_iam::Client::new(self.cloud.config());
        let looks = existing.roles.iter().map(|role| role.shortcomings(&client, place));
        for (role, found) in existing.roles.iter().zip(join_all(looks).await) {
            let named = |shortcoming| Named { setting: role.setting.clone(), shortcoming };
            all.extend(found?.into_iter().map(named));
        }
        Ok(all)
    }

    /// The existing keys and roles that the file names.
    pub fn existing(&self) -> std::result::Result<Option<Existing>, Error> {
        let Some(environment) = &self.environment else { return Ok(None) };
        let (name, place, root) = (self.name.as_str(), self.cloud.place(), self.root.as_path());
        // No existing key or role depends on the placement of new subnets.
        let zones = (1..=environment.network.zones).map(|zone| format!("{}-{zone}", place.region));
        let placement = Placement::in_zones(zones);
        let inputs = Inputs { environment, name, place, placement: &placement, root };
        blueprint::existing(&inputs).map(Some).map_err(|error| self.unfit(error))
    }
}
