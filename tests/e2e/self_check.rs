//! The binary's description of itself, and its search for a newer release: on a server on loopback.

use crate::{
    project::{Project, Ran},
    schemas,
};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

const THIS: &str = env!("CARGO_PKG_VERSION");

/// Serves one answer, and returns the lines of the request.
fn server(status: &str, body: &str) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/pypi/mlopsctl/json", listener.local_addr().unwrap());
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let request = lines.take_while(|line| !line.is_empty()).collect();
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    (address, serving)
}

fn check(project: &Project, address: &str, arguments: &[&str]) -> Ran {
    let mut command = project.command(&["self", "check"]);
    Ran::of(command.args(arguments).env("MLOPSCTL_RELEASES", address).output().unwrap())
}

fn described(version: &str) -> String {
    format!(r#"{{"info": {{"name": "mlopsctl", "version": "{version}"}}, "releases": {{}}}}"#)
}

#[test]
fn self_check_tells_a_newer_release_and_ends_with_2() {
    let project = Project::new();
    let (address, serving) = server("200 OK", &described("99.0.1"));
    let ran = check(&project, &address, &[]).ends_with(2);
    assert!(ran.stdout.starts_with(&format!("mlopsctl 99.0.1 is released; this is {THIS}\n")), "{}", ran.stdout);
    let request = serving.join().unwrap();
    assert_eq!(request[0], "GET /pypi/mlopsctl/json HTTP/1.1");
    assert!(request.iter().any(|line| *line == format!("user-agent: mlopsctl/{THIS}")), "{request:?}");
    let (address, _serving) = server("200 OK", &described("99.0.1"));
    let document = check(&project, &address, &["--json"]).ends_with(2).json();
    schemas::conforms("self-check", &document);
    assert_eq!((&document["newest"], &document["is_newest"]), (&"99.0.1".into(), &false.into()));
}

#[test]
fn self_check_is_content_with_the_newest_release_and_with_a_later_build() {
    let project = Project::new();
    for newest in [THIS, "0.0.1"] {
        let (address, _serving) = server("200 OK", &described(newest));
        let ran = check(&project, &address, &[]).ends_with(0);
        assert_eq!(ran.stdout, format!("mlopsctl {THIS} is the newest release\n"));
        let (address, _serving) = server("200 OK", &described(newest));
        let document = check(&project, &address, &["--json"]).ends_with(0).json();
        schemas::conforms("self-check", &document);
        assert_eq!(document["is_newest"], true);
    }
}

#[test]
fn self_check_fails_where_the_answer_is_no_release() {
    let project = Project::new();
    let cases = [
        ("404 Not Found", described("99.0.1"), "no release is published there yet"),
        ("503 Service Unavailable", described("99.0.1"), "answers with the status 503"),
        ("200 OK", "<html>sign in</html>".to_owned(), "describes no project"),
        ("200 OK", described("newest"), "names `newest`, which is no version"),
    ];
    for (status, body, expected) in cases {
        let (address, _serving) = server(status, &body);
        let ran = check(&project, &address, &[]).ends_with(1);
        assert!(ran.stderr.contains(&address) && ran.stderr.contains(expected), "{}", ran.stderr);
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = check(&project, &format!("http://{closed}/"), &[]).ends_with(1);
    assert!(ran.stderr.contains("cannot be reached"), "{}", ran.stderr);
    let ran = check(&project, "no address", &[]).ends_with(1);
    assert!(ran.stderr.contains("is no web address"), "{}", ran.stderr);
}

#[test]
fn version_tells_the_features_and_stays_short_for_scripts() {
    let project = Project::new();
    let told = |argument: &str| Ran::of(project.command(&[argument]).output().unwrap()).ends_with(0).stdout;
    assert_eq!(told("-V"), format!("mlopsctl {THIS}\n"));
    let long = told("--version");
    assert!(
        long.starts_with(&format!("mlopsctl {THIS} (commit ")) && long.ends_with(", features: local, mcp)\n"),
        "{long}"
    );
}
