use crate::stack::{Declared, MUMBAI, Stack, usd};
use cost::{Prices, Quantity, Usd, compare, treatments};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

/// A stack of any known kinds and of some that nobody knows.
fn stacks() -> impl Strategy<Value = Stack> {
    let kinds = treatments().map(|(kind, _)| kind).chain(["some:thing"]).collect::<Vec<_>>();
    let areas = ["network", "storage", "pipeline", "alone"];
    let resource = (select(areas.to_vec()), select(kinds), 0_u64..4);
    vec(resource, 0..24).prop_map(|resources| {
        let declared = |(at, (area, kind, count)): (usize, (&str, &str, u64))| Declared {
            address: format!("{area}.{at}"),
            kind: kind.to_owned(),
            spec: json!({
                "name": format!("it-{at}"),
                "volume_gb": count,
                "reach": {"type": "interface", "subnets": vec!["subnet"; usize::try_from(count).unwrap()]}
            }),
        };
        Stack(resources.into_iter().enumerate().map(declared).collect())
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
            let free = treatments().any(|(kind, how)| kind == declared.kind && how != cost::Treatment::Priced);
            prop_assert_eq!(listed.contains(&&declared.address), !free, "{}", declared.kind);
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
        prop_assert_eq!(price.times(Quantity::of(2 * count)), price.times(Quantity::of(count)) + price.times(Quantity::of(count)));
    }

    #[test]
    fn any_bytes_are_a_list_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Prices::read(&bytes);
    }
}
