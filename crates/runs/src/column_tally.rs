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
/// Fewer rows may have rising numbers by chance.
const FEWEST_COUNTED: u64 = 50;
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
    /// Those of them in which the sign is followed by groups of three digits, and those with other decimals.
    grouped: [Examples; 2],
    fractions: [u64; 2],
    /// Numbers that have signs between thousands, and dates as people write them; an example of each.
    with_thousands: Examples,
    written_dates: Examples,
    /// Whole numbers that begin with zeros.
    zeros_first: Examples,
    /// The last number, while each is greater than the one before.
    rising: Rising,
}

/// The number of values of a kind, and the first of them.
#[derive(Default)]
pub(crate) struct Examples {
    pub(crate) count: u64,
    pub(crate) first: Option<String>,
}

impl Examples {
    fn add(&mut self, text: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| text.to_owned());
    }
}

#[derive(Default)]
enum Rising {
    #[default]
    Nothing,
    To(f64),
    Not,
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
        self.add_forms(text);
        self.booleans += u64::from(boolean(text).is_some());
        self.moments += u64::from(timestamp(text, None).is_some());
        for (at, sign) in DECIMALS.into_iter().enumerate() {
            if let Some(number) = number(text, sign) {
                self.numbers[at] += 1;
                self.integers[at] += u64::from(number.fract() == 0.0 && number.abs() < LARGEST_INTEGER);
                if text.contains(sign) {
                    match in_groups(text, sign) {
                        true => self.grouped[at].add(text),
                        false => self.fractions[at] += 1,
                    }
                }
            }
        }
    }

    /// Counts forms of numbers and dates that are no numbers and moments by themselves.
    fn add_forms(&mut self, text: &str) {
        let digits = text.trim_start_matches(['-', '+']);
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.zeros_first.add(text);
        }
        if has_thousands(text) {
            self.with_thousands.add(text);
        }
        if is_written_date(text) {
            self.written_dates.add(text);
        }
        self.rising = match (&self.rising, text.parse::<i64>().map(|number| number as f64)) {
            (Rising::Nothing, Ok(number)) => Rising::To(number),
            (Rising::To(last), Ok(number)) if number > *last => Rising::To(number),
            _ => Rising::Not,
        };
    }

    /// An example, if all numbers with a sign for decimals have three digits after it, and so may mean thousands.
    pub(crate) fn may_mean_thousands(&self, decimal: char) -> Option<&str> {
        let at = place(decimal);
        let grouped = &self.grouped[at];
        grouped.first.as_deref().filter(|_| grouped.count > 1 && self.fractions[at] == 0)
    }

    /// An example of the forms that most values have, if it is one that people and not programs read.
    pub(crate) fn form(&self) -> Option<(Written, &str)> {
        let all = [(Written::Thousands, &self.with_thousands), (Written::Date, &self.written_dates)];
        let most = all.into_iter().find(|(_, examples)| examples.count * 2 > self.present);
        most.and_then(|(form, examples)| Some((form, examples.first.as_deref()?)))
    }

    /// A value with zeros at its beginning, which a number would lose.
    pub(crate) fn zeros_first(&self) -> Option<&str> {
        self.zeros_first.first.as_deref()
    }

    /// True if it counts its rows: each has a greater whole number than the one before.
    pub(crate) fn counts_rows(&self) -> bool {
        matches!(self.rising, Rising::To(_)) && self.present >= FEWEST_COUNTED
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

/// A form of values that only people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Thousands,
    Date,
}

/// True for `1.234` and `12.345.678` with the sign `.`.
fn in_groups(text: &str, sign: char) -> bool {
    let mut groups = text.trim_start_matches(['-', '+']).split(sign);
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let is_first = (1..=3).contains(&first.len()) && !first.starts_with('0') && is_digits(first);
    let mut rest = groups.peekable();
    is_first && rest.peek().is_some() && rest.all(|group| group.len() == 3 && is_digits(group))
}

/// True for `1.234,50`, `1,234.50`, `$1,234` and `1 234,5 €`: numbers that have signs between thousands, which no
/// reader takes.
fn has_thousands(text: &str) -> bool {
    let text = text.trim_matches(|sign: char| "$€£¥".contains(sign) || sign.is_whitespace());
    [('.', ','), (',', '.'), (' ', ','), ('\'', '.'), ('\u{a0}', ',')].into_iter().any(|(thousands, decimal)| {
        let (whole, fraction) = text.rsplit_once(decimal).unwrap_or((text, ""));
        in_groups(whole, thousands)
            && fraction.bytes().all(|byte| byte.is_ascii_digit())
            && (text.contains(decimal) || number(text, '.').is_none())
    })
}

/// True for `31.12.2025`, `12/31/2025` and `31-12-2025`.
fn is_written_date(text: &str) -> bool {
    ['.', '/', '-'].into_iter().any(|sign| {
        let parts: Vec<&str> = text.split(sign).collect();
        matches!(parts.as_slice(), [day, month, year] if (1..=2).contains(&day.len())
            && (1..=2).contains(&month.len())
            && year.len() == 4
            && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())))
    })
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

    #[test]
    fn forms_that_only_people_read_are_known() {
        for text in ["1.234,50", "1,234.50", "$1,234.50", "12 345,5 €", "1'234.5", "1,234,567"] {
            assert_eq!(tally(&[text, text]).form(), Some((Written::Thousands, text)), "{text}");
        }
        for text in ["31.12.2025", "12/31/2025", "1-2-2025"] {
            assert_eq!(tally(&[text, text]).form(), Some((Written::Date, text)), "{text}");
        }
        for text in ["1.5", "1,5", "2025", "a.b", "1.2.3", "2025-12-31", "01.234,5"] {
            assert_eq!(tally(&[text, text]).form(), None, "{text}");
        }
    }

    #[test]
    fn thousands_may_look_like_decimals() {
        assert_eq!(tally(&["2.292", "907", "1.374"]).may_mean_thousands('.'), Some("2.292"));
        for texts in [&["2.292", "1.5", "1.374"][..], &["0.292", "0.374"], &["1.374", "2"], &["2292"]] {
            assert_eq!(tally(texts).may_mean_thousands('.'), None, "{texts:?}");
        }
    }

    #[test]
    fn numbers_that_rise_from_row_to_row_count_them() {
        let texts: Vec<String> = (0..60).map(|row| (1000 + 3 * row).to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert!(tally(&texts).counts_rows());
        assert!(!tally(&[&texts[..], &["7"]].concat()).counts_rows() && !tally(&texts[..20]).counts_rows());
        assert_eq!(
            (tally(&["7068", "07068"]).zeros_first(), tally(&["0", "0.5"]).zeros_first()),
            (Some("07068"), None)
        );
    }
}
