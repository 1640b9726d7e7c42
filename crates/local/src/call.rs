//! A request to the embedded AWS, with its service, region and operation.

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName};
use winterbaume_core::{MockRequest, auth, parse_query_string};

use crate::Response;

/// The prefixes of regions in other partitions than `aws`: China, GovCloud, the European sovereign cloud, and isolated
/// regions. The embedded services write `aws` into ARNs, so a platform there would mix both partitions.
const OTHER_PARTITIONS: [&str; 7] = ["cn-", "us-gov-", "eusc-", "us-iso-", "us-isob-", "us-isof-", "eu-isoe-"];

/// One request to AWS, addressed the same way whether it came from the SDK or over HTTP.
#[derive(Debug, Clone)]
pub struct Call {
    /// The signing name: `ec2`, `s3`, `states`, `monitoring`, ….
    pub service: String,
    /// The region of the credential scope; IAM is always in `us-east-1`.
    pub region: String,
    /// The operation (`CreateVpc`). REST services name none in their requests: there it is the
    /// method and the path (`PUT /2015-03-31/functions/f/code`), for S3 the method, what it
    /// addresses and the sub-resource (`PUT bucket?versioning`).
    pub operation: String,
    /// The request itself, its URI rewritten to the form the services understand.
    pub request: MockRequest,
}

impl Call {
    /// Finds out whom a request is for. SigV4's credential scope says it; the host does not, since
    /// a custom endpoint hides it.
    pub fn parse(mut request: MockRequest) -> Result<Self, Box<Response>> {
        let query = request.uri.split_once('?').map_or("", |(_, query)| query);
        let scope = credential_scope(&request.headers, query)
            .ok_or_else(|| refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token"))?;
        let Some([_, _, region, service, _]) =
            scope.split('/').collect::<Vec<_>>().try_into().ok().map(|parts: [&str; 5]| parts)
        else {
            return Err(refuse(
                400,
                "IncompleteSignature",
                "The credential scope is not AKID/date/region/service/aws4_request",
            ));
        };
        if !is_region(region) {
            return Err(refuse(400, "IncompleteSignature", "The credential scope names no region"));
        }
        if OTHER_PARTITIONS.iter().any(|prefix| region.starts_with(prefix)) {
            let words = format!("The embedded AWS has only regions of the partition aws, and not {region}");
            return Err(refuse(400, "UnsupportedRegion", &words));
        }
        let service = if service == "s3express" { "s3" } else { service }.to_owned();
        // Global services: what they keep is in no region, whatever region the caller works in.
        let region = if matches!(service.as_str(), "budgets" | "iam") { "us-east-1" } else { region }.to_owned();
        let (host, path) = split_uri(&request.uri);
        if is_chunked(&request.headers) {
            let (payload, trailers) = decode_chunks(&request.body)
                .ok_or_else(|| refuse(400, "IncompleteBody", "The aws-chunked body is cut short"))?;
            request.body = payload;
            request.headers.remove("x-amz-trailer");
            request.headers.extend(trailers);
        }
        if service == "s3" {
            let bucket = virtual_host_bucket(host, &request.headers);
            request.uri = match bucket {
                Some(bucket) => format!("https://s3.{region}.amazonaws.com/{bucket}{path}"),
                None => format!("https://s3.{region}.amazonaws.com{path}"),
            };
        } else {
            request.uri = format!("https://{service}.{region}.amazonaws.com{path}");
        }
        let operation = operation(&service, &request);
        Ok(Self { service, region, operation, request })
    }

    /// True if the call only reads, judged by the name of its operation. Unknown names count as changes.
    pub fn is_read(&self) -> bool {
        const READS: [&str; 10] =
            ["Describe", "Get", "List", "Head", "Search", "BatchGet", "Simulate", "Lookup", "Query", "Filter"];
        // Step Functions and Lambda executions are not reads although the SDK calls some "Get…".
        READS.iter().any(|read| {
            self.operation.strip_prefix(read).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        }) || self.operation.starts_with("GET ")
            || self.operation.starts_with("HEAD ")
    }

    /// The path without the query.
    pub(crate) fn path(&self) -> &str {
        let (_, path) = split_uri(&self.request.uri);
        path.split('?').next().unwrap_or(path)
    }
}

/// True if a text can be a region, such as `us-gov-west-1`. What is kept of a region is in files named after it.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number = parts
        .next_back()
        .is_some_and(|part| matches!(part.len(), 1..=2) && part.bytes().all(|byte| byte.is_ascii_digit()));
    text.len() <= 32 && number && parts.clone().count() >= 2 && parts.all(letters)
}

fn refuse(status: u16, code: &str, message: &str) -> Box<Response> {
    Box::new(Response::error(status, code, message))
}

