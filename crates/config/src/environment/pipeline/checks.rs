//! The checks of the pipeline that a schema cannot express.

use super::{Pipeline, Threshold, Training, Work, data_schema, fit, hyperparameters, machines};
use crate::check::{Place, Surroundings};
use crate::environment::secrets::FreeText;
use crate::environment::{Catalog, Environment, Function};

impl Training {
    /// Minutes for waiting and training together, with `spot`.
    pub fn wait_minutes(&self) -> u32 {
        self.max_wait_minutes.map_or(u32::from(self.max_runtime_minutes) * 2, u32::from)
    }

    fn check(&self, at: Place<'_>) {
        match self.max_wait_minutes {
            Some(_) if !self.spot => {
                at.get("max_wait_minutes").report("only spot training waits", "set `spot = true`, or leave it out");
            }
            Some(wait) if wait < self.max_runtime_minutes => at.get("max_wait_minutes").report(
                format!("`max_wait_minutes` includes the running time of {} minutes", self.max_runtime_minutes),
                "make it larger",
            ),
            _ => {}
        }
        let free = FreeText {
            key: "hyperparameters",
            values: &self.hyperparameters,
            not_secret: &self.not_secret,
            instead: "every principal that may describe a training job reads its hyperparameters, and its containers have no network \
                      to read a secret through: let a function or a Glue job use it, with `secrets`",
        };
        free.check(at);
        // SageMaker's own limits of a hyperparameter.
        // https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
        for (key, value) in &self.hyperparameters {
            if key.is_empty() || key.len() > 256 || value.len() > 2500 {
                let at = at.get("hyperparameters").get(key);
                at.report("a hyperparameter has a name of 1 to 256 and a value of at most 2500 characters", "");
            }
        }
        if self.hyperparameters.len() > 100 {
            at.get("hyperparameters").report("a training job has at most 100 hyperparameters", "");
        }
    }
}

impl Pipeline {
    /// The settings that are accepted although this version of mlopsctl does not know them, each as a sentence.
    pub fn warnings(&self) -> Vec<String> {
        let mut found = self.newer_images();
        if self.trains_by_newer_xgboost() {
            found.extend(hyperparameters::warnings(&self.training));
        }
        found
    }

    /// The shares of training, validation and test data.
    pub fn shares(&self) -> Vec<f64> {
        self.split.split(',').filter_map(|share| share.parse().ok()).collect()
    }

    pub(in crate::environment) fn check(
        &self,
        at: Place<'_>,
        around: &Surroundings<'_>,
        whole: Place<'_>,
        environment: &Environment,
    ) {
        let Environment { catalog, functions, registry, feature_groups, .. } = environment;
        at.get("definition").holds(around.root, &self.definition, states_language::mistakes);
        if let Some((text, schema)) = at.get("schema").json(around.root, &self.schema) {
            let mut mistakes = data_schema::mistakes(&schema);
            mistakes.extend(data_schema::too_long(&schema));
            for found in &mistakes {
                let line = data_schema::line(&text, &found.at);
                at.get("schema").report(format!("{}:{line}: {}", self.schema, found.message), "");
            }
            if mistakes.is_empty() {
                fit::check(self, &data_schema::DataSchema::new(&schema), at, whole, feature_groups);
            }
        }
        self.check_steps(at, whole, catalog, functions);
        self.training.check(at.get("training"));
        // A script, and every other image, gives its hyperparameters names of its own.
        if self.trains_by_built_in_xgboost() && !self.trains_by_newer_xgboost() && at.sound(&["training"]) {
            hyperparameters::check(&self.training, at.get("training").get("hyperparameters"));
        }
        let shares = self.shares();
        if (shares.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
            at.get("split").report(format!("the shares `{}` do not add up to 1", self.split), "such as `0.8,0.1,0.1`");
        } else if shares.contains(&0.0) {
            at.get("split").report("every share must be more than 0", "the pipeline trains, validates and tests");
        }
        for (metric, threshold) in &self.thresholds {
            threshold.check(metric, at.get("thresholds").get(metric));
        }
        if self.maximise.is_some() && self.decision_threshold.is_some() {
            at.get("maximise").report("the decision threshold is either set or chosen", "leave one of both out");
        }
        if let Some(deploy) = &self.deploy {
            deploy.check(at.get("deploy"), around, self, at);
        }
        if whole.sound(&["registry", "region"]) && at.sound(&["image", "inference_image"]) {
            self.check_images(at, around.region, &registry.repositories);
        }
        self.check_machines(at);
    }

    fn check_machines(&self, at: Place<'_>) {
        let newer = &self.newer_instance_types;
        let jobs = [
            ("training", &self.training.instance_type, Work::Training),
            ("transform", &self.transform.instance_type, Work::Transform),
        ];
        for (job, machine, work) in jobs {
            machines::check(machine, work, newer, at.get(job).get("instance_type"));
        }
        for (index, machine) in self.inference_instance_types.iter().enumerate() {
            machines::check(machine, Work::Hosting, newer, at.get("inference_instance_types").at(index));
        }
    }

    /// The job and the functions that the state machine calls.
    fn check_steps(&self, at: Place<'_>, whole: Place<'_>, catalog: &Catalog, functions: &[Function]) {
        if whole.sound(&["catalog"]) {
            at.value_refers_to("etl_job", "job", &self.etl_job, catalog.jobs.iter().map(|job| job.name.as_str()));
        }
        if whole.sound(&["functions"]) {
            let names = || functions.iter().map(|function| function.name.as_str());
            at.value_refers_to("validation_function", "function", &self.validation_function, names());
            self.leaves_limits_alone(whole.get("functions"), functions);
            at.value_refers_to("evaluation_function", "function", &self.evaluation_function, names());
        }
    }
}

/// The variable in which the validation function gets its limits.
const LIMITS: &str = "LIMITS";

impl Pipeline {
    fn leaves_limits_alone(&self, at: Place<'_>, functions: &[Function]) {
        for (index, function) in functions.iter().enumerate().filter(|(_, one)| one.name == self.validation_function) {
            for (key, has) in [
                ("environment", function.environment.contains_key(LIMITS)),
                ("secrets", function.secrets.contains_key(LIMITS)),
            ] {
                if has {
                    at.at(index).get(key).get(LIMITS).report(
                        format!("mlopsctl sets `{LIMITS}` of the validation function, from [pipeline.validation]"),
                        "write the limits there",
                    );
                }
            }
        }
    }
}

impl Threshold {
    fn check(&self, metric: &str, at: Place<'_>) {
        match (self.min, self.max) {
            (None, None) if at.sound(&["min", "max"]) => {
                at.report(format!("`{metric}` has no bound"), "write `{ min = 0.75 }` or `{ max = 0.6 }`")
            }
            (Some(min), Some(max)) if min > max => {
                at.report(format!("no `{metric}` is at least {min} and at most {max}"), "");
            }
            _ => {}
        }
    }
}
