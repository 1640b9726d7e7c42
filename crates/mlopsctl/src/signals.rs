use engine::StopMode;
use tokio::{signal::unix::{SignalKind, signal}, sync::watch};

/// Turns Ctrl-C and SIGTERM into a request to stop: the first lets calls under way finish, the second
/// abandons them, the third ends the process.
pub(crate) struct Signals {
    stop: watch::Sender<StopMode>,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen(notice: impl Fn(StopMode) + Send + 'static) -> Self {
        let (stop, _) = watch::channel(StopMode::Go);
        let told = stop.clone();
        tokio::spawn(async move {
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                let mode = match *told.borrow() {
                    StopMode::Go => StopMode::Soft,
                    StopMode::Soft => StopMode::Hard,
                    StopMode::Hard => die(),
                };
                told.send_replace(mode);
                notice(mode);
            }
        });
        Self { stop }
    }

    /// How far stopping has come.
    pub(crate) fn watch(&self) -> watch::Receiver<StopMode> {
        self.stop.subscribe()
    }

    /// Stops as the first signal does.
    pub(crate) fn stop(&self) {
        self.stop.send_if_modified(|mode| {
            let go = *mode == StopMode::Go;
            if go {
                *mode = StopMode::Soft;
            }
            go
        });
    }

    /// Resolves at the first signal.
    pub(crate) async fn first(&self) {
        let mut stop = self.stop.subscribe();
        if stop.wait_for(|mode| *mode != StopMode::Go).await.is_err() {
            std::future::pending().await
        }
    }
}

#[expect(clippy::exit, reason = "the third signal means now; the state and the lock are made to survive it")]
fn die() -> ! {
    std::process::exit(130)
}
