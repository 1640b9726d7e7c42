//! Endpoints that are not AWS, or not well.

use crate::project::{Project, Ran};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::Stdio,
    thread,
};

/// The answer of a server on a connection whose request it has read.
type Answers = fn(&mut TcpStream, request: &str) -> std::io::Result<()>;

/// A server on a port of its own for as long as the test runs.
pub(super) fn serve(answers: impl Fn(&mut TcpStream, &str) -> std::io::Result<()> + Copy + Send + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || attend(stream, answers));
        }
    });
    endpoint
}

/// The client may have gone away.
fn attend(mut stream: TcpStream, answers: impl Fn(&mut TcpStream, &str) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut request = vec![0; 65536];
    let length = stream.read(&mut request)?;
    answers(&mut stream, &String::from_utf8_lossy(&request[..length]))?;
    stream.shutdown(Shutdown::Write)?;
    std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
}

pub(super) fn with(stream: &mut impl Write, status: &str, kind: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// The answer that names the account of these credentials.
pub(super) fn identity(account: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:root</Arn><UserId>AKID</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

pub(super) const XML: &str = "text/xml";
const PAGE: &str = "<!DOCTYPE html><html><body><h1>It works!</h1></body></html>";

/// Servers that no account can be learnt from.
const NO_AWS: &[(&str, Answers)] = &[
    ("hangs up", |_, _| Ok(())),
    ("answers bytes", |stream, _| stream.write_all(b"\0\xff\xfe\0\x01\x02\x03\r\n\r\n")),
    ("speaks an older HTTP", |stream, _| stream.write_all(PAGE.as_bytes())),
    ("speaks a newer HTTP", |stream, _| stream.write_all(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0")),
    ("speaks SSH", |stream, _| stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")),
    ("speaks TLS", |stream, _| stream.write_all(b"\x15\x03\x01\0\x02\x02\x46")),
    ("has a status that is none", |stream, _| with(stream, "999 What", XML, "")),
    ("has a page for everything", |stream, _| with(stream, "200 OK", "text/html", PAGE)),
    ("has no page", |stream, _| with(stream, "404 Not Found", "text/html", PAGE)),
    ("has no way to its backend", |stream, _| with(stream, "502 Bad Gateway", "text/html", PAGE)),
    ("fails", |stream, _| with(stream, "500 Internal Server Error", XML, "")),
    ("throttles", |stream, _| with(stream, "503 Slow Down", XML, &error("Throttling"))),
    ("denies", |stream, _| with(stream, "403 Forbidden", XML, &error("AccessDenied"))),
    ("knows nobody", |stream, _| with(stream, "403 Forbidden", XML, &error("InvalidClientTokenId"))),
    ("is too late for a signature", |stream, _| with(stream, "400 Bad Request", XML, &error("RequestExpired"))),
    ("asks for a password", |stream, _| with(stream, "401 Unauthorized", "text/plain", "who?")),
    ("says nothing at length", |stream, _| with(stream, "200 OK", XML, "")),
    ("says nothing, and no length", |stream, _| stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")),
    ("has no content", |stream, _| with(stream, "204 No Content", XML, "")),
    ("speaks JSON", |stream, _| with(stream, "200 OK", "application/json", "{\"Account\": \"123456789012\"}")),
    ("stops in the middle", |stream, _| with(stream, "200 OK", XML, &identity("123456789012")[..150])),
    ("promises more than it gives", |stream, _| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 4096\r\n\r\n{}", identity("123456789012"))
    }),
    ("has a length that is none", |stream, _| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n<a/>")),
    ("has a length beyond all counting", |stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n<a/>")
    }),
    ("has two lengths", |stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n<a/>")
    }),
    ("breaks a chunk", |stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n<a/>")
    }),
    ("never ends", |stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        let chunk = format!("10000\r\n{}\r\n", "<a>".repeat(65536 / 3) + "<");
        (0..1_000_000).try_for_each(|_| stream.write_all(chunk.as_bytes()))
    }),
    ("never ends its headers", |stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        (0..10_000_000).try_for_each(|number| write!(stream, "x-{number}: x\r\n"))
    }),
    ("leads round in a circle", |stream, request| {
        let path = request.split(' ').nth(1).unwrap_or("/");
        write!(stream, "HTTP/1.1 307 Temporary Redirect\r\nlocation: {path}\r\ncontent-length: 0\r\n\r\n")
    }),
    ("leads elsewhere", |stream, _| {
        stream.write_all(b"HTTP/1.1 301 Moved\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n")
    }),
    ("nests without end", |stream, _| with(stream, "200 OK", XML, &"<a>".repeat(100_000))),
    ("multiplies", |stream, _| {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]>";
        with(stream, "200 OK", XML, &format!("{bomb}{}", identity("&c;")))
    }),
    ("answers in no encoding", |stream, _| {
        stream.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\nconnection: close\r\n\r\n<Account>\xff\xfe\xff\xfe<a>",
        )
    }),
    ("answers another question", |stream, _| with(stream, "200 OK", XML, "<DescribeVpcsResponse/>")),
    ("names no account", |stream, _| with(stream, "200 OK", XML, &identity(""))),
    ("names a path", |stream, _| with(stream, "200 OK", XML, &identity("../../12345"))),
    ("names a number of another length", |stream, _| with(stream, "200 OK", XML, &identity("123456789012345"))),
    ("names digits of another script", |stream, _| with(stream, "200 OK", XML, &identity("１２３４"))),
    ("is silent", |_, _| {
        thread::park();
        Ok(())
    }),
];

