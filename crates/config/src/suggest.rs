//! "Did you mean": the nearest of the names that would have been right.

/// The candidate nearest to what was written, when it is near enough to be a slip of the pen.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let allowed = (written.chars().count().max(lower.chars().count()) / 3).max(1);
            let distance = distance(&written, &lower);
            // A part of a name means that name: `retention` for `log_retention_days`.
            let part = written.len() >= 4 && (lower.contains(&written) || written.contains(&lower) && lower.len() >= 4);
            (distance <= allowed || part).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The number of letters to insert, delete, change or swap with their neighbour to get from one word to the other. Only
/// the beginning counts of a longer text, whose comparison would take long.
fn distance(a: &str, b: &str) -> usize {
    let beginning = |word: &str| -> String { word.chars().take(64).collect() };
    strsim::osa_distance(&beginning(a), &beginning(b))
}

/// `` `a`, `b` or `c` ``, for messages.
pub(crate) fn one_of(names: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_another_word_does_not() {
        let names = ["zones", "nat", "endpoints", "log_retention_days"];
        assert_eq!(nearest("zone", names), Some("zones"));
        assert_eq!(nearest("endpionts", names), Some("endpoints"));
        assert_eq!(nearest("retention", names), Some("log_retention_days"));
        assert_eq!(nearest("NAT", names), Some("nat"));
        assert_eq!(nearest("colour", names), None);
    }

    #[test]
    fn swapped_letters_are_one_mistake() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
