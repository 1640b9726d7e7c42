//! Counts the values of a column, by the types that they could have.

use crate::{
    data_schema::Kind,
    raw_values::{NULL_WORDS, boolean, number, timestamp},
};
use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Words that people write for a missing value, and that are none by default.
const LIKELY_NULL: [&str; 13] =
    ["-", "--", ".", "*", "n.a.", "n.a", "nil", "missing", "unknown", "(null)", "\\n", "#value!", "#div/0!"];
/// The most different texts that are kept.
pub(crate) const MOST_TEXTS: usize = 200;
/// Signs for decimals.
pub(crate) const DECIMALS: [char; 2] = ['.', ','];
/// The share of values, in percent, that must be of a type.
const MOST_OF: u64 = 95;
/// Beyond it, a number is no integer of 64 bits.
const LARGEST_INTEGER: f64 = 9.2e18;

/// The values of a column.
#[derive(Default)]
pub(crate) struct Tally {
    /// Rows with a value.
    pub(crate) present: u64,
    /// The different values; `None` once they are more than [`MOST_TEXTS`].
    pub(crate) texts: Texts,
    /// The hashes of all values while no value occurs twice; counted only if asked for.
    seen: Option<HashSet<u64>>,
    /// Words of [`LIKELY_NULL`], as they are written.
    likely_null: BTreeMap<String, u64>,
    booleans: u64,
    moments: u64,
    /// Numbers, by their sign for decimals.
    numbers: [u64; 2],
    /// Those of them that are whole.
    integers: [u64; 2],
}

/// Different texts with their counts, as long as there are few.
pub(crate) struct Texts(pub(crate) Option<BTreeMap<String, u64>>);

impl Default for Texts {
    fn default() -> Self {
        Self(Some(BTreeMap::new()))
    }
}

impl Texts {
    fn add(&mut self, text: &str) {
        if let Some(texts) = &mut self.0 {
            *texts.entry(text.to_owned()).or_default() += 1;
            if texts.len() > MOST_TEXTS {
                self.0 = None;
            }
        }
    }
}

impl Tally {
    /// `is_identity` says that the column could identify rows.
    pub(crate) fn new(is_identity: bool) -> Self {
        Self { seen: is_identity.then(HashSet::new), ..Self::default() }
    }

    pub(crate) fn add(&mut self, text: &str) {
        let text = text.trim();
        let word = text.to_lowercase();
        if text.is_empty() || NULL_WORDS.contains(&word.as_str()) {
            self.seen = None;
            return;
        }
        self.present += 1;
        self.texts.add(text);
        if let Some(seen) = &mut self.seen {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            if !seen.insert(hasher.finish()) {
                self.seen = None;
            }
        }
        if LIKELY_NULL.contains(&word.as_str()) {
            *self.likely_null.entry(text.to_owned()).or_default() += 1;
            return;
        }
        self.booleans += u64::from(boolean(text).is_some());
        self.moments += u64::from(timestamp(text, None).is_some());
        for (at, sign) in DECIMALS.into_iter().enumerate() {
            if let Some(number) = number(text, sign) {
                self.numbers[at] += 1;
                self.integers[at] += u64::from(number.fract() == 0.0 && number.abs() < LARGEST_INTEGER);
            }
        }
    }

    /// True if each row so far has a value of its own.
    pub(crate) fn identifies(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| !seen.is_empty())
    }

    /// True if most values are numbers with this sign for decimals.
    pub(crate) fn is_numeric(&self, decimal: char) -> bool {
        self.are_most(self.numbers[place(decimal)])
    }

    /// The values that are numbers with this sign for decimals.
    pub(crate) fn numbers(&self, decimal: char) -> u64 {
        self.numbers[place(decimal)]
    }

    fn are_most(&self, count: u64) -> bool {
        let all = self.present - self.likely_null.values().sum::<u64>();
        count > 0 && count * 100 >= all * MOST_OF
    }

    /// The type of most values.
    pub(crate) fn kind(&self, decimal: char) -> Kind {
        let at = place(decimal);
        if self.is_numeric(decimal) {
            return if self.integers[at] == self.numbers[at] { Kind::Integer } else { Kind::Number };
        }
        if self.are_most(self.booleans) {
            Kind::Boolean
        } else if self.are_most(self.moments) {
            Kind::Timestamp
        } else {
            Kind::String
        }
    }

    /// The words for a missing value besides the usual ones, where the values are of this type.
    pub(crate) fn null_words(&self, kind: Kind) -> Vec<&str> {
        match kind {
            Kind::String => Vec::new(),
            _ => self.likely_null.keys().map(String::as_str).collect(),
        }
    }

    /// The number of values that are neither of the type of most values nor words for a missing value.
    pub(crate) fn others(&self, kind: Kind, decimal: char) -> u64 {
        let fit = match kind {
            Kind::Integer | Kind::Number => self.numbers[place(decimal)],
            Kind::Boolean => self.booleans,
            Kind::Timestamp => self.moments,
            Kind::String => return 0,
        };
        self.present - self.likely_null.values().sum::<u64>() - fit
    }
}

fn place(decimal: char) -> usize {
    usize::from(decimal == DECIMALS[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(texts: &[&str]) -> Tally {
        let mut tally = Tally::new(true);
        texts.iter().for_each(|text| tally.add(text));
        tally
    }

    #[test]
    fn columns_have_the_type_of_nearly_all_values() {
        for (texts, kind) in [
            (&["1", "0", "1.0", "NA"][..], Kind::Integer),
            (&["1.5", "2", "3e2"], Kind::Number),
            (&["yes", "No", ""], Kind::Boolean),
            (&["2024-01-31", "2024-01-31T10:00:00Z"], Kind::Timestamp),
            (&["a", "1"], Kind::String),
            (&[""], Kind::String),
            (&["1e300"], Kind::Number),
        ] {
            assert_eq!(tally(texts).kind('.'), kind, "{texts:?}");
        }
        let mut mostly = vec!["7"; 99];
        mostly.push("seven");
        assert_eq!((tally(&mostly).kind('.'), tally(&mostly).others(Kind::Integer, '.')), (Kind::Integer, 1));
    }

    #[test]
    fn numbers_with_decimal_commas_are_none_with_points() {
        let commas = tally(&["1,5", "2,25"]);
        assert_eq!((commas.kind(','), commas.kind('.')), (Kind::Number, Kind::String));
    }

    #[test]
    fn words_for_missing_values_do_not_make_a_text_of_numbers() {
        let numbers = tally(&["1", "-", "2", "unknown"]);
        assert_eq!((numbers.kind('.'), numbers.null_words(Kind::Integer)), (Kind::Integer, vec!["-", "unknown"]));
        let texts = tally(&["red", "unknown"]);
        assert_eq!((texts.kind('.'), texts.null_words(Kind::String)), (Kind::String, vec![]));
    }

    #[test]
    fn columns_identify_rows_while_no_value_repeats_or_is_missing() {
        assert!(tally(&["a", "b"]).identifies());
        assert!(!tally(&["a", "a"]).identifies() && !tally(&["a", ""]).identifies() && !tally(&[]).identifies());
    }
}
