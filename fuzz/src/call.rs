//! Fuzz targets that read requests.

use bytes::Bytes;
use local::{Call, Request};

/// Requests to the embedded AWS: a line with method and path, headers, a body.
pub fn call(given: &[u8]) {
    let (head, body) = match given.windows(4).position(|end| end == b"\r\n\r\n") {
        Some(end) => (&given[..end], &given[end + 4..]),
        None => (given, &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap_or_default().split_once(' ').unwrap_or(("GET", "/"));
    let named = lines.filter_map(|line| line.split_once(':'));
    let headers = named.filter_map(|(name, value)| Some((name.parse().ok()?, value.trim().parse().ok()?))).collect();
    let (method, uri) = (method.to_owned(), format!("http://localhost{path}"));
    if let Ok(call) = Call::parse(Request { method, uri, headers, body: Bytes::copy_from_slice(body) }) {
        let _ = (call.is_read(), call.operation.len());
    }
}
