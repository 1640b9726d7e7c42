//! Schedule expressions, as EventBridge and Glue read them.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

/// Checks `rate(…)` and `cron(…)`.
pub(crate) fn check(text: &str) -> Result<(), String> {
    match text.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')) {
        Some(rate) => check_rate(rate),
        None => check_cron(text),
    }
}

fn check_rate(rate: &str) -> Result<(), String> {
    let malformed = || format!("`rate({rate})` must be a number and a unit, such as `rate(1 day)` or `rate(12 hours)`");
    let (value, unit) = rate.split_once(' ').ok_or_else(malformed)?;
    let value: u32 = value.parse().map_err(|_| malformed())?;
    let singular = ["minute", "hour", "day"];
    let word = unit.strip_suffix('s').unwrap_or(unit);
    if value == 0 || !singular.contains(&word) {
        return Err(malformed());
    }
    // EventBridge refuses `rate(1 days)` and `rate(2 day)`.
    let plural = unit.ends_with('s');
    match (value, plural) {
        (1, true) => Err(format!("`rate({rate})` is one: write `rate(1 {word})`")),
        (2.., false) => Err(format!("`rate({rate})` is several: write `rate({value} {word}s)`")),
        _ => Ok(()),
    }
}

/// The shortest interval between two runs, in minutes, in a schedule of Glue.
/// <https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html>
const SHORTEST_PAUSE: u16 = 5;

/// Checks `cron(…)` of a crawler or a trigger of Glue. Glue runs nothing more often than every five minutes.
pub(crate) fn check_glue(text: &str) -> Result<(), String> {
    check_cron(text)?;
    let minutes = text.trim_start_matches("cron(").split_whitespace().next().unwrap_or_default();
    let mut hour = [false; 60];
    for part in minutes.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step: usize = step.parse().unwrap_or(1);
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (from.parse().unwrap_or(0), to.parse().unwrap_or(59)),
            None if range == "*" => (0, 59),
            None => {
                let from = range.parse().unwrap_or(0);
                (from, if part.contains('/') { 59 } else { from })
            }
        };
        (from..=to).step_by(step.max(1)).for_each(|minute: usize| hour[minute.min(59)] = true);
    }
    let at: Vec<u16> = (0..60).filter(|minute| hour[usize::from(*minute)]).collect();
    match at.windows(2).find(|pair| pair[1] - pair[0] < SHORTEST_PAUSE) {
        Some(pair) => Err(format!(
            "`{text}` runs at minute {} and again at minute {}; Glue waits {SHORTEST_PAUSE} minutes at least",
            pair[0], pair[1]
        )),
        None => Ok(()),
    }
}

struct Field {
    name: &'static str,
    least: u16,
    most: u16,
    words: &'static [&'static str],
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [Field; 6] = [
    Field { name: "minute", least: 0, most: 59, words: &[] },
    Field { name: "hour", least: 0, most: 23, words: &[] },
    Field { name: "day of the month", least: 1, most: 31, words: &[] },
    Field { name: "month", least: 1, most: 12, words: &MONTHS },
    Field { name: "day of the week", least: 1, most: 7, words: &DAYS },
    Field { name: "year", least: 1970, most: 2199, words: &[] },
];

/// Checks `cron(…)`.
pub(crate) fn check_cron(text: &str) -> Result<(), String> {
    let inner = text.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
    let fields: Vec<&str> = inner.split_whitespace().collect();
    let [_, _, month_day, _, week_day, _] = fields.as_slice() else {
        return Err(format!(
            "`{text}` must have six fields, not {}: minute, hour, day of the month, month, day of the week, year",
            fields.len()
        ));
    };
    if (*month_day == "?") == (*week_day == "?") {
        return Err(format!("in `{text}`, one of day of the month and day of the week must be `?`, and not both"));
    }
    for (rule, field) in FIELDS.iter().zip(&fields) {
        if !field.split(',').all(|part| rule.allows(part)) {
            return Err(format!("in `{text}`, `{field}` is no {}", rule.name));
        }
    }
    Ok(())
}

impl Field {
    fn allows(&self, part: &str) -> bool {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        if step.is_some_and(|step| !step.parse::<u16>().is_ok_and(|step| (1..=self.most).contains(&step))) {
            return false;
        }
        match range.split_once('-') {
            Some((from, to)) => {
                matches!((self.value(from), self.value(to)), (Some(from), Some(to)) if from <= to || self.wraps())
            }
            None => range == "*" || self.value(range).is_some() || step.is_none() && self.special(range),
        }
    }

    fn value(&self, text: &str) -> Option<u16> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let number = || text.parse().ok().filter(|number| (self.least..=self.most).contains(number));
        word.and_then(|index| u16::try_from(index + 1).ok()).or_else(number)
    }

    /// A week may begin on any day: `FRI-MON`.
    fn wraps(&self) -> bool {
        self.most == 7
    }

    /// `L` (last), `15W` (weekday nearest the 15th), `6#3` (third Friday) and the `?` of the field not used.
    fn special(&self, text: &str) -> bool {
        match self.name {
            "day of the month" => {
                ["?", "L", "LW"].contains(&text) || text.strip_suffix('W').is_some_and(|day| self.value(day).is_some())
            }
            "day of the week" => {
                let nth = || text.split_once('#');
                ["?", "L"].contains(&text)
                    || text.strip_suffix('L').is_some_and(|day| self.value(day).is_some())
                    || nth()
                        .is_some_and(|(day, nth)| self.value(day).is_some() && ["1", "2", "3", "4", "5"].contains(&nth))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_eventbridge_accepts_is_accepted() {
        for text in [
            "rate(1 day)",
            "rate(12 hours)",
            "cron(0 2 * * ? *)",
            "cron(0/15 8-17 ? * MON-FRI *)",
            "cron(0 0 1,15 JAN,JUL ? 2026-2030)",
            "cron(0 9 ? * 6#3 *)",
            "cron(0 9 L * ? *)",
            "cron(0 9 15W * ? *)",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn glue_runs_nothing_more_often_than_every_five_minutes() {
        for text in
            ["cron(0/5 * * * ? *)", "cron(0,30 2 * * ? *)", "cron(15 12 ? * MON-FRI *)", "cron(0-59/10 * * * ? *)"]
        {
            assert_eq!(check_glue(text), Ok(()), "{text}");
        }
        for text in ["cron(* * * * ? *)", "cron(0/2 * * * ? *)", "cron(0,3 2 * * ? *)", "cron(10-14 2 * * ? *)"] {
            assert_eq!(check(text), Ok(()), "{text}");
            assert!(check_glue(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_eventbridge_refuses_is_refused() {
        for text in [
            "rate(0 days)",
            "rate(1 days)",
            "rate(2 day)",
            "rate(5 weeks)",
            "cron(0 2 * * *)",
            "cron(0 2 * * * *)",
            "cron(0 2 ? * ? *)",
            "cron(60 2 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 2 32 * ? *)",
            "cron(0 2 ? 13 MON *)",
            "cron(0/0 2 * * ? *)",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
