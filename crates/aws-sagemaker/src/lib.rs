//! Reconcilers for SageMaker: the Studio domain and who works in it, feature groups, the model registry,
//! experiments in MLflow, and where models are served.

mod contents;
mod defaults;
mod domain;
mod endpoint;
mod errors;
mod feature;
mod feature_group;
mod home_efs;
mod iam;
mod leftovers;
mod mlflow_app;
mod model_package_group;
mod space;
mod status;
mod store;
mod tagging;
mod user_profile;

pub use defaults::{IdleShutdown, StudioDefaults};
pub use domain::{AuthMode, Domain, DomainOutputs, NetworkAccess};
pub use endpoint::{Endpoint, EndpointOutputs};
pub use feature::{Feature, FeatureType};
pub use feature_group::{FeatureGroup, FeatureGroupOutputs};
pub use mlflow_app::{MlflowApp, MlflowAppOutputs};
pub use model_package_group::{ModelPackageGroup, ModelPackageGroupOutputs};
pub use space::{Space, SpaceApp, SpaceOutputs};
pub use store::{Expiry, OfflineStore, OnlineStore, TableFormat, TimeUnit};
pub use user_profile::{UserProfile, UserProfileOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry
        .with::<Domain>()
        .with::<Endpoint>()
        .with::<FeatureGroup>()
        .with::<MlflowApp>()
        .with::<ModelPackageGroup>()
        .with::<Space>()
        .with::<UserProfile>()
}
