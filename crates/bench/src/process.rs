//! Builds and runs what is measured. What it used is read from `/proc`, so this is for Linux.

use serde_json::Value;
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The resources that a process and its children used.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) wall: Duration,
    /// In user and kernel mode, by all threads; Linux counts in hundredths of a second.
    pub(crate) cpu: Duration,
    /// The most memory each had resident, added up.
    pub(crate) peak_bytes: u64,
}

/// Linux's `USER_HZ`, the same on every architecture.
const TICK: Duration = Duration::from_millis(10);
/// The shortest and the longest pause between two reads of the processes' peaks. A process that lives for less than a
/// pause may be missed, and the pause may add to the wall time.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(100)];
/// The pause as a part of the time that has passed.
const PAUSE_PART: u32 = 500;

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

/// The program, arguments and folder of a process to start.
pub(crate) struct Job<'a> {
    program: &'a Path,
    arguments: &'a [&'a str],
    folder: &'a Path,
    settings: Vec<(&'static str, String)>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(program: &'a Path, arguments: &'a [&'a str], folder: &'a Path) -> Self {
        Self { program, arguments, folder, settings: Vec::new() }
    }

    /// With these environment variables.
    pub(crate) fn with(mut self, settings: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.settings.extend(settings);
        self
    }

    /// It sees nothing of the machine's AWS settings.
    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command.args(self.arguments).current_dir(self.folder).stdin(Stdio::null()).stdout(Stdio::piped());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("MLOPSCTL_"))
        {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Runs something, and returns what it used and what it printed.
pub(crate) fn run(job: &Job<'_>) -> Result<(Usage, String), String> {
    let what = format!("{} {}", job.program.display(), job.arguments.join(" "));
    let failed = |error: std::io::Error| format!("{what}: {error}");
    let (began, cpu_before) = (Instant::now(), cpu_of_children()?);
    let mut child = job.command().spawn().map_err(failed)?;
    let (peak_bytes, output) = attend(&mut child).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(format!("{what} ended with {status}:\n{output}"));
    }
    let usage = Usage { wall: began.elapsed(), cpu: cpu_of_children()?.saturating_sub(cpu_before), peak_bytes };
    Ok((usage, output))
}

/// Follows a process until it closes its output.
fn attend(child: &mut Child) -> std::io::Result<(u64, String)> {
    let id = child.id();
    let mut stdout = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let (began, [shortest, longest]) = (Instant::now(), PAUSES);
    let mut peak = 0;
    while !reader.is_finished() {
        peak = peak.max(family(id).into_iter().map(peak_of).sum());
        thread::sleep((began.elapsed() / PAUSE_PART).clamp(shortest, longest));
    }
    let output = reader.join().map_err(|_| std::io::ErrorKind::Other)??;
    Ok((peak, output))
}

/// A process and all that it started, as far as they still run.
fn family(id: u32) -> Vec<u32> {
    let mut family = vec![id];
    let mut at = 0;
    while let Some(parent) = family.get(at) {
        let threads = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        let children: String = children.collect();
        family.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        at += 1;
    }
    family
}

fn peak_of(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"));
    status.ok().and_then(|text| peak_in(&text)).unwrap_or_default()
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
        let burn = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done";
        let (usage, output) = sh(burn).unwrap();
        assert_eq!(output, "done\n");
        assert!(usage.cpu > Duration::ZERO && usage.peak_bytes > 0 && usage.wall > Duration::ZERO);
        let Err(why) = sh("echo sorry; exit 3") else { panic!("it failed") };
        assert!(why.contains("sorry"), "{why}");
    }

    #[test]
    fn what_a_process_starts_counts_as_well() {
        let one = sh("sleep 0.2; true").unwrap().0.peak_bytes;
        let three = sh("sh -c 'sleep 0.2; true' & sh -c 'sleep 0.2; true' & wait").unwrap().0.peak_bytes;
        assert!(three > one * 2, "{three} is not much more than {one}");
    }

    fn sh(script: &str) -> Result<(Usage, String), String> {
        run(&Job::new(Path::new("/bin/sh"), &["-c", script], Path::new("/")))
    }
}
