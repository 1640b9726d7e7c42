//! The state machines as they are declared: every name filled in, and every action that they imply allowed to them.

use crate::{ACCOUNT, copy, declared, declared_after, declared_in, repository};
use config::environment::Pipeline;
use resource::Declaration;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

fn spec<'a>(declared: &'a [Declaration], address: &str) -> &'a Value {
    &declared.iter().find(|resource| resource.address.as_str() == address).unwrap().spec
}

/// The state machines of an environment with their roles.
fn machines(declared: &[Declaration]) -> Vec<(&str, &Value, &Value)> {
    let machines = declared.iter().filter(|one| one.kind == "states:state-machine");
    let with_role = machines.map(|machine| {
        let role = machine.spec["role"].as_str().unwrap();
        let name = |one: &&Declaration| {
            one.kind == "iam:role" && role.ends_with(&format!("/{}", one.spec["name"].as_str().unwrap()))
        };
        (machine.address.as_str(), &machine.spec["definition"], &declared.iter().find(name).unwrap().spec)
    });
    with_role.collect()
}

#[test]
fn an_image_of_ones_own_is_given_to_sagemaker_by_its_full_name() {
    for (image, uri) in [
        ("images:1.4", "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mlops-pipeline-dev:1.4"),
        ("churn:2", "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mlops-pipeline-dev-churn:2"),
    ] {
        let declared = declared_after("dev", |environment| {
            environment.registry.repositories = vec!["churn".into()];
            environment.pipeline.as_mut().unwrap().image = Some(image.into());
        });
        let states = &spec(&declared, "pipeline.training")["definition"]["States"];
        assert_eq!(states["Train"]["Parameters"]["AlgorithmSpecification"]["TrainingImage"], uri);
        assert_eq!(states["CreateModel"]["Parameters"]["PrimaryContainer"]["Image"], uri);
    }
}

#[test]
fn images_of_training_and_inference_go_to_their_steps_and_into_the_policies() {
    const AWS: &str = "763104351884.dkr.ecr.ap-south-1.amazonaws.com";
    let declared = declared_after("prod", |environment| {
        let pipeline = environment.pipeline.as_mut().unwrap();
        pipeline.image = Some("aws/pytorch-training:2.8.0-gpu-py312".into());
        pipeline.inference_image = Some("aws/pytorch-inference:2.6.0-cpu-py312".into());
    });
    let states = &spec(&declared, "pipeline.training")["definition"]["States"];
    let training = format!("{AWS}/pytorch-training:2.8.0-gpu-py312");
    let inference = format!("{AWS}/pytorch-inference:2.6.0-cpu-py312");
    assert_eq!(states["Train"]["Parameters"]["AlgorithmSpecification"]["TrainingImage"], training);
    assert_eq!(states["CreateModel"]["Parameters"]["PrimaryContainer"]["Image"], inference);
    let package = &states["Register"]["Parameters"]["InferenceSpecification"]["Containers"][0];
    assert_eq!(package["Image"], inference);
    for role in ["identity.training", "identity.serving"] {
        let policies = spec(&declared, role)["inline_policies"].to_string();
        for repository in ["pytorch-training", "pytorch-inference"] {
            let arn = format!("arn:aws:ecr:ap-south-1:763104351884:repository/{repository}");
            assert!(policies.contains(&arn), "{role}: {arn}");
        }
    }
}

#[test]
fn pipeline_without_an_image_trains_by_the_xgboost_of_its_region() {
    let declared = declared("dev");
    let states = &spec(&declared, "pipeline.training")["definition"]["States"];
    let image = "720646828776.dkr.ecr.ap-south-1.amazonaws.com/sagemaker-xgboost:3.0-5";
    assert_eq!(states["Train"]["Parameters"]["AlgorithmSpecification"]["TrainingImage"], image);
    assert_eq!(states["CreateModel"]["Parameters"]["PrimaryContainer"]["Image"], image);
}