fn error(code: &str) -> String {
    format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>")
}

/// Runs against all of them at once: most of the time nothing happens but waiting.
fn refused(endpoints: Vec<(&str, String)>, arguments: &[&str]) -> Vec<(String, Ran)> {
    let project = Project::new();
    let start = |(what, endpoint): (&str, String)| {
        let mut command = project.command(arguments);
        command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
        (what.to_owned(), command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    let running: Vec<_> = endpoints.into_iter().map(start).collect();
    let end = |(what, process): (String, std::process::Child)| (what, Ran::of(process.wait_with_output().unwrap()));
    running.into_iter().map(end).collect()
}

#[test]
fn what_is_not_aws_is_told_at_once_and_not_repeated_at_length() {
    let endpoints = NO_AWS.iter().map(|(what, answers)| (*what, serve(*answers))).collect();
    for (what, run) in refused(endpoints, &["up", "dev", "--yes"]) {
        assert!(run.stderr.len() < 1000, "{what}: {}", run.stderr);
        let helps = if what == "is too late for a signature" { "log in again or set the clock" } else { "endpoint" };
        run.ends_with(1).says(&["the AWS account could not be determined", helps]);
    }
}

#[test]
fn an_endpoint_that_is_no_url_is_told() {
    let gone = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let plain = serve(|stream, _| with(stream, "200 OK", XML, ""));
    for url in [format!("http://{gone}"), plain.replace("http:", "https:")] {
        for (_, run) in refused(vec![("", url)], &["plan", "dev"]) {
            assert!(run.stderr.len() < 1000, "{}", run.stderr);
            run.ends_with(1).says(&["the AWS account could not be determined"]);
        }
    }
    let long = format!("{plain}/{}", "x".repeat(100_000));
    for url in [
        "",
        "not a url",
        "127.0.0.1",
        "http://",
        "http://[::1",
        "http://h:999999",
        "ftp://h",
        "file:///etc",
        "é",
        &long,
    ] {
        let url = url.to_owned();
        for (_, run) in refused(vec![("", url)], &["plan", "dev"]) {
            run.ends_with(64).says(&["AWS_ENDPOINT_URL is no web address"]);
        }
    }
}

/// Servers that know who is asking, and nothing else; how a run ends, and what it says of them.
const HALF_AWS: &[(&str, Answers, i32, &str)] = &[
    (
        "has a page for everything",
        |stream, request| {
            if !identified(stream, request)? { with(stream, "200 OK", "text/html", PAGE) } else { Ok(()) }
        },
        1,
        "state.json",
    ),
    (
        "has nothing",
        |stream, request| {
            if !identified(stream, request)? { with(stream, "200 OK", XML, "") } else { Ok(()) }
        },
        1,
        "state.json",
    ),
    (
        "denies the rest",
        |stream, request| {
            if !identified(stream, request)? {
                with(stream, "403 Forbidden", XML, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
            } else {
                Ok(())
            }
        },
        64,
        "belongs to another account",
    ),
    (
        "fails at the rest",
        |stream, request| {
            if !identified(stream, request)? { with(stream, "500 Internal Server Error", XML, "") } else { Ok(()) }
        },
        1,
        "HeadBucket: ",
    ),
    ("hangs up on the rest", |stream, request| identified(stream, request).map(drop), 1, "HeadBucket: "),
    (
        "answers JSON",
        |stream, request| {
            if !identified(stream, request)? { with(stream, "200 OK", "application/json", "[{}]") } else { Ok(()) }
        },
        1,
        "state.json",
    ),
];

pub(super) fn identified(stream: &mut impl Write, request: &str) -> std::io::Result<bool> {
    let asked = request.contains("GetCallerIdentity");
    if asked {
        with(stream, "200 OK", XML, &identity("123456789012"))?;
    }
    Ok(asked)
}

#[test]
fn a_cloud_that_answers_nonsense_is_not_worked_on() {
    let endpoints = HALF_AWS.iter().map(|(what, answers, ..)| (*what, serve(*answers))).collect();
    for ((what, run), (.., code, says)) in refused(endpoints, &["up", "dev", "--yes"]).into_iter().zip(HALF_AWS) {
        assert!(run.stderr.len() < 1000, "{what}: {}", run.stderr);
        run.ends_with(*code).says(&[says]);
    }
}
