//! Actions that the platform's own roles must not have: to change code or results of the pipeline, reach another
//! environment, approve models, write into another account's bucket.

use serde_json::Value;
use std::collections::BTreeMap;
use testkit::{Platform, Rights};
use vocabulary::Place;

const ACCOUNT: &str = local::ACCOUNT;
const REGION: &str = "ap-south-1";
/// Staging and prod deploy models; dev does not.
const ENVIRONMENTS: [(&str, &str); 3] = [("dev", "prod"), ("staging", "dev"), ("prod", "staging")];

struct Roles {
    environment: &'static str,
    other: &'static str,
    roles: BTreeMap<String, Rights>,
}

impl Roles {
    fn of(environment: &'static str, other: &'static str) -> Self {
        let platform = Platform::named(environment);
        let place = Place::new(ACCOUNT, platform.region());
        let declared = platform.stack().declarations(&blueprint::registry(), &place).unwrap();
        let roles = declared.into_iter().filter(|one| one.kind == "iam:role").map(|one| {
            let policies: Vec<Value> = one.spec["inline_policies"].as_object().unwrap().values().cloned().collect();
            (one.address.to_string(), Rights::new(&policies))
        });
        Self { environment, other, roles: roles.collect() }
    }

    fn all() -> [Self; 3] {
        ENVIRONMENTS.map(|(environment, other)| Self::of(environment, other))
    }

    fn role(&self, name: &str) -> &Rights {
        self.roles.get(&format!("identity.{name}")).unwrap_or_else(|| panic!("{} has no role {name}", self.environment))
    }

    fn object(&self, bucket: &str, key: &str) -> String {
        object(self.environment, bucket, key)
    }

    fn named(&self, service: &str, kind: &str, name: &str) -> String {
        arn(service, &format!("{kind}mlops-pipeline-{}-{name}", self.environment))
    }
}

fn object(environment: &str, bucket: &str, key: &str) -> String {
    format!("arn:aws:s3:::mlops-pipeline-{environment}-{bucket}-{ACCOUNT}/{key}")
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

fn role_arn(environment: &str, name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/mlops-pipeline-{environment}-{name}")
}

#[test]
fn scripts_are_written_by_no_role_and_definitions_and_code_neither() {
    for roles in Roles::all() {
        for (name, rights) in &roles.roles {
            let script = roles.object("artifacts", "glue/scripts/etl.py");
            assert!(!rights.allow("s3:PutObject", &script, &[]), "{name} of {}", roles.environment);
            assert!(!rights.allow("s3:DeleteObject", &script, &[]), "{name} of {}", roles.environment);
            for (action, resource) in [
                ("states:UpdateStateMachine", roles.named("states", "stateMachine:", "training")),
                ("lambda:UpdateFunctionCode", roles.named("lambda", "function:", "data-validation")),
                ("glue:UpdateJob", roles.named("glue", "job/", "etl")),
                ("iam:PutRolePolicy", role_arn(roles.environment, "glue")),
            ] {
                assert!(!rights.allow(action, &resource, &[]), "{name} of {}: {action}", roles.environment);
            }
        }
    }
}

#[test]
fn models_and_reports_of_the_pipeline_are_written_by_the_roles_of_the_pipeline_alone() {
    for roles in Roles::all() {
        for (bucket, key, writers) in [
            ("models", "training/job/output/model.tar.gz", vec!["identity.training"]),
            // A model of the registry is written by no job.
            ("models", "registered/1/model.tar.gz", vec!["identity.pipeline"]),
            ("artifacts", "runs/1/evaluation.json", vec!["identity.model-evaluation-function"]),
            ("artifacts", "predictions/1/candidate/a.csv.out", vec!["identity.training"]),
            ("data", "processed/csv/customers/train/batch=1/a.csv", vec!["identity.glue"]),
        ] {
            let object = roles.object(bucket, key);
            let may = |(_, rights): &(&String, &Rights)| rights.allow("s3:PutObject", &object, &[]);
            let found: Vec<&str> = roles.roles.iter().filter(may).map(|(name, _)| name.as_str()).collect();
            let mut writers = writers;
            writers.sort_unstable();
            assert_eq!(found, writers, "{object}");
        }
    }
}

#[test]
fn notebooks_write_under_prefixes_of_their_own_and_read_the_platforms_data() {
    for roles in Roles::all() {
        let studio = roles.role("sagemaker");
        for (bucket, key) in [("models", "studio/a"), ("artifacts", "studio/a"), ("data", "feature-store/a")] {
            assert!(studio.allow("s3:PutObject", &roles.object(bucket, key), &[]), "{bucket}/{key}");
        }
        for bucket in ["data", "models", "artifacts"] {
            assert!(studio.allow("s3:GetObject", &roles.object(bucket, "any/thing"), &[]), "{bucket}");
        }
        let foreign = [("aws:ResourceAccount", "210987654321")];
        assert!(!studio.allow("s3:PutObject", &roles.object("models", "studio/a"), &foreign));
    }
}

#[test]
fn no_role_reaches_a_bucket_that_belongs_to_another_account_or_environment() {
    for roles in Roles::all() {
        let foreign = [("aws:ResourceAccount", "210987654321")];
        for (name, rights) in &roles.roles {
            for bucket in ["data", "models", "artifacts"] {
                for key in ["raw/a", "processed/a", "training/a", "runs/a", "studio/a", "glue/scripts/etl.py"] {
                    for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] {
                        let own = roles.object(bucket, key);
                        assert!(!rights.allow(action, &own, &foreign), "{name} of {}: {own}", roles.environment);
                        let other = object(roles.other, bucket, key);
                        assert!(!rights.allow(action, &other, &[]), "{name} of {}: {other}", roles.environment);
                    }
                }
            }
        }
    }
}

