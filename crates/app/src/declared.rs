//! The platform that an environment file describes, where its state says that it is.

use crate::{Error, Session, settings::refused_settings};
use blueprint::{Inputs, Placement, Recorded, RecordedPlacement};
use config::Environment;
use resource::{Stack, Tags, sha256_hex};
use state::State;

impl Session {
    /// The declared stack. The state gives the zones of recorded subnets; AWS is asked about new ones. Without a file
    /// the stack is empty.
    pub async fn stack(&self, state: &State) -> Result<Stack, Error> {
        let Some(environment) = &self.environment else {
            return Ok(self.empty_stack());
        };
        self.refuse_claimed(state)?;
        self.stack_of(environment, state).await
    }

    /// The same for an environment that differs from the file.
    pub async fn stack_of(&self, environment: &Environment, state: &State) -> Result<Stack, Error> {
        let placement = self.placement(environment, state).await?;
        let place = self.cloud.place();
        let stack = blueprint::stack(&self.inputs_of(environment, &placement)).map_err(|error| self.unfit(error))?;
        let findings = blueprint::findings(&stack, place, environment);
        if !findings.is_empty() {
            return Err(refused_settings(&self.file, &self.root, findings));
        }
        self.cloud.ship(stack.assets().iter().cloned());
        Ok(stack)
    }

    /// The inputs of the stack of an environment.
    pub fn inputs_of<'a>(&'a self, environment: &'a Environment, placement: &'a Placement) -> Inputs<'a> {
        Inputs {
            environment,
            name: &self.name,
            place: self.cloud.place(),
            placement,
            root: &self.root,
            is_state_at_root: self.is_state_at_root(),
            program: None,
        }
    }

    /// A stack that declares no resources.
    pub fn empty_stack(&self) -> Stack {
        let stack = Stack::new(self.identity.clone(), Tags::default());
        match &self.environment {
            Some(environment) => stack.named_by(environment.prefix()),
            None => stack,
        }
    }

    /// A digest of everything that a stack was made from: the environment file and the files the platform ships.
    pub fn inputs(&self, stack: &Stack) -> String {
        let mut text = serde_json::to_string(&self.environment).unwrap_or_default();
        for asset in stack.assets() {
            text.push_str(&sha256_hex(&asset.bytes));
        }
        sha256_hex(text.as_bytes())
    }

    async fn placement(&self, environment: &Environment, state: &State) -> Result<Placement, Error> {
        let recorded = RecordedPlacement::new(recorded(state));
        let questions = recorded.questions(environment, self.cloud.place());
        let client = aws_sdk_ec2::Client::new(self.cloud.config());
        let zones = async {
            match questions.zones {
                true => aws_ec2::availability_zones(&client).await,
                false => Ok(Vec::new()),
            }
        };
        let services = async {
            match questions.services.is_empty() {
                true => Ok(Vec::new()),
                false => aws_ec2::endpoint_services(&client, &questions.services).await,
            }
        };
        let (zones, services, existing) = tokio::try_join!(zones, services, self.existing_network())?;
        if let Some(existing) = existing {
            let placement =
                recorded.place_in_existing(environment, self.cloud.place(), &existing.observed.zones(), &services);
            return placement.map_err(|error| self.unfit(error));
        }
        recorded.place(environment, self.cloud.place(), &zones, &services).map_err(|error| self.unfit(error))
    }

    /// The error for a file that describes no platform, with the place of the setting, if it is one.
    pub fn unfit(&self, error: blueprint::Error) -> Error {
        match error {
            // The path of a file says more than a line of the environment file.
            blueprint::Error::File { .. } => Error::usage(error.to_string(), ""),
            error => refused_settings(&self.file, &self.root, vec![error.into()]),
        }
    }
}

/// The recorded resources. A created one comes first, so that it counts before one that only an intent names, even if
/// it is deposed.
fn recorded(state: &State) -> impl Iterator<Item = Recorded<'_>> {
    let current = state.resources.iter().map(|(address, entry)| Recorded {
        address,
        kind: &entry.kind,
        id: entry.id.as_deref(),
        spec: &entry.spec,
    });
    let deposed = state.resources.iter().flat_map(|(address, entry)| {
        entry.deposed.iter().map(move |old| Recorded { address, kind: &old.kind, id: Some(&old.id), spec: &old.spec })
    });
    current.chain(deposed)
}
