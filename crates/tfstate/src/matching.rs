//! Matches resources of a Terraform state with declared resources.

use crate::{Managed, Tfstate, Types};
use resource::{Address, Associated, Terraform};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{UNKNOWN_CLOSE, UNKNOWN_OPEN};

/// A resource of the stack, with placeholders for what is not known yet.
#[derive(Clone, Debug)]
pub struct Declared<'a> {
    /// The address in the stack.
    pub address: &'a Address,
    /// `service:thing`.
    pub kind: &'a str,
    /// The declared spec.
    pub spec: &'a Value,
    /// The id of the live resource, if it is known already.
    pub id: Option<&'a str>,
}

/// The pairs of Terraform's resources and ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// The pairs to adopt, in the order of the stack.
    pub matches: Vec<Match>,
    /// Resources that the state already records.
    pub adopted: Vec<Match>,
    /// Terraform's addresses of resources that are settings of another resource here.
    pub settings: Vec<String>,
    /// Resources of Terraform's that the stack does not adopt.
    pub left: Vec<Unmatched>,
}

/// One thing that both know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Our address.
    pub address: Address,
    /// Terraform's.
    pub terraform: String,
    /// The id; `None` if it is known by the name that is declared.
    pub id: Option<String>,
}

/// One thing that only Terraform knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// Terraform's address.
    pub terraform: String,
    /// The reason why it has no counterpart.
    pub why: String,
}

impl Tfstate {
    /// The id of what stands at an address of Terraform's, as AWS gave it.
    pub fn id(&self, address: &str) -> Option<&str> {
        let managed = self.resources.iter().find(|one| one.address == address)?;
        managed.attributes.get("id")?.as_str()
    }

    /// Finds what is declared, by names, ranges and what belongs to what. `declared` is in the order of the stack.
    pub fn find(&self, declared: &[Declared<'_>], types: &Types) -> Matching {
        let known = declared.iter().filter_map(|one| Some((one.address, one.id?.to_owned()))).collect();
        let mut finder = Finder { state: self, declared, types, known, taken: BTreeMap::new(), leads: BTreeMap::new() };
        for (index, one) in declared.iter().enumerate() {
            if one.id.is_none() {
                finder.find(index);
            }
        }
        finder.follow_leads();
        finder.matching()
    }

    /// The values that other resources of the state associate with one.
    fn associated(&self, managed: &Managed, by: &Associated) -> Value {
        let of_it = |one: &&Managed| {
            one.kind == by.kind
                && one.attributes.get(by.belongs_to).is_some_and(|owner| Some(owner) == managed.attributes.get("id"))
        };
        self.resources.iter().filter(of_it).filter_map(|one| one.attributes.get(by.value).cloned()).collect()
    }
}

fn id(managed: &Managed) -> Option<&str> {
    managed.attributes.get("id").and_then(Value::as_str)
}

struct Finder<'a> {
    state: &'a Tfstate,
    declared: &'a [Declared<'a>],
    types: &'a Types,
    /// The ids of live resources, as far as they are known.
    known: BTreeMap<&'a Address, String>,
    /// The counterpart in Terraform, by position in `declared`.
    taken: BTreeMap<usize, &'a Managed>,
    /// Addresses that something refers to, with the ids that Terraform's counterpart refers to.
    leads: BTreeMap<Address, String>,
}

impl<'a> Finder<'a> {
    fn find(&mut self, index: usize) {
        let one = &self.declared[index];
        let candidates: Vec<&Managed> = self.candidates(one).collect();
        // Several that are alike are told apart by nobody, and one that could be several of ours neither.
        if let [only] = candidates.as_slice()
            && self.rivals(only, one).next().is_none()
        {
            self.take(index, only);
        }
    }

