//! The tables: what each command took, and which calls it made.

use crate::{
    measured::Measured,
    process::Usage,
    round::{Event, Round, Sized},
};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Beginnings of the names of operations that change nothing.
const READS: [&str; 6] = ["BatchGet", "Describe", "Get", "Head", "List", "Search"];

const COSTS: &str = "     wall      CPU     peak";
const HEAD: &str = "     wall      CPU     peak   calls  reading changing";

fn reads(operation: &str) -> bool {
    READS.iter().any(|read| operation.starts_with(read))
}

impl Measured {
    /// Calls that read, and calls that change.
    fn reading_and_changing(&self) -> (u64, u64) {
        let operations = self.calls.values().flatten();
        operations.fold((0, 0), |(reading, changing), (operation, count)| match reads(operation) {
            true => (reading + count, changing),
            false => (reading, changing + count),
        })
    }

    fn count(&self, service: &str, operation: &str) -> u64 {
        self.calls.get(service).and_then(|operations| operations.get(operation)).copied().unwrap_or_default()
    }
}

/// Time, memory and calls of each command.
pub(crate) fn costs(title: &str, measured: &[Measured]) -> String {
    let mut page = format!("{title:32}{HEAD}\n");
    for one in measured {
        let (reading, changing) = one.reading_and_changing();
        let _ =
            writeln!(page, "{:32}{}{:>8}{reading:>9}{changing:>9}", one.name, usage(&one.usage), reading + changing);
    }
    page
}

/// Time and memory of each command.
pub(crate) fn usages(title: &str, measured: &[(&str, Usage)]) -> String {
    let rows = measured.iter().map(|(name, one)| format!("{name:32}{}\n", usage(one)));
    std::iter::once(format!("{title:32}{COSTS}\n")).chain(rows).collect()
}

fn usage(usage: &Usage) -> String {
    let (wall, cpu) = (usage.wall.as_secs_f64(), usage.cpu.as_secs_f64());
    let peak = match usage.peak_bytes {
        // Over before anybody looked.
        0 => "–".to_owned(),
        bytes => format!("{} MB", bytes / 1_000_000),
    };
    format!("{:>9}{cpu:>7.2} s{peak:>9}", seconds(wall))
}

