//! A simulated AWS for tests, with a virtual clock, laws, policies and faults.

use crate::{
    dates::Dates,
    faults::{Fault, Faults},
    iam::IamEvaluator,
    inventory,
    journal::{Journal, Kill, MadeCall, Watch},
    laws::{self, Laws, Pace, Script},
    time::{self, Calendar},
};
use aws_config::{SdkConfig, retry::RetryConfig};
use futures::FutureExt as _;
use local::{ACCOUNT, Cloud};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The number of times that the SDK sends a call before the engine gets the error, as in `mlopsctl`.
const ATTEMPTS: u32 = 5;

/// An AWS of one's own, in memory and in virtual time.
///
/// From the inside out: the embedded AWS with a virtual clock, its laws, what policies allow, the faults on the way to
/// it, and the journal of what a process sent.
pub struct Aws {
    cloud: Cloud,
    dates: Arc<Dates>,
    laws: Option<Arc<Laws>>,
    iam: Arc<IamEvaluator>,
    faults: Arc<Faults>,
    journal: Arc<Journal>,
    now: Instant,
}

/// The parts that outlive processes: the cloud, its clock and its laws.
struct Ground {
    cloud: Cloud,
    dates: Arc<Dates>,
    laws: Option<Arc<Laws>>,
}

impl Ground {
    /// Another AWS that begins like this at this moment.
    async fn copy(&self) -> Aws {
        let copied = match &self.laws {
            Some(laws) => laws.copy(&self.cloud).await.map(|(cloud, laws)| (cloud, Some(Arc::new(laws)))),
            None => self.cloud.copy().await.map(|cloud| (cloud, None)),
        };
        let (cloud, laws) = copied.expect("everything in memory can be copied");
        let dates = Arc::new(self.dates.copy());
        let iam = Arc::new(IamEvaluator::over(cloud.clone()));
        Aws { cloud, dates, laws, iam, faults: Arc::default(), journal: Arc::default(), now: Instant::now() }
    }
}

/// The same AWS, as another account calls it. Laws tell its buckets from this account's.
pub fn as_account(sdk: &SdkConfig, account: &str) -> SdkConfig {
    let key = format!("{}{account}", crate::laws::owners::ACCESS_KEY);
    let credentials = aws_sdk_s3::config::Credentials::new(key, "secret", None, None, "another account");
    let credentials = aws_sdk_s3::config::SharedCredentialsProvider::new(credentials);
    sdk.to_builder().credentials_provider(credentials).build()
}

impl Aws {
    /// One without laws: the embedded AWS as it is.
    pub fn lenient(region: &str) -> Self {
        let cloud = Cloud::open(None, region, ACCOUNT).expect("in memory nothing can be in the way");
        let now = std::time::Instant::now().into();
        let dates = Arc::new(Dates::starting(now));
        let iam = Arc::new(IamEvaluator::over(cloud.clone()));
        Self { cloud, dates, laws: None, iam, faults: Arc::default(), journal: Arc::default(), now }
    }

    /// One that keeps AWS's laws, with durations as AWS has them. What is left to chance follows from the
    /// seed.
    pub fn lawful(region: &str, seed: u64) -> Self {
        Self::under(Laws::new(region, seed, Pace::Real, Script::default()), region)
    }

    /// The same, where what one process wrote shows late to the next as well.
    pub fn flapping(region: &str, seed: u64) -> Self {
        Self::under(Laws::new(region, seed, Pace::Real, Script::showing_late()), region)
    }

    /// The same, where every write of a setting shows late.
    pub fn lagging(region: &str, seed: u64) -> Self {
        Self::under(Laws::new(region, seed, Pace::Real, Script::showing_every_write_late()), region)
    }

    /// The same, with strongly consistent settings, for tests of run times.
    pub fn prompt(region: &str, seed: u64) -> Self {
        Self::under(Laws::new(region, seed, Pace::Real, Script::showing_at_once()), region)
    }

    /// An AWS in which these operations take so many seconds, and all others none.
    pub fn timed(region: &str, seconds: &[(&str, u64)]) -> Self {
        Self { laws: Some(Arc::new(Laws::timed(region, Script::lasting(seconds)))), ..Self::lenient(region) }
    }

