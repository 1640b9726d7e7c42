//! Lambda's runtime API, on a loopback port: what the drift job asks for work, and tells how it went.

use crate::{project::Project, served::Served};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, SystemTime},
};

/// The job, started as Lambda starts it, until dropped.
pub(crate) struct Lambda {
    process: Child,
    calls: Sender<SystemTime>,
    answers: Receiver<Answer>,
}

/// The result of an invocation.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) is_error: bool,
    pub(crate) body: Value,
}

impl Lambda {
    /// The job of dev, with the project in this folder.
    pub(crate) fn start(served: &Served, project: &Project, root: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (calls, called) = channel();
        let (answered, answers) = channel();
        thread::spawn(move || api(&listener, called, &answered));
        let mut command = served.command(project, &["job", "dev"]);
        let process = command
            .current_dir(root)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "mlops-pipeline-dev-drift-job")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, calls, answers }
    }

    /// Calls it, with so much time.
    pub(crate) fn call(&self, time: Duration) -> Answer {
        self.calls.send(SystemTime::now() + time).unwrap();
        self.answers.recv_timeout(Duration::from_secs(120)).unwrap()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
fn api(listener: &TcpListener, calls: Receiver<SystemTime>, answers: &Sender<Answer>) {
    let calls = Arc::new(Mutex::new(calls));
    while let Ok((stream, _)) = listener.accept() {
        let (calls, answers) = (calls.clone(), answers.clone());
        thread::spawn(move || serve(stream, &calls, &answers));
    }
}

/// Ends with the connection, or with the test.
fn serve(mut stream: TcpStream, calls: &Mutex<Receiver<SystemTime>>, answers: &Sender<Answer>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut number = 0;
    loop {
        let (path, body) = request(&mut reader)?;
        let answer = match path.rsplit('/').next()? {
            "next" => {
                number += 1;
                let deadline =
                    calls.lock().unwrap().recv().ok()?.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
                format!(
                    "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: call-{number}\r\nlambda-runtime-deadline-ms: \
                     {deadline}\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:ap-south-1:123456789012:function:f\r\n\
                     content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
                )
            }
            end => {
                let body = serde_json::from_slice(&body).unwrap_or_default();
                answers.send(Answer { is_error: end == "error", body }).ok()?;
                "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
        };
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

/// The path and the body of the next request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut line = || {
        let mut line = String::new();
        let length = reader.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end().to_owned())
    };
    let path = line()?.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    while let Some(header) = line().filter(|line| !line.is_empty()) {
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}