#[test]
fn no_placeholder_is_left_in_a_definition() {
    for environment in ["dev", "staging", "prod"] {
        let declared = declared(environment);
        assert_eq!(machines(&declared).len(), if environment == "dev" { 1 } else { 2 });
        for (address, definition, _) in machines(&declared) {
            let text = definition.to_string();
            assert!(!text.contains("${"), "{environment} {address}: {text}");
        }
    }
}

#[test]
fn volumes_of_machines_with_disks_of_their_own_are_given_no_key() {
    let with_disks = declared_after("prod", |environment| {
        let pipeline = environment.pipeline.as_mut().unwrap();
        pipeline.training.instance_type = "ml.g5.2xlarge".into();
        pipeline.deploy.as_mut().unwrap().instance_type = "ml.c6gd.xlarge".into();
    });
    let usual = declared("prod");
    let key = |declared: &[Declaration]| {
        let training = &spec(declared, "pipeline.training")["definition"]["States"]["Train"]["Parameters"];
        let serving = &spec(declared, "pipeline.deploy")["definition"]["States"]["CreateConfig"]["Parameters"];
        [&training["ResourceConfig"]["VolumeKmsKeyId"], &serving["KmsKeyId"]].map(Value::is_string)
    };
    assert_eq!((key(&usual), key(&with_disks)), ([true, true], [false, false]));
}

#[test]
fn a_deployment_is_rolled_back_by_alarms_that_are_there_and_can_fire_while_it_is_watched() {
    for environment in ["staging", "prod"] {
        let declared = declared(environment);
        let update = &spec(&declared, "pipeline.deploy")["definition"]["States"]["UpdateEndpoint"]["Parameters"];
        let alarms = update["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"].as_array().unwrap();
        assert_eq!(alarms.len(), 3);
        let policy = &update["DeploymentConfig"]["BlueGreenUpdatePolicy"];
        let watched = policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"].as_u64().unwrap();
        for alarm in alarms {
            let found = declared
                .iter()
                .find(|one| one.kind == "cloudwatch:metric-alarm" && one.spec["name"] == alarm["AlarmName"]);
            let found = &found.unwrap_or_else(|| panic!("{environment} has no alarm {alarm}")).spec;
            let dimensions = serde_json::json!({"EndpointName": update["EndpointName"], "VariantName": "AllTraffic"});
            assert_eq!(found["dimensions"], dimensions);
            let takes = found["period_seconds"].as_u64().unwrap() * found["evaluation_periods"].as_u64().unwrap();
            assert!(takes * 2 <= watched, "{alarm} takes {takes} s of {watched}");
        }
        let waits = 2 * watched + policy["TerminationWaitInSeconds"].as_u64().unwrap();
        assert!(policy["MaximumExecutionTimeoutInSeconds"].as_u64().unwrap() > waits + 300);
    }
}

#[test]
fn one_failing_call_in_a_quiet_minute_brings_no_model_back() {
    let declared = declared("prod");
    for alarm in ["monitoring.endpoint-errors", "monitoring.endpoint-client-errors"] {
        let spec = spec(&declared, alarm);
        assert_eq!((&spec["statistic"], &spec["period_seconds"]), (&"Average".into(), &60.into()), "{alarm}");
        assert_eq!((&spec["datapoints_to_alarm"], &spec["evaluation_periods"]), (&2.into(), &3.into()), "{alarm}");
        assert_eq!(spec["missing_data"], "notBreaching", "{alarm}");
    }
}

#[test]
fn callers_whom_the_model_refuses_stop_a_deployment() {
    let declared = declared_after("prod", |environment| {
        let deploy = environment.pipeline.as_mut().unwrap().deploy.as_mut().unwrap();
        (deploy.endpoint, deploy.max_client_error_rate) = ("scoring".into(), 0.25);
    });
    let alarm = spec(&declared, "monitoring.endpoint-client-errors");
    assert_eq!((&alarm["metric"], &alarm["statistic"]), (&"Invocation4XXErrors".into(), &"Average".into()));
    assert_eq!(
        (&alarm["threshold"], &alarm["dimensions"]["EndpointName"]),
        (&0.25.into(), &"mlops-pipeline-prod-scoring".into())
    );
    // SageMaker reads the alarms in the name of the role that serves, whatever the endpoint is called.
    let read = (
        "cloudwatch:DescribeAlarms".to_owned(),
        arn("cloudwatch", &format!("alarm:{}", alarm["name"].as_str().unwrap())),
    );
    assert!(allows(spec(&declared, "identity.serving"), &read, "mlops-pipeline-prod"));
}

