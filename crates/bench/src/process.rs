//! Builds and runs the binary. What it used is read from `/proc`, so this is for Linux.

use serde_json::Value;
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a process used.
pub(crate) struct Usage {
    pub(crate) wall: Duration,
    /// In user and kernel mode, by all its threads; Linux counts in hundredths of a second.
    pub(crate) cpu: Duration,
    /// The most memory it had resident.
    pub(crate) peak_bytes: u64,
}

/// Linux's `USER_HZ`, the same on every architecture.
const TICK: Duration = Duration::from_millis(10);
/// Between two looks at the peak, which only ever rises: what is missed is the rise of the last moment.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Builds mlopsctl and tells where it is.
pub(crate) fn build(profile: &str) -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["build", "--package=mlopsctl", "--bin=mlopsctl", "--message-format=json-render-diagnostics"])
        .arg(format!("--profile={profile}"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo could not be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    executable.filter(|_| output.status.success()).ok_or_else(|| "mlopsctl could not be built".to_owned())
}

/// Runs a command in a folder, seeing nothing of the machine's AWS settings, and returns what it used and what it
/// printed.
pub(crate) fn run(binary: &Path, arguments: &[&str], folder: &Path) -> Result<(Usage, String), String> {
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("MLOPSCTL_")) {
        command.env_remove(name);
    }
    let what = arguments.join(" ");
    let failed = |error: std::io::Error| format!("mlopsctl {what}: {error}");
    let (began, cpu_before) = (Instant::now(), cpu_of_children()?);
    let mut child = command.spawn().map_err(failed)?;
    let (peak_bytes, output) = attend(&mut child).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(format!("mlopsctl {what} ended with {status}"));
    }
    let usage = Usage { wall: began.elapsed(), cpu: cpu_of_children()?.saturating_sub(cpu_before), peak_bytes };
    Ok((usage, output))
}

/// Follows a process until it closes its output.
fn attend(child: &mut Child) -> std::io::Result<(u64, String)> {
    let status = format!("/proc/{}/status", child.id());
    let mut stdout = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let mut peak = 0;
    while !reader.is_finished() {
        peak = std::fs::read_to_string(&status).ok().and_then(|text| peak_in(&text)).unwrap_or(peak);
        thread::sleep(LOOK_EVERY);
    }
    let output = reader.join().map_err(|_| std::io::ErrorKind::Other)??;
    Ok((peak, output))
}

/// `VmHWM: 12345 kB`, as long as the process lives.
fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The CPU time of all processes that were started here and have ended.
fn cpu_of_children() -> Result<Duration, String> {
    let stat = std::fs::read_to_string("/proc/self/stat").map_err(|error| format!("/proc/self/stat: {error}"))?;
    children_in(&stat).ok_or_else(|| "/proc/self/stat is not as expected".to_owned())
}

/// Fields 16 and 17. The second is a name in parentheses that may hold anything, so counting starts after it.
fn children_in(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u32> = fields.split_whitespace().skip(13).take(2).map_while(|field| field.parse().ok()).collect();
    (ticks.len() == 2).then(|| TICK * ticks.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_as_linux_writes_it() {
        assert_eq!(peak_in("Name:\tx\nVmPeak:\t  99 kB\nVmHWM:\t  2048 kB\n"), Some(2_097_152));
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 800 0 0 11 22 33 44 20 0 1";
        assert_eq!(children_in(stat), Some(Duration::from_millis(770)));
    }

    #[test]
    fn a_process_is_measured_while_it_works() {
        let burn = ["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done"];
        let (usage, output) = run(Path::new("/bin/sh"), &burn, Path::new("/")).unwrap();
        assert_eq!(output, "done\n");
        assert!(usage.cpu > Duration::ZERO && usage.peak_bytes > 0 && usage.wall > Duration::ZERO);
        assert!(run(Path::new("/bin/sh"), &["-c", "exit 3"], Path::new("/")).is_err());
    }
}
