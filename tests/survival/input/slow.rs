//! Endpoints that know who is asking, and then say nothing or hardly anything.

use super::endpoints::{XML, identified, serve, with};
use crate::project::{Project, Ran};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

fn led_to(mut command: Command, endpoint: &str) -> Command {
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_service_that_is_silent_is_named_after_seconds() {
    let endpoint = serve(|stream, request| {
        if !identified(stream, request)? {
            thread::park();
        }
        Ok(())
    });
    let (project, began) = (Project::new(), Instant::now());
    for arguments in [&["plan", "dev"][..], &["state", "list", "dev"]] {
        let mut run = led_to(project.command(arguments), &endpoint).spawn().unwrap();
        let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
        let said: Vec<String> = lines.by_ref().take(2).collect();
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(said[0].starts_with("still waiting for S3 (GET /"), "{said:?}");
        assert!(said[0].ends_with(" since 5 s") && said[1].ends_with(" since 10 s"), "{said:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(60), "it took {:?}", began.elapsed());
}

#[test]
fn a_state_that_trickles_is_given_up() {
    let endpoint = serve(|stream, request| {
        if identified(stream, request)? {
            return Ok(());
        }
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 91000\r\netag: \"1\"\r\n\r\n")?;
        loop {
            stream.write_all(b"   ")?;
            thread::sleep(Duration::from_secs(1));
        }
    });
    let (project, began) = (Project::new(), Instant::now());
    let run = led_to(project.command(&["state", "list", "dev"]), &endpoint).output().unwrap();
    let run = Ran::of(run).ends_with(1);
    run.says(&["still waiting for S3 (GET /", "the answer came too slowly"]);
    assert!(began.elapsed() < Duration::from_secs(60), "it took {:?}", began.elapsed());
}

#[test]
fn a_state_that_is_cut_off_or_held_back_by_a_gateway_is_read_again() {
    static READS: AtomicUsize = AtomicUsize::new(0);
    let endpoint = serve(|stream, request| {
        if identified(stream, request)? {
            return Ok(());
        }
        if !(request.starts_with("GET ") && request.contains("state.json")) {
            return with(stream, "200 OK", XML, "");
        }
        match READS.fetch_add(1, Ordering::SeqCst) {
            0 => write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 91000\r\netag: \"1\"\r\n\r\n{{\"format\""),
            1 => with(stream, "429 Too Many Requests", "text/html", "<html>later</html>"),
            _ => with(stream, "404 Not Found", XML, "<Error><Code>NoSuchKey</Code></Error>"),
        }
    });
    let project = Project::new();
    let run = Ran::of(led_to(project.command(&["state", "list", "dev"]), &endpoint).output().unwrap());
    assert!(!run.stderr.contains("interrupted") && !run.stderr.contains("429"), "{}", run.stderr);
    assert_eq!(READS.load(Ordering::SeqCst), 3, "{}", run.stderr);
}
