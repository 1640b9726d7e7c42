//! The cost of a platform, for a person: sums that can be checked, and the costs that no sum contains.

use super::page::{Form, Page};
use crate::printer::{Printer, Style};
use ::cost::{Comparison, Estimate, Gap, ResourceCost, Run};
use review::Names;
use std::collections::{BTreeMap, BTreeSet};

/// One line of a plan. An emulator carries a plan out at no cost.
pub(crate) fn change(costs: &Comparison, is_on_aws: bool) -> String {
    let (before, after) = (costs.before.monthly, costs.after.monthly);
    let at_least = if costs.after.is_incomplete() { "at least " } else { "" };
    let dated = format!("list prices of {}, without what is paid by use", costs.after.as_of);
    let cost = match (before.cents(), after.cents()) {
        (0, 0) if at_least.is_empty() => "nothing by being there.".to_owned(),
        (before, after) if before == after => format!("{at_least}{} USD a month, as before.", costs.after.monthly),
        (0, _) => format!("{at_least}{after} USD a month ({dated})."),
        _ => {
            let most = most_of_change(costs).unwrap_or_default();
            format!("{at_least}{after} USD a month, {before} before ({dated}).{most}")
        }
    };
    format!("{} {cost}{}", if is_on_aws { "Costs" } else { "On AWS it would cost" }, executions(costs))
}

/// The most that an execution of each state machine costs, where that changes.
fn executions(costs: &Comparison) -> String {
    let most_before =
        |address: &str| costs.before.runs.iter().find(|run| run.address == address).map(|run| run.at_most);
    let changed = costs.after.runs.iter().filter(|run| most_before(&run.address) != Some(run.at_most));
    let most = |run: &Run| {
        let before = most_before(&run.address).map(|before| format!(", {before} before")).unwrap_or_default();
        format!("{} {}{before}", run.address, run.at_most)
    };
    match changed.map(most).collect::<Vec<_>>() {
        changed if changed.is_empty() => String::new(),
        changed => format!(" At most for each execution, in USD: {}.", changed.join("; ")),
    }
}

/// The item that makes up most of the change, with its resources.
fn most_of_change(costs: &Comparison) -> Option<String> {
    let (before, after) = (cents_by_item(&costs.before), cents_by_item(&costs.after));
    let mut changes: BTreeMap<&str, (u128, BTreeSet<&str>)> = BTreeMap::new();
    for item in before.keys().chain(after.keys()) {
        let cents = |items: &BTreeMap<_, u128>| items.get(item).copied().unwrap_or_default();
        let change = cents(&before).abs_diff(cents(&after));
        let (address, what) = *item;
        let (sum, addresses) = changes.entry(what).or_default();
        if change > 0 && addresses.insert(address) {
            *sum += change;
        }
    }
    let (what, (sum, addresses)) = changes.iter().max_by_key(|(_, (sum, _))| *sum)?;
    let whole = costs.before.monthly.cents().abs_diff(costs.after.monthly.cents());
    let of_whom = match addresses.first() {
        Some(address) if addresses.len() == 1 => (*address).to_owned(),
        _ => format!("{} resources", addresses.len()),
    };
    (sum * 2 > whole).then(|| format!(" Most of the change: {what} ({of_whom})."))
}

/// The monthly cost of each item, by the address and the item's name.
fn cents_by_item(estimate: &Estimate) -> BTreeMap<(&str, &str), u128> {
    let resources = estimate.areas.iter().flat_map(|area| &area.resources);
    let items = resources.flat_map(|resource| resource.items.iter().map(|item| (resource.address.as_str(), item)));
    items.map(|(address, item)| ((address, item.what.as_str()), item.monthly.cents())).collect()
}

/// The page of an estimate, for a terminal of this width.
pub(crate) fn page(environment: &str, estimate: &Estimate, printer: Printer, width: Option<usize>) -> String {
    let names = Names::default();
    let mut page = Page::new(printer, Form::new(true, width), &names);
    page.plain(0, &format!("{environment} in {}, list prices of {}", estimate.region, estimate.as_of));
    page.gap();
    monthly(estimate, &mut page);
    runs(estimate, &mut page);
    by_use(estimate, &mut page);
    not_priced(estimate, &mut page);
    page.plain(
        0,
        "Without taxes, discounts and free tiers; `--json` lists every assumption. AWS's bill takes precedence.",
    );
    page.finish().join("\n")
}

fn monthly(estimate: &Estimate, page: &mut Page<'_>) {
    for area in &estimate.areas {
        page.line(0, 2, &[(Some(Style::Bold), &area.area)]);
        page.amount(&area.monthly.to_string());
        for resource in &area.resources {
            items(resource, page);
        }
        page.gap();
    }
    let at_least = if estimate.is_incomplete() { "at least, every month, USD" } else { "every month, USD" };
    page.line(0, 2, &[(Some(Style::Bold), at_least)]);
    page.amount(&estimate.monthly.to_string());
    page.gap();
}

/// Each item of a resource, with what it is computed from.
fn items(resource: &ResourceCost, page: &mut Page<'_>) {
    let name = resource.address.split_once('.').map_or("", |(_, name)| name);
    for item in &resource.items {
        let unit = units(item.unit, item.quantity == ::cost::Quantity::ONE);
        let made_of = format!("  {} {unit} × {}", item.quantity, item.unit_price.exact());
        page.line(2, 2, &[(None, &format!("{name}: {}", item.what)), (Some(Style::Dim), &made_of)]);
        page.amount(&item.monthly.to_string());
    }
}

fn units(unit: &str, is_one: bool) -> String {
    if is_one { unit.to_owned() } else { format!("{unit}s") }
}

fn runs(estimate: &Estimate, page: &mut Page<'_>) {
    if estimate.runs.is_empty() {
        return;
    }
    page.line(0, 2, &[(Some(Style::Bold), "for each run, at most, USD")]);
    for run in &estimate.runs {
        page.plain(2, &format!("{}: {}", run.address, run.what));
        page.amount(&run.at_most.to_string());
        for what in &run.not_included {
            page.plain(6, &format!("without {what}"));
        }
    }
    page.gap();
}

fn by_use(estimate: &Estimate, page: &mut Page<'_>) {
    if estimate.by_use.is_empty() {
        return;
    }
    page.line(0, 2, &[(Some(Style::Bold), "by use, USD")]);
    for one in &estimate.by_use {
        let place = if one.region == estimate.region { String::new() } else { format!(" in {}", one.region) };
        let text = format!("{}{place}, for each {}", one.what, one.unit);
        page.line(2, 2, &[(None, &text), (Some(Style::Dim), &format!("  {}", one.depends_on))]);
        page.amount(&one.unit_price.exact());
    }
    page.gap();
}

fn not_priced(estimate: &Estimate, page: &mut Page<'_>) {
    if estimate.not_priced.is_empty() {
        return;
    }
    page.line(0, 2, &[(Some(Style::Bold), "not priced")]);
    for one in &estimate.not_priced {
        let lacks = match one.missing_from {
            Gap::Monthly | Gap::Unknown => "in no sum: ",
            Gap::ByUse => "",
        };
        let text = format!("{}: {} ({})", one.what, one.reason, one.addresses.join(", "));
        page.line(2, 2, &[(Some(Style::Yellow), lacks), (None, &text)]);
    }
    page.gap();
}
