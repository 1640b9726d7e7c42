//! The cloud on a loopback port, for programs that are not this process.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::pin::pin;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use winterbaume_core::MockRequest;

use crate::{Cloud, Error, Lost, Response};

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
    let host = head.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let request = MockRequest {
        method: head.method.to_string(),
        uri: format!("http://{}{path}", host.unwrap_or("localhost")),
        headers: head.headers.clone(),
        body: body.collect().await?.to_bytes(),
    };
    let Response { status, headers, body } = cloud.answer(request).await?;
    let mut answer = hyper::Response::new(Full::new(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// Why an exchange ends without an answer: the connection is closed.
#[derive(Debug, thiserror::Error)]
enum Exchange {
    #[error("the request could not be read")]
    Request(#[from] hyper::Error),
    #[error(transparent)]
    Lost(#[from] Lost),
}