fn credential_scope(headers: &HeaderMap, query: &str) -> Option<String> {
    if let (Some(region), Some(service)) =
        (auth::extract_region_from_headers(headers), auth::extract_service_from_headers(headers))
    {
        return Some(format!("id/date/{region}/{service}/aws4_request"));
    }
    if headers.contains_key(AUTHORIZATION) {
        return Some(String::new());
    }
    parse_query_string(query).remove("X-Amz-Credential")
}

fn split_uri(uri: &str) -> (&str, &str) {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://")).unwrap_or(uri);
    match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    }
}

/// The bucket in `bucket.s3.<region>.amazonaws.com` or `bucket.localhost`, if the host names one.
fn virtual_host_bucket<'a>(host: &'a str, headers: &'a HeaderMap) -> Option<&'a str> {
    let named = |host: &'a str| {
        let host = host.split(':').next()?;
        let end = host.strip_suffix(".localhost").map(str::len).or_else(|| {
            let end = host.rfind(".s3.").or_else(|| host.rfind(".s3-"))?;
            host.ends_with(".amazonaws.com").then_some(end)
        })?;
        host.get(..end)
    };
    named(host).or_else(|| named(headers.get(HOST)?.to_str().ok()?))
}

fn operation(service: &str, request: &MockRequest) -> String {
    if let Some(target) = header(&request.headers, "x-amz-target") {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let (_, path) = split_uri(&request.uri);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if let Some((_, operation)) = path.split_once("/operation/") {
        return operation.to_owned();
    }
    if service == "s3" {
        let what = match path.trim_start_matches('/').split_once('/') {
            _ if path == "/" => "service",
            None | Some((_, "")) => "bucket",
            Some(_) => "object",
        };
        let sub = query
            .split('&')
            .filter(|part| !part.is_empty() && !part.starts_with("x-id="))
            .map(|part| part.split('=').next().unwrap_or(part))
            .next();
        return match sub {
            Some(sub) => format!("{} {what}?{sub}", request.method),
            None => format!("{} {what}", request.method),
        };
    }
    if matches!(service, "elasticfilesystem" | "lakeformation" | "lambda") {
        return format!("{} {path}", request.method);
    }
    // SageMaker's runtimes, whose reads have what they ask for in the query.
    if service == "sagemaker" && path != "/" {
        let (_, whole) = split_uri(&request.uri);
        return format!("{} {whole}", request.method);
    }
    let body = std::str::from_utf8(&request.body).unwrap_or("");
    parse_query_string(body).remove("Action").unwrap_or_default()
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_chunked(headers: &HeaderMap) -> bool {
    header(headers, "x-amz-content-sha256").is_some_and(|sha| sha.starts_with("STREAMING-"))
}

/// Takes the payload out of `aws-chunked` framing: `<hex size>[;chunk-signature=…]\r\n<data>\r\n`
/// until size 0, then trailers, which are headers such as the checksum.
fn decode_chunks(mut body: &[u8]) -> Option<(Bytes, HeaderMap)> {
    let mut payload = BytesMut::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n")?;
        let head = std::str::from_utf8(body.get(..end)?).ok()?;
        let size = usize::from_str_radix(head.split(';').next()?, 16).ok()?;
        body = body.get(end + 2..)?;
        if size == 0 {
            let trailers = std::str::from_utf8(body).ok()?.lines().filter_map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.parse::<HeaderName>().ok()?, value.trim().parse().ok()?))
            });
            return Some((payload.freeze(), trailers.collect()));
        }
        payload.extend_from_slice(body.get(..size)?);
        body = body.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_body_is_the_concatenation_of_its_chunks() {
        let body = b"5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
        let (payload, trailers) = decode_chunks(body).unwrap();
        assert_eq!(&*payload, b"hello!");
        assert_eq!(header(&trailers, "x-amz-checksum-crc32"), Some("AAAA"));
        assert!(decode_chunks(b"5\r\nhel").is_none());
    }

    #[test]
    fn only_names_of_regions_are_regions() {
        for region in ["us-east-1", "ap-southeast-7", "us-gov-west-1", "eu-isoe-west-1", "me-central-12"] {
            assert!(is_region(region), "{region}");
        }
        for other in
            ["", "us", "us-east", "../..", "us-east-1/", "us-east-1%2f", "US-EAST-1", "a--1", "us-east-123", "-a-1"]
        {
            assert!(!is_region(other), "{other}");
        }
        assert!(!is_region(&format!("{}-east-1", "x".repeat(40))));
    }

    #[test]
    fn the_bucket_is_read_from_either_form_of_host() {
        let none = HeaderMap::new();
        assert_eq!(virtual_host_bucket("b.c.s3.eu-west-1.amazonaws.com", &none), Some("b.c"));
        assert_eq!(virtual_host_bucket("b.localhost:4566", &none), Some("b"));
        assert_eq!(virtual_host_bucket("s3.eu-west-1.amazonaws.com", &none), None);
        assert_eq!(virtual_host_bucket("127.0.0.1:4566", &none), None);
    }
}
