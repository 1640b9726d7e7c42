//! Reconciler for user profiles of a SageMaker domain.

use crate::{
    contents::{self, AppOwner},
    errors, iam,
    status::{self, ResourceStatus},
    tagging,
};
use aws_client::{Attempt, Result};
use aws_sdk_sagemaker::{Client, operation::describe_user_profile::DescribeUserProfileOutput, types::UserSettings};
use resource::{
    Context, Deletion, Diff, Found, IdForm, ImportId, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags,
    Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{DomainId, Permission, Place, RoleArn, UNKNOWN_OPEN};

/// A person, or a role people take, in a domain. The id is the name.
///
/// The home directory stays on the domain's file system when a profile is deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserProfile {
    /// The domain.
    pub domain_id: DomainId,
    /// The name, unique in the domain.
    pub name: String,
    /// The role of this user's apps. Always given, because AWS cannot take it away again: the domain's
    /// own role stands for "no special one".
    pub execution_role: RoleArn,
    /// The user of IAM Identity Center whose profile it is, in a domain where people sign in with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_sign_on_user: Option<String>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserProfileOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

/// The only way in which SageMaker identifies a user of IAM Identity Center.
const USER_NAME: &str = "UserName";

impl Resource for UserProfile {
    const KIND: &'static str = "sagemaker:user-profile";
    const NOUN: &'static str = "user profile";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        import: ImportId::Arn("the state does not hold its ARN"),
        ..Terraform::named("aws_sagemaker_user_profile", &[("user_profile_name", "name")])
    });
    // The most that AWS takes of a user profile.
    // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateUserProfile.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 63)];
    const REPLACE_ON: &'static [&'static str] = &["domain_id", "name", "single_sign_on_user"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const TYPICAL: Duration = Duration::from_secs(15);
    const DEADLINE: Duration = Duration::from_secs(900);

    type Outputs = UserProfileOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        // Asked while planning too, when there may be no domain yet.
        if self.domain_id.as_str().contains(UNKNOWN_OPEN) {
            return Ok(None);
        }
        let Some(profile) = self.describe(&self.name, cx).await? else { return Ok(None) };
        let tags = tagging::read(profile.user_profile_arn().unwrap_or_default(), cx).await?;
        Ok(Some(Found { id: self.name.clone(), owner: Owner::Tags(tags) }))
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        let Some(found) = self.describe(id, cx).await? else { return Ok(None) };
        tagging::read(found.user_profile_arn().unwrap_or_default(), cx).await.map(Some)
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let sent = cx
            .client(Client::new)
            .create_user_profile()
            .domain_id(self.domain_id.as_str())
            .user_profile_name(&self.name)
            .user_settings(self.settings())
            // Required in a domain with IAM Identity Center, and refused in any other.
            // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateUserProfile.html>
            .set_single_sign_on_user_identifier(self.single_sign_on_user.as_ref().map(|_| USER_NAME.to_owned()))
            .set_single_sign_on_user_value(self.single_sign_on_user.clone())
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateUserProfile")
            // A domain that is being updated takes no profiles.
            .retry_on(errors::BUSY, Duration::from_secs(300))
            .exists_on(errors::EXISTS)
            .retry_on(errors::PROPAGATING, errors::PROPAGATION);
        let is_there = async {
            let there = self.describe(&self.name, cx).await?;
            Ok(there.is_some_and(|one| one.status().is_none_or(|status| status.as_str() != "Deleting")))
        };
        errors::tell_taken_from_busy(sent, is_there).await?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(profile) = self.describe(id, cx).await? else { return Ok(Observed::Absent) };
        let arn = profile.user_profile_arn().unwrap_or_default().to_owned();
        let outputs = UserProfileOutputs { name: id.to_owned(), arn: arn.clone() };
        let status = profile.status().map(|status| status.as_str().to_owned()).unwrap_or_default();
        let reason = profile.failure_reason();
        match status::resource_status(&status) {
            ResourceStatus::InService => {}
            ResourceStatus::Leaving => return Ok(Observed::Absent),
            ResourceStatus::UpdateFailed => status::judge_failed_change(&arn, "UpdateUserProfile", reason, cx)?,
            ResourceStatus::Failed => return Ok(status::broken(reason.unwrap_or(&status))),
            ResourceStatus::Changing => return Ok(Observed::Settling { status, outputs: Some(outputs) }),
        }
        let role = profile.user_settings().and_then(|settings| settings.execution_role()).unwrap_or_default();
        let live = Self {
            domain_id: DomainId::new(profile.domain_id().unwrap_or_default()),
            name: profile.user_profile_name().unwrap_or_default().to_owned(),
            execution_role: RoleArn::new(role),
            single_sign_on_user: profile.single_sign_on_user_value().map(str::to_owned),
            tags: cx.tags(&arn, &self.tags, tagging::read(&arn, cx)).await?,
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let Some(profile) = self.describe(id, cx).await? else { return Ok(()) };
        let arn = profile.user_profile_arn().unwrap_or_default();
        tagging::converge(arn, &self.tags, &live.tags, diff, cx).await?;
        if diff.has("execution_role") {
            let call = cx.client(Client::new).update_user_profile().domain_id(self.domain_id.as_str());
            call.user_profile_name(id)
                .user_settings(self.settings())
                .send()
                .await
                .during("UpdateUserProfile")
                .retry_on(errors::PROPAGATING, errors::PROPAGATION)
                .retry_on(errors::BUSY, Duration::from_secs(300))?;
            status::changed(arn, cx);
        }
        Ok(())
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        Ok(contents::volumes(&contents::spaces(self.domain_id.as_str(), Some(id), cx).await?))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Some(profile) = self.describe(id, cx).await? else { return Ok(Deletion::Gone) };
        if profile.status().is_some_and(|status| status.as_str() == "Deleting") {
            return Ok(Deletion::Going("Deleting".into()));
        }
        let domain = self.domain_id.as_str();
        let spaces = contents::spaces(domain, Some(id), cx).await?;
        let mut apps = contents::close_apps(domain, AppOwner::Profile(id), cx).await?;
        for space in spaces.iter().filter_map(|space| space.space_name()) {
            apps += contents::close_apps(domain, AppOwner::Space(space), cx).await?;
        }
        if apps > 0 {
            return Ok(Deletion::Going(format!("its apps to close ({apps})")));
        }
        let spaces = contents::close_spaces(domain, spaces, cx).await?;
        if spaces > 0 {
            return Ok(Deletion::Going(format!("its spaces to go ({spaces})")));
        }
        let call = cx.client(Client::new).delete_user_profile().domain_id(domain).user_profile_name(id);
        let sent = call
            .send()
            .await
            .during("DeleteUserProfile")
            .retry_on(errors::BUSY, errors::TIDYING)
            .none_on(errors::ABSENT)?;
        Ok(sent.map_or(Deletion::Gone, |_| Deletion::Going("Deleting".into())))
    }

    fn predict_outputs(&self, _: &Place, outputs: UserProfileOutputs) -> UserProfileOutputs {
        UserProfileOutputs { name: self.name.clone(), ..outputs }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let changes = ["sagemaker:UpdateUserProfile", "sagemaker:DeleteUserProfile"];
        let (read, create) = ("sagemaker:DescribeUserProfile", "sagemaker:CreateUserProfile");
        let own = iam::tagged("user-profile", read, create, &changes, place);
        let role = iam::pass_role(&self.execution_role, place);
        own.into_iter().chain(iam::move_out(place)).chain([role]).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free("the apps that its user starts cost, on the domain's line")
    }
}

impl UserProfile {
    fn settings(&self) -> UserSettings {
        UserSettings::builder().execution_role(self.execution_role.as_str()).build()
    }

    async fn describe(&self, name: &str, cx: &Context) -> Result<Option<DescribeUserProfileOutput>> {
        let call = cx.client(Client::new).describe_user_profile().domain_id(self.domain_id.as_str());
        call.user_profile_name(name).send().await.during("DescribeUserProfile").none_on(errors::ABSENT)
    }
}
