//! Reconciler for Glue crawlers.

use crate::{batch, errors, lake_formation, role, tagging};
use aws_client::{Attempt, Result};
use aws_sdk_glue::{
    Client,
    types::{self as sdk, CrawlerTargets, RecrawlPolicy, SchemaChangePolicy},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use vocabulary::{Permission, PermissionCondition, Place, RoleArn};

/// The time that a crawl may delay a change or a deletion.
/// <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html>
const CRAWLS_END_WITHIN: Duration = Duration::from_secs(900);

/// A crawler: finds tables in S3 and writes them into the data catalogue. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crawler {
    /// The name.
    pub name: String,
    /// The purpose of the crawler; may be empty.
    pub description: String,
    /// The role it reads and writes with.
    pub role: RoleArn,
    /// The database it writes to.
    pub database: String,
    /// The places in S3 that it crawls.
    pub targets: Vec<S3Target>,
    /// When it runs by itself.
    pub schedule: Schedule,
    /// The reaction to a table that changed.
    pub update_behavior: UpdateBehavior,
    /// The reaction to a table that is gone.
    pub delete_behavior: DeleteBehavior,
    /// The scope of each crawl after the first. Other than everything, both behaviours must be `Log`.
    pub recrawl: RecrawlBehavior,
    /// Put before the names of its tables; may be empty.
    pub table_prefix: String,
    /// The grouping and partitioning of tables, as JSON; `{"Version": 1.0}` asks for nothing special.
    pub configuration: Value,
    /// The name of a security configuration; empty for none.
    pub security_configuration: String,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// A place in S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct S3Target {
    /// `s3://bucket/prefix`.
    pub path: String,
    /// Globs of what to leave out.
    pub exclusions: Vec<String>,
}

/// When a crawler runs by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Schedule {
    /// Only when started, as by a trigger.
    OnDemand,
    /// As the expression says, `cron(15 12 * * ? *)`, in UTC.
    Cron(String),
}

/// The reaction of a crawler to a table that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateBehavior {
    /// Writes a line.
    Log,
    /// Changes the table.
    UpdateInDatabase,
}

/// The reaction of a crawler to a table that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeleteBehavior {
    /// Writes a line.
    Log,
    /// Deletes the table.
    DeleteFromDatabase,
    /// Marks the table.
    DeprecateInDatabase,
}