    /// The next creations by this operation are accepted and then fail for a transient reason.
    ///
    /// # Panics
    /// When there are no laws.
    pub fn fail_next(&self, operation: &str, times: u64) {
        self.laws.as_ref().expect("things fail by law").script().fail_next(operation, times);
    }

    /// The same laws, ten times as fast: for tests that run a platform hundreds of times.
    pub fn brisk(region: &str, seed: u64) -> Self {
        Self::under(Laws::new(region, seed, Pace::Brisk, Script::default()), region)
    }

    fn under(laws: Laws, region: &str) -> Self {
        let lenient = Self::lenient(region);
        let iam = Arc::new(IamEvaluator::over(lenient.cloud.clone()).seeing_tags_late());
        Self { laws: Some(Arc::new(laws)), iam, ..lenient }
    }

    /// Another AWS that begins with everything this one holds, and goes its own way from here.
    pub fn copy(&self) -> Self {
        time::run(self.now, self.ground().copy()).0
    }

    fn ground(&self) -> Ground {
        Ground { cloud: self.cloud.clone(), dates: self.dates.clone(), laws: self.laws.clone() }
    }

    /// Lets calls of an operation meet a fault: after `spared` that go well, the next `struck`.
    pub fn strike(&self, what: (&str, &str), spared: u64, struck: u64, fault: Fault) {
        self.faults.rule(what, spared, struck, fault);
    }

    /// Lets one call in so many meet a fault, at random.
    pub fn storm(&self, seed: u64, one_in: u64) {
        self.faults.storm(seed, one_in);
    }

    /// From `after` on, for that long, lets some buckets, some keys or some operations be out of order, chosen at random:
    /// each call that needs one fails, is cut off, or is never answered.
    pub fn outage(&self, seed: u64, after: Duration, lasting: Duration) {
        let from = self.now + after;
        self.faults.outage(seed, from, from + lasting);
    }

    /// Lets every call take that long, there and back.
    pub fn distance(&self, there_and_back: Duration) {
        self.faults.distance(there_and_back);
    }

    /// The waits so far: each with its subject, a resource or a role that cannot be assumed yet, and the span that no
    /// run can shorten.
    pub fn spans(&self) -> Vec<(String, Duration)> {
        self.laws.as_ref().map(|laws| laws.notes().spans()).unwrap_or_default()
    }

    /// The reads of settings that have answered with an earlier value so far, each with its service.
    pub fn late_reads(&self) -> BTreeSet<(String, String)> {
        self.laws.as_ref().map(|laws| laws.notes().late_reads()).unwrap_or_default()
    }

    /// The reads of settings that may answer with an earlier value, each with its service.
    pub fn lagging_reads() -> BTreeSet<(String, String)> {
        laws::reads()
    }

    /// From now on only what these policies allow is done; anything else is refused in each service's words. A copy of
    /// this AWS knows of none.
    pub fn allow_only(&self, policies: &[Value]) {
        self.iam.enforce(policies);
    }

    /// From now on, denies every request that these service control policies deny, with AWS's error.
    pub fn forbid(&self, policies: &[Value]) {
        self.iam.control(policies);
    }

    /// The stored data of the resources with these ids, byte for byte. A missing resource has no entry.
    pub fn kept(&self, ids: &[String]) -> BTreeMap<String, String> {
        let everything = time::run(self.now, self.cloud.export()).0.expect("everything in memory can be shown");
        let mut kept = BTreeMap::new();
        inventory::entries(&json!(everything), &mut |name, value| {
            if ids.iter().any(|id| id == name) {
                kept.entry(name.to_owned()).or_insert_with(String::new).push_str(&value.to_string());
            }
        });
        kept
    }

    /// From now on everything is allowed again.
    pub fn allow_everything(&self) {
        self.iam.end();
    }

    /// The actions that policies have allowed so far, of calls and of what services do in the caller's name.
    pub fn allowed(&self) -> BTreeSet<String> {
        self.iam.used()
    }

