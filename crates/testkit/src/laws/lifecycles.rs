//! A creation or deletion takes a while, and the resource shows its state meanwhile. A deletion takes effect only at
//! the end of its time: until then everything that depended on the resource still does.

use super::{
    law::Law,
    lifecycle::{Lifecycle, Words},
    tables,
    world::World,
};
use crate::wire::{Asked, Refusal, answered, show};
use async_trait::async_trait;
use local::{Call, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::time::Instant;

#[derive(Clone)]
enum Phase {
    Making(Instant),
    /// It is being made, and will not work.
    Failing(Instant),
    Failed,
    Changing(Instant),
    Ending(Instant, Box<Call>),
}

/// The lives under way, by kind and key.
#[derive(Clone, Default)]
pub(super) struct Lives {
    phases: BTreeMap<(&'static str, Vec<String>), Phase>,
    made: u64,
}

impl Lifecycle {
    /// The key as a request names it.
    fn named(&self, asked: &Asked) -> Option<Vec<String>> {
        let part = |members: &[&str]| members.iter().map(|member| asked.text(member)).find(|text| !text.is_empty());
        let key: Vec<String> =
            self.key.iter().map(|(members, _)| part(members).unwrap_or_default().to_owned()).collect();
        key.first().is_some_and(|first| !first.is_empty()).then_some(key)
    }

    /// The key as an answer shows it.
    fn shown(&self, value: &Value) -> Option<Vec<String>> {
        let part = |member: &str| value[member].as_str().unwrap_or_default().to_owned();
        let key: Vec<String> = self.key.iter().map(|(_, member)| part(member)).collect();
        key.first().is_some_and(|first| !first.is_empty()).then_some(key)
    }

    fn refuse(&self, (code, message): Words, key: &[String], asked: &Asked) -> Response {
        Refusal::new(code, message.replace("{key}", &key.join("/"))).to(&asked.call)
    }

    fn concerns(&self, value: &Value) -> bool {
        self.only.is_none_or(|(member, text)| find(value, &|one| one[member] == text).is_some())
    }

    async fn is_there(&self, key: &[String], world: &World<'_>) -> bool {
        let (describe, names) = self.describe;
        let found = world.ask(self.service, describe, request(names, key)).await;
        let (gone, _) = self.ending;
        found.is_some_and(|found| {
            let states = find(&found, &|one| one[self.state].is_string() && self.shown(one).is_some());
            // EC2 goes on listing deleted resources.
            let gone_already = states.is_some_and(|one| one[self.state] == "deleted" || one[self.state] == gone);
            !gone_already && self.concerns(&found)
        })
    }

    async fn occupant(&self, key: &[String], world: &World<'_>) -> bool {
        for (operation, member, names) in self.occupied_by {
            let listed = world.ask(self.service, operation, request(names, key)).await.unwrap_or_default();
            if listed[member].as_array().is_some_and(|list| !list.is_empty()) {
                return true;
            }
        }
        false
    }

    fn rewrite(&self, value: &mut Value, phases: &BTreeMap<(&'static str, Vec<String>), Phase>) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.rewrite(item, phases)),
            Value::Object(_) => {
                let phase = self.shown(value).and_then(|key| phases.get(&(self.create, key)));
                match (phase, &self.making, &self.changing) {
                    (Some(Phase::Making(_) | Phase::Failing(_)), Some((state, _)), _) => {
                        value[self.state] = (*state).into();
                    }
                    (Some(Phase::Failed), ..) => {
                        let (state, reasons) = self.failed;
                        value[self.state] = state.into();
                        reasons.iter().for_each(|(member, reason)| value[*member] = (*reason).into());
                    }
                    (Some(Phase::Ending(..)), ..) => value[self.state] = self.ending.0.into(),
                    (Some(Phase::Changing(_)), _, Some((_, path, state, _))) => {
                        *path.iter().fold(&mut *value, |value, member| &mut value[*member]) = (*state).into();
                    }
                    _ => {}
                }
                let members = value.as_object_mut().into_iter().flat_map(|members| members.values_mut());
                members.for_each(|member| self.rewrite(member, phases));
            }
            _ => {}
        }
    }
}

impl Lives {
    fn still_going(&self, lifecycle: &Lifecycle, asked: &Asked) -> Option<Response> {
        let (member, words) = lifecycle.still_going?;
        let name = asked.text(member);
        let is_going = |((kind, key), phase): (&(&str, Vec<String>), &Phase)| {
            let named = key.last().is_some_and(|part| part.rsplit(':').next() == Some(name));
            *kind == lifecycle.create && named && matches!(phase, Phase::Ending(..))
        };
        self.phases.iter().any(is_going).then(|| lifecycle.refuse(words, &[name.to_owned()], asked))
    }
}

/// A request that names the parts of a key; of some kinds a part may be left out.
fn request(names: &[&str], key: &[String]) -> Value {
    let given = names.iter().zip(key).filter(|(_, part)| !part.is_empty());
    Value::Object(given.map(|(name, part)| ((*name).to_owned(), part.clone().into())).collect())
}

/// The first object within that passes.
fn find<'a>(value: &'a Value, passes: &dyn Fn(&Value) -> bool) -> Option<&'a Value> {
    match value {
        Value::Object(members) => {
            passes(value).then_some(value).or_else(|| members.values().find_map(|member| find(member, passes)))
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, passes)),
        _ => None,
    }
}

