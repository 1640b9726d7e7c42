//! The life of a process, if it can be known for sure.

use serde::{Deserialize, Serialize};
use std::{fs, io::ErrorKind};

/// A process on a certain boot of a certain host: unlike a pid alone, never reused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The kernel's random id of this boot.
    pub boot: String,
    /// The namespace its number is of: containers on one host count apart. Empty where a lock does not tell.
    #[serde(default)]
    pub space: String,
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot.
    pub start: u64,
}

impl Process {
    /// This process, where the kernel tells (Linux).
    pub fn current() -> Option<Self> {
        let pid = std::process::id();
        // The processes shown may be another namespace's.
        let shown = fs::read_link("/proc/self").ok()?;
        let start = start_of(pid).filter(|_| shown.as_os_str().to_str() == Some(&pid.to_string()))?;
        Some(Self { boot: boot()?, space: space()?, pid, start })
    }

    /// True if there is no such process on a machine that looks like its own: same boot, same namespace, and no such
    /// process or a younger one. Machines that were restored from one snapshot look alike, so that this alone proves
    /// nothing: see [`LivenessFile`](crate::LivenessFile).
    pub fn is_dead(&self) -> bool {
        self.is_of_here()
            && match start_of(self.pid) {
                Some(start) => start != self.start,
                None => is_gone(self.pid),
            }
    }

    /// True if it is found here.
    pub fn is_alive_here(&self) -> bool {
        self.is_of_here() && start_of(self.pid) == Some(self.start)
    }

    fn is_of_here(&self) -> bool {
        boot().is_some_and(|boot| boot == self.boot) && space().is_some_and(|space| space == self.space)
    }
}

fn boot() -> Option<String> {
    Some(fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned())
}

fn space() -> Option<String> {
    Some(fs::read_link("/proc/self/ns/pid").ok()?.to_str()?.to_owned())
}

/// When a process started that has not ended.
fn start_of(pid: u32) -> Option<u64> {
    let (state, start) = stat_of(&fs::read_to_string(stat(pid)).ok()?)?;
    // A zombie has ended; only its parent has not looked yet.
    (!ENDED.contains(&state)).then_some(start)
}

const ENDED: [char; 2] = ['Z', 'X'];

/// True if there is no such process, or one that has ended.
fn is_gone(pid: u32) -> bool {
    match fs::read_to_string(stat(pid)) {
        Ok(text) => stat_of(&text).is_some_and(|(state, _)| ENDED.contains(&state)),
        // If other people's processes are hidden, each of them looks gone.
        Err(error) => error.kind() == ErrorKind::NotFound && fs::read_to_string(stat(1)).is_ok(),
    }
}

fn stat(pid: u32) -> String {
    format!("/proc/{pid}/stat")
}

/// The state and the start time in `/proc/<pid>/stat`.
fn stat_of(text: &str) -> Option<(char, u64)> {
    // The command's name may hold anything, so count from behind it; start time is field 22.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pid: u32) -> Process {
        Process { pid, start: start_of(pid).unwrap(), ..Process::current().unwrap() }
    }

    #[test]
    fn a_process_is_dead_once_it_has_ended_and_not_before() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let process = of(child.id());
        assert!(!process.is_dead() && process.is_alive_here());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process.is_dead() && !process.is_alive_here());
        assert!(!Process::current().unwrap().is_dead());
    }

    #[test]
    fn a_number_that_was_given_again_is_another_process() {
        let mine = Process::current().unwrap();
        assert!(Process { start: mine.start - 1, ..mine }.is_dead());
    }

    #[test]
    fn nothing_is_known_of_processes_elsewhere() {
        let gone = Process { pid: u32::MAX, ..Process::current().unwrap() };
        assert!(gone.is_dead());
        for elsewhere in [
            Process { boot: "another".into(), ..gone.clone() },
            Process { space: "pid:[1]".into(), ..gone.clone() },
            Process { space: String::new(), ..gone },
        ] {
            assert!(!elsewhere.is_dead(), "{elsewhere:?}");
        }
    }

    #[test]
    fn a_name_may_hold_anything() {
        let rest = "S 1 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(stat_of(&format!("42 (a) b) (c)) {rest}")), Some(('S', 4711)));
        assert_eq!(stat_of("42 (a"), None);
        assert_eq!(stat_of("42 (a) S 1"), None);
    }
}
