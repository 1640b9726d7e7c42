//! The faults between a caller and AWS, by rule or by seed.

use crate::wire::{Asked, Refusal, answered, show};
use async_trait::async_trait;
use local::{Call, Layer, LostAnswer, Next, Response};
use serde_json::Value;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A fault of a call.
#[derive(Clone)]
pub enum Fault {
    /// AWS refuses it, and does nothing.
    Refused(Refusal),
    /// The connection breaks before it is sent.
    Reset,
    /// It is done, and AWS answers that it is not.
    RefusedAfter(Refusal),
    /// It is never answered, and nothing is done.
    Hung,
    /// It is done, and the answer never arrives.
    LostAnswer,
    /// It is never answered, and done only after that time: maybe after it was sent again, or its sender is gone.
    Late(Duration),
    /// It is delivered twice; the second answer arrives.
    Twice,
    /// The answer takes that long.
    Slow(Duration),
    /// The answer is changed on the way.
    Shown(Arc<dyn Fn(&mut Value) + Send + Sync>),
}

impl Fault {
    /// AWS asks to slow down, the way each service does it: mostly with status 400 and a code.
    pub fn throttled(service: &str) -> Self {
        let (status, code) = match service {
            "ec2" => (503, "RequestLimitExceeded"),
            "s3" => (503, "SlowDown"),
            "iam" | "sns" | "monitoring" => (400, "Throttling"),
            "lambda" => (429, "TooManyRequestsException"),
            _ => (400, "ThrottlingException"),
        };
        Self::Refused(Refusal::new(code, "Rate exceeded").status(status))
    }

    /// AWS itself fails.
    pub fn internal() -> Self {
        Self::Refused(Refusal::new("InternalFailure", "We encountered an internal error.").status(500))
    }

    /// S3 says that a conditional write met another request under way.
    pub fn conflict() -> Refusal {
        let words = "The conditional request cannot succeed due to a conflicting operation against this resource.";
        Refusal::new("ConditionalRequestConflict", words).status(409)
    }

    /// AWS answers with an error of this code and message, and status 400.
    pub fn refused(code: &str, message: &str) -> Self {
        Self::Refused(Refusal::new(code, message))
    }

    /// AWS answers something else than it would.
    pub fn shown(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Shown(Arc::new(change))
    }
}

/// The calls that meet a fault.
struct Rule {
    service: String,
    operation: String,
    /// The number of calls that pass first.
    spared: u64,
    /// The number of calls that meet the fault then.
    struck: u64,
    fault: Fault,
}

/// The faults laid around a cloud.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
    storm: Mutex<Option<Storm>>,
    outage: Mutex<Option<Outage>>,
    /// Calls on their way, and when they arrive.
    late: Mutex<Vec<(Instant, Call)>>,
    /// The least time of a call, there and back.
    distance: Mutex<Duration>,
}

/// The most seconds that a write may be on its way.
const LATEST: u64 = 90;

/// True if the request is a change that S3 makes only under a condition.
fn is_conditional(asked: &Asked) -> bool {
    let has = |name: &str| asked.call.request.headers.contains_key(name);
    asked.service == "s3" && !asked.call.is_read() && (has("if-match") || has("if-none-match"))
}

/// Faults at random.
struct Storm {
    seed: u64,
    /// One call in so many meets a fault.
    one_in: u64,
    calls: u64,
}

impl Storm {
    /// The fault of the next call. Which one it is follows from the seed and the calls before.
    fn next(&mut self, asked: &Asked) -> Option<Fault> {
        self.calls += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, self.calls).hash(&mut hasher);
        let number = hasher.finish();
        // Of these a run sends few, and they decide about its state and its lock.
        if is_conditional(asked) && number.is_multiple_of(6) {
            return Some(match number / 6 % 3 {
                0 => Fault::Refused(Fault::conflict()),
                1 => Fault::RefusedAfter(Fault::conflict()),
                _ => Fault::Late(Duration::from_secs(1 + number / 18 % LATEST)),
            });
        }
        if !number.is_multiple_of(self.one_in) {
            return None;
        }
        Some(match number / self.one_in % 7 {
            0 => Fault::throttled(&asked.service),
            1 => Fault::internal(),
            2 => Fault::Reset,
            3 => Fault::LostAnswer,
            4 => Fault::Slow(Duration::from_secs(30)),
            5 => Fault::Hung,
            _ if asked.call.is_read() => Fault::Twice,
            _ => Fault::throttled(&asked.service),
        })
    }
}