/// The subnets and groups are those of the VPC; an interface that is to be made is in none yet.
#[test]
fn interfaces_are_made_in_the_platforms_vpc_alone_and_by_no_code_of_a_function() {
    let (own, other) = (arn("ec2", "vpc/⟦network.vpc.id⟧"), arn("ec2", "vpc/vpc-of-another"));
    let asked = [
        ("ec2:CreateNetworkInterface", "subnet/subnet-1"),
        ("ec2:CreateNetworkInterface", "security-group/sg-1"),
        ("ec2:DeleteNetworkInterface", "network-interface/eni-1"),
        ("ec2:CreateNetworkInterfacePermission", "network-interface/eni-1"),
    ];
    for roles in Roles::all() {
        let mut made = 0;
        for (name, rights) in &roles.roles {
            let function = name.strip_prefix("identity.").and_then(|name| name.strip_suffix("-function"));
            let code = function.map(|function| roles.named("lambda", "function:", function));
            for (action, resource) in asked {
                let allow = |vpc: &str| {
                    let code = code.as_ref().map(|arn| ("lambda:SourceFunctionArn", arn.as_str()));
                    let context: Vec<_> = [("ec2:Vpc", vpc)].into_iter().chain(code).collect();
                    rights.allow(action, &arn("ec2", resource), &context)
                };
                assert!(!allow(&other), "{name} of {}: {action} on {resource}", roles.environment);
                assert!(code.is_none() || !allow(&own), "{name} of {}: {action} by code", roles.environment);
                made += usize::from(allow(&own));
            }
        }
        assert!(made > 0, "{}: nobody can make one", roles.environment);
    }
}

