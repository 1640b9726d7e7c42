//! Ctrl-C, SIGTERM and a terminal that is closed: the first stops softly, the second at once, the third ends the
//! process.

use crate::printer::Printer;
use engine::StopMode;
use tokio::sync::watch;

/// The source of a request to stop.
enum Asked {
    /// A user, whose second request is more urgent.
    ByHand,
    /// The terminal is gone. It says so more than once.
    ByItself,
}

/// The channel that tells a run to stop. Signals send on it, and so may any holder of the sender.
pub(crate) fn listen(printer: Printer) -> watch::Sender<StopMode> {
    let sender = watch::Sender::new(StopMode::Go);
    let stop = sender.clone();
    let mut signals = Signals::listen();
    tokio::spawn(async move {
        let mut received = 0;
        while let Some(asked) = signals.next().await {
            match asked {
                Asked::ByItself if received > 0 => continue,
                _ => received += 1,
            }
            match received {
                1 => {
                    printer
                        .say("stopping: calls under way are finished, nothing new is started (again to abandon them)");
                    stop.send_replace(StopMode::Soft);
                }
                2 => {
                    printer.say("abandoning calls under way; what is known is recorded");
                    stop.send_replace(StopMode::Hard);
                }
                #[expect(clippy::exit, reason = "a third signal asks for exactly this")]
                _ => std::process::exit(130),
            }
        }
    });
    sender
}

/// Listens without a gap: a signal that comes while another is dealt with is heard as well.
#[cfg(unix)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hangup: signal(SignalKind::hangup()).ok(),
        }
    }

    async fn next(&mut self) -> Option<Asked> {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            let heard = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if heard.is_none() {
                std::future::pending().await
            }
        }
        tokio::select! {
            () = one(&mut self.interrupt) => Some(Asked::ByHand),
            () = one(&mut self.terminate) => Some(Asked::ByHand),
            () = one(&mut self.hangup) => Some(Asked::ByItself),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) -> Option<Asked> {
        tokio::signal::ctrl_c().await.ok().map(|()| Asked::ByHand)
    }
}
