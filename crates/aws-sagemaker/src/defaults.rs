//! The defaults of the people in a domain: role, security groups, and the time after which an idle app shuts down.

use aws_sdk_sagemaker::types::{
    AppLifecycleManagement, CodeEditorAppSettings, DefaultSpaceSettings, IdleSettings, JupyterLabAppSettings,
    LifecycleManagement, UserSettings,
};
use serde::{Deserialize, Serialize};
use vocabulary::{RoleArn, SecurityGroupId};

/// The defaults of apps, which a profile or a space may override.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudioDefaults {
    /// The role notebooks act with.
    pub execution_role: RoleArn,
    /// The security groups of apps, in VPC-only mode.
    pub security_groups: Vec<SecurityGroupId>,
    /// When idle JupyterLab and Code Editor apps shut down.
    pub idle_shutdown: IdleShutdown,
}

/// When an idle app shuts down. Ordered from strict to lax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum IdleShutdown {
    /// After so many minutes, 60 to 525,600.
    AfterMinutes(i32),
    /// Never: an instance runs until a user stops it.
    Disabled,
}

impl StudioDefaults {
    pub(crate) fn for_users(&self) -> UserSettings {
        let code_editor = CodeEditorAppSettings::builder().app_lifecycle_management(self.idle_shutdown.settings());
        UserSettings::builder()
            .execution_role(self.execution_role.as_str())
            .set_security_groups(Some(self.groups()))
            .jupyter_lab_app_settings(self.jupyter_lab())
            .code_editor_app_settings(code_editor.build())
            .build()
    }

    pub(crate) fn for_spaces(&self) -> DefaultSpaceSettings {
        DefaultSpaceSettings::builder()
            .execution_role(self.execution_role.as_str())
            .set_security_groups(Some(self.groups()))
            .jupyter_lab_app_settings(self.jupyter_lab())
            .build()
    }

    pub(crate) fn of_users(settings: Option<&UserSettings>) -> Self {
        let code_editor = settings.and_then(|settings| settings.code_editor_app_settings()?.app_lifecycle_management());
        let jupyter_lab = settings.and_then(|settings| settings.jupyter_lab_app_settings());
        Self {
            execution_role: RoleArn::new(settings.and_then(|settings| settings.execution_role()).unwrap_or_default()),
            security_groups: ids(settings.map(|settings| settings.security_groups())),
            // Both apps are set alike; if another program changed one, the laxer setting counts.
            idle_shutdown: IdleShutdown::read(code_editor).max(of_jupyter_lab(jupyter_lab)),
        }
    }

    pub(crate) fn of_spaces(settings: Option<&DefaultSpaceSettings>) -> Self {
        Self {
            execution_role: RoleArn::new(settings.and_then(|settings| settings.execution_role()).unwrap_or_default()),
            security_groups: ids(settings.map(|settings| settings.security_groups())),
            idle_shutdown: of_jupyter_lab(settings.and_then(|settings| settings.jupyter_lab_app_settings())),
        }
    }

    fn groups(&self) -> Vec<String> {
        self.security_groups.iter().map(ToString::to_string).collect()
    }

    fn jupyter_lab(&self) -> JupyterLabAppSettings {
        JupyterLabAppSettings::builder().app_lifecycle_management(self.idle_shutdown.settings()).build()
    }
}

fn ids(groups: Option<&[String]>) -> Vec<SecurityGroupId> {
    groups.unwrap_or_default().iter().map(SecurityGroupId::new).collect()
}

fn of_jupyter_lab(settings: Option<&JupyterLabAppSettings>) -> IdleShutdown {
    IdleShutdown::read(settings.and_then(|app| app.app_lifecycle_management()))
}

impl IdleShutdown {
    fn settings(self) -> AppLifecycleManagement {
        let idle = IdleSettings::builder();
        let idle = match self {
            Self::AfterMinutes(minutes) => {
                idle.lifecycle_management(LifecycleManagement::Enabled).idle_timeout_in_minutes(minutes)
            }
            Self::Disabled => idle.lifecycle_management(LifecycleManagement::Disabled),
        };
        AppLifecycleManagement::builder().idle_settings(idle.build()).build()
    }

    fn read(settings: Option<&AppLifecycleManagement>) -> Self {
        let idle = settings.and_then(AppLifecycleManagement::idle_settings);
        match idle.map(|idle| (idle.lifecycle_management(), idle.idle_timeout_in_minutes())) {
            Some((Some(LifecycleManagement::Enabled), Some(minutes))) => Self::AfterMinutes(minutes),
            _ => Self::Disabled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(idle_shutdown: IdleShutdown) -> StudioDefaults {
        StudioDefaults {
            execution_role: RoleArn::new("arn:aws:iam::123456789012:role/studio"),
            security_groups: vec![SecurityGroupId::new("sg-1")],
            idle_shutdown,
        }
    }

    #[test]
    fn defaults_read_back_as_they_were_sent() {
        for idle in [IdleShutdown::AfterMinutes(60), IdleShutdown::Disabled] {
            let declared = defaults(idle);
            assert_eq!(StudioDefaults::of_users(Some(&declared.for_users())), declared);
            assert_eq!(StudioDefaults::of_spaces(Some(&declared.for_spaces())), declared);
        }
    }

    #[test]
    fn an_app_that_somebody_lets_run_for_ever_shows() {
        let mut settings = defaults(IdleShutdown::AfterMinutes(60)).for_users();
        settings.code_editor_app_settings = None;
        assert_eq!(StudioDefaults::of_users(Some(&settings)).idle_shutdown, IdleShutdown::Disabled);
    }
}
