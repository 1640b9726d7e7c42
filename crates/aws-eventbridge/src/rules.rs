//! Many rules read together: AWS lists them by prefix with all that describing one would tell.

use aws_client::{Attempt, Loader, Result, Tokens};
use aws_sdk_eventbridge::{Client, types::Rule};
use resource::Context;
use std::collections::HashMap;

/// Reads that are made at the same time.
#[derive(Default)]
struct Rules(Loader<String, Rule>);

/// The rule of this name on the default bus.
pub(crate) async fn load(name: &str, cx: &Context) -> Result<Option<Rule>> {
    let client = cx.client(Client::new);
    cx.shared::<Rules>().0.load(name.to_owned(), |names| list(client, names)).await
}

async fn list(client: Client, names: Vec<String>) -> Result<HashMap<String, Rule>> {
    let prefix = common_prefix(&names);
    let mut found = HashMap::new();
    let (mut token, mut tokens) = (None, Tokens::default());
    loop {
        let call = client.list_rules().set_name_prefix(Some(prefix.clone()).filter(|prefix| !prefix.is_empty()));
        let page = call.set_next_token(token.take()).send().await.during("ListRules")?;
        let rules = page.rules.unwrap_or_default().into_iter();
        found
            .extend(rules.filter_map(|rule| Some((rule.name.clone()?, rule))).filter(|(name, _)| names.contains(name)));
        token = tokens.follow("ListRules", page.next_token.as_deref().into())?;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// A stack's rules share the beginning of their names, so that little else is listed.
fn common_prefix(names: &[String]) -> String {
    let Some((first, rest)) = names.split_first() else { return String::new() };
    let shared =
        first.chars().enumerate().take_while(|(at, char)| rest.iter().all(|name| name.chars().nth(*at) == Some(*char)));
    shared.map(|(_, char)| char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_listed_by_what_their_names_have_in_common() {
        let names = ["ml-dev-training", "ml-dev-model"].map(str::to_owned);
        assert_eq!(common_prefix(&names), "ml-dev-");
        assert_eq!(common_prefix(&names[..1]), "ml-dev-training");
        assert_eq!(common_prefix(&["a".to_owned(), "b".to_owned()]), "");
    }
}
