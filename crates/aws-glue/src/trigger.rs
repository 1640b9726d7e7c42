//! Reconciler for Glue triggers, which start jobs and crawlers.

use crate::{
    batch, errors,
    firing::{Action, Firing},
    tagging,
};
use aws_client::{Attempt, Result};
use aws_sdk_glue::{
    Client,
    types::{self as sdk, TriggerState, TriggerUpdate},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place};

/// A trigger: starts jobs and crawlers. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// The name.
    pub name: String,
    /// The purpose of the trigger; may be empty.
    pub description: String,
    /// The workflow it belongs to; empty for none.
    pub workflow: String,
    /// When it fires. AWS changes the details in place, not the kind.
    pub firing: Firing,
    /// The jobs and crawlers that it starts.
    pub actions: Vec<Action>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TriggerOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for Trigger {
    const KIND: &'static str = "glue:trigger";
    const NOUN: &'static str = "Glue trigger";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_glue_trigger", &[("name", "name")]));
    // The most that AWS takes of a Glue trigger.
    // <https://docs.aws.amazon.com/glue/latest/webapi/API_CreateTrigger.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 255), SizeLimit::characters("description", 2048)];
    const REPLACE_ON: &'static [&'static str] = &["name", "workflow"];
    const COMPARE: &'static [(&'static str, As)] = &[("actions.**.arguments", As::Sensitive)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = TriggerOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        match batch::load::<sdk::Trigger>(&self.name, cx).await? {
            Some(_) => tagging::found(&self.name, &arn(&self.name, cx.place()), cx).await,
            None => Ok(None),
        }
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        cx.client(Client::new)
            .create_trigger()
            .name(&self.name)
            .set_description(text(&self.description))
            .set_workflow_name(text(&self.workflow))
            .r#type(self.firing.as_type())
            .set_schedule(self.firing.expression())
            .set_predicate(self.firing.predicate())
            .set_actions(Some(self.actions.iter().map(Action::as_type).collect()))
            .set_start_on_creation(self.firing.activated().filter(|activated| *activated))
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateTrigger")
            .retry_on(errors::CONTENDED, errors::CONTENTION)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let arn = arn(id, cx.place());
        let (trigger, tags) =
            tokio::try_join!(batch::load::<sdk::Trigger>(id, cx), cx.tags(&arn, &self.tags, tagging::read(&arn, cx)))?;
        let Some(trigger) = trigger else { return Ok(Observed::Absent) };
        let outputs = TriggerOutputs { name: id.to_owned(), arn };
        match trigger.state() {
            None | Some(TriggerState::Created | TriggerState::Activated | TriggerState::Deactivated) => {}
            Some(TriggerState::Deleting) => return Ok(Observed::Absent),
            Some(state) => {
                return Ok(Observed::Settling { status: state.as_str().to_owned(), outputs: Some(outputs) });
            }
        }
        let live = Self {
            name: trigger.name().unwrap_or_default().to_owned(),
            description: trigger.description().unwrap_or_default().to_owned(),
            workflow: trigger.workflow_name().unwrap_or_default().to_owned(),
            firing: Firing::read(&trigger),
            actions: trigger.actions().iter().filter_map(Action::read).collect(),
            tags,
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(&arn(id, cx.place()), &self.tags, &live.tags, diff, cx).await?;
        let client = cx.client(Client::new);
        let redefined = diff.has_any(&["description", "actions"]) || !self.firing.same_definition(&live.firing);
        // An active trigger would fire by half of its new definition; the engine switches it on again.
        if redefined && live.firing.activated() == Some(true) {
            client
                .stop_trigger()
                .name(id)
                .send()
                .await
                .during("StopTrigger")
                .retry_on(errors::CONTENDED, errors::CONTENTION)?;
            return Ok(());
        }
        if redefined {
            let update = TriggerUpdate::builder()
                .description(&self.description)
                .set_schedule(self.firing.expression())
                .set_predicate(self.firing.predicate())
                .set_actions(Some(self.actions.iter().map(Action::as_type).collect()))
                .build();
            let call = client.update_trigger().name(id).trigger_update(update);
            call.send().await.during("UpdateTrigger").retry_on(errors::CONTENDED, errors::CONTENTION)?;
            return Ok(());
        }
        match (self.firing.activated(), live.firing.activated()) {
            (Some(true), Some(false)) => {
                let call = client.start_trigger().name(id).send().await.during("StartTrigger");
                call.retry_on(errors::CONTENDED, errors::CONTENTION)?;
            }
            (Some(false), Some(true)) => {
                let call = client.stop_trigger().name(id).send().await.during("StopTrigger");
                call.retry_on(errors::CONTENDED, errors::CONTENTION)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn replacement(&self, live: &Self, _: &Diff) -> Option<String> {
        let (from, to) = (live.firing.as_type(), self.firing.as_type());
        (from != to).then(|| format!("AWS cannot change a trigger from {} to {}", from.as_str(), to.as_str()))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        match batch::load::<sdk::Trigger>(id, cx).await?.as_ref().map(sdk::Trigger::state) {
            None => return Ok(Deletion::Gone),
            Some(Some(TriggerState::Deleting)) => return Ok(Deletion::Going("DELETING".into())),
            Some(_) => {}
        }
        client
            .delete_trigger()
            .name(id)
            .send()
            .await
            .during("DeleteTrigger")
            .retry_on(errors::CONTENDED, errors::CONTENTION)
            .none_on(errors::ABSENT)?;
        Ok(Deletion::Going("DELETING".into()))
    }

    fn predict_outputs(&self, place: &Place, _: TriggerOutputs) -> TriggerOutputs {
        TriggerOutputs { name: self.name.clone(), arn: arn(&self.name, place) }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let arn = arn(&self.name, place);
        let changes =
            ["glue:CreateTrigger", "glue:UpdateTrigger", "glue:StartTrigger", "glue:StopTrigger", "glue:DeleteTrigger"];
        let own = [
            Permission::read(["glue:BatchGetTriggers"]).on([arn.as_str()]),
            Permission::change(changes).on([arn.as_str()]),
        ];
        own.into_iter().chain(tagging::permissions(&arn)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free("what it starts costs, on its own line")
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("glue", &format!("trigger/{name}"))
}
