//! Arguments and policies of the ETL job and of the validation function.

use crate::declared_after;
use config::environment::catalog::GlueVersion;
use resource::Declaration;
use serde_json::Value;

fn spec<'a>(declared: &'a [Declaration], address: &str) -> &'a Value {
    &declared.iter().find(|resource| resource.address.as_str() == address).unwrap().spec
}

/// The statements of a role that allow an action, with their resources.
fn allowed(declared: &[Declaration], role: &str, action: &str) -> Vec<String> {
    let policies = spec(declared, role)["inline_policies"].as_object().unwrap();
    let statements = policies.values().flat_map(|policy| policy["Statement"].as_array().unwrap());
    let of = |value: &Value| match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        other => vec![other.as_str().unwrap().to_owned()],
    };
    statements
        .filter(|statement| of(&statement["Action"]).iter().any(|allowed| allowed == action))
        .flat_map(|statement| of(&statement["Resource"]))
        .collect()
}

#[test]
fn the_etl_job_fills_the_feature_groups_that_ask_for_it_and_no_others() {
    for ingest in [true, false] {
        let declared = declared_after("dev", |environment| environment.feature_groups[0].ingest = ingest);
        let states = &spec(&declared, "pipeline.training")["definition"]["States"];
        let asked = &states["Defaults"]["Parameters"]["defaults"]["feature_groups"];
        // The job itself writes none: a run that prepares data must not fill what is served.
        let arguments = &spec(&declared, "catalog.job-etl")["default_arguments"];
        assert_eq!(arguments["--feature_groups"], Value::Null);
        let groups = allowed(&declared, "identity.glue", "sagemaker:PutRecord");
        if ingest {
            let name = "mlops-pipeline-dev-customers";
            assert_eq!(asked, name);
            assert_eq!(groups, [format!("arn:aws:sagemaker:ap-south-1:123456789012:feature-group/{name}")]);
        } else {
            assert_eq!(asked, "");
            assert_eq!(groups, Vec::<String>::new());
        }
    }
}

#[test]
fn champion_is_found_by_the_evaluation_function_alone() {
    let declared = declared_after("prod", |_| {});
    let (role, finder) = ("identity.data-validation-function", "identity.model-evaluation-function");
    let asked = |role, action: &str| allowed(&declared, role, &format!("sagemaker:{action}"));
    let of_sagemaker = |kind: &str| format!("arn:aws:sagemaker:ap-south-1:123456789012:{kind}");
    for (action, resource) in [
        ("DescribeModelPackage", of_sagemaker("model-package/mlops-pipeline-prod-models/*")),
        ("ListModelPackages", "*".to_owned()),
        ("DescribeEndpoint", of_sagemaker("endpoint/mlops-pipeline-prod-endpoint")),
        ("DescribeEndpointConfig", of_sagemaker("endpoint-config/*")),
        ("DescribeModel", of_sagemaker("model/mlops-pipeline-prod-*")),
    ] {
        assert_eq!(asked(finder, action), [resource], "{action}");
        assert_eq!(asked(role, action), Vec::<String>::new(), "{action}");
    }
    let written = allowed(&declared, role, "s3:PutObject");
    let written_to = |folder| format!("arn:aws:s3:::mlops-pipeline-prod-data-123456789012/processed/{folder}/*");
    assert_eq!(written, ["datasets", "profiles"].map(written_to));
}

#[test]
fn etl_job_gets_the_schema_of_the_state_machine_and_its_region() {
    let declared = declared_after("dev", |_| {});
    let defaults = &spec(&declared, "pipeline.training")["definition"]["States"]["Defaults"]["Parameters"]["defaults"];
    let arguments = &spec(&declared, "catalog.job-etl")["default_arguments"];
    assert_eq!(arguments["--schema"].as_str().unwrap(), defaults["schema"].to_string());
    assert_eq!(defaults["schema"]["label"], "churned");
    assert_eq!(arguments["--service_region"], "ap-south-1");
}

#[test]
fn instances_of_one_job_reach_each_other_by_all_traffic() {
    for (training, transform) in [(1, 1), (2, 1), (1, 2), (2, 2)] {
        let declared = declared_after("prod", |environment| {
            let pipeline = environment.pipeline.as_mut().unwrap();
            (pipeline.training.instance_count, pipeline.transform.instance_count) = (training, transform);
        });
        let group = spec(&declared, "network.sagemaker-security-group");
        for direction in ["ingress", "egress"] {
            let mut rules = group[direction].as_array().unwrap().iter();
            let opened = rules.any(|rule| rule["peer"]["type"] == "itself" && rule["protocol"] == "-1");
            assert_eq!(opened, training > 1 || transform > 1, "{direction}: {training}, {transform}");
        }
    }
}

