//! Properties of estimates for generated stacks.

use crate::stack::{Declared, MUMBAI, Stack, usd};
use cost::{Prices, Quantity, UsageType, Usd, compare};
use proptest::{collection::vec, prelude::*, sample::select};
use usage::{Charge, Deployment, Instances, Name, Relation, Step, Usage};

/// A stack of usage of all forms, and of resources of unknown kinds.
fn stacks() -> impl Strategy<Value = Stack> {
    let areas = ["network", "storage", "pipeline", "alone"];
    let resource = (select(areas.to_vec()), 0_usize..FORMS, 0_u64..4);
    vec(resource, 0..24).prop_map(|resources| {
        let declared = |(at, (area, form, count)): (usize, (&str, usize, u64))| Declared {
            address: format!("{area}.{at}"),
            usage: usage(form, at, count),
        };
        Stack(resources.into_iter().enumerate().map(declared).collect())
    })
}

/// The number of forms of usage.
const FORMS: usize = 9;

/// Usage of one form. Neighbours have the same name, so that they refer to each other.
fn usage(form: usize, at: usize, count: u64) -> Option<Usage> {
    let name = |form: fn(String) -> Name| form(format!("it-{}", at / 4));
    let charge =
        || Charge::AtMost { what: "time".into(), usage_type: UsageType::GlueDpuHour, quantity: Quantity::count(count) };
    Some(match form {
        0 => Usage::free("it costs nothing"),
        1 => Usage::default().monthly("gateway", UsageType::NatGatewayHour, Quantity::months_of(count)),
        2 => Usage::default().monthly("volume", UsageType::StudioVolumeGbMonth, Quantity::count(count)),
        3 => Usage::named(name(Name::LogGroup))
            .unless_paid_by_writer("logs", "writers", UsageType::LogIngestionGb)
            .by_use("kept logs", "retention", UsageType::LogStorageGbMonth),
        4 => Usage::default()
            .by_use("vended logs", "traffic", UsageType::VendedLogGb)
            .related([Relation::PaysForLogs(name(Name::LogGroup))]),
        5 => Usage::named(name(Name::Endpoint)).related([Relation::IsDeployed]),
        6 => {
            // The same for all that deploy the endpoint.
            let instances = Instances { instance_type: "ml.m5.large".into(), count: (at / 4) as u64 };
            let endpoint = name(Name::Endpoint);
            let deployment = Deployment { endpoint, variants: vec![Some(instances), None], autoscaling: None };
            Usage::default()
                .by_use("transitions", "runs", UsageType::Transitions)
                .run("a run", vec![Step::starting("job", name(Name::Job)), Step::charged("step", vec![charge()])])
                .related([Relation::Deploys(deployment)])
        }
        7 => Usage::named(name(Name::Job)).by_use("jobs", "runs", UsageType::GlueDpuHour).started(vec![charge()]),
        _ => return None,
    })
}

fn amounts() -> impl Strategy<Value = Usd> {
    (0_u64..1_000_000, 0_u64..1_000_000_000_000).prop_map(|(whole, rest)| usd(&format!("{whole}.{rest:012}")))
}

proptest! {
    #[test]
    fn the_sums_of_areas_are_the_total(stack in stacks()) {
        let estimate = stack.estimate("us-east-1");
        prop_assert_eq!(estimate.areas.iter().map(|area| area.monthly).sum::<Usd>(), estimate.monthly);
        for area in &estimate.areas {
            prop_assert_eq!(area.resources.iter().map(|resource| resource.monthly).sum::<Usd>(), area.monthly);
            for resource in &area.resources {
                prop_assert_eq!(resource.items.iter().map(|item| item.monthly).sum::<Usd>(), resource.monthly);
                for item in &resource.items {
                    prop_assert_eq!(item.unit_price.times(item.quantity), item.monthly);
                }
            }
        }
    }

    #[test]
    fn the_order_of_resources_is_of_no_importance(stack in stacks()) {
        let mut reversed = stack.clone();
        reversed.0.reverse();
        prop_assert_eq!(stack.estimate(MUMBAI), reversed.estimate(MUMBAI));
    }

    #[test]
    fn whoever_is_not_free_is_in_some_list(stack in stacks()) {
        let estimate = stack.estimate(MUMBAI);
        let monthly = estimate.areas.iter().flat_map(|area| &area.resources).map(|resource| &resource.address);
        let listed = monthly
            .chain(estimate.by_use.iter().flat_map(|used| &used.addresses))
            .chain(estimate.not_priced.iter().flat_map(|gap| &gap.addresses))
            .collect::<Vec<_>>();
        for declared in &stack.0 {
            let is_free = declared.usage.as_ref().is_some_and(Usage::is_free);
            prop_assert_eq!(listed.contains(&&declared.address), !is_free, "{:?}", declared.usage);
        }
    }

    #[test]
    fn one_more_resource_never_makes_a_stack_cheaper(stack in stacks()) {
        let less = Stack(stack.0[..stack.0.len() / 2].to_vec());
        prop_assert!(less.estimate("eu-west-1").monthly <= stack.estimate("eu-west-1").monthly);
    }

    #[test]
    fn nothing_changes_where_nothing_changes(stack in stacks()) {
        let resources = stack.resources();
        let comparison = compare(&resources, &resources, MUMBAI, &Prices::builtin().unwrap());
        prop_assert_eq!(comparison.changes(), []);
    }

    #[test]
    fn the_differences_make_up_the_difference(before in stacks(), after in stacks()) {
        let prices = Prices::builtin().unwrap();
        let comparison = compare(&before.resources(), &after.resources(), "us-west-2", &prices);
        let (summary, changes) = (comparison.summary(), comparison.changes());
        let gone = changes.iter().map(|change| change.before).sum::<Usd>();
        let come = changes.iter().map(|change| change.after).sum::<Usd>();
        prop_assert_eq!(summary.monthly_before + come, summary.monthly_after + gone);
    }

    #[test]
    fn an_amount_is_read_as_it_was_written(amount in amounts()) {
        prop_assert_eq!(usd(&amount.exact()), amount);
    }

    #[test]
    fn twice_as_many_cost_twice_as_much(price in amounts(), count in 0_u64..1_000_000) {
        prop_assert_eq!(price.times(Quantity::count(2 * count)), price.times(Quantity::count(count)) + price.times(Quantity::count(count)));
    }

    #[test]
    fn any_bytes_are_a_list_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Prices::read(&bytes);
    }
}
