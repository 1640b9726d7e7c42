//! The stack of a platform. It reads like the diagram of what it builds.

use crate::{
    Error, Inputs, catalog, deploy, drift_job, encryption, functions, identity, ignore_rules, monitoring, network,
    operations, pipeline, registry,
    site::{Site, identity_of},
    storage, studio,
};
use resource::{Address, Stack};

/// The platform that an environment file describes.
///
/// # Errors
/// When a shipped file is missing, or the region lacks something the file asks for.
pub fn stack(inputs: &Inputs<'_>) -> Result<Stack, Error> {
    let environment = inputs.environment;
    let (asked, has) = (usize::from(environment.network.zones), inputs.placement.zones().len());
    if environment.network.vpc_id.is_none() && asked > has {
        return Err(Error::Zones { asked, has, region: inputs.place.region.clone() });
    }
    let site = Site::of(inputs);
    let tags = environment.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut stack = Stack::new(identity_of(environment), tags).named_by(environment.prefix());
    for glob in &environment.protection.protect {
        stack.protect(glob.clone());
    }
    stack.ignore(ignore_rules(environment));
    let address = |text: &String| Address::parse(text);
    stack.rename(environment.moved.iter().filter_map(|one| Some((address(&one.from)?, address(&one.to)?))));
    let keys = stack.for_setting("encryption", |stack| encryption::build(stack, &site));
    let place = stack.for_setting("network", |stack| network::locate(stack, &site));
    let roles = identity::build(&mut stack, &site, &keys, &place.vpc);
    let network = stack.for_setting("network", |stack| network::build(stack, &site, &keys, place, &roles));
    let storage = storage::build(&mut stack, &site, &keys);
    let topic = stack.for_setting("monitoring", |stack| monitoring::topic(stack, &site, &keys));
    registry::build(&mut stack, &site, &keys);
    studio::build(&mut stack, &site, &keys, &network, &roles, &storage);
    let jobs = catalog::build(&mut stack, &site, &keys, &roles, &storage)?;
    let functions = functions::build(&mut stack, &site, &keys, &network, &roles)?;
    let wiring =
        pipeline::Wiring { keys: &keys, network: &network, roles: &roles, functions: &functions, jobs: &jobs, topic };
    stack.for_setting("pipeline", |stack| pipeline::build(stack, &site, &wiring))?;
    let guards = stack.for_setting("monitoring", |stack| monitoring::build(stack, &site, &network, topic));
    stack.for_setting("pipeline.deploy", |stack| deploy::build(stack, &site, &wiring, guards))?;
    stack.for_setting("budget", |stack| operations::build(stack, &site, topic));
    stack.for_setting("drift.job", |stack| drift_job::build(stack, &site, &keys))?;
    match stack.ambiguous() {
        Some((address, setting)) => Err(Error::Ambiguous { address: address.clone(), setting: setting.to_owned() }),
        None => Ok(stack),
    }
}