#[test]
fn uploads_start_one_execution_and_folders_of_consoles_none() {
    let declared = declared("staging");
    let object = &spec(&declared, "pipeline.start-on-upload")["source"]["Pattern"]["detail"]["object"];
    assert_eq!(object["size"], serde_json::json!([{"numeric": [">", 0]}]));
    let states = &spec(&declared, "pipeline.training")["definition"]["States"];
    assert_eq!(states["AwaitUploads"]["Seconds"], 120);
}

#[test]
fn evaluation_function_may_read_the_champion_at_the_endpoint() {
    for (environment, endpoint) in [("dev", None), ("prod", Some("mlops-pipeline-prod-endpoint"))] {
        let declared = declared(environment);
        let plan =
            &spec(&declared, "pipeline.training")["definition"]["States"]["PlanEvaluation"]["Parameters"]["Payload"];
        assert_eq!(plan["endpoint_name"].as_str(), endpoint);
        let defaults =
            &spec(&declared, "pipeline.training")["definition"]["States"]["Defaults"]["Parameters"]["defaults"];
        assert_eq!(defaults["decision_threshold"], 0.5);
        let role = spec(&declared, "identity.model-evaluation-function");
        for (action, resource) in [
            ("sagemaker:DescribeEndpoint", format!("endpoint/{}", endpoint.unwrap_or_default())),
            ("sagemaker:DescribeEndpointConfig", "endpoint-config/any".to_owned()),
            ("sagemaker:DescribeModel", format!("model/mlops-pipeline-{environment}-any")),
        ] {
            let need = (action.to_owned(), arn("sagemaker", &resource));
            assert_eq!(allows(role, &need, ""), endpoint.is_some(), "{environment}: {need:?}");
        }
        for (bucket, key) in [
            ("data", "processed/csv/d/test/a.csv"),
            ("data", "processed/statistics/d/batch=b.json"),
            ("models", "training/job/output/model.tar.gz"),
        ] {
            let object = format!("arn:aws:s3:::mlops-pipeline-{environment}-{bucket}-{ACCOUNT}/{key}");
            assert!(allows(role, &("s3:GetObject".to_owned(), object), ""), "{environment}: {key}");
        }
    }
}

#[test]
fn the_pipelines_job_is_repeated_by_the_pipeline_alone() {
    let declared = declared_after("prod", |environment| {
        let mut other = environment.catalog.jobs[0].clone();
        (other.name, environment.catalog.jobs[0].max_retries, other.max_retries) = ("other".into(), 2, 2);
        environment.catalog.jobs.push(other);
    });
    let retries = |address: &str| spec(&declared, address)["max_retries"].as_u64();
    assert_eq!((retries("catalog.job-etl"), retries("catalog.job-other")), (Some(0), Some(2)));
}