/// The scope of a crawler's later crawls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecrawlBehavior {
    /// Everything.
    CrawlEverything,
    /// Folders that were added.
    CrawlNewFoldersOnly,
    /// Objects for which S3 sent an event.
    CrawlEventMode,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrawlerOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for Crawler {
    const KIND: &'static str = "glue:crawler";
    const NOUN: &'static str = "crawler";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_glue_crawler", &[("name", "name")]));
    // The most that AWS takes of a crawler.
    // <https://docs.aws.amazon.com/glue/latest/webapi/API_CreateCrawler.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 255),
        SizeLimit::characters("description", 2048),
        SizeLimit::characters("table_prefix", 128),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[("targets", As::Set), ("configuration", As::Whole)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const DEADLINE: Duration = CRAWLS_END_WITHIN;

    type Outputs = CrawlerOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        match batch::load::<sdk::Crawler>(&self.name, cx).await? {
            Some(_) => tagging::found(&self.name, &arn(&self.name, cx.place()), cx).await,
            None => Ok(None),
        }
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let sent = cx
            .client(Client::new)
            .create_crawler()
            .name(&self.name)
            .set_description(text(&self.description))
            .role(self.role.as_str())
            .database_name(&self.database)
            .targets(self.crawler_targets())
            .set_schedule(text(self.schedule.expression()))
            .schema_change_policy(self.schema_change_policy())
            .recrawl_policy(self.recrawl_policy())
            .set_table_prefix(text(&self.table_prefix))
            .configuration(self.configuration.to_string())
            .set_crawler_security_configuration(text(&self.security_configuration))
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateCrawler")
            .retry_on(errors::PROPAGATING, errors::PROPAGATION);
        lake_formation::explain(sent)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let arn = arn(id, cx.place());
        let (crawler, tags) =
            tokio::try_join!(batch::load::<sdk::Crawler>(id, cx), cx.tags(&arn, &self.tags, tagging::read(&arn, cx)))?;
        let Some(crawler) = crawler else { return Ok(Observed::Absent) };
        let outputs = CrawlerOutputs { name: id.to_owned(), arn };
        Ok(Observed::Ready { live: live(&crawler, tags, cx.place()), outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(&arn(id, cx.place()), &self.tags, &live.tags, diff, cx).await?;
        if diff.changes.iter().all(|change| change.path.starts_with("tags")) {
            return Ok(());
        }
        // Glue keeps each setting that a call leaves out, so an empty text removes a setting.
        let sent = cx
            .client(Client::new)
            .update_crawler()
            .name(id)
            .description(&self.description)
            .role(self.role.as_str())
            .database_name(&self.database)
            .targets(self.crawler_targets())
            .schedule(self.schedule.expression())
            .schema_change_policy(self.schema_change_policy())
            .recrawl_policy(self.recrawl_policy())
            .table_prefix(&self.table_prefix)
            .configuration(self.configuration.to_string())
            .crawler_security_configuration(&self.security_configuration)
            .send()
            .await
            .during("UpdateCrawler")
            .retry_on(errors::PROPAGATING, errors::PROPAGATION)
            .retry_on(&[("CrawlerRunningException", ""), ("SchedulerTransitioningException", "")], CRAWLS_END_WITHIN);
        lake_formation::explain(sent)?;
        Ok(())
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let deleted = client.delete_crawler().name(id).send().await.during("DeleteCrawler").none_on(errors::ABSENT);
        let Err(failure) = deleted else { return Ok(Deletion::Gone) };
        if !failure.matches(&[("CrawlerRunningException", ""), ("SchedulerTransitioningException", "")]) {
            return Err(failure);
        }
        // Also answered while it is stopping already.
        let stopping =
            &[("CrawlerNotRunningException", ""), ("CrawlerStoppingException", ""), ("EntityNotFoundException", "")];
        client.stop_crawler().name(id).send().await.during("StopCrawler").none_on(stopping)?;
        Ok(Deletion::Going("a crawl to stop".into()))
    }

    fn predict_outputs(&self, place: &Place, _: CrawlerOutputs) -> CrawlerOutputs {
        CrawlerOutputs { name: self.name.clone(), arn: arn(&self.name, place) }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let arn = arn(&self.name, place);
        let own = [
            Permission::read(["glue:BatchGetCrawlers"]).on([arn.as_str()]),
            Permission::change(["glue:UpdateCrawler", "glue:StopCrawler", "glue:DeleteCrawler"]).on([arn.as_str()]),
            // It knows no resources.
            Permission::change(["glue:CreateCrawler"]).on_anything().when(PermissionCondition::GivesTags),
            Permission::pass_role(&self.role, "glue", place),
        ];
        own.into_iter().chain(tagging::permissions(&arn)).collect()
    }

    fn usage(&self) -> Usage {
        // A crawl takes two DPUs and at least ten minutes, as AWS counts.
        let depends_on = "how long crawls take, at least ten minutes each";
        Usage::default().by_use("DPU-hours of crawlers", depends_on, UsageType::GlueDpuHour)
    }
}

impl Crawler {
    fn crawler_targets(&self) -> CrawlerTargets {
        let targets = self.targets.iter().map(|target| {
            sdk::S3Target::builder().path(&target.path).set_exclusions(Some(target.exclusions.clone())).build()
        });
        CrawlerTargets::builder().set_s3_targets(Some(targets.collect())).build()
    }

    fn schema_change_policy(&self) -> SchemaChangePolicy {
        let update = match self.update_behavior {
            UpdateBehavior::Log => sdk::UpdateBehavior::Log,
            UpdateBehavior::UpdateInDatabase => sdk::UpdateBehavior::UpdateInDatabase,
        };
        let delete = match self.delete_behavior {
            DeleteBehavior::Log => sdk::DeleteBehavior::Log,
            DeleteBehavior::DeleteFromDatabase => sdk::DeleteBehavior::DeleteFromDatabase,
            DeleteBehavior::DeprecateInDatabase => sdk::DeleteBehavior::DeprecateInDatabase,
        };
        SchemaChangePolicy::builder().update_behavior(update).delete_behavior(delete).build()
    }

    fn recrawl_policy(&self) -> RecrawlPolicy {
        let behavior = match self.recrawl {
            RecrawlBehavior::CrawlEverything => sdk::RecrawlBehavior::CrawlEverything,
            RecrawlBehavior::CrawlNewFoldersOnly => sdk::RecrawlBehavior::CrawlNewFoldersOnly,
            RecrawlBehavior::CrawlEventMode => sdk::RecrawlBehavior::CrawlEventMode,
        };
        RecrawlPolicy::builder().recrawl_behavior(behavior).build()
    }
}

impl Schedule {
    fn expression(&self) -> &str {
        match self {
            Self::OnDemand => "",
            Self::Cron(expression) => expression,
        }
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("glue", &format!("crawler/{name}"))
}

fn live(crawler: &sdk::Crawler, tags: Tags, place: &Place) -> Crawler {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let target =
        |target: &sdk::S3Target| S3Target { path: text(target.path()), exclusions: target.exclusions().to_vec() };
    let policy = crawler.schema_change_policy();
    let expression =
        crawler.schedule().and_then(|schedule| schedule.schedule_expression()).filter(|text| !text.is_empty());
    Crawler {
        name: text(crawler.name()),
        description: text(crawler.description()),
        role: role::read(crawler.role(), place),
        database: text(crawler.database_name()),
        targets: crawler.targets().map(|targets| targets.s3_targets()).unwrap_or_default().iter().map(target).collect(),
        schedule: expression.map_or(Schedule::OnDemand, |expression| Schedule::Cron(expression.to_owned())),
        update_behavior: match policy.and_then(|policy| policy.update_behavior()) {
            Some(sdk::UpdateBehavior::Log) => UpdateBehavior::Log,
            _ => UpdateBehavior::UpdateInDatabase,
        },
        delete_behavior: match policy.and_then(|policy| policy.delete_behavior()) {
            Some(sdk::DeleteBehavior::Log) => DeleteBehavior::Log,
            Some(sdk::DeleteBehavior::DeleteFromDatabase) => DeleteBehavior::DeleteFromDatabase,
            _ => DeleteBehavior::DeprecateInDatabase,
        },
        recrawl: match crawler.recrawl_policy().and_then(|policy| policy.recrawl_behavior()) {
            Some(sdk::RecrawlBehavior::CrawlNewFoldersOnly) => RecrawlBehavior::CrawlNewFoldersOnly,
            Some(sdk::RecrawlBehavior::CrawlEventMode) => RecrawlBehavior::CrawlEventMode,
            _ => RecrawlBehavior::CrawlEverything,
        },
        table_prefix: text(crawler.table_prefix()),
        configuration: configuration(crawler.configuration()),
        security_configuration: text(crawler.crawler_security_configuration()),
        tags,
    }
}

/// AWS keeps the text; none, and what is not JSON, compare as the neutral one and as that text.
fn configuration(text: Option<&str>) -> Value {
    match text.filter(|text| !text.is_empty()) {
        None => json!({ "Version": 1.0 }),
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crawler_without_configuration_has_the_neutral_one() {
        assert_eq!(configuration(None), json!({ "Version": 1.0 }));
        assert_eq!(configuration(Some("")), json!({ "Version": 1.0 }));
        let grouping = json!({ "Version": 1.0, "Grouping": { "TableLevelConfiguration": 3 } });
        assert_eq!(configuration(Some(&grouping.to_string())), grouping);
    }

    #[test]
    fn aws_defaults_are_read_as_what_they_are() {
        let live = live(&sdk::Crawler::builder().name("c").build(), Tags::default(), &Place::new("1", "eu-west-1"));
        assert_eq!(live.schedule, Schedule::OnDemand);
        assert_eq!(live.update_behavior, UpdateBehavior::UpdateInDatabase);
        assert_eq!(live.delete_behavior, DeleteBehavior::DeprecateInDatabase);
        assert_eq!(live.recrawl, RecrawlBehavior::CrawlEverything);
    }
}