#[test]
fn lifecycle_takes_away_and_archives_nothing_that_the_platform_ships() {
    for environment in ["dev", "staging", "prod"] {
        for archive in [None, Some(30)] {
            let declared = declared_after(environment, |environment| {
                let artifacts = environment.storage.buckets.iter_mut().find(|bucket| bucket.name == "artifacts");
                artifacts.unwrap().archive_after_days = archive;
            });
            let shipped: Vec<_> = declared.iter().filter(|one| one.kind == "s3:object").collect();
            assert!(!shipped.is_empty(), "{environment}");
            for bucket in declared.iter().filter(|one| one.kind == "s3:bucket") {
                let rules = bucket.spec["lifecycle"].as_array().unwrap();
                let spoils = |rule: &&Value| {
                    let archives = |to: &Value| to["storage_class"] == "GLACIER";
                    !rule["expire_days"].is_null() || rule["transitions"].as_array().unwrap().iter().any(archives)
                };
                for rule in rules.iter().filter(spoils) {
                    let prefix = rule["prefix"].as_str().unwrap();
                    let hit = shipped.iter().find(|object| {
                        object.spec["bucket"] == bucket.spec["name"]
                            && object.spec["key"].as_str().unwrap().starts_with(prefix)
                    });
                    assert!(hit.is_none(), "{environment}: {rule} takes {:?}", hit.map(|one| &one.address));
                }
            }
            let artifacts = spec(&declared, "storage.artifacts")["lifecycle"].as_array().unwrap();
            assert!(artifacts.iter().any(|rule| rule["prefix"] == "predictions/" && !rule["expire_days"].is_null()));
        }
    }
}

/// True if a rule deletes or archives an object of a bucket one day.
fn expires(declared: &[Declaration], bucket: &str, key: &str) -> bool {
    let rules = &spec(declared, &format!("storage.{bucket}"))["lifecycle"];
    rules.as_array().unwrap().iter().any(|rule| {
        let takes = !rule["expire_days"].is_null();
        takes && key.starts_with(rule["prefix"].as_str().unwrap())
    })
}

#[test]
fn lifecycle_keeps_the_evidence_of_registered_models_and_takes_superseded_data_sets() {
    for environment in ["dev", "staging", "prod"] {
        let declared = declared_after(environment, |_| {});
        let replicas =
            declared.iter().filter(|one| one.address.as_str().ends_with("-replica") && one.kind == "s3:bucket");
        let replicas: Vec<&str> = replicas.map(|one| one.address.as_str().trim_start_matches("storage.")).collect();
        assert_eq!(replicas.is_empty(), environment != "prod");
        for (bucket, key, goes) in [
            ("artifacts", "runs/0f/evaluation.json", false),
            ("artifacts", "runs/0f/evaluation.html", false),
            ("artifacts", "predictions/0f/candidate/part-0.csv.out", true),
            ("models", "training/job/output/model.tar.gz", false),
            ("models", "registered/0f3a/model.tar.gz", false),
            ("models", "checkpoints/0f/1.ubj", true),
            ("data", "raw/customers.csv", false),
            ("data", "processed/statistics/snapshot-0f/batch=0f.json", false),
            ("data", "processed/profiles/0f.json", false),
            ("data", "processed/csv/incremental/train/batch=0f/part-0.csv", false),
            ("data", "processed/csv/snapshot-0f/train/batch=0f/part-0.csv", true),
            ("data", "processed/parquet/dataset=snapshot-0f/split=train/batch=0f/part-0.parquet", true),
            ("data", "quarantine/dataset=snapshot-0f/batch=0f/part-0.json", true),
        ] {
            assert_eq!(expires(&declared, bucket, key), goes, "{environment}: {bucket}/{key}");
            let replica = format!("{bucket}-replica");
            if replicas.contains(&replica.as_str()) {
                assert_eq!(expires(&declared, &replica, key), goes, "{environment}: {replica}/{key}");
            }
        }
        // The names are those that the definition gives.
        let definition = spec(&declared, "pipeline.training")["definition"].to_string();
        for named in
            ["States.Format('snapshot-{}', $.id)", "/predictions/{}/candidate'", "States.Format('runs/{}/', $.id)"]
        {
            assert!(definition.contains(named), "{named}");
        }
    }
}

#[test]
fn log_groups_that_glue_and_the_endpoint_write_into_are_made_with_retention_and_key() {
    for (environment, version, expected) in [
        ("dev", GlueVersion::V5, ["/error", "/output"].as_slice()),
        ("dev", GlueVersion::V4, &[""]),
        ("prod", GlueVersion::V5, &["/NAME-role/NAME-glue/error", "/NAME-role/NAME-glue/output"]),
        ("prod", GlueVersion::V4, &["-NAME"]),
    ] {
        let declared = declared_after(environment, |environment| {
            environment.catalog.jobs.iter_mut().for_each(|job| job.glue_version = version);
        });
        let name = format!("mlops-pipeline-{environment}");
        let groups = |wanted: &str| {
            let mut groups = declared.iter().filter(|one| one.kind == "logs:log-group");
            groups.any(|one| one.spec["name"] == wanted && !one.spec["retention"]["Days"].is_null())
        };
        for ending in expected {
            let wanted = format!("/aws-glue/{name}/etl{}", ending.replace("NAME", &name));
            assert!(groups(&wanted), "{environment} {version:?}: {wanted}");
        }
        let arguments = &spec(&declared, "catalog.job-etl")["default_arguments"];
        let heeded = if version == GlueVersion::V5 { "--custom-logGroup-prefix" } else { "--continuous-log-logGroup" };
        assert_eq!(arguments[heeded], format!("/aws-glue/{name}/etl"));
        let endpoint = format!("/aws/sagemaker/Endpoints/{name}-endpoint");
        assert_eq!(groups(&endpoint), environment == "prod", "{endpoint}");
        // Version 0.1 made it, and nothing of a platform goes in an upgrade.
        assert!(groups(&format!("/aws-glue/{name}/etl")));
    }
}
