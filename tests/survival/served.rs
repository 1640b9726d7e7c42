//! The embedded AWS on a loopback port, in the memory of the test: every call can be seen, delayed, or end something.

use crate::{
    project::{Project, Ran},
    signatures::Signature,
};
use aws_config::SdkConfig;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use local::{Call, Cloud, Layer, LostAnswer, Next, Response};
use serde_json::{Value, json};
use state::{State, StateIdentity};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};
use testkit::Refusal;
use tokio::{net::TcpListener, runtime::Runtime};
use vocabulary::Place;

/// The region of the environment files.
const REGION: &str = "ap-south-1";
/// The bucket of dev's state and lock.
pub(crate) const STATE_BUCKET: &str = "mlops-pipeline-dev-mlopsctl-state-123456789012";

pub(crate) struct Served {
    runtime: Runtime,
    cloud: Cloud,
    door: Arc<Door>,
    endpoint: String,
}

impl Served {
    pub(crate) fn start() -> Self {
        Self::of(Cloud::open(None, REGION, local::ACCOUNT).unwrap())
    }

    /// One that begins with what a project's embedded AWS holds.
    pub(crate) fn of_project(project: &Project) -> Self {
        Self::of(Cloud::open(Some(&project.path().join("state/local")), REGION, local::ACCOUNT).unwrap())
    }

    /// Another one that begins with everything this one holds.
    pub(crate) fn copy(&self) -> Self {
        Self::of(self.runtime.block_on(self.cloud.copy()).unwrap())
    }