#[async_trait]
impl Law for Lives {
    async fn tick(&mut self, world: &World<'_>) {
        let over = |phase: &Phase| match phase {
            Phase::Making(until) | Phase::Failing(until) | Phase::Changing(until) | Phase::Ending(until, _) => {
                *until <= world.now
            }
            Phase::Failed => false,
        };
        let due: Vec<_> = self.phases.extract_if(.., |_, phase| over(phase)).collect();
        for (key, phase) in due {
            match phase {
                Phase::Ending(_, call) => drop(world.pass(*call).await),
                Phase::Failing(_) => drop(self.phases.insert(key, Phase::Failed)),
                _ => {}
            }
        }
    }

    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        for lifecycle in tables::LIFECYCLES.iter().filter(|lifecycle| lifecycle.service == asked.service) {
            if asked.operation == lifecycle.create {
                match self.still_going(lifecycle, asked) {
                    Some(refusal) => return Some(refusal),
                    None => continue,
                }
            }
            let Some(key) = lifecycle.named(asked) else { continue };
            let phase =
                self.phases.get(&(lifecycle.create, key.clone())).filter(|phase| !matches!(phase, Phase::Failed));
            if let (Some(phase), Some((_, words))) =
                (phase, lifecycle.needed_by.iter().find(|(operation, _)| *operation == asked.operation))
                && !matches!(phase, Phase::Changing(_))
            {
                return Some(lifecycle.refuse(*words, &key, asked));
            }
            let changes = lifecycle.changing.as_ref().is_some_and(|(operation, ..)| *operation == asked.operation);
            if asked.operation != lifecycle.delete && !changes {
                continue;
            }
            match (phase, lifecycle.busy) {
                (Some(_), Some(words)) => return Some(lifecycle.refuse(words, &key, asked)),
                (Some(Phase::Ending(..)), None) if !changes => return Some(accept(lifecycle, &key, asked)),
                _ => {}
            }
            if changes || !lifecycle.is_there(&key, world).await {
                continue;
            }
            if let Some(words) = lifecycle.busy
                && lifecycle.occupant(&key, world).await
            {
                return Some(lifecycle.refuse(words, &key, asked));
            }
            self.made += 1;
            let seconds = world.script.lasts(lifecycle.delete, &lifecycle.ending.1);
            let until = world.after(seconds, &format!("{} {}", lifecycle.delete, self.made));
            self.phases.insert((lifecycle.create, key.clone()), Phase::Ending(until, Box::new(asked.call.clone())));
            return Some(accept(lifecycle, &key, asked));
        }
        None
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if response.status >= 300 {
            return;
        }
        for lifecycle in tables::LIFECYCLES.iter().filter(|lifecycle| lifecycle.service == asked.service) {
            let creates = asked.operation == lifecycle.create;
            let changes = lifecycle.changing.as_ref().filter(|(operation, ..)| *operation == asked.operation);
            if !creates && changes.is_none() && !lifecycle.shown_by.contains(&asked.operation.as_str()) {
                continue;
            }
            let mut answer = answered(asked, response);
            let key = find(&answer, &|one| lifecycle.shown(one).is_some())
                .and_then(|one| lifecycle.shown(one))
                .or_else(|| lifecycle.named(asked));
            let concerned = lifecycle.concerns(&answer);
            match (&lifecycle.making, changes, key) {
                (Some((_, seconds)), _, Some(key)) if creates && concerned => {
                    self.made += 1;
                    let name = key.last().cloned().unwrap_or_default();
                    let seconds = world.script.lasts(lifecycle.create, seconds);
                    let until = world.works(&name, seconds, &format!("{} {}", lifecycle.create, self.made));
                    let phase = match world.script.is_failing(lifecycle.create) {
                        true => Phase::Failing(until),
                        false => Phase::Making(until),
                    };
                    self.phases.entry((lifecycle.create, key)).or_insert(phase);
                }
                (_, Some((operation, _, _, seconds)), Some(_)) => {
                    self.made += 1;
                    let seconds = world.script.lasts(operation, seconds);
                    let until = world.after(seconds, &format!("{operation} {}", self.made));
                    let key = lifecycle.named(asked).unwrap_or_default();
                    self.phases.insert((lifecycle.create, key), Phase::Changing(until));
                }
                _ => {}
            }
            if lifecycle.shown_by.contains(&asked.operation.as_str()) {
                lifecycle.rewrite(&mut answer, &self.phases);
                show(asked, response, &answer);
            }
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}

fn accept(lifecycle: &Lifecycle, key: &[String], asked: &Asked) -> Response {
    let answer = (lifecycle.accepted)(&key.join("/"));
    let mut response = match asked.service.as_str() {
        "ec2" => Response::xml(200, ""),
        _ => Response::json(200, json!({}).to_string()),
    };
    show(asked, &mut response, &answer);
    response
}
