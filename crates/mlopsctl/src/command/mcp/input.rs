//! The stdin of the server. Commands under way end softly as soon as the client closes it: the SDK waits for them first.

use engine::StopMode;
use std::{
    io::Error,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::watch,
};

/// A reader that stops a run at its end.
pub(super) struct Input<R> {
    reader: R,
    stop: watch::Sender<StopMode>,
}

impl<R> Input<R> {
    pub(super) fn new(reader: R, stop: watch::Sender<StopMode>) -> Self {
        Self { reader, stop }
    }
}

/// Stops a run softly, unless it is stopping already.
pub(super) fn stop_softly(stop: &watch::Sender<StopMode>) {
    stop.send_if_modified(|mode| {
        let goes_on = *mode == StopMode::Go;
        if goes_on {
            *mode = StopMode::Soft;
        }
        goes_on
    });
}

impl<R: AsyncRead + Unpin> AsyncRead for Input<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.reader).poll_read(cx, into);
        let is_at_end = matches!(read, Poll::Ready(Ok(()))) && into.filled().len() == before;
        if is_at_end || matches!(read, Poll::Ready(Err(_))) {
            stop_softly(&self.stop);
        }
        read
    }
}
