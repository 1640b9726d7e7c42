//! SageMaker: the domain with its people and spaces, the model registry, MLflow, the feature store.

use crate::{
    build_context::BuildContext,
    encryption::Keys,
    network::{Network, ids, ready},
    roles::Roles,
    sagemaker_roles::ARTIFACTS,
    storage::Buckets,
};
use aws_iam::Role;
use aws_sagemaker::{
    AuthMode, Domain, Expiry, Feature, FeatureGroup, FeatureType, IdleShutdown, MlflowApp, ModelPackageGroup,
    NetworkAccess, OfflineStore, OnlineStore, Space, SpaceApp, StudioDefaults, TableFormat, TimeUnit, UserProfile,
};
use config::environment::{feature_groups, studio};
use resource::{Handle, Reference, Stack, Tags};

pub(crate) fn build(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    network: &Network,
    roles: &Roles,
    buckets: &Buckets,
) {
    let domain = domain(stack, context, keys, network, roles);
    stack.output("sagemaker_domain_id", domain, |domain| domain.id);
    people(stack, context, domain, roles);
    let (name, prefix) = (context.named(&context.environment.studio.model_package_group), context.prefix());
    stack.for_setting("studio.model_package_group", |stack| {
        stack.add("studio", "model-package-group", (), move |()| ModelPackageGroup {
            name: name.clone(),
            description: format!("Models of {prefix}, registered by its pipeline"),
            tags: Tags::default(),
        })
    });
    if let (Some(settings), Some(role)) = (&context.environment.studio.mlflow, &roles.mlflow) {
        mlflow(stack, context, keys, buckets, settings, role);
    }
    for (index, group) in context.environment.feature_groups.iter().enumerate() {
        let setting = format!("feature_groups.{index}.name");
        stack.for_setting(setting, |stack| feature_group(stack, context, keys, roles, buckets, group));
    }
}

fn domain(stack: &mut Stack, context: &BuildContext, keys: &Keys, network: &Network, roles: &Roles) -> Handle<Domain> {
    let (name, settings) = (context.prefix(), context.environment.studio.clone());
    let needs = (
        network.vpc.clone().ready(),
        network.private.clone(),
        ready(&network.sagemaker),
        roles.studio.clone().ready(),
        keys.data.clone(),
    );
    stack.add("studio", "domain", needs, move |(vpc, subnets, groups, role, key)| {
        let idle_shutdown = match settings.idle_shutdown_minutes {
            Some(minutes) => IdleShutdown::AfterMinutes(i32::try_from(minutes).unwrap_or(i32::MAX)),
            None => IdleShutdown::Disabled,
        };
        let defaults = StudioDefaults { execution_role: role.arn, security_groups: ids(groups), idle_shutdown };
        Domain {
            name: name.clone(),
            auth_mode: match settings.auth_mode {
                studio::AuthMode::Iam => AuthMode::Iam,
                studio::AuthMode::Sso => AuthMode::Sso,
            },
            vpc_id: vpc.id,
            subnets: subnets.into_iter().map(|subnet| subnet.id).collect(),
            app_network_access: match settings.network {
                studio::NetworkAccess::VpcOnly => NetworkAccess::VpcOnly,
                studio::NetworkAccess::PublicInternetOnly => NetworkAccess::PublicInternetOnly,
            },
            user_defaults: defaults.clone(),
            space_defaults: defaults,
            domain_security_groups: Vec::new(),
            kms_key: key.map(|key| key.arn),
            tags: Tags::default(),
        }
    })
}