    /// Terraform's resources of the same kind whose identifying attributes are those of the declaration.
    fn candidates(&self, one: &'a Declared<'a>) -> impl Iterator<Item = &'a Managed> {
        let fits = |managed: &&Managed| {
            let kind = self.types.of_type(&managed.kind);
            kind.is_some_and(|(kind, terraform)| kind == one.kind && self.is_alike(terraform, managed, one))
        };
        self.state.resources.iter().filter(fits)
    }

    fn rivals(&self, managed: &'a Managed, but: &Declared<'_>) -> impl Iterator<Item = &'a Declared<'a>> {
        let others = self.declared.iter().filter(|one| one.address != but.address && one.id.is_none());
        let kind = self.types.of_type(&managed.kind);
        others.filter(move |one| {
            kind.is_some_and(|(kind, terraform)| kind == one.kind && self.is_alike(terraform, managed, one))
        })
    }

    /// True if all identifying attributes of the kind are alike. A kind without such attributes is like no other.
    fn is_alike(&self, terraform: &Terraform, managed: &Managed, one: &Declared<'_>) -> bool {
        let is_same = |theirs: &Value, field: &str| one.spec.get(field).is_some_and(|ours| self.is_same(theirs, ours));
        let mut alike = terraform.alike.iter();
        !terraform.alike.is_empty()
            && alike.all(|(theirs, field)| is_same(managed.attributes.get(theirs).unwrap_or(&Value::Null), field))
            && terraform.associated.iter().all(|by| is_same(&self.state.associated(managed, by), by.field))
    }

    /// True if a value of Terraform's is the declared one, which may refer to known ids.
    fn is_same(&self, theirs: &Value, ours: &Value) -> bool {
        match (theirs, ours) {
            (Value::Array(theirs), Value::Array(ours)) => {
                let known: BTreeSet<String> = ours.iter().map(|one| self.known_value(one)).collect();
                let there: BTreeSet<String> = theirs.iter().map(text).collect();
                known == there
            }
            _ => text(theirs) == self.known_value(ours),
        }
    }

    fn known_value(&self, ours: &Value) -> String {
        let referred = referred(ours).and_then(|address| self.known.get(&address));
        referred.cloned().unwrap_or_else(|| text(ours))
    }

    fn take(&mut self, index: usize, managed: &'a Managed) {
        let one = &self.declared[index];
        if let Some(id) = id(managed) {
            self.known.insert(one.address, id.to_owned());
        }
        let leads = self.types.of_type(&managed.kind).map_or(&[][..], |(_, terraform)| terraform.leads);
        for (theirs, ours) in leads {
            let theirs = managed.attributes.get(theirs).and_then(Value::as_str);
            if let (Some(address), Some(id)) = (one.spec.get(ours).and_then(referred), theirs) {
                self.leads.insert(address, id.to_owned());
            }
        }
        self.taken.insert(index, managed);
    }

    fn follow_leads(&mut self) {
        for (index, one) in self.declared.iter().enumerate() {
            let Some(lead) = self.leads.get(one.address).filter(|_| one.id.is_none()).cloned() else { continue };
            let of_kind =
                |managed: &&Managed| self.types.of_type(&managed.kind).is_some_and(|(kind, _)| kind == one.kind);
            let mut led = self.state.resources.iter().filter(of_kind);
            if let Some(managed) = led.find(|managed| id(managed) == Some(lead.as_str())) {
                self.take(index, managed);
            }
        }
    }

    fn matching(self) -> Matching {
        let mut matching = Matching::default();
        let taken: BTreeSet<&str> = self.taken.values().map(|managed| managed.address.as_str()).collect();
        for managed in self.state.resources.iter().filter(|managed| !taken.contains(managed.address.as_str())) {
            match (self.adopted(managed), self.types.has_setting(&managed.kind)) {
                (Some(one), _) => matching.adopted.push(one),
                (None, true) => matching.settings.push(managed.address.clone()),
                (None, false) => {
                    let why = self.why_not(managed);
                    matching.left.push(Unmatched { terraform: managed.address.clone(), why });
                }
            }
        }
        for (index, managed) in &self.taken {
            let by_id = self.types.of_type(&managed.kind).is_some_and(|(_, terraform)| terraform.by_id);
            matching.matches.push(Match {
                address: self.declared[*index].address.clone(),
                terraform: managed.address.clone(),
                id: id(managed).filter(|_| by_id).map(str::to_owned),
            });
        }
        matching
    }

    /// The recorded resource that equals a resource of Terraform. Its kind and its id are the same, or its name for
    /// kinds that are identified by a name.
    fn adopted(&self, managed: &Managed) -> Option<Match> {
        let (kind, terraform) = self.types.of_type(&managed.kind)?;
        let is_this = |one: &&Declared<'_>| {
            let same_id = one.id.is_some() && one.id == id(managed);
            let same_name = || one.id.is_some() && !terraform.by_id && self.is_alike(terraform, managed, one);
            kind == one.kind && (same_id || same_name())
        };
        let one = self.declared.iter().find(is_this)?;
        let id = one.id.map(str::to_owned);
        Some(Match { address: one.address.clone(), terraform: managed.address.clone(), id })
    }

    fn why_not(&self, managed: &Managed) -> String {
        let Some((kind, terraform)) = self.types.of_type(&managed.kind) else {
            return "mlopsctl builds nothing of this type".to_owned();
        };
        let alike = self.declared.iter().filter(|one| kind == one.kind && self.is_alike(terraform, managed, one));
        let could_be: Vec<&str> = alike.map(|one| one.address.as_str()).collect();
        match could_be.as_slice() {
            [] => format!("no {kind} of the environment file is like it"),
            _ => format!("it could be {}; say which with ADDRESS={}", could_be.join(" or "), managed.address),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The address that a placeholder refers to: `⟦network.vpc.id⟧`.
fn referred(value: &Value) -> Option<Address> {
    let path = value.as_str()?.strip_prefix(UNKNOWN_OPEN)?.strip_suffix(UNKNOWN_CLOSE)?;
    let (address, _) = path.rsplit_once('.')?;
    Address::parse(address)
}
