//! Proxies that the environment names.

use super::endpoints::{XML, identified, serve, with};
use crate::project::{Project, Ran};
use std::{
    io::Write as _,
    net::TcpListener,
    sync::{Mutex, PoisonError},
};

/// The first lines of what the proxies of this file were asked.
static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// True if a proxy got a request that begins like this.
fn was_asked(start: &str) -> bool {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|line| line.starts_with(start))
}

/// A proxy that answers for AWS itself, and refuses connections to any other host.
fn proxy() -> String {
    serve(|stream, request| {
        let line = request.lines().next().unwrap_or_default().to_owned();
        let connects = line.starts_with("CONNECT ");
        ASKED.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        match connects {
            true => stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
            false if identified(stream, request)? => Ok(()),
            false => with(stream, "404 Not Found", XML, "<Error><Code>NoSuchKey</Code><Message/></Error>"),
        }
    })
}

fn run(project: &Project, variables: &[(&str, &str)]) -> Ran {
    let mut command = project.command(&["state", "list", "dev"]);
    command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    command.envs(variables.iter().copied());
    Ran::of(command.output().unwrap())
}

#[test]
fn requests_go_through_the_proxy_that_the_environment_names() {
    let (project, proxy) = (Project::new(), proxy());
    for (number, variable) in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].into_iter().enumerate() {
        let endpoint = format!("http://aws-{number}.invalid");
        run(&project, &[("AWS_ENDPOINT_URL", &endpoint), (variable, &proxy)]).ends_with(0);
        assert!(was_asked(&format!("POST {endpoint}/ ")) && was_asked(&format!("GET {endpoint}/")), "{variable}");
    }
    let without = [("AWS_ENDPOINT_URL", "http://no.proxy.invalid"), ("HTTP_PROXY", &proxy), ("NO_PROXY", ".invalid")];
    run(&project, &without).ends_with(1).says(&["the AWS account could not be determined"]);
    assert!(!was_asked("POST http://no.proxy.invalid"));
}

#[test]
fn aws_itself_is_reached_through_a_tunnel_and_a_proxy_that_refuses_is_named() {
    let (project, proxy) = (Project::new(), proxy());
    let with_password = proxy.replace("http://", "http://user:hunter2@");
    let refused = run(&project, &[("HTTPS_PROXY", &with_password)]).ends_with(1);
    let host = proxy.trim_start_matches("http://");
    let refused =
        refused.says(&["the AWS account could not be determined", &format!("through the proxy {host} (HTTPS_PROXY)")]);
    assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
    assert!(was_asked("CONNECT sts.ap-south-1.amazonaws.com:443 "));
}

#[test]
fn no_proxy_leads_to_this_machine() {
    let (project, endpoint) = (Project::new(), proxy());
    let gone = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let gone = format!("http://{gone}");
    run(&project, &[("AWS_ENDPOINT_URL", &endpoint), ("HTTP_PROXY", &gone), ("ALL_PROXY", &gone)]).ends_with(0);
}

#[test]
fn a_proxy_that_is_none_is_refused_and_not_repeated() {
    let project = Project::new();
    for (variable, address) in [
        ("HTTPS_PROXY", "not a proxy hunter2"),
        ("https_proxy", "http://user:hunter2@"),
        ("HTTP_PROXY", "ftp://hunter2"),
        ("ALL_PROXY", "socks5://hunter2:1080"),
    ] {
        let refused = run(&project, &[(variable, address)]).ends_with(64);
        let refused = refused.says(&[&format!("{variable} names no proxy that can be used")]);
        assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
    }
}