    fn of(cloud: Cloud) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let door = Arc::new(Door::default());
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let served = cloud.clone().with_layer(door.clone());
        runtime.spawn(async move { served.serve(listener, std::future::pending()).await });
        Self { runtime, cloud, door, endpoint }
    }

    /// `mlopsctl` with these arguments, led here instead of to AWS.
    pub(crate) fn command(&self, project: &Project, arguments: &[&str]) -> Command {
        let mut command = project.command(arguments);
        command.envs(self.settings());
        command
    }

    /// The environment variables that direct `mlopsctl` to this cloud.
    pub(crate) fn settings(&self) -> [(&'static str, &str); 3] {
        [("AWS_ENDPOINT_URL", &self.endpoint), ("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]
    }

    pub(crate) fn run(&self, project: &Project, arguments: &[&str]) -> Ran {
        Ran::of(self.command(project, arguments).output().unwrap())
    }

    /// The door that every call comes through.
    pub(crate) fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Works in the cloud behind mlopsctl's back, unseen at the door.
    pub(crate) fn behind_its_back<T>(&self, work: impl AsyncFnOnce(SdkConfig) -> T) -> T {
        self.runtime.block_on(async { work(self.cloud.sdk_config()).await })
    }

    /// Everything there is, but for ids, times and what the state bucket holds.
    pub(crate) fn inventory(&self) -> Value {
        testkit::inventory(&json!(self.runtime.block_on(self.cloud.export()).unwrap()), STATE_BUCKET)
    }

    /// An object beside the state.
    pub(crate) fn stored(&self, key: &str) -> Option<Vec<u8>> {
        self.behind_its_back(async |sdk| {
            let call = aws_s3::client(&sdk).get_object().bucket(STATE_BUCKET).key(key);
            let body = call.send().await.ok()?.body;
            Some(body.collect().await.unwrap().to_vec())
        })
    }

    pub(crate) fn store(&self, key: &str, bytes: Vec<u8>) {
        self.behind_its_back(async |sdk| {
            let call = aws_s3::client(&sdk).put_object().bucket(STATE_BUCKET).key(key);
            call.body(bytes.into()).send().await.unwrap();
        });
    }

    /// The number of times that each serial of dev's state was written, all of one lineage.
    pub(crate) fn writes_of_the_state(&self) -> BTreeMap<u64, usize> {
        self.behind_its_back(async |sdk| {
            let s3 = aws_s3::client(&sdk);
            let versions = s3.list_object_versions().bucket(STATE_BUCKET).prefix("state.json").send().await.unwrap();
            let (mut serials, mut lineages) = (BTreeMap::new(), BTreeSet::new());
            for version in versions.versions() {
                let call = s3.get_object().bucket(STATE_BUCKET).key("state.json");
                let body = call.version_id(version.version_id().unwrap()).send().await.unwrap().body;
                let state = read(&body.collect().await.unwrap().into_bytes());
                *serials.entry(state.serial).or_default() += 1;
                lineages.insert(state.lineage);
            }
            assert_eq!(lineages.len(), 1, "{lineages:?}");
            serials
        })
    }

    /// dev's state, which must be one.
    #[track_caller]
    pub(crate) fn state(&self) -> Option<State> {
        self.stored("state.json").map(|bytes| read(&bytes))
    }
}

/// dev's state.
#[track_caller]
fn read(bytes: &[u8]) -> State {
    let tags = [("Project", "mlops-pipeline"), ("Environment", "dev")].into_iter().collect();
    let identity = StateIdentity::new(&tags, &Place::new(local::ACCOUNT, REGION), STATE_BUCKET);
    State::read(bytes, "state.json", &identity).unwrap()
}

/// The interventions at calls.
#[derive(Default)]
pub(crate) struct Door {
    state: Mutex<DoorState>,
}

#[derive(Default)]
struct DoorState {
    changes: Vec<String>,
    delay: Duration,
    ahead: u64,
    traps: Vec<Trap>,
    /// The calls that are denied.
    denied: Option<fn(&Call) -> bool>,
    /// The number of calls until the caller's signature is rejected, and the fault of the signature.
    refuses: Option<(usize, Signature)>,
    /// The calls with credentials of another account, except those that ask for the account.
    of_another_account: Vec<String>,
}

/// The prefix of the access keys of another account, and that account.
pub(crate) const ANOTHER_KEY: &str = "AKIAANOTHER";
pub(crate) const ANOTHER_ACCOUNT: &str = "210987654321";

/// True if credentials of another account signed a call.
fn is_of_another_account(call: &Call) -> bool {
    let signed = call.request.headers.get("authorization").and_then(|value| value.to_str().ok());
    signed.is_some_and(|text| text.contains(ANOTHER_KEY))
}

/// Something that is done once, at a call.
struct Trap {
    concerns: fn(&Call) -> bool,
    /// The number of calls that pass before it springs.
    spared: usize,
    moment: Moment,
    spring: Box<dyn FnOnce() + Send>,
}

/// When, at a call, something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before it has any effect, and it never has one: it is lost.
    Before,
    /// After it took effect; its answer is lost.
    After,
    /// Meanwhile; the call is answered as if nothing was.
    Beside,
}

/// Calls that change something, reads of the lock and the state apart.
pub(crate) fn changes(call: &Call) -> bool {
    !call.is_read()
}

/// Calls that change something other than state and lock.
pub(crate) fn makes(call: &Call) -> bool {
    !call.is_read() && !call.request.uri.contains(STATE_BUCKET)
}

impl Door {
    fn state(&self) -> MutexGuard<'_, DoorState> {
        self.state.lock().unwrap()
    }

    /// The calls that may have changed something, other than who holds the lock.
    pub(crate) fn changes(&self) -> Vec<String> {
        let changes = self.state().changes.clone();
        changes.into_iter().filter(|change| !change.ends_with("/lock.json")).collect()
    }

    /// All calls that may have changed something.
    pub(crate) fn changing_calls(&self) -> usize {
        self.state().changes.len()
    }

    /// Lets each answer take so much longer.
    pub(crate) fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// Lets the store's clock be so many seconds ahead: whatever is there is older by that.
    pub(crate) fn put_the_clock_forward(&self, seconds: u64) {
        self.state().ahead = seconds;
    }

    /// Does something at a call, after `spared` others that concern it.
    pub(crate) fn trap(
        &self,
        concerns: fn(&Call) -> bool,
        spared: usize,
        moment: Moment,
        spring: impl FnOnce() + Send + 'static,
    ) {
        self.state().traps.push(Trap { concerns, spared, moment, spring: Box::new(spring) });
    }

    /// Allows no calls that this concerns.
    pub(crate) fn deny(&self, concerns: fn(&Call) -> bool) {
        self.state().denied = Some(concerns);
    }

    /// True if all traps have sprung.
    pub(crate) fn has_sprung(&self) -> bool {
        self.state().traps.is_empty()
    }

    /// Takes the caller's signature no more after so many calls.
    pub(crate) fn refuse_after(&self, calls: usize, what_is_wrong: Signature) {
        self.state().refuses = Some((calls, what_is_wrong));
    }

    /// The calls that credentials of another account signed, other than to ask which account that is.
    pub(crate) fn of_another_account(&self) -> Vec<String> {
        self.state().of_another_account.clone()
    }

    /// Accepts the credentials of new callers again.
    pub(crate) fn renew(&self) {
        self.state().refuses = None;
    }

    fn refusal(&self, service: &str) -> Option<Refusal> {
        match &mut self.state().refuses {
            None => None,
            Some((0, what_is_wrong)) => Some(what_is_wrong.refused(service)),
            Some((calls, _)) => {
                *calls -= 1;
                None
            }
        }
    }

    fn dated(&self, mut answer: Response) -> Response {
        let ahead = self.state().ahead;
        if ahead > 0 {
            let now = SystemTime::now() + Duration::from_secs(ahead);
            let date = DateTime::from(now).fmt(DateTimeFormat::HttpDate).unwrap();
            answer.headers.insert("date", date.parse().unwrap());
        }
        answer
    }

    /// Notes a call; gives how long it takes and the trap that it springs.
    fn enter(&self, call: &Call) -> (Duration, Option<Trap>) {
        let mut state = self.state();
        if !call.is_read() {
            let path = call.request.uri.split('?').next().unwrap_or_default();
            // The object is part of the request.
            let what = if call.service == "s3" { path } else { "" };
            state.changes.push(format!("{} {} {what}", call.service, call.operation));
        }
        let mut sprung = None;
        for (index, trap) in state.traps.iter_mut().enumerate().filter(|(_, trap)| (trap.concerns)(call)) {
            match trap.spared.checked_sub(1) {
                Some(spared) => trap.spared = spared,
                None => sprung = Some(index),
            }
        }
        (state.delay, sprung.map(|index| state.traps.remove(index)))
    }
}

