//! Costs that depend on other resources of the stack: logs that their writer pays for, copies, deployed endpoints, steps
//! that start jobs and functions.

use crate::{Bound, Gap, sheet::Sheet};
use usage::{Charge, Deployment, Instances, Name, Quantity, Relation, Step, Usage, UsageType};

/// The most that a line of a run can cost, or why it is not in the sum.
type Line = Result<Bound, String>;

impl Sheet<'_> {
    /// True if another resource pays for its own writes to this one.
    pub(crate) fn writers_pay(&self, usage: &Usage) -> bool {
        let pays =
            |relation: &Relation| matches!(relation, Relation::PaysForLogs(to) if usage.name.as_ref() == Some(to));
        self.usages().flat_map(|other| &other.relations).any(pays)
    }

    /// Writes down the costs that follow from a relation.
    pub(crate) fn relation(&mut self, usage: &Usage, relation: &Relation) {
        match relation {
            Relation::CopiesTo(replica) => self.copies(replica),
            Relation::IsDeployed => self.endpoint(usage),
            Relation::PaysForLogs(_) | Relation::Deploys(_) => {}
        }
    }

    /// The copies are stored at the price of the replica's region, which the replica's own line says.
    fn copies(&mut self, replica: &Name) {
        let replica = self.named(replica);
        let region = replica.map_or(self.region(), |replica| self.region_of(replica));
        if replica.is_none() || region != self.region() {
            self.by_use("replication to another region", "what is written to the bucket", UsageType::RegionGb);
        }
        self.by_use_in(region, "writes to the replica", "objects written to the bucket", UsageType::S3Writes);
    }

    /// An endpoint is made by deployments, so its instances are in the state machine that makes it.
    fn endpoint(&mut self, usage: &Usage) {
        let what = "instances of the endpoint";
        let deployment = self.usages().flat_map(|other| &other.relations).find_map(|relation| match relation {
            Relation::Deploys(deployment) if usage.name.as_ref() == Some(&deployment.endpoint) => Some(deployment),
            _ => None,
        });
        let Some(deployment) = deployment else {
            let reason = "no state machine of the stack makes an endpoint of this name";
            return self.gap(Gap::Monthly, what, reason);
        };
        if deployment.variants.is_empty() {
            return self.gap(Gap::Monthly, what, "the state machine that makes it does not say which instances");
        }
        for variant in &deployment.variants {
            match variant {
                Some(instances) => self.variant(instances, deployment),
                None => {
                    let reason = "a variant without instances, such as a serverless one, has no meter";
                    self.gap(Gap::Monthly, what, reason);
                }
            }
        }
        self.by_use(
            "data to and from endpoints",
            "calls, by the size of requests and answers",
            UsageType::EndpointDataGb,
        );
        self.by_use(
            "volumes of endpoint instances",
            "their size and for how long they run",
            UsageType::JobVolumeGbMonth,
        );
    }

    fn variant(&mut self, instances: &Instances, deployment: &Deployment) {
        let Instances { instance_type, count } = instances;
        let usage_type = UsageType::InstanceHour(instance_type.clone());
        let (least, depends_on) = match deployment.autoscaling {
            Some((least, most)) => (least, format!("traffic, by autoscaling up to {most} instances, and deployments")),
            None => (*count, "deployments, which run old and new instances side by side for a while".to_owned()),
        };
        let what = format!("{least} × {instance_type}, once a model is approved");
        self.monthly(what, &usage_type, Quantity::months_of(least));
        self.by_use(format!("further instances {instance_type} of the endpoint"), depends_on, usage_type);
    }

    /// The most that a step can cost, with the costs of the resources that it starts.
    pub(crate) fn lines(&self, step: &Step) -> Vec<Line> {
        let line = |charge: &Charge| self.line(&step.name, charge);
        let own = step.charges.iter().map(line);
        let Some(name) = &step.starts else { return own.collect() };
        match self.named(name).and_then(|started| started.usage.as_ref().ok()) {
            Some(started) => own.chain(started.start.iter().map(line)).collect(),
            None => {
                let reason = format!("{}: the stack has no {} of the name it gives", step.name, noun(name));
                own.chain([Err(reason)]).collect()
            }
        }
    }

    fn line(&self, step: &str, charge: &Charge) -> Line {
        match charge {
            Charge::AtMost { what, usage_type, quantity } => {
                self.bound(format!("{step}: {what}"), usage_type, *quantity)
            }
            Charge::Unknown(reason) => Err(format!("{step}: {reason}")),
        }
    }
}

fn noun(name: &Name) -> &'static str {
    match name {
        Name::Bucket(_) => "bucket",
        Name::Endpoint(_) => "endpoint",
        Name::Function(_) => "function",
        Name::Job(_) => "Glue job",
        Name::LogGroup(_) => "log group",
    }
}
