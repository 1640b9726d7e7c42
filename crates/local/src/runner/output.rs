//! The output of the runner's processes.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// As many last lines of a process that failed are shown.
const LINES: usize = 5;

/// The last lines that a process writes, once it writes no more.
pub(super) async fn last_lines(pipe: impl AsyncRead + Unpin) -> String {
    let mut last: Vec<String> = Vec::new();
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!("{line}");
        last.push(line);
        last.drain(..last.len().saturating_sub(LINES));
    }
    last.join("\n")
}
