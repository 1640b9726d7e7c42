//! AWS's laws over the permissive embedded cloud: what takes time, what forbids what, what is forgotten
//! or left behind. One file for each law or family of laws.

mod alarms;
mod buckets;
mod crawlers;
mod eventual_consistency;
mod executions;
mod functions;
mod held;
mod homes;
mod law;
mod lifecycle;
mod lifecycles;
pub(crate) mod owners;
mod policies;
mod principals;
mod roles;
mod rules;
mod script;
mod sealed;
mod settings;
mod stale;
mod tables;
mod trials;
mod world;

use crate::wire::Asked;
use async_trait::async_trait;
use law::Law;
use local::{Call, Cloud, Error, Layer, LostAnswer, Next, Response};
use std::sync::Arc;
use tokio::sync::Mutex;
use world::{Chance, Notes, World};

pub(crate) use script::Script;
pub(crate) use settings::reads;
pub(crate) use world::Pace;

/// All laws, laid around the embedded cloud.
pub(crate) struct Laws {
    /// The region of the stack, in which services create resources of their own.
    region: String,
    chance: Chance,
    laws: Mutex<Vec<Box<dyn Law>>>,
    notes: Notes,
    script: Arc<Script>,
}

impl Laws {
    /// Durations follow from the seed, within what AWS is known for, divided by the pace.
    pub(crate) fn new(region: &str, seed: u64, pace: Pace, script: Script) -> Self {
        let laws: Vec<Box<dyn Law>> = vec![
            Box::new(eventual_consistency::Lag::default()),
            Box::new(roles::Roles::default()),
            Box::new(trials::Trials),
            Box::new(policies::Policies::default()),
            Box::new(principals::Principals::default()),
            Box::new(owners::Owners::default()),
            Box::new(alarms::Alarms::default()),
            Box::new(rules::Rules::default()),
            Box::new(buckets::Buckets::default()),
            Box::new(crawlers::Crawlers::default()),
            Box::new(executions::Executions::default()),
            Box::new(functions::Functions::default()),
            Box::new(homes::Homes::default()),
            Box::new(held::Held::default()),
            Box::new(sealed::Sealed::default()),
            Box::new(lifecycles::Lives::default()),
            Box::new(stale::Stale::default()),
            Box::new(settings::Settings::default()),
        ];
        Self::with_laws(region, seed, pace, laws, script)
    }

    /// Only that things take their time, as the script says.
    pub(crate) fn timed(region: &str, script: Script) -> Self {
        Self::with_laws(region, 0, Pace::Real, vec![Box::new(lifecycles::Lives::default())], script)
    }

    fn with_laws(region: &str, seed: u64, pace: Pace, laws: Vec<Box<dyn Law>>, script: Script) -> Self {
        Self {
            region: region.to_owned(),
            chance: Chance::new(seed, pace),
            laws: Mutex::new(laws),
            notes: Notes::default(),
            script: Arc::new(script),
        }
    }

    pub(crate) fn script(&self) -> &Script {
        &self.script
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The same laws over a copy of the cloud. No call comes between the two copies.
    pub(crate) async fn copy(&self, cloud: &Cloud) -> Result<(Cloud, Self), Error> {
        let laws = self.laws.lock().await;
        let cloud = cloud.copy().await?;
        let laws = laws.iter().map(|law| law.copy()).collect();
        let laws = Self {
            region: self.region.clone(),
            chance: self.chance,
            laws: Mutex::new(laws),
            notes: Notes::default(),
            script: Arc::new(self.script.copy()),
        };
        Ok((cloud, laws))
    }
}

#[async_trait]
impl Layer for Laws {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        let asked = Asked::new(call);
        // The lock makes one step of a call and its treatment by the laws; other calls wait.
        let mut laws = self.laws.lock().await;
        let world = World::new(next, &self.region, self.chance, &self.notes, &self.script);
        for law in laws.iter_mut() {
            law.tick(&world).await;
        }
        let mut response = match first(&mut laws, &asked, &world).await {
            Some(response) => response,
            None => next.run(asked.call.clone()).await?,
        };
        for law in laws.iter_mut().rev() {
            law.after(&asked, &mut response, &world).await;
        }
        Ok(response)
    }
}

/// The first answer that a law gives instead of the cloud.
async fn first(laws: &mut [Box<dyn Law>], asked: &Asked, world: &World<'_>) -> Option<Response> {
    for law in laws {
        if let Some(response) = law.before(asked, world).await {
            return Some(response);
        }
    }
    None
}