/// About one in eight buckets, keys or operations, chosen at random, is out of order for a while.
struct Outage {
    seed: u64,
    from: Instant,
    until: Instant,
}

impl Outage {
    /// The fault of a call that needs a bucket, key or operation that is out of order.
    fn of(&self, asked: &Asked) -> Option<Fault> {
        if !(self.from..self.until).contains(&Instant::now()) {
            return None;
        }
        let operation = format!("{}:{}", asked.service, asked.operation);
        let needed = match self.seed % 3 {
            0 if asked.service == "s3" => asked.text("Bucket").trim_end_matches('/'),
            1 if asked.service == "kms" => asked.text("KeyId"),
            2 => &operation,
            _ => "",
        };
        let mut hasher = DefaultHasher::new();
        (self.seed, needed).hash(&mut hasher);
        if needed.is_empty() || !hasher.finish().is_multiple_of(8) {
            return None;
        }
        Some(match self.seed / 3 % 3 {
            0 => Fault::internal(),
            1 => Fault::Reset,
            _ => Fault::Hung,
        })
    }
}

impl Faults {
    pub(crate) fn rule(&self, (service, operation): (&str, &str), spared: u64, struck: u64, fault: Fault) {
        let rule = Rule { service: service.to_owned(), operation: operation.to_owned(), spared, struck, fault };
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    pub(crate) fn storm(&self, seed: u64, one_in: u64) {
        let storm = Storm { seed, one_in, calls: 0 };
        *self.storm.lock().unwrap_or_else(PoisonError::into_inner) = Some(storm);
    }

    pub(crate) fn outage(&self, seed: u64, from: Instant, until: Instant) {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = Some(Outage { seed, from, until });
    }

    pub(crate) fn distance(&self, there_and_back: Duration) {
        *self.distance.lock().unwrap_or_else(PoisonError::into_inner) = there_and_back;
    }

    /// An end to all faults, but for calls that are on their way.
    pub(crate) fn end(&self) {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.storm.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The calls that arrive now.
    fn arrived(&self) -> Vec<Call> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.extract_if(.., |(at, _)| *at <= Instant::now()).map(|(_, call)| call).collect()
    }

    fn of(&self, asked: &Asked) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in rules.iter_mut().filter(|rule| asked.is(&rule.service, &rule.operation)) {
            if rule.spared > 0 {
                rule.spared -= 1;
            } else if rule.struck > 0 {
                rule.struck -= 1;
                return Some(rule.fault.clone());
            }
        }
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = outage.as_ref().and_then(|outage| outage.of(asked)) {
            return Some(fault);
        }
        let mut storm = self.storm.lock().unwrap_or_else(PoisonError::into_inner);
        storm.as_mut().and_then(|storm| storm.next(asked))
    }
}

#[async_trait]
impl Layer for Faults {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        let asked = Asked::new(call.clone());
        let distance = *self.distance.lock().unwrap_or_else(PoisonError::into_inner);
        if !distance.is_zero() {
            tokio::time::sleep(distance).await;
        }
        for late in self.arrived() {
            next.run(late).await?;
        }
        match self.of(&asked) {
            None => next.run(call).await,
            Some(Fault::Refused(refusal)) => Ok(refusal.to(&call)),
            Some(Fault::RefusedAfter(refusal)) => {
                next.run(call.clone()).await?;
                Ok(refusal.to(&call))
            }
            Some(Fault::Hung) => std::future::pending().await,
            Some(Fault::Late(after)) => {
                self.late.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now() + after, call));
                std::future::pending().await
            }
            Some(Fault::Reset) => Err(LostAnswer::Reset),
            Some(Fault::LostAnswer) => {
                next.run(call).await?;
                Err(LostAnswer::Timeout)
            }
            Some(Fault::Twice) => {
                next.run(call.clone()).await?;
                next.run(call).await
            }
            Some(Fault::Slow(time)) => {
                let response = next.run(call).await?;
                tokio::time::sleep(time).await;
                Ok(response)
            }
            Some(Fault::Shown(change)) => {
                let mut response = next.run(call).await?;
                let mut answer = answered(&asked, &response);
                change(&mut answer);
                show(&asked, &mut response, &answer);
                Ok(response)
            }
        }
    }
}
