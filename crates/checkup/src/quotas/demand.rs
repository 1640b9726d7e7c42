//! The amounts of each quota that a platform still needs, as its kinds of resources declare them.

use crate::DoctorInput;
use aws_client::Result;
use resource::{QuotaScope, QuotaUse};

/// The amount of each quota that the platform needs beside the live count. A quota that it does not need is left out.
///
/// # Errors
/// If this version cannot read a spec.
pub(crate) fn wanted(input: &DoctorInput<'_>) -> Result<Vec<QuotaUse>> {
    let mut wanted: Vec<QuotaUse> = Vec::new();
    for (kind, spec) in &input.declared {
        for one in input.registry.get(kind)?.quotas(spec)? {
            match wanted.iter_mut().find(|other| other.quota == one.quota) {
                Some(other) => other.amount = joined(other.quota.scope, other.amount, one.amount),
                None => wanted.push(one),
            }
        }
    }
    // The live count has the resources that exist.
    for entry in input.state.resources.values().filter(|entry| entry.id.is_some()) {
        for one in input.registry.get(&entry.kind)?.quotas(&entry.spec)? {
            let counted = wanted.iter_mut().find(|other| other.quota == one.quota);
            if let Some(other) = counted.filter(|other| matches!(other.quota.scope, QuotaScope::Account(_))) {
                other.amount = other.amount.saturating_sub(one.amount);
            }
        }
    }
    wanted.retain(|one| match one.quota.scope {
        QuotaScope::Account(_) | QuotaScope::Declared { .. } => one.amount > 0,
        QuotaScope::Each { default } => one.amount > default,
    });
    for one in &mut wanted {
        if let QuotaScope::Declared { kept_free } = one.quota.scope {
            one.amount += kept_free;
        }
    }
    Ok(wanted)
}

/// The amount of two resources against one quota.
fn joined(scope: QuotaScope, first: usize, second: usize) -> usize {
    match scope {
        QuotaScope::Account(_) | QuotaScope::Declared { .. } => first + second,
        QuotaScope::Each { .. } => first.max(second),
    }
}
