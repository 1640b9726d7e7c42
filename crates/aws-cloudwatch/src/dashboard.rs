//! Reconciler for CloudWatch dashboards.

use aws_client::{Attempt, Result};
use aws_sdk_cloudwatch::Client;
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vocabulary::{Permission, Place};

/// A dashboard. The id is the name. It has no tags: its name alone tells its owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// The name.
    pub name: String,
    /// The widgets, as CloudWatch's dashboard format has them.
    pub body: Value,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DashboardOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for Dashboard {
    const KIND: &'static str = "cloudwatch:dashboard";
    const NOUN: &'static str = "dashboard";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::named("aws_cloudwatch_dashboard", &[("dashboard_name", "name")]));
    // The most that AWS takes of a dashboard.
    // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 255), SizeLimit::items("body.widgets", 500)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[("body", As::Whole)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = DashboardOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        Ok(body(&self.name, cx).await?.map(|_| Found { id: self.name.clone(), owner: Owner::Name }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        self.put(cx).await?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(body) = body(id, cx).await? else { return Ok(Observed::Absent) };
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        Ok(Observed::Ready { live: Self { name: id.to_owned(), body }, outputs: outputs(id, cx.place()) })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, cx: &Context) -> Result<()> {
        self.put(cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_dashboards().dashboard_names(id);
        call.send().await.during("DeleteDashboards").none_on(&[("ResourceNotFound", "")])?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, place: &Place, _: DashboardOutputs) -> DashboardOutputs {
        outputs(&self.name, place)
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let dashboard = [outputs(&self.name, place).arn];
        vec![
            Permission::read(["cloudwatch:GetDashboard"]).on(dashboard.clone()),
            Permission::change(["cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"]).on(dashboard),
        ]
    }

    fn usage(&self) -> Usage {
        Usage::default().monthly("dashboard", UsageType::DashboardMonth, Quantity::ONE)
    }
}

impl Dashboard {
    async fn put(&self, cx: &Context) -> Result<()> {
        let call = cx.client(Client::new).put_dashboard().dashboard_name(&self.name);
        call.dashboard_body(self.body.to_string()).send().await.during("PutDashboard")?;
        Ok(())
    }
}

/// Dashboards have no region in their ARN.
fn outputs(name: &str, place: &Place) -> DashboardOutputs {
    let arn = format!("arn:{}:cloudwatch::{}:dashboard/{name}", place.partition, place.account);
    DashboardOutputs { name: name.to_owned(), arn }
}

async fn body(name: &str, cx: &Context) -> Result<Option<String>> {
    let call = cx.client(Client::new).get_dashboard().dashboard_name(name);
    let answer = call
        .send()
        .await
        .during("GetDashboard")
        .none_on(&[("ResourceNotFound", ""), ("DashboardNotFoundError", "")])?;
    Ok(answer.map(|answer| answer.dashboard_body.unwrap_or_default()))
}
