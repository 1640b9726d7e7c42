//! Saving a cloud: all services as of one moment, as often as the pace allows.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::Error;
use crate::cloud::Services;
use crate::disk::{Disk, State};
use crate::pace::Pace;

impl Services {
    /// Saves now, or lets a save begin as soon as the last one has rested.
    pub(crate) async fn save_in_time(services: &Arc<Self>) -> Result<(), Error> {
        if services.disk.is_none() {
            return Ok(());
        }
        let mut pace = services.pace.lock().await;
        let rest = pace.rest(Instant::now());
        if rest.is_zero() {
            return services.save(&mut pace).await;
        }
        if !services.is_due.swap(true, Ordering::Relaxed) {
            let later = Arc::downgrade(services);
            tokio::spawn(async move {
                tokio::time::sleep(rest).await;
                let Some(services) = later.upgrade() else { return };
                services.is_due.store(false, Ordering::Relaxed);
                let mut pace = services.pace.lock().await;
                // The next change meets the same error, and its caller hears of it.
                let _ = services.save(&mut pace).await;
            });
        }
        Ok(())
    }

    pub(crate) async fn save(&self, pace: &mut Pace) -> Result<(), Error> {
        let Some(disk) = &self.disk else { return Ok(()) };
        let began = Instant::now();
        let states = {
            // No service changes during the snapshot, so all states are of one moment.
            let mut unchanging = Vec::new();
            for slot in self.by_name.values() {
                unchanging.push(slot.gate.read().await);
            }
            self.unsaved()?
        };
        let stored = self.store(disk, &states);
        match stored {
            Ok(()) => pace.saved(began, Instant::now()),
            Err(_) => pace.failed(),
        }
        stored
    }

    /// The states that the disk has not. From now on they count as saved.
    fn unsaved(&self) -> Result<Vec<State>, Error> {
        let mut states = Vec::new();
        for slot in self.by_name.values() {
            for region in slot.unsaved() {
                let state = self.snapshot(slot, &region)?;
                states.push(State { service: slot.name, region, state });
            }
        }
        states.iter().for_each(|State { service, region, .. }| self.by_name[service].mark(region, false));
        Ok(states)
    }

    fn store(&self, disk: &Disk, states: &[State]) -> Result<(), Error> {
        if states.is_empty() {
            return Ok(());
        }
        let stored = disk.store(states);
        for State { service, region, .. } in states {
            match stored {
                Ok(()) => self.by_name[service].service.saved(),
                Err(_) => self.by_name[service].mark(region, true),
            }
        }
        stored
    }
}

impl Drop for Services {
    /// Saves the last changes. Who must know whether that succeeded calls [`Cloud::save`] first.
    fn drop(&mut self) {
        if let Some(disk) = &self.disk
            && let Ok(states) = self.unsaved()
        {
            let _ = self.store(disk, &states);
        }
    }
}