#[test]
fn code_version_changes_with_everything_that_a_model_is_made_by_and_with_nothing_else() {
    let version = |change: &dyn Fn(&Path, &mut Pipeline)| {
        let root = tempfile::tempdir().unwrap();
        copy(&repository().join("pipeline"), &root.path().join("pipeline"));
        let declared = declared_in(root.path(), "prod", |environment| {
            change(root.path(), environment.pipeline.as_mut().unwrap());
        });
        let states = &spec(&declared, "pipeline.training")["definition"]["States"];
        let properties = &states["Register"]["Parameters"]["MetadataProperties"];
        properties["CommitId"].as_str().unwrap().to_owned()
    };
    let extended = |root: &Path, file: &str| {
        let path = root.join("pipeline").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replacen('\n', "\n\n", 1)).unwrap();
    };
    let usual = version(&|_, _| ());
    type Change<'a> = &'a dyn Fn(&Path, &mut Pipeline);
    let changes: [(&str, Change<'_>); 8] = [
        ("etl.py", &|root, _| extended(root, "glue/etl.py")),
        ("a function", &|root, _| extended(root, "functions/model-evaluation/binary.py")),
        ("the schema", &|root, _| {
            let path = root.join("pipeline/sample/schema.json");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(path, text.replacen("\"required\": true", "\"required\": false", 1)).unwrap();
        }),
        ("the image", &|_, pipeline| pipeline.image = Some("images:2".into())),
        ("the image that predicts", &|_, pipeline| pipeline.inference_image = Some("images:2".into())),
        ("a hyperparameter", &|_, pipeline| drop(pipeline.training.hyperparameters.insert("eta".into(), "0.5".into()))),
        ("a threshold", &|_, pipeline| pipeline.thresholds.clear()),
        ("the split", &|_, pipeline| pipeline.split = "0.6,0.2,0.2".into()),
    ];
    for (what, change) in changes {
        assert_ne!(version(change), usual, "{what}");
    }
    assert_eq!(version(&|_, pipeline| pipeline.schedule = Some("rate(1 hour)".into())), usual);
    let noted = |root: &Path| {
        let path = root.join("pipeline/sample/schema.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replacen('{', "{\n  \"description\": \"of people\",", 1)).unwrap();
    };
    assert_eq!(version(&|root, _| noted(root)), usual, "a note in the schema");
    assert_eq!(version(&|root, _| std::fs::write(root.join("pipeline/README.md"), "").unwrap()), usual);
}

#[test]
fn approvals_of_this_platforms_models_start_the_deployment_and_nothing_else_does() {
    let declared = declared("prod");
    let rule = spec(&declared, "pipeline.deploy-on-approval");
    let pattern = &rule["source"]["Pattern"];
    assert_eq!(pattern["detail"]["ModelPackageGroupName"], serde_json::json!(["mlops-pipeline-prod-models"]));
    assert_eq!(pattern["detail"]["ModelApprovalStatus"], serde_json::json!(["Approved"]));
    // A change of anything else of an approved package is no approval.
    let ways = serde_json::json!([{"UpdatedModelPackageFields": ["ModelApprovalStatus"]},
                                  {"UpdatedModelPackageFields": [{"exists": false}]}]);
    assert_eq!(pattern["detail"]["$or"], ways);
    let arn = format!("arn:aws:states:ap-south-1:{ACCOUNT}:stateMachine:mlops-pipeline-prod-deploy");
    assert_eq!(rule["targets"][0]["arn"], arn);
    let starter = spec(&declared, "identity.start-deploy");
    assert!(starter["inline_policies"]["start"].to_string().contains(&arn));
}

/// A need of a role: an action on a resource.
type Needed = (String, String);

