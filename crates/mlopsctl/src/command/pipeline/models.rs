//! The versions of the model.

use super::platform::{Platform, Work};
use crate::{
    command_error::CommandError,
    printer::Printer,
    render::{
        package::{PackageDocument, document, table},
        versioned::Versioned,
    },
};
use serde::Serialize;

#[derive(Serialize)]
struct Models<'a> {
    models: Vec<Model<'a>>,
}

#[derive(Serialize)]
struct Model<'a> {
    #[serde(flatten)]
    package: Versioned<PackageDocument<'a>>,
    in_service: bool,
}

pub(super) async fn run(platform: &Platform, last: usize, printer: Printer) -> Result<(), CommandError> {
    let packages = platform.registry()?.latest(last).await?;
    let serving = match platform.machine(Work::Deployment) {
        Ok(_) => platform.endpoint()?.package().await?,
        // Other programs bring models into service, if anybody does.
        Err(_) => None,
    };
    if printer.json {
        let models = packages
            .iter()
            .map(|package| Model { package: document(package), in_service: serving.as_ref() == Some(&package.arn) });
        printer.document(&Versioned::new(Models { models: models.collect() }));
        return Ok(());
    }
    if packages.is_empty() {
        printer.hint(&format!("there is none yet; `mlopsctl pipeline {} run` trains one", platform.session.name));
        return Ok(());
    }
    let pipeline = platform.session.environment.as_ref().and_then(|environment| environment.pipeline.as_ref());
    let wanted = pipeline.into_iter().flat_map(|pipeline| {
        let compared = pipeline.comparison.iter().map(|comparison| comparison.metric.as_str());
        pipeline.thresholds.keys().map(String::as_str).chain(compared)
    });
    let wanted: Vec<&str> = wanted.collect();
    printer.page(&table(&packages, serving.as_deref(), &wanted, printer.columns_of_data()));
    Ok(())
}
