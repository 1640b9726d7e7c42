//! EC2's requests: form fields such as `TagSpecification.1.Tag.2.Key`.

use std::collections::BTreeMap;
use winterbaume_core::parse_query_string;

use super::answer::{Answer, Refusal};

/// The fields of a request.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn parse(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        Self(parse_query_string(&body).into_iter().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    pub(super) fn need(&self, name: &str) -> Answer<&str> {
        self.get(name).ok_or_else(|| Refusal {
            code: "MissingParameter",
            message: format!("The request must contain the parameter {name}"),
        })
    }

    /// `Name.1`, `Name.2`, … in order.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.each(name).filter_map(|item| item.get("")).collect()
    }

    /// The structures `name.1`, `name.2`, … in order.
    pub(super) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Item<'a>> + 'a {
        (1..).map(move |n| Item { query: self, prefix: format!("{name}.{n}") }).take_while(Item::exists)
    }

    /// The tags a create call gives to a kind of resource.
    pub(super) fn tags(&self, resource_type: &str) -> BTreeMap<String, String> {
        self.each("TagSpecification")
            .filter(|spec| spec.get("ResourceType").as_deref() == Some(resource_type))
            .flat_map(|spec| spec.tags("Tag"))
            .collect()
    }

    /// True if the pair passes every `Filter.N`, given the values each filter name stands for.
    pub(super) fn passes(&self, values: impl Fn(&str) -> Vec<String>) -> bool {
        self.each("Filter").all(|filter| {
            let name = filter.get("Name").unwrap_or_default();
            let wanted = filter.list("Value");
            let values = values(&name);
            wanted.iter().any(|wanted| values.iter().any(|value| matches(wanted, value)))
        })
    }
}

/// One structure in a list of a request.
pub(super) struct Item<'a> {
    query: &'a Query,
    prefix: String,
}

impl Item<'_> {
    fn exists(&self) -> bool {
        let inside = format!("{}.", self.prefix);
        self.query.0.contains_key(&self.prefix)
            || self.query.0.range(inside.clone()..).next().is_some_and(|(name, _)| name.starts_with(&inside))
    }

    /// A member of the structure; `""` is the item itself.
    pub(super) fn get(&self, member: &str) -> Option<String> {
        let name = match member {
            "" => self.prefix.clone(),
            member => format!("{}.{member}", self.prefix),
        };
        self.query.get(&name).map(str::to_owned)
    }

    pub(super) fn list(&self, member: &str) -> Vec<String> {
        self.query.list(&format!("{}.{member}", self.prefix))
    }

    /// The structures `member.1`, `member.2`, … of this one.
    pub(super) fn each<T>(&self, member: &str, read: impl Fn(&Item<'_>) -> T) -> Vec<T> {
        let name = format!("{}.{member}", self.prefix);
        self.query.each(&name).map(|item| read(&item)).collect()
    }

    fn tags(&self, member: &str) -> Vec<(String, String)> {
        self.each(member, |tag| (tag.get("Key").unwrap_or_default(), tag.get("Value").unwrap_or_default()))
    }
}

/// Filter values may end in `*`.
fn matches(wanted: &str, value: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) => value.starts_with(prefix),
        None => wanted == value,
    }
}
