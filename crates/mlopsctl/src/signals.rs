//! Ctrl-C and SIGTERM: the first stops softly, the second at once, the third ends the process.

use crate::printer::Printer;
use engine::StopMode;
use tokio::sync::watch;

/// What tells a run to stop, fed by signals and by whoever holds the sender.
pub(crate) fn listen(printer: Printer) -> (watch::Sender<StopMode>, watch::Receiver<StopMode>) {
    let (sender, receiver) = watch::channel(StopMode::Go);
    let signals = sender.clone();
    tokio::spawn(async move {
        let mut received = 0;
        while interrupted().await {
            received += 1;
            match received {
                1 => {
                    printer
                        .say("stopping: calls under way are finished, nothing new is started (again to abandon them)");
                    signals.send_replace(StopMode::Soft);
                }
                2 => {
                    printer.say("abandoning calls under way; what is known is recorded");
                    signals.send_replace(StopMode::Hard);
                }
                #[expect(clippy::exit, reason = "a third signal asks for exactly this")]
                _ => std::process::exit(130),
            }
        }
    });
    (sender, receiver)
}

#[cfg(unix)]
async fn interrupted() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return tokio::signal::ctrl_c().await.is_ok();
    };
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended.is_ok(),
        ended = terminate.recv() => ended.is_some(),
        ended = hangup.recv() => ended.is_some(),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
