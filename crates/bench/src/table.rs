//! The tables: what each command took, and which calls it made.

use crate::Measured;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Beginnings of the names of operations that change nothing.
const READS: [&str; 6] = ["BatchGet", "Describe", "Get", "Head", "List", "Search"];

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
    let mut page =
        format!("{title:32}{:>9}{:>9}{:>9}{:>8}{:>9}{:>9}\n", "wall", "CPU", "peak", "calls", "reading", "changing");
    for one in measured {
        let (reading, changing) = one.reading_and_changing();
        let _ = writeln!(
            page,
            "{:32}{:>7.2} s{:>7.2} s{:>6} MB{:>8}{reading:>9}{changing:>9}",
            one.name,
            one.usage.wall.as_secs_f64(),
            one.usage.cpu.as_secs_f64(),
            one.usage.peak_bytes / 1_000_000,
            reading + changing,
        );
    }
    page
}

/// How often each command called each operation.
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
    use crate::process::Usage;
    use std::time::Duration;

    fn measured(name: &'static str, operations: &[(&str, u64)]) -> Measured {
        let operations = operations.iter().map(|(operation, count)| ((*operation).to_owned(), *count)).collect();
        let usage = Usage { wall: Duration::from_millis(340), cpu: Duration::from_millis(200), peak_bytes: 96_000_000 };
        Measured { name, usage, calls: [("EC2".to_owned(), operations)].into() }
    }

    #[test]
    fn calls_are_split_into_those_that_read_and_those_that_change() {
        let up = measured("up", &[("CreateVpc", 1), ("DescribeVpcs", 2), ("GetSomething", 1)]);
        let page = costs("dev", &[up]);
        let row: Vec<&str> = page.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(row, ["up", "0.34", "s", "0.20", "s", "96", "MB", "4", "3", "1"]);
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
