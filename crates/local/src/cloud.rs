//! The embedded AWS: opens its data, answers requests with its services, and saves changes.

use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::RwLock;
use tokio::task::AbortHandle;
use winterbaume_core::{MockRequest, set_default_account_id};

use crate::disk::Disk;
use crate::layer::{Backend, Layer, LostAnswer, Next};
use crate::overlay;
use crate::pace::Pace;
use crate::service::{Scope, Service, Tagged};
use crate::tagging;
use crate::unkept::Protocol;
use crate::worker::{self, Worker};
use crate::{Call, Error, Response};

/// The account of this process: the services keep it in a global.
static ACCOUNT: OnceLock<String> = OnceLock::new();

/// The embedded AWS. Cheap to clone: clones are the same cloud.
///
/// Changes reach the disk before the call that made them is answered, or as soon as the last save has rested: four times
/// as long as it took, and at most five seconds. Dropping the last clone saves what is left. A save is of one moment in
/// all services, so that a killed process leaves the cloud as it was at one moment.
#[derive(Clone)]
pub struct Cloud {
    pub(crate) region: String,
    layers: Vec<Arc<dyn Layer>>,
    pub(crate) services: Arc<Services>,
}

pub(crate) struct Services {
    account: String,
    pub(crate) by_name: BTreeMap<&'static str, Slot>,
    pub(crate) disk: Option<Disk>,
    /// One save at a time. A call that waited may find that the save before included its change.
    pub(crate) pace: tokio::sync::Mutex<Pace>,
    /// True if a save is scheduled.
    pub(crate) is_due: AtomicBool,
    pub(crate) worker: OnceLock<Arc<dyn Worker>>,
    /// The work under way, by the execution's ARN.
    work: Mutex<BTreeMap<String, AbortHandle>>,
}

/// A service and what must be known to keep it.
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) service: Box<dyn Service>,
    /// Changing calls hold it alone; reading calls and snapshots share it.
    pub(crate) gate: RwLock<()>,
    /// Regions that were changed in, and whether some of that is not on disk.
    regions: Mutex<BTreeMap<String, bool>>,
}

impl Slot {
    fn regions(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of regions whose state is, or is not, what the disk has.
    pub(crate) fn mark(&self, region: &str, unsaved: bool) {
        self.regions().insert(region.to_owned(), unsaved);
    }

    pub(crate) fn unsaved(&self) -> Vec<String> {
        self.regions().iter().filter(|(_, unsaved)| **unsaved).map(|(region, _)| region.clone()).collect()
    }
}

impl Cloud {
    /// Opens the cloud kept in `dir`, or makes a new one there; with no directory it lives in
    /// memory. `region` is the one [`Cloud::sdk_config`] names; calls may address any.
    ///
    /// # Errors
    /// [`Error::Busy`] while another process has the directory, [`Error::Account`] for a second
    /// account in one process, [`Error::Corrupt`] for data this version cannot read.
    pub fn open(dir: Option<&Path>, region: &str, account: &str) -> Result<Self, Error> {
        let current = ACCOUNT.get_or_init(|| account.to_owned());
        if current != account {
            let (current, wanted) = (current.clone(), account.to_owned());
            return Err(Error::Account { current, wanted });
        }
        set_default_account_id(account);
        let disk = dir.map(Disk::own).transpose()?;
        let kept = disk.as_ref().map(Disk::load).transpose()?;
        let cloud = Self::with(disk, region, account);
        for ((service, region), state) in kept.unwrap_or_default() {
            cloud.services.restore(&service, &region, state)?;
        }
        for slot in cloud.services.by_name.values() {
            slot.service.saved();
            let regions: Vec<String> = slot.regions().keys().cloned().collect();
            for region in regions.iter().filter(|region| slot.service.reopen(region)) {
                slot.mark(region, true);
            }
        }
        Ok(cloud)
    }

    fn with(disk: Option<Disk>, region: &str, account: &str) -> Self {
        let by_name = overlay::services(disk.as_ref().map(Disk::objects))
            .into_iter()
            .map(|(name, service)| {
                let slot = Slot { name, service, gate: RwLock::default(), regions: Mutex::default() };
                (name, slot)
            })
            .collect();
        let services = Services {
            account: account.to_owned(),
            by_name,
            disk,
            pace: tokio::sync::Mutex::default(),
            is_due: AtomicBool::default(),
            worker: OnceLock::new(),
            work: Mutex::default(),
        };
        Self { region: region.to_owned(), layers: Vec::new(), services: Arc::new(services) }
    }

    /// Forgets everything kept in `dir`. [`Error::Busy`] while a process uses it.
    pub fn reset(dir: &Path) -> Result<(), Error> {
        Disk::remove(dir)
    }