fn people(stack: &mut Stack, context: &BuildContext, domain: Handle<Domain>, roles: &Roles) {
    let mut profiles = std::collections::BTreeMap::new();
    for (index, name) in context.environment.studio.user_profiles.iter().cloned().enumerate() {
        let address = format!("user-{name}");
        let profile_name = name.clone();
        let is_sso = context.environment.studio.auth_mode == studio::AuthMode::Sso;
        let profile = stack.for_setting(format!("studio.user_profiles.{index}"), |stack| {
            stack.add("studio", &address, (domain.ready(), roles.studio.clone()), move |(domain, role)| UserProfile {
                domain_id: domain.id,
                name: profile_name.clone(),
                execution_role: role.arn,
                single_sign_on_user: is_sso.then(|| profile_name.clone()),
                tags: Tags::default(),
            })
        });
        profiles.insert(name, profile);
    }
    for space in context.environment.studio.spaces.clone() {
        let Some(owner) = profiles.get(&space.owner) else { continue };
        stack.add(
            "studio",
            &format!("space-{}", space.name),
            (domain.ready(), owner.ready()),
            move |(domain, owner)| Space {
                domain_id: domain.id,
                name: space.name.clone(),
                owner: owner.name,
                app: match space.app {
                    studio::App::JupyterLab => SpaceApp::JupyterLab,
                    studio::App::CodeEditor => SpaceApp::CodeEditor,
                },
                volume_gb: i32::from(space.volume_gb),
                tags: Tags::default(),
            },
        );
    }
}

fn mlflow(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    buckets: &Buckets,
    settings: &studio::Mlflow,
    role: &Reference<Role>,
) {
    let (name, window) = (context.named("mlflow"), settings.maintenance_window.clone());
    let artifacts = format!("s3://{}/{}", context.bucket("artifacts"), ARTIFACTS.trim_end_matches('/'));
    let bucket = buckets.get("artifacts").map(|bucket| bucket.ready());
    let app = stack.for_setting("studio.mlflow", |stack| {
        stack.add("studio", "mlflow", (role.clone().ready(), keys.data.clone(), bucket), move |(role, key, _)| {
            MlflowApp {
                name: name.clone(),
                artifact_store_uri: artifacts.clone(),
                role: role.arn,
                kms_key: key.map(|key| key.arn),
                weekly_maintenance_window: window.clone(),
                tags: Tags::default(),
            }
        })
    });
    stack.output("mlflow_tracking_uri", app, |app| app.arn);
}

fn feature_group(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    roles: &Roles,
    buckets: &Buckets,
    group: &feature_groups::FeatureGroup,
) {
    let (name, group) = (context.named(&group.name), group.clone());
    let offline_uri = format!("s3://{}/feature-store", context.bucket("data"));
    let data = buckets.get("data").map(|bucket| bucket.ready());
    let address = group.name.clone();
    stack.add(
        "studio",
        &format!("features-{address}"),
        (roles.studio.clone().ready(), keys.data.clone(), data),
        move |(role, key, _)| {
            let key = key.map(|key| key.arn);
            FeatureGroup {
                name: name.clone(),
                record_identifier: group.record_identifier.clone(),
                event_time: group.event_time.clone(),
                features: group.features.iter().map(feature).collect(),
                online: match group.online {
                    true => OnlineStore::Enabled { expiry: expiry(group.ttl.as_ref()), kms_key: key.clone() },
                    false => OnlineStore::Disabled,
                },
                offline: match group.offline {
                    true => OfflineStore::Enabled {
                        s3_uri: offline_uri.clone(),
                        kms_key: key,
                        table_format: match group.table_format {
                            feature_groups::TableFormat::Glue => TableFormat::Glue,
                            feature_groups::TableFormat::Iceberg => TableFormat::Iceberg,
                        },
                    },
                    false => OfflineStore::Disabled,
                },
                role: role.arn,
                description: group.description.clone(),
                tags: Tags::default(),
            }
        },
    );
}

fn feature(feature: &feature_groups::Feature) -> Feature {
    Feature {
        name: feature.name.clone(),
        r#type: match feature.r#type {
            feature_groups::FeatureType::String => FeatureType::String,
            feature_groups::FeatureType::Integral => FeatureType::Integral,
            feature_groups::FeatureType::Fractional => FeatureType::Fractional,
        },
    }
}

fn expiry(ttl: Option<&feature_groups::Ttl>) -> Expiry {
    let Some(ttl) = ttl else { return Expiry::Never };
    Expiry::After {
        value: i32::try_from(ttl.value).unwrap_or(i32::MAX),
        unit: match ttl.unit {
            feature_groups::TimeUnit::Seconds => TimeUnit::Seconds,
            feature_groups::TimeUnit::Minutes => TimeUnit::Minutes,
            feature_groups::TimeUnit::Hours => TimeUnit::Hours,
            feature_groups::TimeUnit::Days => TimeUnit::Days,
            feature_groups::TimeUnit::Weeks => TimeUnit::Weeks,
        },
    }
}