/// The needs of a task, by the integrations' own documentation.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html>
fn needs(task: &Value) -> Vec<Needed> {
    let resource = task["Resource"].as_str().unwrap();
    let integration =
        resource.strip_prefix("arn:aws:states:::").unwrap_or_else(|| panic!("{resource} is no integration"));
    let called = integration.strip_prefix("aws-sdk:").unwrap_or(integration);
    let (service, action) = called.split_once(':').unwrap();
    let parameters = &task["Parameters"];
    let (service, actions): (&str, Vec<String>) = match (service, action) {
        ("glue", "startJobRun.sync") => ("glue", names(&["StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"])),
        ("lambda", "invoke") => ("lambda", names(&["InvokeFunction"])),
        ("sagemaker", "createTrainingJob.sync") => {
            ("sagemaker", names(&["CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob", "ListTags"]))
        }
        ("sagemaker", "createTransformJob.sync") => {
            ("sagemaker", names(&["CreateTransformJob", "DescribeTransformJob", "StopTransformJob", "ListTags"]))
        }
        ("s3", "headObject") => ("s3", names(&["GetObject"])),
        // Of the source and of the target; the target is the resource that the call names.
        ("s3", "copyObject") => ("s3", names(&["PutObject"])),
        ("applicationautoscaling", action) => ("application-autoscaling", vec![capital(action)]),
        ("sfn", action) => ("states", vec![capital(action)]),
        (service, action) if !action.contains('.') => (service, vec![capital(action)]),
        other => panic!("it is not known what {other:?} needs"),
    };
    let target = target(service, &actions[0], parameters);
    let mut needed: Vec<Needed> =
        actions.iter().map(|action| (format!("{service}:{action}"), target.clone())).collect();
    if !parameters["Tags"].is_null() {
        needed.push(("sagemaker:AddTags".into(), target));
    }
    for role in ["RoleArn", "ExecutionRoleArn"] {
        needed.extend(parameters[role].as_str().map(|role| ("iam:PassRole".to_owned(), role.to_owned())));
    }
    // Polling for a SageMaker job is done by rules that AWS keeps in the account.
    if service == "sagemaker" && action.ends_with(".sync") {
        let job = if action.contains("Training") { "Training" } else { "Transform" };
        let rule = arn("events", &format!("rule/StepFunctionsGetEventsForSageMaker{job}JobsRule"));
        needed.extend(
            names(&["PutTargets", "PutRule", "DescribeRule"])
                .into_iter()
                .map(|action| (format!("events:{action}"), rule.clone())),
        );
    }
    needed
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn capital(action: &str) -> String {
    action[..1].to_uppercase() + &action[1..]
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:ap-south-1:{ACCOUNT}:{resource}")
}

/// The resource that a call acts on: by the name that the parameters give it, or one of the kind that they compute.
fn target(service: &str, action: &str, parameters: &Value) -> String {
    let named = |field: &str| match (&parameters[field], &parameters[format!("{field}.$")]) {
        (Value::String(name), _) => name.clone(),
        (_, Value::String(computed)) => match computed.strip_prefix("States.Format('") {
            Some(format) => format.split('\'').next().unwrap().replace("{}", "0f3a"),
            // A name that an earlier step returned.
            None => "earlier".to_owned(),
        },
        _ => panic!("{action} names no {field}: {parameters}"),
    };
    let of = |kind: &str, field: &str| arn("sagemaker", &format!("{kind}/{}", named(field)));
    match (service, action) {
        ("glue", _) => arn("glue", &format!("job/{}", named("JobName"))),
        ("lambda", _) => named("FunctionName"),
        ("sns", _) => named("TopicArn"),
        ("s3", _) => format!("arn:aws:s3:::{}/{}", named("Bucket"), named("Key")),
        ("states", "ListExecutions") => arn("states", &format!("stateMachine:{}", "THIS")),
        ("application-autoscaling", _) => {
            assert_eq!(parameters["ServiceNamespace"], "sagemaker");
            arn("application-autoscaling", "scalable-target/0f3a")
        }
        (_, "CreateTrainingJob") => of("training-job", "TrainingJobName"),
        (_, "CreateTransformJob") => of("transform-job", "TransformJobName"),
        (_, "CreateModelPackage") => of("model-package-group", "ModelPackageGroupName"),
        (_, "DescribeModelPackage") => of("model-package", "ModelPackageName"),
        (_, "ListEndpoints") => "*".to_owned(),
        (_, action) if action.ends_with("Model") => of("model", "ModelName"),
        (_, action) if action.ends_with("EndpointConfig") => of("endpoint-config", "EndpointConfigName"),
        (_, action) if action.ends_with("Endpoint") => of("endpoint", "EndpointName"),
        other => panic!("it is not known what {other:?} acts on"),
    }
}

/// True if a role's own policies allow an action on a resource. `earlier` stands for a resource that an earlier step
/// created, whose name begins with this platform's.
fn allows(role: &Value, (action, resource): &Needed, prefix: &str) -> bool {
    let resource = resource.replace("/earlier", &format!("/{prefix}-0f3a"));
    let documents = role["inline_policies"].as_object().unwrap().values();
    let statements = documents.flat_map(|document| document["Statement"].as_array().unwrap());
    statements.filter(|statement| statement["Effect"] == "Allow").any(|statement| {
        let list = |field: &str| {
            statement[field].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>()
        };
        list("Action").contains(&action.as_str()) && list("Resource").iter().any(|pattern| matches(pattern, &resource))
    })
}

/// IAM's patterns: `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, pattern)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(start) else { return false };
    let parts: Vec<&str> = pattern.split('*').collect();
    let (end, middle) = parts.split_last().unwrap();
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(end)
}

