//! Processes that serve the models of endpoints. Each answers one request after the other, by lines of JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{ChildStdin, ChildStdout, Command},
};

use super::output::last_lines;
use crate::worker::Answer;

/// A process that serves the model of an endpoint configuration. It ends when this is dropped, which closes its stdin.
pub(super) struct Serving {
    pub(super) config: String,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    said: tokio::task::JoinHandle<String>,
}

impl Serving {
    pub(super) fn start(mut command: Command, config: &str) -> Result<Self, String> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("Python could not be started: {error}"))?;
        let pipes = child.stdin.take().zip(child.stdout.take()).zip(child.stderr.take());
        let ((requests, answers), errors) = pipes.ok_or("the process has no pipes")?;
        let said = tokio::spawn(async move {
            let last = last_lines(errors).await;
            // It has ended, or closed its stderr to end.
            let _ = child.wait().await;
            last
        });
        Ok(Self { config: config.to_owned(), requests, answers: BufReader::new(answers).lines(), said })
    }

    pub(super) async fn ask(&mut self, content_type: &str, body: &Bytes) -> Result<Answer, String> {
        let asked = json!({ "content_type": content_type, "body": STANDARD.encode(body) });
        let written = self.requests.write_all(format!("{asked}\n").as_bytes()).await;
        let line = match written {
            Ok(()) => self.answers.next_line().await.ok().flatten(),
            Err(_) => None,
        };
        let Some(line) = line else {
            return Err(format!(
                "the process that serves it has ended: {}",
                (&mut self.said).await.unwrap_or_default()
            ));
        };
        let answer: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let status = answer["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let body = answer["body"].as_str().and_then(|body| STANDARD.decode(body).ok());
        let (status, body) = status.zip(body).ok_or("an answer without status or body")?;
        let content_type = answer["content_type"].as_str().unwrap_or("application/octet-stream").to_owned();
        Ok(Answer { status, content_type, body: body.into() })
    }
}
