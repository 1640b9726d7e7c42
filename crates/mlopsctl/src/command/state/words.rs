//! The arguments of commands that take an environment and something else. As everywhere, the environment comes first.
//! Scripts for version 0.1 put it last.

use crate::command_error::CommandError;
use resource::Address;
use state::State;
use std::path::PathBuf;

/// The environment, if the arguments name one, and `N` addresses. An address has a dot, and the name of an environment
/// has none.
pub(super) fn addresses<const N: usize>(words: &[String]) -> Result<(Option<String>, [String; N]), CommandError> {
    let (environment, addresses) = match words {
        [first, rest @ ..] if words.len() == N + 1 && !first.contains('.') => (Some(first.clone()), rest),
        [rest @ .., last] if words.len() == N + 1 => (Some(last.clone()), rest),
        all => (None, all),
    };
    let help = "an address is <area>.<name>; the environment stands before it";
    let of = |addresses: &[String]| <[String; N]>::try_from(addresses.to_vec()).ok();
    match (addresses.iter().find(|one| !one.contains('.')), of(addresses)) {
        (None, Some(addresses)) => Ok((environment, addresses)),
        (Some(other), _) => Err(CommandError::usage(format!("`{}` is not an address", other.escape_debug()), help)),
        (None, None) => Err(CommandError::usage(format!("{N} addresses are needed, not {}", addresses.len()), help)),
    }
}

/// The environment, if the arguments name one, and a file.
pub(super) fn file(words: &[String]) -> (Option<String>, PathBuf) {
    let is_name = |word: &str| !word.contains(['.', '/', '\\']);
    let is_file = |word: &str| PathBuf::from(word).is_file();
    match words {
        [first, second] => {
            let is_old_order = is_name(second) && (!is_name(first) || (is_file(first) && !is_file(second)));
            let (environment, file) = if is_old_order { (second, first) } else { (first, second) };
            (Some(environment.clone()), file.into())
        }
        all => (None, all.first().map(PathBuf::from).unwrap_or_default()),
    }
}

/// A recorded address.
pub(super) fn known(state: &State, text: &str) -> Result<Address, CommandError> {
    let address = Address::parse(text).filter(|address| state.resources.contains_key(address));
    address.ok_or_else(|| {
        CommandError::usage(format!("the state knows no `{text}`"), "`mlopsctl state list` shows what it knows")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn environment_stands_before_or_after_the_addresses() {
        let expected = (Some("dev".to_owned()), ["a.b".to_owned(), "c.d".to_owned()]);
        for text in ["dev a.b c.d", "a.b c.d dev"] {
            assert_eq!(addresses::<2>(&words(text)).unwrap(), expected);
        }
        assert_eq!(addresses::<1>(&words("a.b")).unwrap(), (None, ["a.b".to_owned()]));
        for text in ["dev ab", "ab dev", "dev", "a.b dev c.d"] {
            assert!(addresses::<2>(&words(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn environment_stands_before_or_after_the_file() {
        for text in ["dev old.json", "old.json dev", "dev ./old", "./old dev"] {
            let (environment, file) = file(&words(text));
            assert!(environment.as_deref() == Some("dev") && file.to_string_lossy().contains("old"), "{text}");
        }
    }
}
