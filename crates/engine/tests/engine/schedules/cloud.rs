//! A cloud of things that behaves as AWS does on a bad day: slow, forgetful of what it has just been told, and
//! not always there to hear of what it did.

use aws_client::{Failure, FailureKind, Result};
use fastrand::Rng;
use resource::Tags;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// The form of a thing, as it is requested.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) named: bool,
    pub(crate) inside: Option<String>,
    pub(crate) uses: Vec<String>,
    pub(crate) size: u8,
    pub(crate) label: String,
    pub(crate) extra: Option<String>,
    pub(crate) tags: Tags,
}

/// A thing that is there.
#[derive(Clone, Debug)]
struct Live {
    form: Form,
    token: String,
    /// From when on calls that name it find it, lists have it, and it works.
    visible: Instant,
    listed: Instant,
    works: Instant,
    /// The time at which it is gone, after a delete call.
    gone: Option<Instant>,
}

/// The result of reading a thing.
pub(crate) enum CloudRead {
    Absent,
    Settling(&'static str),
    Works(Form),
}

/// The faults and their frequency.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// One call in so many meets a fault; 0: none does.
    pub(crate) fault_in: u32,
    /// The call, counted from now, at which the process is killed; before it takes effect, or after.
    pub(crate) kill: Option<(u32, bool)>,
    /// True if another team takes something over between the plan and the first step.
    pub(crate) ambush: bool,
    /// The number of writes of the state, from now on, before another version of mlopsctl writes it.
    pub(crate) overtaken: Option<u32>,
}

impl Weather {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let fault_in = if rng.bool() { rng.u32(4..40) } else { 0 };
        let kill = (rng.u8(0..3) > 0).then(|| (rng.u32(1..120), rng.bool()));
        let overtaken = (rng.u8(0..5) == 0).then(|| rng.u32(1..8));
        Self { fault_in, kill, ambush: rng.u8(0..4) == 0, overtaken }
    }
}

/// The fault of a call.
enum Fault {
    Throttled,
    Busy,
    Reset,
    Lost,
    Refused,
}

struct Inner {
    rng: Rng,
    things: BTreeMap<String, Live>,
    /// The things that another team has adopted, in that team's form.
    theirs: BTreeMap<String, Form>,
    made: u32,
    weather: Weather,
    calls: u32,
    writes: u32,
    /// The process at work, by number, and whether it has been killed.
    process: u32,
    dead: bool,
}

/// The cloud, and the one process that works on it.
pub(crate) struct Cloud {
    inner: Mutex<Inner>,
    killed: Notify,
}

impl Default for Cloud {
    fn default() -> Self {
        let inner = Inner {
            rng: Rng::with_seed(0),
            things: BTreeMap::new(),
            theirs: BTreeMap::new(),
            made: 0,
            weather: Weather::default(),
            calls: 0,
            writes: 0,
            process: 0,
            dead: false,
        };
        Self { inner: Mutex::new(inner), killed: Notify::new() }
    }
}

fn failure(kind: FailureKind, message: &str) -> Failure {
    Failure::new(kind, message)
}