#[test]
fn apps_and_spaces_are_changed_in_the_domain_of_the_session_alone() {
    for roles in Roles::all() {
        let studio = roles.role("sagemaker");
        let session = [("sagemaker:DomainId", "d-own")];
        for (action, kind) in [
            ("sagemaker:CreateApp", "app"),
            ("sagemaker:DeleteApp", "app"),
            ("sagemaker:CreateSpace", "space"),
            ("sagemaker:UpdateSpace", "space"),
            ("sagemaker:DeleteSpace", "space"),
        ] {
            let within = |domain: &str| arn("sagemaker", &format!("{kind}/{domain}/team"));
            assert!(studio.allow(action, &within("d-own"), &session), "{action}");
            assert!(!studio.allow(action, &within("d-other"), &session), "{action}");
            // A caller with the role outside of Studio, such as a job.
            assert!(!studio.allow(action, &within("d-own"), &[]), "{action}");
        }
        for (name, rights) in roles.roles.iter().filter(|(name, _)| name.as_str() != "identity.sagemaker") {
            assert!(!rights.allow("sagemaker:CreateApp", &arn("sagemaker", "app/d-own/x"), &session), "{name}");
        }
    }
}

#[test]
fn approving_a_model_is_no_right_of_any_role_unless_the_file_gives_it_to_notebooks() {
    for roles in Roles::all() {
        let package = roles.named("sagemaker", "model-package/", "models/1");
        for (name, rights) in &roles.roles {
            assert!(!rights.allow("sagemaker:UpdateModelPackage", &package, &[]), "{name} of {}", roles.environment);
            let approved = [("sagemaker:ModelApprovalStatus", "Approved")];
            assert!(!rights.allow("sagemaker:CreateModelPackage", &package, &approved), "{name}: born approved");
        }
        let pending = [("sagemaker:ModelApprovalStatus", "PendingManualApproval")];
        assert!(roles.role("pipeline").allow("sagemaker:CreateModelPackage", &package, &pending));
        assert!(roles.role("sagemaker").allow("sagemaker:CreateModelPackage", &package, &[]));
    }
}

#[test]
fn notebooks_hand_over_no_role_but_their_own_and_change_no_endpoint_or_job_of_the_pipeline() {
    for roles in Roles::all() {
        let studio = roles.role("sagemaker");
        let to_sagemaker = [("iam:PassedToService", "sagemaker.amazonaws.com")];
        assert!(studio.allow("iam:PassRole", &role_arn(roles.environment, "sagemaker"), &to_sagemaker));
        for name in ["training", "serving", "glue", "pipeline", "deploy"] {
            assert!(!studio.allow("iam:PassRole", &role_arn(roles.environment, name), &to_sagemaker), "{name}");
        }
        for (action, kind) in [
            ("sagemaker:UpdateEndpoint", "endpoint/"),
            ("sagemaker:DeleteEndpoint", "endpoint/"),
            ("sagemaker:StopTrainingJob", "training-job/"),
            ("sagemaker:DeleteModel", "model/"),
        ] {
            assert!(!studio.allow(action, &roles.named("sagemaker", kind, "churn"), &[]), "{action}");
            assert!(studio.allow(action, &roles.named("sagemaker", kind, "studio-churn"), &[]), "{action}");
        }
        assert!(studio.allow("sagemaker:InvokeEndpoint", &roles.named("sagemaker", "endpoint/", "churn"), &[]));
    }
}

#[test]
fn jobs_and_endpoints_have_no_rights_on_sagemaker_and_endpoints_write_what_they_capture_alone() {
    for roles in Roles::all().into_iter().filter(|roles| roles.environment != "dev") {
        for name in ["training", "serving"] {
            let role = roles.role(name);
            let job = roles.named("sagemaker", "training-job/", "studio-x");
            assert!(!role.allow("sagemaker:CreateTrainingJob", &job, &[]), "{name}");
            let passed = [("iam:PassedToService", "sagemaker.amazonaws.com")];
            assert!(!role.allow("iam:PassRole", &role_arn(roles.environment, name), &passed), "{name}");
        }
        let serving = roles.role("serving");
        assert!(serving.allow("s3:GetObject", &roles.object("models", "training/a"), &[]));
        assert!(serving.allow("s3:PutObject", &roles.object("artifacts", "data-capture/a"), &[]));
        for (bucket, key) in [("models", "training/a"), ("artifacts", "runs/a"), ("data", "raw/a")] {
            assert!(!serving.allow("s3:PutObject", &roles.object(bucket, key), &[]), "{bucket}/{key}");
        }
        assert!(!serving.allow("s3:GetObject", &roles.object("data", "raw/a"), &[]));
    }
}

