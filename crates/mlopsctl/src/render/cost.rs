//! The cost of a platform, for a person: sums that can be checked, and the costs that no sum contains.

use crate::printer::{Printer, Style};
use ::cost::{Comparison, Estimate, Gap, ResourceCost, Run};
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

pub(crate) fn page(environment: &str, estimate: &Estimate, printer: Printer) -> String {
    let mut lines =
        vec![format!("{environment} in {}, list prices of {}", estimate.region, estimate.as_of), String::new()];
    lines.extend(monthly(estimate, printer));
    lines.extend(runs(estimate, printer));
    lines.extend(by_use(estimate, printer));
    lines.extend(not_priced(estimate, printer));
    lines.push(
        "Without taxes, discounts and free tiers; `--json` lists every assumption. AWS's bill takes precedence."
            .to_owned(),
    );
    lines.join("\n")
}

fn monthly(estimate: &Estimate, printer: Printer) -> Vec<String> {
    let mut lines = Vec::new();
    for area in &estimate.areas {
        lines.push(line(&printer.paint(Style::Bold, &area.area), area.area.len(), &area.monthly.to_string()));
        for resource in &area.resources {
            lines.extend(items(resource, printer));
        }
        lines.push(String::new());
    }
    let at_least = if estimate.is_incomplete() { "at least, every month, USD" } else { "every month, USD" };
    lines.push(line(&printer.paint(Style::Bold, at_least), at_least.len(), &estimate.monthly.to_string()));
    lines.push(String::new());
    lines
}

/// Each item of a resource, with what it is computed from.
fn items(resource: &ResourceCost, printer: Printer) -> Vec<String> {
    let name = resource.address.split_once('.').map_or("", |(_, name)| name);
    let items = resource.items.iter().map(|item| {
        let made_of = format!(
            "{} {} × {}",
            item.quantity,
            units(item.unit, item.quantity == ::cost::Quantity::ONE),
            item.unit_price.exact()
        );
        let text = format!("  {name}: {}", item.what);
        let shown = format!("{text}  {}", printer.paint(Style::Dim, &made_of));
        line(&shown, text.chars().count() + 2 + made_of.chars().count(), &item.monthly.to_string())
    });
    items.collect()
}

fn units(unit: &str, is_one: bool) -> String {
    if is_one { unit.to_owned() } else { format!("{unit}s") }
}

/// A text, and an amount at the right edge.
fn line(text: &str, width: usize, amount: &str) -> String {
    const EDGE: usize = 100;
    let gap = EDGE.saturating_sub(width + amount.len()).max(2);
    format!("{text}{}{amount}", " ".repeat(gap))
}

fn runs(estimate: &Estimate, printer: Printer) -> Vec<String> {
    if estimate.runs.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![printer.paint(Style::Bold, "for each run, at most, USD")];
    for run in &estimate.runs {
        let text = format!("  {}: {}", run.address, run.what);
        lines.push(line(&text, text.chars().count(), &run.at_most.to_string()));
        lines.extend(run.not_included.iter().map(|what| format!("      without {what}")));
    }
    lines.push(String::new());
    lines
}

fn by_use(estimate: &Estimate, printer: Printer) -> Vec<String> {
    if estimate.by_use.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![printer.paint(Style::Bold, "by use, USD")];
    for one in &estimate.by_use {
        let place = if one.region == estimate.region { String::new() } else { format!(" in {}", one.region) };
        let text = format!("  {}{place}, for each {}", one.what, one.unit);
        let shown = format!("{text}  {}", printer.paint(Style::Dim, &one.depends_on));
        let width = text.chars().count() + 2 + one.depends_on.chars().count();
        lines.push(line(&shown, width, &one.unit_price.exact()));
    }
    lines.push(String::new());
    lines
}

fn not_priced(estimate: &Estimate, printer: Printer) -> Vec<String> {
    if estimate.not_priced.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![printer.paint(Style::Bold, "not priced")];
    for one in &estimate.not_priced {
        let lacks = match one.missing_from {
            Gap::Monthly | Gap::Unknown => printer.paint(Style::Yellow, "in no sum: "),
            Gap::ByUse => String::new(),
        };
        lines.push(format!("  {lacks}{}: {} ({})", one.what, one.reason, one.addresses.join(", ")));
    }
    lines.push(String::new());
    lines
}
