//! Panics: a defect of mlopsctl ends the process, and the user reads what to do next.

use std::{io::Write as _, panic, process};

/// The exit code that Rust gives to a process whose main thread panicked.
const EXIT_CODE: i32 = 101;

const ADVICE: &str = "error: mlopsctl has a defect and stops here
  help: run the same command again: a run goes on from what the interrupted one recorded. Please report the lines above.
";

/// Ends the process when any thread panics. Without this, a run could go on without its background tasks, such as the
/// renewal of its lock. Released binaries have no code for unwinding (`panic = "abort"`), so this is the same everywhere.
pub(crate) fn end_process_at_panic() {
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        default_hook(panic);
        // Not through the printer: the panicking thread may hold its lock.
        let _ = std::io::stderr().write_all(ADVICE.as_bytes());
        #[expect(clippy::exit, reason = "no part of a run may outlive another part")]
        process::exit(EXIT_CODE);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, process::Command, thread};

    /// The test runs itself in a process of its own, with this variable set, and panics there.
    const PANICS: &str = "TEST_PANICS";

    #[test]
    fn a_panic_of_any_thread_ends_the_process_with_advice() {
        if env::var_os(PANICS).is_some() {
            end_process_at_panic();
            let _ = thread::spawn(|| panic!("a defect")).join();
            return;
        }
        let name = "panics::tests::a_panic_of_any_thread_ends_the_process_with_advice";
        let mut child = Command::new(env::current_exe().unwrap());
        let ended = child.args(["--exact", name, "--nocapture"]).env(PANICS, "1").output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(EXIT_CODE), "{stderr}");
        assert!(stderr.contains("a defect") && stderr.ends_with(ADVICE), "{stderr}");
    }
}