impl Cloud {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap();
        let now = Instant::now();
        inner.things.retain(|_, live| live.gone.is_none_or(|gone| gone > now));
        inner
    }

    /// Lets chance follow from this.
    pub(crate) fn seed(&self, rng: Rng) {
        self.inner().rng = rng;
    }

    /// Sets the faults from now on.
    pub(crate) fn weather(&self, weather: Weather) {
        let mut inner = self.inner();
        inner.weather = weather;
        inner.calls = 0;
        inner.writes = 0;
    }

    /// Counts a write of the state. Returns whether another version of mlopsctl writes it first.
    pub(crate) fn is_overtaken(&self) -> bool {
        let mut inner = self.inner();
        inner.writes += 1;
        inner.weather.overtaken == Some(inner.writes)
    }

    /// Another team removes something that nothing else needs, and makes one of its own in its place: the same name or
    /// id, other settings, other tags.
    pub(crate) fn invade(&self) {
        let mut inner = self.inner();
        let free = |id: &String| {
            let needs = |live: &Live| live.form.inside.as_ref() == Some(id) || live.form.uses.contains(id);
            let live = &inner.things[id];
            live.gone.is_none()
                && live.visible <= Instant::now()
                && !inner.theirs.contains_key(id)
                && !inner.things.values().any(needs)
        };
        let ids: Vec<String> = inner.things.keys().filter(|id| free(id)).cloned().collect();
        let Some(id) = inner.rng.choice(ids) else { return };
        let Some(live) = inner.things.get_mut(&id) else { return };
        live.form.label = "theirs".to_owned();
        live.form.tags = [("Project", "billing"), ("Owner", "team-b")].into_iter().collect();
        let form = live.form.clone();
        inner.theirs.insert(id, form);
    }

    /// Checks that each thing of another team exists in that team's form.
    #[track_caller]
    pub(crate) fn theirs_is_untouched(&self) {
        let inner = self.inner();
        for (id, form) in &inner.theirs {
            let live = inner.things.get(id).unwrap_or_else(|| panic!("{id} of another team was deleted"));
            assert!(live.gone.is_none(), "{id} of another team is being deleted");
            assert_eq!(live.form, *form, "{id} of another team was changed");
        }
    }

    /// The other team removes what it owns.
    pub(crate) fn theirs_goes(&self) {
        let mut inner = self.inner();
        for id in std::mem::take(&mut inner.theirs).into_keys() {
            inner.things.remove(&id);
        }
    }

    /// True if another team waits for the plan to be made.
    pub(crate) fn is_ambushed(&self) -> bool {
        self.inner().weather.ambush
    }

    /// Another process begins; answers its number.
    pub(crate) fn begin(&self) -> u32 {
        let mut inner = self.inner();
        inner.dead = false;
        inner.process += 1;
        inner.process
    }

    /// Resolves when the process is killed.
    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }

    /// Everything there without a delete call, by the address it carries. Ids give way to those addresses.
    pub(crate) fn there(&self) -> Vec<(String, Form)> {
        let inner = self.inner();
        let address = |form: &Form| form.tags.get(resource::ADDRESS_TAG).unwrap_or("nobody's").to_owned();
        let named = |id: &String| inner.things.get(id).map_or_else(|| id.clone(), |live| address(&live.form));
        let staying = inner.things.values().filter(|live| live.gone.is_none());
        let mut there: Vec<(String, Form)> = staying
            .map(|Live { form, .. }| {
                let (inside, uses) = (form.inside.as_ref().map(named), form.uses.iter().map(named).collect());
                (address(form), Form { inside, uses, tags: Tags::default(), ..form.clone() })
            })
            .collect();
        there.sort_by(|a, b| (&a.0, &a.1.name).cmp(&(&b.0, &b.1.name)));
        there
    }

    /// One call: it takes a while, may go wrong on the way there or back, and may be the process's last.
    pub(crate) async fn call<T>(&self, effect: impl FnOnce(&mut World<'_>) -> Result<T>) -> Result<T> {
        let fault = self.arrive().await;
        match fault {
            Some(Fault::Throttled) => return Err(failure(FailureKind::Throttled, "Rate exceeded")),
            Some(Fault::Busy) => return Err(failure(FailureKind::Retryable(Duration::from_secs(60)), "busy")),
            Some(Fault::Reset) => return Err(failure(FailureKind::Ambiguous, "the connection was reset")),
            Some(Fault::Refused) => return Err(failure(FailureKind::Final, "an internal error")),
            Some(Fault::Lost) | None => {}
        }
        let result = effect(&mut World { inner: &mut self.inner(), now: Instant::now() });
        self.leave().await;
        match fault {
            Some(Fault::Lost) => Err(failure(FailureKind::Ambiguous, "no answer in time")),
            _ => result,
        }
    }

    /// The way to the cloud for a write of the state, which tasks of a dead process may try long after.
    pub(crate) async fn arrive_from(&self, process: u32) {
        self.is_at_work(process).await;
        self.arrive().await;
        self.is_at_work(process).await;
    }

    async fn is_at_work(&self, process: u32) {
        let buried = self.inner().process != process;
        if buried {
            std::future::pending::<()>().await;
        }
    }

    async fn arrive(&self) -> Option<Fault> {
        let (fault, latency) = {
            let mut inner = self.inner();
            inner.calls += 1;
            let weather = inner.weather;
            let at = inner.calls;
            self.dies(&mut inner, weather.kill.is_some_and(|(call, after)| call == at && !after));
            let meets = weather.fault_in > 0 && inner.rng.u32(0..weather.fault_in) == 0;
            let slow = meets && inner.rng.u8(0..5) == 0;
            let latency = if slow { 30_000 } else { inner.rng.u64(5..200) };
            let fault = (meets && !slow).then(|| match inner.rng.u8(0..9) {
                0 | 1 => Fault::Throttled,
                2 | 3 => Fault::Busy,
                4 | 5 => Fault::Reset,
                6 | 7 => Fault::Lost,
                _ => Fault::Refused,
            });
            (fault, latency)
        };
        self.lives().await;
        tokio::time::sleep(Duration::from_millis(latency)).await;
        fault
    }

    /// The way back.
    pub(crate) async fn leave(&self) {
        {
            let mut inner = self.inner();
            let (weather, at) = (inner.weather, inner.calls);
            self.dies(&mut inner, weather.kill.is_some_and(|(call, after)| call == at && after));
        }
        self.lives().await;
    }

    fn dies(&self, inner: &mut Inner, now: bool) {
        if now && !inner.dead {
            inner.dead = true;
            self.killed.notify_one();
        }
    }

    async fn lives(&self) {
        if self.inner().dead {
            std::future::pending::<()>().await;
        }
    }
}