    /// The same cloud seen through one more layer, outside those already there.
    #[must_use]
    pub fn with_layer(mut self, layer: Arc<dyn Layer>) -> Self {
        self.layers.push(layer);
        self
    }

    /// The account all resources belong to.
    pub fn account(&self) -> &str {
        &self.services.account
    }

    /// Answers one request: the single way in, for the SDK and for [`Cloud::serve`].
    pub async fn answer(&self, request: MockRequest) -> Result<Response, LostAnswer> {
        match Call::parse(request) {
            Ok(call) => Next { backend: self, layers: &self.layers }.run(call).await,
            Err(refusal) => Ok(*refusal),
        }
    }

    async fn answer_by_service(&self, call: Call) -> Response {
        if call.service == tagging::SERVICE {
            return tagging::answer(&call, self.services.tags(&call.region).await);
        }
        let Some(slot) = self.services.by_name.get(call.service.as_str()) else {
            return not_embedded(&call.service);
        };
        if call.is_read() {
            let _shared = slot.gate.read().await;
            return slot.service.answer(call).await;
        }
        let protocol = Protocol::new(&call);
        let response = {
            let _alone = slot.gate.write().await;
            slot.mark(&call.region, true);
            slot.service.answer(call).await
        };
        if let Err(error) = Services::save_in_time(&self.services).await {
            // The caller must not believe what a restart would forget.
            return protocol.unkept(&error.to_string());
        }
        response
    }

    /// Writes what changed since the last save; nothing when nothing did.
    pub async fn save(&self) -> Result<(), Error> {
        let mut pace = self.services.pace.lock().await;
        self.services.save(&mut pace).await
    }

    /// Everything in it, by service and region, in the form in which it is kept.
    pub async fn export(&self) -> Result<BTreeMap<String, BTreeMap<String, Value>>, Error> {
        let mut everything = BTreeMap::new();
        for (name, slot) in &self.services.by_name {
            let _shared = slot.gate.read().await;
            let regions: Vec<String> = slot.regions().keys().cloned().collect();
            let states = regions.into_iter().map(|region| Ok((region.clone(), self.services.snapshot(slot, &region)?)));
            everything.insert((*name).to_owned(), states.collect::<Result<_, Error>>()?);
        }
        Ok(everything)
    }

    /// Another cloud, in memory and without layers, that begins with everything this one holds. One that
    /// is kept on disk cannot be copied: its objects' contents are there.
    pub async fn copy(&self) -> Result<Self, Error> {
        let copy = Self::with(None, &self.region, self.account());
        for (service, regions) in self.export().await? {
            for (region, state) in regions {
                copy.services.restore(&service, &region, state)?;
            }
        }
        Ok(copy)
    }
}

#[async_trait]
impl Backend for Cloud {
    async fn dispatch(&self, call: Call) -> Response {
        if let Some(endpoint) = worker::invoked(&call) {
            return self.invoke(&call, endpoint).await;
        }
        let followed = worker::is_followed(&call).then(|| call.clone());
        let response = self.answer_by_service(call).await;
        if let Some(call) = followed.filter(|_| response.status < 300) {
            self.follow_up(&call, &response).await;
        }
        response
    }
}

impl Services {
    pub(crate) fn work(&self) -> MutexGuard<'_, BTreeMap<String, AbortHandle>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn restore(&self, service: &str, region: &str, state: Value) -> Result<(), Error> {
        let restored = match self.by_name.get(service) {
            Some(slot) => {
                slot.mark(region, false);
                slot.service.restore(self.scope(region), state)
            }
            None => Err("this version embeds no such service".to_owned()),
        };
        restored.map_err(|reason| Error::State { service: service.to_owned(), region: region.to_owned(), reason })
    }

    pub(crate) fn snapshot(&self, slot: &Slot, region: &str) -> Result<Value, Error> {
        let failed = |reason| Error::State { service: slot.name.to_owned(), region: region.to_owned(), reason };
        slot.service.snapshot(self.scope(region)).map_err(failed)
    }

    /// The tags of all services in one region.
    async fn tags(&self, region: &str) -> Tagged {
        let mut tagged = Tagged::new();
        for slot in self.by_name.values() {
            let _shared = slot.gate.read().await;
            tagged.extend(slot.service.tags(self.scope(region)));
        }
        tagged
    }

    fn scope<'a>(&'a self, region: &'a str) -> Scope<'a> {
        Scope { account: &self.account, region }
    }
}

fn not_embedded(service: &str) -> Response {
    Response::error(501, "NotImplemented", &format!("the local cloud does not embed {service}"))
}