#[test]
fn patterns_match_as_iams_do() {
    for (pattern, text, expected) in [
        ("*", "a", true),
        ("a*", "abc", true),
        ("a*c", "abcxc", true),
        ("a*b*", "axbx", true),
        ("a*b*c", "axc", false),
        ("a", "ab", false),
        ("a*c", "abd", false),
        ("a", "a", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn every_action_that_a_definition_implies_is_allowed_to_its_role() {
    for environment in ["dev", "staging", "prod"] {
        let declared = declared(environment);
        for (address, definition, role) in machines(&declared) {
            let tasks = definition["States"].as_object().unwrap().iter().filter(|(_, state)| state["Type"] == "Task");
            let needed: BTreeMap<&String, Vec<Needed>> = tasks.map(|(name, task)| (name, needs(task))).collect();
            assert!(needed.len() >= 9, "{address} has only {} tasks", needed.len());
            for (state, needed) in needed {
                // A model, a package or a configuration of an earlier step is known by its ARN or its name.
                for need in needed.into_iter().map(|(action, resource)| {
                    let package = format!("model-package/mlops-pipeline-{environment}-models/1");
                    let machine = format!("stateMachine:mlops-pipeline-{environment}-training");
                    let resource = resource.replace("model-package/earlier", &package);
                    (action, resource.replace("stateMachine:THIS", &machine))
                }) {
                    let prefix = format!("mlops-pipeline-{environment}");
                    assert!(allows(role, &need, &prefix), "{environment} {address} {state}: {need:?} is not allowed");
                }
            }
        }
    }
}

#[test]
fn a_role_is_allowed_nothing_that_no_state_of_its_definition_needs() {
    /// Actions that a role needs beside those of its tasks, each with the reason.
    const BESIDE: [(&str, &str); 9] = [
        ("sagemaker:DescribeModelPackage", "SageMaker reads the package that a model is made of"),
        (
            "sagemaker:UpdateEndpointWeightsAndCapacities",
            "Application Auto Scaling checks it of the caller that registers a variant",
        ),
        ("cloudwatch:PutMetricAlarm", "Application Auto Scaling's alarms, made in the caller's name"),
        ("cloudwatch:DescribeAlarms", "the same, and the alarms of an update"),
        ("cloudwatch:DeleteAlarms", "the same"),
        ("iam:CreateServiceLinkedRole", "Application Auto Scaling's role, when it is used for the first time"),
        ("sagemaker:ListTags", "Step Functions' own policies for SageMaker's tasks hold it"),
        ("kms:", "keys of the topic and of what is made"),
        ("logs:", "log delivery"),
    ];
    for environment in ["staging", "prod"] {
        let declared = declared(environment);
        for (address, definition, role) in machines(&declared) {
            let tasks = definition["States"].as_object().unwrap().values().filter(|state| state["Type"] == "Task");
            let needed: Vec<String> = tasks.flat_map(needs).map(|(action, _)| action).collect();
            let documents = role["inline_policies"].as_object().unwrap().values();
            let actions = documents
                .flat_map(|document| document["Statement"].as_array().unwrap())
                .flat_map(|statement| statement["Action"].as_array().unwrap());
            for action in actions.map(|action| action.as_str().unwrap()).filter(|action| !action.starts_with("xray:")) {
                let beside = BESIDE.iter().any(|(start, _)| action.starts_with(start));
                assert!(
                    beside || needed.iter().any(|one| one == action),
                    "{environment} {address}: nothing needs {action}"
                );
            }
        }
    }
}
