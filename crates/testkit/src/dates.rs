//! S3's own clock, in virtual time: what it says the time is, and when an object was written.

use crate::time::Calendar;
use async_trait::async_trait;
use aws_smithy_async::time::TimeSource;
use aws_smithy_types::{DateTime, date_time::Format};
use http::{HeaderName, HeaderValue, header};
use local::{Call, Layer, LostAnswer, Next, Response};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};
use tokio::time::Instant;

/// The innermost layer: the embedded S3 looks at the clock on the wall.
pub(crate) struct Dates {
    calendar: Calendar,
    /// When objects were written, by bucket and key.
    written: Mutex<BTreeMap<String, SystemTime>>,
}

impl Dates {
    pub(crate) fn starting(at: Instant) -> Self {
        Self { calendar: Calendar::starting(at), written: Mutex::default() }
    }

    /// The same clock, with all it has noted.
    pub(crate) fn copy(&self) -> Self {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { calendar: self.calendar.clone(), written: Mutex::new(written) }
    }
}

fn set(response: &mut Response, name: HeaderName, time: SystemTime) {
    let text = DateTime::from(time).fmt(Format::HttpDate).ok();
    if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
        response.headers.insert(name, value);
    }
}

#[async_trait]
impl Layer for Dates {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.service != "s3" {
            return next.run(call).await;
        }
        let object = call.request.uri.split('?').next().unwrap_or_default().to_owned();
        let operation = call.operation.clone();
        let mut response = next.run(call).await?;
        let now = self.calendar.now();
        if response.status < 300 {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            match operation.as_str() {
                "PUT object" => drop(written.insert(object, now)),
                "GET object" | "HEAD object" => {
                    if let Some(then) = written.get(&object) {
                        set(&mut response, header::LAST_MODIFIED, *then);
                    }
                }
                _ => {}
            }
        }
        set(&mut response, header::DATE, now);
        Ok(response)
    }
}