#[test]
fn whoever_provisions_cannot_change_the_boundary_or_take_it_off() {
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/platform-boundary");
    for bounded in [true, false] {
        let platform = Platform::with("prod", |prod| {
            super::permissions::set_a_job(prod, config::environment::DriftRepair::Everything);
            prod.identity.permissions_boundary = bounded.then(|| boundary.clone());
        });
        let rights = Rights::new(&platform.policies(None, false));
        for action in
            ["iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:DeletePolicy", "iam:SetDefaultPolicyVersion"]
        {
            assert!(!rights.allow(action, &boundary, &[]), "{action}");
        }
        let role = role_arn("prod", "glue");
        let within = [("iam:PermissionsBoundary", boundary.as_str())];
        assert!(!rights.allow("iam:DeleteRolePermissionsBoundary", &role, &within));
        assert_eq!(rights.allow("iam:PutRolePolicy", &role, &[]), !bounded);
        assert!(!bounded || rights.allow("iam:PutRolePolicy", &role, &within));
    }
}

#[test]
fn read_only_policy_reads_state_lock_and_scripts_and_no_data() {
    for (environment, other) in ENVIRONMENTS {
        let rights = Rights::new(&Platform::named(environment).policies(None, true));
        let may = |bucket: &str, key: &str| rights.allow("s3:GetObject", &object(environment, bucket, key), &[]);
        assert!(may("mlopsctl-state", "state.json") && may("mlopsctl-state", "lock.json"));
        assert!(may("artifacts", "glue/scripts/etl.py"));
        for (bucket, key) in [
            ("data", "raw/customers.csv"),
            ("data", "processed/a"),
            ("models", "training/a"),
            ("artifacts", "runs/1/evaluation.json"),
            ("mlopsctl-state", "anything"),
        ] {
            assert!(!may(bucket, key), "{environment}: {bucket}/{key}");
        }
        assert!(!rights.allow("s3:GetObject", &object(other, "mlopsctl-state", "state.json"), &[]));
        // Keys of the environment itself, used through S3 and for variables of functions.
        let key = arn("kms", "key/1");
        for service in ["s3.ap-south-1.amazonaws.com", "lambda.ap-south-1.amazonaws.com"] {
            let via = ("kms:ViaService", service);
            let of = |name: &'static str| {
                [via, ("aws:ResourceTag/Project", "mlops-pipeline"), ("aws:ResourceTag/Environment", name)]
            };
            assert!(!rights.allow("kms:Decrypt", &key, &of(other)) && !rights.allow("kms:Decrypt", &key, &[via]));
            let encrypted = environment != "dev";
            assert_eq!(rights.allow("kms:Decrypt", &key, &of(environment)), encrypted, "{environment}: {service}");
        }
    }
}

#[test]
fn the_policy_for_provisioning_reads_no_data_either() {
    for (environment, _) in ENVIRONMENTS {
        let rights = Rights::new(&Platform::named(environment).policies(None, false));
        for action in ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"] {
            for (bucket, key) in [("data", "raw/customers.csv"), ("models", "training/a"), ("artifacts", "runs/1/a")] {
                assert!(!rights.allow(action, &object(environment, bucket, key), &[]), "{action} {bucket}/{key}");
            }
        }
        assert!(rights.allow("s3:PutObject", &object(environment, "artifacts", "glue/scripts/etl.py"), &[]));
        // Emptying a bucket with `--delete-data`.
        assert!(rights.allow("s3:DeleteObjectVersion", &object(environment, "data", "raw/customers.csv"), &[]));
        let foreign = [("aws:ResourceAccount", "210987654321")];
        assert!(!rights.allow("s3:PutBucketPolicy", &object(environment, "data", "").replace("12/", "12"), &foreign));
    }
}
