//! The credibility of a state: it is a file, which people edit and copy.

use super::{Planner, refusal};
use crate::{Action, PlannedChange, Refusal, planning::KnownResource};
use aws_client::{Failure, Remedy, Result};
use resource::{Address, IdForm, tags_of};
use serde_json::Value;
use state::Entry;
use std::collections::{HashMap, HashSet};
use vocabulary::has_unknown;

impl Planner<'_> {
    /// Refuses recorded ids that the recorded specs cannot have led to: an edited state must not have
    /// something else changed or deleted.
    pub(super) fn recorded_ids(&self, known: &[KnownResource], changes: &[PlannedChange], refusals: &mut Vec<Refusal>) {
        let entries = self.state.resources.values();
        let deposed = entries.clone().flat_map(|entry| &entry.deposed).map(|old| old.id.as_str());
        let recorded = entries.filter_map(|entry| entry.id.as_deref()).chain(deposed);
        let named: HashSet<&str> = recorded.chain(known.iter().filter_map(|known| known.id.as_deref())).collect();
        let touched = changes.iter().filter(|change| change.action != Action::Create).map(|change| &change.address);
        let touched: HashSet<&Address> = touched.collect();
        for (address, entry) in self.state.resources.iter().filter(|(address, _)| self.purpose.targets(address)) {
            let current = entry.id.as_deref().map(|id| (entry.kind.as_str(), id, &entry.spec));
            let deposed = entry.deposed.iter().map(|old| (old.kind.as_str(), old.id.as_str(), &old.spec));
            let recorded = current.into_iter().chain(deposed);
            let is_touched = touched.contains(address);
            let ids = recorded.map(|(kind, id, spec)| (kind, self.is_credible(kind, id, spec, is_touched, &named)));
            let outputs = std::iter::once_with(|| (entry.kind.as_str(), self.has_credible_outputs(address, entry)));
            let first = ids.chain(outputs).find_map(|(kind, judged)| Some((kind, judged.err()?)));
            refusals.extend(first.map(|(kind, failure)| refusal(address, kind, failure)));
        }
    }

    /// Other resources are declared with these outputs, and no read confirms them.
    fn has_credible_outputs(&self, address: &Address, entry: &Entry) -> Result<()> {
        let Value::Object(outputs) = &entry.outputs else { return Ok(()) };
        let predicted = self.registry.get(&entry.kind)?.predict_outputs(
            &entry.spec,
            address.as_str(),
            self.contexts.cloud.place(),
        )?;
        let differs = |(name, value): (&String, &Value)| {
            let predicted = &predicted[name];
            let other = !predicted.is_null() && !has_unknown(predicted) && predicted != value;
            let other_id = name == "id" && entry.id.as_deref() != value.as_str() && !has_unknown(value);
            (other || other_id).then(|| name.clone())
        };
        match outputs.iter().find_map(differs) {
            None => Ok(()),
            Some(name) => {
                Err(self.incredible(&format!("the state records {} as its {name}, which it cannot be", outputs[&name])))
            }
        }
    }

    fn is_credible(&self, kind: &str, id: &str, spec: &Value, is_touched: bool, named: &HashSet<&str>) -> Result<()> {
        let reconciler = self.registry.get(kind)?;
        let place = self.contexts.cloud.place();
        let incredible = |why: &str| self.incredible(&format!("the state records {} for it, {why}", id.escape_debug()));
        let form = reconciler.id_form(spec, place)?;
        if !form.matches(id) {
            return Err(incredible(&format!("which is not the id of the recorded {}", reconciler.noun())));
        }
        // The tags of a resource decide. A resource whose id AWS chose is deleted with its container, which the state
        // may no longer record. It is checked only if the plan would touch it.
        let is_named = matches!(form, IdForm::Is(_));
        if tags_of(spec).is_some() || !(is_named || is_touched) {
            return Ok(());
        }
        // It has no tags of its own, so its container or its name must decide.
        let is_ours = match reconciler.part_of(spec)? {
            Some(container) => named.contains(container.as_str()) || self.bears_our_name(&container),
            None => !is_named || self.bears_our_name(id),
        };
        match is_ours || has_unknown(spec) {
            true => Ok(()),
            false => Err(incredible("which is part of nothing that this environment made")),
        }
    }

    fn incredible(&self, why: &str) -> Failure {
        let environment = Some(self.state.environment.clone());
        Failure::refused(
            why,
            Remedy::Several(vec![
                "the state was edited or is damaged".into(),
                Remedy::RestoreState { environment, version: None },
            ]),
        )
    }

    /// True if a name contains the names of project and environment, or begins with the stack's prefix. Every name that
    /// the declaration chooses does.
    fn bears_our_name(&self, name: &str) -> bool {
        let plain = |text: &str| text.to_lowercase().replace('_', "-");
        let usual = format!("{}-{}", self.state.project, self.state.environment);
        let own = [Some(usual.as_str()), self.stack.prefix()];
        own.into_iter().flatten().any(|own| !own.is_empty() && plain(name).contains(&plain(own)))
    }

    /// Refuses a plan that names one thing at two addresses: one would adopt what the other deletes. Refuses a
    /// deposed resource that is in use, too.
    pub(super) fn refuse_duplicate_ids(
        &self,
        known: &[KnownResource],
        changes: &[PlannedChange],
        refusals: &mut Vec<Refusal>,
    ) {
        let declared = self.stack.nodes().iter().zip(known);
        let declared = declared.filter_map(|(node, known)| Some((node.kind, known.id.as_deref()?, &node.address)));
        let deleted = changes.iter().filter(|change| change.action == Action::Delete && !change.deposed);
        let deleted = deleted.filter_map(|change| Some((change.kind.as_str(), change.id.as_deref()?, &change.address)));
        let mut taken: HashMap<(&str, &str), &Address> = HashMap::new();
        for (kind, id, address) in declared.chain(deleted) {
            if let Some(other) = taken.insert((kind, id), address)
                && other != address
            {
                let failure = Failure::refused(
                    format!("{id} stands at {other} as well, and can stand at one address only"),
                    Remedy::MoveRecord { from: address.to_string(), to: other.to_string() },
                );
                refusals.push(refusal(address, kind, failure));
            }
        }
        for change in changes.iter().filter(|change| change.deposed) {
            let Some(id) = change.id.as_deref() else { continue };
            if let Some(address) = taken.get(&(change.kind.as_str(), id)) {
                let why = format!("the state records {id} as deposed, and {address} has it");
                refusals.push(refusal(&change.address, &change.kind, self.incredible(&why)));
            }
        }
    }
}