#[async_trait::async_trait]
impl Layer for Door {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if let Some(refusal) = self.refusal(&call.service) {
            return Ok(refusal.to(&call));
        }
        if self.state().denied.is_some_and(|concerns| concerns(&call)) {
            return Ok(Refusal::new("AccessDenied", "Access Denied").status(403).to(&call));
        }
        if is_of_another_account(&call) {
            if call.operation == "GetCallerIdentity" {
                return next.run(call).await.map(naming_another_account);
            }
            self.state().of_another_account.push(format!("{} {}", call.service, call.operation));
        }
        let (delay, trap) = self.enter(&call);
        tokio::time::sleep(delay).await;
        let answer = match trap {
            None => next.run(call).await,
            Some(Trap { moment: Moment::Before, spring, .. }) => {
                spring();
                Err(LostAnswer::Reset)
            }
            Some(Trap { moment: Moment::After, spring, .. }) => {
                next.run(call).await?;
                spring();
                Err(LostAnswer::Reset)
            }
            Some(Trap { moment: Moment::Beside, spring, .. }) => {
                spring();
                next.run(call).await
            }
        };
        answer.map(|answer| self.dated(answer))
    }
}

fn naming_another_account(answer: Response) -> Response {
    let body = String::from_utf8_lossy(&answer.body).replace(local::ACCOUNT, ANOTHER_ACCOUNT);
    Response { body: body.into(), ..answer }
}
