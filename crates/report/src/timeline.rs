//! The last run as a timeline: a bar for each step, and the chain of steps that decided how long the run took.

use crate::xml::escaped;

/// The times of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The run in words, such as `up on 2026-11-29, 56 steps in 4 min 12 s`.
    pub title: String,
    /// One bar for each step, in the order in which they began.
    pub bars: Vec<Bar>,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The address of the resource.
    pub address: String,
    /// Milliseconds from the begin of the run to that of the step.
    pub began_ms: u64,
    /// Milliseconds from the begin of the run to the end of the step.
    pub ended_ms: u64,
    /// True if the step is part of the longest chain.
    pub is_critical: bool,
}

/// The pixels of the whole run, of the room for labels beside it, and of a row.
const WIDTH: f64 = 900.0;
const LABELS: f64 = 340.0;
const ROW: f64 = 18.0;
/// The room for the axis.
const TOP: f64 = 22.0;
const TICKS: u32 = 5;

/// The part of a page that shows a run. It opens and closes without a script.
pub(crate) fn section(timeline: &Timeline) -> String {
    let end = timeline.bars.iter().map(|bar| bar.ended_ms).max().unwrap_or_default().max(1);
    let height = TOP + ROW * count(timeline.bars.len());
    let rows: Vec<String> = timeline.bars.iter().enumerate().map(|(row, bar)| row_of(row, bar, end)).collect();
    format!(
        "<details id=\"run\">\n<summary>Last run: {}</summary>\n<div class=\"run\" tabindex=\"0\" aria-label=\"Timeline of the \
         last run\">\n<svg width=\"{:.0}\" height=\"{height:.0}\" role=\"img\">\n{}\n{}\n</svg>\n</div>\n</details>",
        escaped(&timeline.title),
        WIDTH + LABELS,
        axis(end, height),
        rows.join("\n")
    )
}

fn axis(end: u64, height: f64) -> String {
    let tick = |number: u32| {
        let part = f64::from(number) / f64::from(TICKS);
        let (x, moment) = (WIDTH * part, seconds(milliseconds(end) * part));
        format!(
            "<path class=\"tick\" d=\"M{x:.1} 16V{height:.0}\"/><text class=\"moment\" x=\"{x:.1}\" y=\"12\">{moment}</text>"
        )
    };
    (0..=TICKS).map(tick).collect::<Vec<_>>().join("\n")
}

fn row_of(row: usize, bar: &Bar, end: u64) -> String {
    let scale = WIDTH / milliseconds(end);
    let (x, until) = (milliseconds(bar.began_ms) * scale, milliseconds(bar.ended_ms) * scale);
    let y = TOP + ROW * count(row);
    let class = if bar.is_critical { "bar critical" } else { "bar" };
    let label =
        format!("{} {}", escaped(&bar.address), seconds(milliseconds(bar.ended_ms.saturating_sub(bar.began_ms))));
    format!(
        "<g class=\"{class}\"><rect x=\"{x:.1}\" y=\"{:.0}\" width=\"{:.1}\" height=\"12\" rx=\"2\"/><text x=\"{:.1}\" \
         y=\"{:.0}\">{label}</text></g>",
        y + 3.0,
        (until - x).max(1.5),
        until.max(x + 1.5) + 6.0,
        y + 13.0
    )
}

fn seconds(milliseconds: f64) -> String {
    match milliseconds {
        short if short < 9_950.0 => format!("{:.1} s", short / 1000.0),
        long => format!("{:.0} s", long / 1000.0),
    }
}

/// Runs last hours, and platforms have thousands of resources: both are exact as floating-point numbers.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn milliseconds(number: u64) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(address: &str, began_ms: u64, ended_ms: u64, is_critical: bool) -> Bar {
        Bar { address: address.to_owned(), began_ms, ended_ms, is_critical }
    }

    #[test]
    fn bars_stand_where_the_steps_were_and_the_longest_chain_is_marked() {
        let bars = vec![
            bar("network.vpc", 0, 2_000, true),
            bar("storage.data", 0, 500, false),
            bar("network.nat", 2_000, 20_000, true),
        ];
        let section = section(&Timeline { title: "up in 20 s".to_owned(), bars });
        assert_eq!(section.matches("class=\"bar critical\"").count(), 2);
        assert!(section.contains("<rect x=\"0.0\" y=\"25\" width=\"90.0\""), "{section}");
        assert!(section.contains("<rect x=\"90.0\" y=\"61\" width=\"810.0\""), "{section}");
        for label in ["network.vpc 2.0 s", "storage.data 0.5 s", "network.nat 18 s", ">4.0 s<", ">20 s<"] {
            assert!(section.contains(label), "{label} is not in {section}");
        }
    }

    #[test]
    fn hostile_address_and_empty_run_break_nothing() {
        let hostile = Timeline { title: "<b>&".to_owned(), bars: vec![bar("</svg><script>", 0, 0, false)] };
        let shown = section(&hostile);
        assert!(!shown.contains("<script>") && !shown.contains("<b>"), "{shown}");
        assert!(!section(&Timeline { title: String::new(), bars: Vec::new() }).contains("NaN"));
    }
}
