//! Reading a state: which version wrote it, in which format, and whether it makes sense.

use crate::{Entry, Error, FORMAT, Phase, State, StateIdentity, format_1::Format1};
use resource::Address;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

/// The highest serial: what every reader of JSON can count. No stack is ever written so often.
const LAST_SERIAL: u64 = 1 << 53;

/// The fields of a state that decide how the rest is read.
#[derive(Deserialize)]
#[serde(expecting = "a state")]
struct Header {
    #[serde(default)]
    format: Value,
    #[serde(default)]
    tool: Value,
}

impl Header {
    /// Version of mlopsctl that wrote the state, if it is later than this one.
    fn later_tool(&self) -> Option<String> {
        let tool = self.tool.as_str()?;
        (release(tool)? > release(env!("CARGO_PKG_VERSION"))?).then(|| tool.to_owned())
    }
}

/// The version of mlopsctl that wrote a state, if it is not this version.
pub(crate) fn other_tool(bytes: &[u8]) -> Option<String> {
    let header: Header = serde_json::from_slice(bytes).ok()?;
    let tool = header.tool.as_str()?;
    (release(tool).is_some() && tool != env!("CARGO_PKG_VERSION")).then(|| tool.to_owned())
}

/// The numbers of a version such as `0.2.0` or `1.0.0-rc.1`.
fn release(version: &str) -> Option<[u64; 3]> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    if !version.bytes().all(plain) {
        return None;
    }
    let mut numbers = version.split(['-', '+']).next()?.split('.').map(|number| number.parse().ok());
    let release = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(release)
}

impl State {
    /// Reads a state that must be of this identity. A state of an older format is migrated; it is stored so with the
    /// next write. `place` says where the bytes are from, for messages.
    ///
    /// # Errors
    /// [`Error::Newer`] for what a later version wrote, [`Error::Damaged`] for anything that is not a state,
    /// [`Error::Foreign`] for the state of another project, environment, account or region.
    pub fn read(bytes: &[u8], place: &str, identity: &StateIdentity) -> Result<Self, Error> {
        let state = match parse(bytes, place)? {
            Parsed::Current(state) => state,
            Parsed::First(state) => state.migrate(identity),
        };
        state.expect(identity, place)?;
        Ok(state)
    }

    /// Refuses a state of another project, environment, account or region. `place` says where it is from, for
    /// messages.
    ///
    /// # Errors
    /// [`Error::Foreign`], which names the difference.
    fn expect(&self, identity: &StateIdentity, place: &str) -> Result<(), Error> {
        let fields = [
            ("project", &self.project, &identity.project),
            ("environment", &self.environment, &identity.environment),
            ("account", &self.account, &identity.account),
            ("region", &self.region, &identity.region),
        ];
        match fields.into_iter().find(|(_, theirs, ours)| theirs != ours) {
            None => Ok(()),
            Some((what, theirs, ours)) => {
                Err(Error::Foreign { place: place.to_owned(), what, theirs: theirs.clone(), ours: ours.clone() })
            }
        }
    }

    /// The region that a state names, for callers that know nothing else of its environment.
    ///
    /// # Errors
    /// As [`State::read`], but it may be anybody's.
    pub fn read_region(bytes: &[u8], place: &str) -> Result<String, Error> {
        Ok(match parse(bytes, place)? {
            Parsed::Current(state) => state.region,
            Parsed::First(state) => state.region,
        })
    }
}

/// A state in the format in which it was written.
pub(crate) enum Parsed {
    First(Format1),
    Current(State),
}

/// Reads a state of any format that this version knows, whosever it is.
pub(crate) fn parse(bytes: &[u8], place: &str) -> Result<Parsed, Error> {
    let damaged = |what: String| Error::Damaged { place: place.to_owned(), what };
    let header: Header = serde_json::from_slice(bytes).map_err(|error| match error.is_data() {
        true => damaged(format!("it is not a state: {error}")),
        false => damaged(format!("it is not JSON: {error}")),
    })?;
    let newer = |format| Error::Newer { place: place.to_owned(), format, tool: header.later_tool() };
    let format = match header.format.as_u64() {
        None => return Err(damaged("it has no format number".to_owned())),
        Some(found) if found > FORMAT => return Err(newer(found)),
        Some(0) => return Err(damaged("there is no format 0".to_owned())),
        Some(found) => found,
    };
    let parsed = match format {
        1 => typed(bytes).map(Parsed::First),
        _ => typed(bytes).map(Parsed::Current),
    };
    let sound = parsed.and_then(|parsed| {
        match &parsed {
            Parsed::First(state) => check(state.serial, &state.account, &state.region, &state.resources),
            Parsed::Current(state) => check(state.serial, &state.account, &state.region, &state.resources),
        }
        .map(|()| parsed)
    });
    // A later version may know fields and phases that this one does not: that is no damage.
    sound.map_err(|what| if header.later_tool().is_some() { newer(format) } else { damaged(what) })
}

fn typed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|error| located(&error))
}

/// The mistake and its field: of a field that is nested without end, the beginning.
fn located(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    const LONGEST: usize = 100;
    let path = error.path().to_string();
    match path.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…: {}", &path[..end], error.inner()),
        None => error.to_string(),
    }
}

/// Checks what the types cannot say.
fn check(serial: u64, account: &str, region: &str, resources: &BTreeMap<Address, Entry>) -> Result<(), String> {
    if serial > LAST_SERIAL {
        return Err(format!("no stack was ever written {serial} times"));
    }
    if !is_account(account) {
        return Err(format!("`{}` is not an account", account.escape_debug()));
    }
    if !is_region(region) {
        return Err(format!("`{}` is not a region", region.escape_debug()));
    }
    for (address, entry) in resources {
        check_entry(address, entry)?;
    }
    Ok(())
}

fn check_entry(address: &Address, entry: &Entry) -> Result<(), String> {
    if Address::parse(address.as_str()).is_none() {
        return Err(format!("`{}` is not an address", address.as_str().escape_debug()));
    }
    match &entry.id {
        // A deletion without an id might delete everything.
        Some(id) if id.is_empty() => return Err(format!("the id of {address} is empty")),
        None if entry.phase != Phase::Intent => {
            return Err(format!("{address} is {} but has no id", entry.phase.as_str()));
        }
        _ => {}
    }
    if entry.deposed.iter().any(|old| old.id.is_empty()) {
        return Err(format!("the id of a deposed resource of {address} is empty"));
    }
    if entry.depends_on.iter().any(|needed| needed.address == *address) {
        return Err(format!("{address} needs itself"));
    }
    Ok(())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// True if a text has the form of a region, such as `us-gov-west-1`. It becomes part of host names.
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase());
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    words.contains('-') && words.split('-').all(is_word) && is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(release("0.10.0") > release("0.9.12"));
        assert_eq!(release("1.2.3-rc.1"), Some([1, 2, 3]));
        for text in ["", "1", "1.2", "1.2.3.4", "a.b.c", "0.2.0\u{1b}[2J"] {
            assert_eq!(release(text), None, "{text}");
        }
    }

    #[test]
    fn region_is_checked_before_it_becomes_part_of_a_host_name() {
        for region in ["ap-south-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1"] {
            assert!(is_region(region), "{region}");
        }
        for text in
            ["", "attacker.invalid/#", "ap-south", "south-1", "AP-south-1", "ap-south-1.evil.example-1", "ap--1"]
        {
            assert!(!is_region(text), "{text}");
        }
    }
}
