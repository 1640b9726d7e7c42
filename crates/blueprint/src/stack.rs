//! The stack of a platform. It reads like the diagram of what it builds.

use crate::{
    Error, Inputs,
    build_context::{BuildContext, identity_of},
    catalog, deploy, drift_job, encryption, functions, identity, ignore_rules, monitoring, network, operations,
    pipeline, registry, storage, studio,
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
    let context = BuildContext::new(inputs);
    let tags = environment.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut stack = Stack::new(identity_of(environment), tags).named_by(environment.prefix());
    for glob in &environment.protection.protect {
        stack.protect(glob.clone());
    }
    stack.ignore(ignore_rules(environment));
    let address = |text: &String| Address::parse(text);
    stack.rename(environment.moved.iter().filter_map(|one| Some((address(&one.from)?, address(&one.to)?))));
    let keys = stack.for_setting("encryption", |stack| encryption::build(stack, &context));
    let place = stack.for_setting("network", |stack| network::locate(stack, &context));
    let roles = identity::build(&mut stack, &context, &keys, &place.vpc);
    let network = stack.for_setting("network", |stack| network::build(stack, &context, &keys, place, &roles));
    let storage = storage::build(&mut stack, &context, &keys);
    let topic = stack.for_setting("monitoring", |stack| monitoring::topic(stack, &context, &keys));
    registry::build(&mut stack, &context, &keys);
    studio::build(&mut stack, &context, &keys, &network, &roles, &storage);
    let jobs = catalog::build(&mut stack, &context, &keys, &roles, &storage)?;
    let functions = functions::build(&mut stack, &context, &keys, &network, &roles)?;
    let wiring =
        pipeline::Wiring { keys: &keys, network: &network, roles: &roles, functions: &functions, jobs: &jobs, topic };
    stack.for_setting("pipeline", |stack| pipeline::build(stack, &context, &wiring))?;
    let guards = stack.for_setting("monitoring", |stack| monitoring::build(stack, &context, &network, topic));
    stack.for_setting("pipeline.deploy", |stack| deploy::build(stack, &context, &wiring, guards))?;
    stack.for_setting("budget", |stack| operations::build(stack, &context, topic));
    stack.for_setting("drift.job", |stack| drift_job::build(stack, &context, &keys))?;
    match stack.ambiguous() {
        Some((address, setting)) => Err(Error::Ambiguous { address: address.clone(), setting: setting.to_owned() }),
        None => Ok(stack),
    }
}
