//! The cloud on a loopback port, for programs that are not this process.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::pin::pin;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use winterbaume_core::MockRequest;

use crate::{Cloud, Error, LostAnswer, Response, callers};

/// More than any request of mlopsctl's, whose largest is the code of a function: 50 MiB, a third more in base64.
const LARGEST_REQUEST: usize = 128 * 1024 * 1024;

impl Cloud {
    /// Answers AWS requests on `listener` until `stop` resolves; calls under way are finished.
    ///
    /// Signatures are not checked, only read: [`Error::NotLoopback`] unless the address is a
    /// loopback one.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let address = listener.local_addr().map_err(Error::Server)?;
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback(address));
        }
        let (closing, _) = tokio::sync::watch::channel(());
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => {
                    let (stream, _) = accepted.map_err(Error::Server)?;
                    connections.spawn(connection(self.clone(), stream, closing.subscribe()));
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(closing);
        while connections.join_next().await.is_some() {}
        self.save().await
    }
}

async fn connection(cloud: Cloud, stream: TcpStream, mut closing: tokio::sync::watch::Receiver<()>) {
    let service = service_fn(|request| exchange(&cloud, request));
    let mut connection =
        pin!(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    // A client that goes away ends its own connection with an error, which concerns nobody else.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = closing.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn exchange(cloud: &Cloud, request: Request<Incoming>) -> Result<hyper::Response<Full<Bytes>>, Exchange> {
    let (head, body) = request.into_parts();
    if let Some(refusal) = callers::refuse(&head.uri, &head.headers) {
        return Ok(sent(refusal));
    }
    if body.size_hint().lower() > LARGEST_REQUEST as u64 {
        return Ok(sent(too_large()));
    }
    let body = match Limited::new(body, LARGEST_REQUEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(sent(too_large())),
        Err(error) => return Err(Exchange::Request(error)),
    };
    let host = head.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let request = MockRequest {
        method: head.method.to_string(),
        uri: format!("http://{}{path}", host.unwrap_or("localhost")),
        headers: head.headers.clone(),
        body,
    };
    Ok(sent(cloud.answer(request).await?))
}

fn too_large() -> Response {
    let mib = LARGEST_REQUEST / 1024 / 1024;
    Response::error(413, "EntityTooLarge", &format!("the embedded AWS takes at most {mib} MiB in one request"))
}

fn sent(Response { status, headers, body }: Response) -> hyper::Response<Full<Bytes>> {
    let mut answer = hyper::Response::new(Full::new(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *answer.headers_mut() = headers;
    answer
}

/// The reason why an exchange ends without an answer: the connection is closed.
#[derive(Debug, thiserror::Error)]
enum Exchange {
    #[error("the request could not be read")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    LostAnswer(#[from] LostAnswer),
}