/// Start-up takes milliseconds.
fn seconds(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

fn round(round: &Round) -> String {
    let (reading, changing) = (round.traffic.reading, round.traffic.changing);
    format!("{}{:>8}{reading:>9}{changing:>9}", usage(&round.usage), reading + changing)
}

/// Both tools, command by command, and how many times less mlopsctl takes.
pub(crate) fn contest(events: &[Event]) -> String {
    let mut page = format!("{:32}{HEAD}\n", "over loopback");
    for event in events {
        let _ = writeln!(page, "{:32}{}", format!("mlopsctl {}", event.name), round(&event.ours));
        let _ = writeln!(page, "{:32}{}", format!("Terraform {}", event.name), round(&event.theirs));
    }
    page.push('\n');
    for event in events {
        for (what, goal, ratio) in event.ratios() {
            let verdict = if ratio >= goal { "met" } else { "MISSED" };
            let name = format!("{}: {what}", event.name);
            let _ = writeln!(page, "{name:32}1/{ratio:<8.1}goal 1/{goal:<6}{verdict}");
        }
    }
    page
}

/// The costs of each command for so many resources, and the bytes of state that it wrote.
pub(crate) fn scale(title: &str, measured: &[Sized]) -> String {
    let mut page = format!("{title:32}{HEAD}{:>14}{:>16}\n", "CPU/resource", "state written");
    for one in measured {
        let name = format!("{} {}", one.resources, one.name);
        let each = one.cpu_each() * 1000.0;
        let _ = write!(page, "{name:32}{}{each:>11.2} ms", round(&one.round));
        let traffic = &one.round.traffic;
        if traffic.state_size > 0 {
            let times = traffic.state_written as f64 / traffic.state_size as f64;
            let _ = write!(page, "{:>7.1} × {:.1} MB", times, traffic.state_size as f64 / 1e6);
        }
        page.push('\n');
    }
    page
}

/// The number of calls of each operation by each command.
pub(crate) fn calls(measured: &[Measured]) -> String {
    let mut page = format!("{:48}", "");
    for one in measured {
        let _ = write!(page, "{:>9}", one.name);
    }
    page.push('\n');
    let operations: BTreeSet<(&str, &str)> = measured
        .iter()
        .flat_map(|one| &one.calls)
        .flat_map(|(service, operations)| {
            operations.keys().map(move |operation| (service.as_str(), operation.as_str()))
        })
        .collect();
    for (service, operation) in operations {
        let name = format!("{service} {operation}");
        let _ = write!(page, "{name:48}");
        for one in measured {
            match one.count(service, operation) {
                0 => page.push_str("        –"),
                count => {
                    let _ = write!(page, "{count:>9}");
                }
            }
        }
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Traffic;
    use std::time::Duration;

    const USAGE: Usage =
        Usage { wall: Duration::from_millis(340), cpu: Duration::from_millis(200), peak_bytes: 96_000_000 };

    fn measured(name: &'static str, operations: &[(&str, u64)]) -> Measured {
        let operations = operations.iter().map(|(operation, count)| ((*operation).to_owned(), *count)).collect();
        Measured { name, usage: USAGE, calls: [("EC2".to_owned(), operations)].into() }
    }

    #[test]
    fn each_goal_is_met_or_missed() {
        let traffic = Traffic { reading: 3, changing: 1, ..Traffic::default() };
        let ours = Round { usage: USAGE, traffic: traffic.clone() };
        let slow = Usage { wall: USAGE.wall * 31, cpu: USAGE.cpu * 14, peak_bytes: USAGE.peak_bytes * 12 };
        let event = Event { name: "up", goal: 30.0, ours, theirs: Round { usage: slow, traffic } };
        let page = contest(&[event]);
        let verdicts: Vec<&str> =
            page.lines().rev().take(3).filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(verdicts, ["met", "MISSED", "met"]);
    }

    #[test]
    fn how_often_the_state_was_written_is_told_in_its_own_size() {
        let traffic = Traffic { state_written: 21_000_000, state_size: 2_000_000, ..Traffic::default() };
        let page = scale("0 ms away", &[Sized { resources: 1000, name: "up", round: Round { usage: USAGE, traffic } }]);
        assert!(page.contains("10.5 × 2.0 MB") && page.contains("0.20 ms"), "{page}");
    }

    #[test]
    fn calls_are_split_into_those_that_read_and_those_that_change() {
        let up = measured("up", &[("CreateVpc", 1), ("DescribeVpcs", 2), ("GetSomething", 1)]);
        let page = costs("dev", &[up]);
        let row: Vec<&str> = page.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(row, ["up", "0.34", "s", "0.20", "s", "96", "MB", "4", "3", "1"]);
    }

    #[test]
    fn commands_without_calls_show_what_they_took() {
        let page = usages("dev", &[("run", USAGE)]);
        let rows: Vec<Vec<&str>> = page.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["run", "0.34", "s", "0.20", "s", "96", "MB"]);
    }

    #[test]
    fn every_operation_has_a_row_and_every_command_a_column() {
        let page = calls(&[measured("up", &[("CreateVpc", 1)]), measured("plan", &[("DescribeVpcs", 2)])]);
        let rows: Vec<Vec<&str>> = page.lines().map(|line| line.split_whitespace().collect()).collect();
        let expected: [&[&str]; 3] =
            [&["up", "plan"], &["EC2", "CreateVpc", "1", "–"], &["EC2", "DescribeVpcs", "–", "2"]];
        assert_eq!(rows, expected);
    }
}