/// The cloud while a call takes effect.
pub(crate) struct World<'a> {
    inner: &'a mut Inner,
    now: Instant,
}

impl World<'_> {
    fn within(&mut self, millis: u64) -> Instant {
        // Half of everything is there at once.
        let lag = if self.inner.rng.bool() { 0 } else { self.inner.rng.u64(0..millis) };
        self.now + Duration::from_millis(lag)
    }

    fn visible(&self, id: &str) -> Option<&Live> {
        self.inner.things.get(id).filter(|live| live.visible <= self.now)
    }

    /// The thing with the name, if things of that kind are found by it.
    pub(crate) fn by_name(&self, name: &str) -> Option<(String, Tags)> {
        let named = |live: &&Live| live.form.named && live.form.name == name && live.gone.is_none();
        let (id, live) = self.inner.things.iter().find(|(_, live)| named(live))?;
        Some((id.clone(), live.form.tags.clone()))
    }

    /// The thing with the tags, as far as lists have it.
    pub(crate) fn by_tags(&self, owns: impl Fn(&str, &Tags) -> bool) -> Option<(String, Tags)> {
        let listed = |live: &&Live| live.listed <= self.now && live.gone.is_none() && !live.form.named;
        let (id, live) = self.inner.things.iter().find(|(id, live)| listed(live) && owns(id, &live.form.tags))?;
        Some((id.clone(), live.form.tags.clone()))
    }

    pub(crate) fn create(&mut self, form: Form, token: &str) -> Result<String> {
        if form.named {
            let namesake = self.inner.things.values().find(|live| live.form.named && live.form.name == form.name);
            match namesake.map(|live| live.gone.is_some()) {
                Some(true) => return Err(failure(FailureKind::Retryable(Duration::from_secs(120)), "still deleting")),
                Some(false) => return Err(failure(FailureKind::Exists, "it exists already")),
                None => {}
            }
        } else if let Some((id, _)) =
            self.inner.things.iter().find(|(_, live)| live.token == token && live.gone.is_none())
        {
            return Ok(id.clone());
        }
        if let Some(parent) = &form.inside {
            match self.visible(parent) {
                None => return Err(failure(FailureKind::Retryable(Duration::from_secs(60)), "no such parent")),
                Some(live) if live.gone.is_some() => {
                    return Err(failure(FailureKind::Final, "the parent is being deleted"));
                }
                Some(_) => {}
            }
        }
        self.inner.made += 1;
        let id =
            if form.named { format!("{}#{}", form.name, self.inner.made) } else { format!("id-{}", self.inner.made) };
        let (visible, listed, works) = (self.within(5_000), self.within(8_000), self.within(90_000));
        // Half of the kinds take a token.
        let token = if form.named || form.name.len().is_multiple_of(2) { String::new() } else { token.to_owned() };
        let token = if token.is_empty() { format!("none-{}", self.inner.made) } else { token };
        self.inner.things.insert(id.clone(), Live { form, token, visible, listed, works, gone: None });
        Ok(id)
    }

    pub(crate) fn read(&self, id: &str) -> CloudRead {
        match self.visible(id) {
            None => CloudRead::Absent,
            Some(Live { gone: Some(_), .. }) => CloudRead::Absent,
            Some(live) if live.works > self.now => CloudRead::Settling("pending"),
            Some(live) => CloudRead::Works(live.form.clone()),
        }
    }

    pub(crate) fn tags(&self, id: &str) -> Option<Tags> {
        self.visible(id).filter(|live| live.gone.is_none()).map(|live| live.form.tags.clone())
    }

    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Form)) -> Result<()> {
        let Some(live) = self.inner.things.get_mut(id).filter(|live| live.gone.is_none()) else {
            return Err(failure(FailureKind::Final, "no such thing"));
        };
        change(&mut live.form);
        let settles = self.within(4_000);
        if let Some(live) = self.inner.things.get_mut(id) {
            live.works = settles;
        }
        Ok(())
    }

    /// Deletes a thing. True if it is gone now.
    pub(crate) fn delete(&mut self, id: &str) -> Result<bool> {
        if !self.inner.things.contains_key(id) {
            return Ok(true);
        }
        // A thing with a name of its own may be deleted while others point to it, as roles and buckets may.
        let named = self.inner.things.get(id).is_some_and(|live| live.form.named);
        let holds = |live: &Live| {
            let uses = live.form.uses.iter().any(|used| used == id);
            live.form.inside.as_deref() == Some(id) || (uses && !named)
        };
        if self.inner.things.values().any(holds) {
            return Err(failure(FailureKind::Retryable(Duration::from_secs(120)), "something still uses it"));
        }
        let gone = self.within(40_000);
        if let Some(live) = self.inner.things.get_mut(id) {
            live.gone.get_or_insert(gone);
        }
        Ok(false)
    }
}