    /// The requests that policies denied, in words.
    pub fn denied(&self) -> Vec<String> {
        self.iam.denied()
    }

    /// The requests to S3 made while policies held that do not say which account must own the bucket.
    pub fn without_owner(&self) -> Vec<String> {
        self.iam.without_owner()
    }

    /// An end to all faults, but for requests that are on their way.
    pub fn calm(&self) {
        self.faults.end();
        if let Some(laws) = &self.laws {
            laws.script().spare_all();
        }
    }

    /// Lets something happen, as a process of its own would do it.
    pub fn run<T>(&mut self, work: impl AsyncFnOnce(SdkConfig) -> T) -> T {
        self.run_until(None, work).expect("nobody kills it")
    }

    /// The same, but the process is killed at that moment: nothing of it goes on. `None` if it was.
    pub fn run_until<T>(&mut self, kill: Option<Kill>, work: impl AsyncFnOnce(SdkConfig) -> T) -> Option<T> {
        let config = self.config();
        self.journal.begin(kill);
        if let Some(laws) = &self.laws {
            laws.script().begin();
        }
        let journal = self.journal.clone();
        let (done, now) = time::run(self.now, async {
            tokio::select! {
                biased;
                () = journal.killed() => None,
                done = work(config) => Some(done),
            }
        });
        self.now = now;
        done
    }

    /// Lets something happen, as a process of its own would do it, and shows copies of the cloud as it is at
    /// each moment: what a process would leave that was killed then. A moment is one of a call, before it
    /// takes effect or after; those between which nothing was changed are one, unless `every` is wanted.
    pub fn watch<T>(
        &mut self,
        every: bool,
        show: impl FnMut(Kill, Aws) + Send + 'static,
        work: impl AsyncFnOnce(SdkConfig) -> T,
    ) -> T {
        let (ground, show) = (Arc::new(self.ground()), Arc::new(Mutex::new(show)));
        let show_moment = move |at| {
            let (ground, show) = (ground.clone(), show.clone());
            async move {
                let copy = ground.copy().await;
                (*show.lock().unwrap_or_else(PoisonError::into_inner))(at, copy);
            }
            .boxed()
        };
        self.journal.watch(Some(Watch::new(every, show_moment)));
        let done = self.run(work);
        self.journal.watch(None);
        done
    }

    /// Lets time pass, and what is due happen.
    pub fn wait(&mut self, time: Duration) {
        self.run(async |sdk| {
            tokio::time::sleep(time).await;
            // Laws act when something is asked.
            let _ = aws_s3::client(&sdk).list_buckets().send().await;
        });
    }

    /// The requests so far.
    pub fn made(&self) -> Vec<MadeCall> {
        self.journal.made()
    }

    /// The virtual time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Everything there is that two clouds with the same platform have in common: without the ids that AWS
    /// chooses, without times, without what the bucket `apart` holds.
    pub fn inventory(&self, apart: &str) -> Value {
        let everything = time::run(self.now, self.cloud.export()).0.expect("everything in memory can be shown");
        inventory::of(&json!(everything), apart)
    }

    /// The leftovers of a platform of that name, and of any network.
    pub fn left_of(&self, name: &str, apart: &str) -> Vec<String> {
        inventory::left(&self.inventory(apart), name)
    }

    fn config(&self) -> SdkConfig {
        let mut cloud = self.cloud.clone().with_layer(self.dates.clone());
        if let Some(laws) = &self.laws {
            cloud = cloud.with_layer(laws.clone());
        }
        let cloud = cloud.with_layer(self.iam.clone());
        let cloud = cloud.with_layer(self.faults.clone()).with_layer(self.journal.clone());
        let settings = cloud.sdk_config();
        let client = settings.http_client().expect("the cloud has a client of its own");
        // As in `mlopsctl`, an attempt ends in bounded time: by the virtual clock, as that is the one of the runtime.
        let client = aws_client::bounded(client, Arc::default());
        settings
            .into_builder()
            .http_client(client)
            // Not adaptive: that limiter is one for the whole process, and each test has a clock of its own.
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .time_source(Calendar::starting(self.now))
            .build()
    }
}
