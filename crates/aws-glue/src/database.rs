//! Reconciler for databases of the Glue Data Catalog.

use crate::{errors, lake_formation, tagging};
use aws_client::{Attempt, Failure, FailureKind, Result};
use aws_sdk_glue::{
    Client,
    types::{Database as Described, DatabaseInput},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, ImportId, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place};

/// A database of the data catalogue. The id is the name.
///
/// Deleting it deletes the definitions of its tables, which crawlers make again; what they describe in
/// S3 stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// The name: lower case, digits and underscores, so that Athena takes it unquoted.
    pub name: String,
    /// The content of the database; may be empty.
    pub description: String,
    /// The default place of its tables, `s3://…`; may be empty.
    pub location: String,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatabaseOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for Database {
    const KIND: &'static str = "glue:database";
    const NOUN: &'static str = "Glue database";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        import: ImportId::AfterAccount,
        ..Terraform::named("aws_glue_catalog_database", &[("name", "name")])
    });
    // The most that AWS takes of a Glue database.
    // <https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 255), SizeLimit::characters("description", 2048)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const IN_DATA_CATALOG: bool = true;

    type Outputs = DatabaseOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        match get(&self.name, cx).await? {
            Some(_) => tagging::found(&self.name, &arn(&self.name, cx.place()), cx).await,
            None => Ok(None),
        }
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let call = cx.client(Client::new).create_database().database_input(self.input(None)?);
        let sent = call.set_tags(tagging::given(&self.tags)).send().await.during("CreateDatabase");
        lake_formation::explain(sent.retry_on(errors::CONTENDED, errors::CONTENTION))?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let arn = arn(id, cx.place());
        let (database, tags) = tokio::try_join!(get(id, cx), cx.tags(&arn, &self.tags, tagging::read(&arn, cx)))?;
        let Some(database) = database else { return Ok(Observed::Absent) };
        let live = Self {
            name: database.name,
            description: database.description.unwrap_or_default(),
            location: database.location_uri.unwrap_or_default(),
            tags,
        };
        Ok(Observed::Ready { live, outputs: DatabaseOutputs { name: id.to_owned(), arn } })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(&arn(id, cx.place()), &self.tags, &live.tags, diff, cx).await?;
        if diff.has_any(&["description", "location"]) {
            let before = get(id, cx).await?;
            let call = cx.client(Client::new).update_database().name(id).database_input(self.input(before)?);
            let sent = call.send().await.during("UpdateDatabase");
            lake_formation::explain(sent.retry_on(errors::CONTENDED, errors::CONTENTION))?;
        }
        Ok(())
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_database().name(id);
        let sent = call.send().await.during("DeleteDatabase").retry_on(errors::CONTENDED, errors::CONTENTION);
        lake_formation::explain(sent.none_on(errors::ABSENT))?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, place: &Place, _: DatabaseOutputs) -> DatabaseOutputs {
        DatabaseOutputs { name: self.name.clone(), arn: arn(&self.name, place) }
    }

    /// The catalogue itself is asked as well, and for a deletion whatever could be in the database.
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let (arn, catalog) = (arn(&self.name, place), place.arn("glue", "catalog"));
        let within = ["table", "userDefinedFunction"].map(|kind| place.arn("glue", &format!("{kind}/{}/*", self.name)));
        let changes = ["glue:CreateDatabase", "glue:UpdateDatabase", "glue:DeleteDatabase"];
        let own = [
            Permission::read(["glue:GetDatabase"]).on([&arn, &catalog].map(String::as_str)),
            Permission::change(changes).on([&arn, &catalog].map(String::as_str)),
            Permission::change(["glue:DeleteDatabase"]).on(within),
        ];
        own.into_iter().chain(tagging::permissions(&arn)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free("the catalog holds a million objects for nothing; crawlers and jobs cost, on their own lines")
    }
}

impl Database {
    /// An update replaces the definition whole, so what others set is taken over from before.
    fn input(&self, before: Option<Described>) -> Result<DatabaseInput> {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let mut input = DatabaseInput::builder()
            .name(&self.name)
            .set_description(text(&self.description))
            .set_location_uri(text(&self.location));
        if let Some(before) = before {
            input = input
                .set_parameters(before.parameters)
                .set_create_table_default_permissions(before.create_table_default_permissions);
        }
        input.build().map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("glue", &format!("database/{name}"))
}

async fn get(name: &str, cx: &Context) -> Result<Option<Described>> {
    let call = cx.client(Client::new).get_database().name(name);
    let answer = lake_formation::explain(call.send().await.during("GetDatabase").none_on(errors::ABSENT))?;
    Ok(answer.and_then(|answer| answer.database))
}
