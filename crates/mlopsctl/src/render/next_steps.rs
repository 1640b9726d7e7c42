//! The outputs and the next steps of a user once a platform is up.

use crate::printer::Printer;
use app::Session;
use serde_json::Value;
use std::collections::BTreeMap;
use vocabulary::Place;

/// The data that comes with a new project.
const SAMPLE: &str = "pipeline/sample/churn.csv";

/// Says where AWS's console shows the platform, and which commands use it.
pub(crate) fn tell(session: &Session, outputs: &BTreeMap<String, Value>, is_on_aws: bool, printer: Printer) {
    if printer.json || printer.quiet {
        return;
    }
    printer.note("");
    let links = if is_on_aws { links(outputs, session.cloud.place()) } else { Vec::new() };
    links.iter().for_each(|link| printer.note(link));
    let has_pipeline = outputs.contains_key("state_machine_arn");
    let data = if session.root.join(SAMPLE).is_file() { SAMPLE } else { "DATA.csv" };
    commands(&session.name, has_pipeline.then_some(data)).iter().for_each(|command| printer.hint(command));
}

/// The pages of AWS's console.
fn links(outputs: &BTreeMap<String, Value>, place: &Place) -> Vec<String> {
    let (console, region) = (place.console(), &place.region);
    let of = |name: &str| outputs.get(name).and_then(Value::as_str);
    let machine = of("state_machine_arn")
        .map(|arn| format!("Pipeline:  {console}/states/home?region={region}#/statemachines/view/{arn}"));
    let dashboard = of("dashboard_url").map(|url| format!("Dashboard: {url}"));
    machine.into_iter().chain(dashboard).collect()
}

/// The next three commands. `data` is a file for the pipeline; `None` if there is no pipeline.
fn commands(environment: &str, data: Option<&str>) -> [String; 3] {
    match data {
        Some(data) => [
            format!("next: `mlopsctl pipeline {environment} upload {data}` brings data,"),
            format!("      `mlopsctl pipeline {environment} run --follow` trains a model on it,"),
            format!("      `mlopsctl graph {environment} --out {environment}.html` shows what was built"),
        ],
        None => [
            format!("next: `mlopsctl output {environment}` prints names and addresses,"),
            format!("      `mlopsctl graph {environment} --out {environment}.html` shows what was built,"),
            format!("      `mlopsctl drift {environment}` finds what others change"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn links_lead_to_the_pipeline_and_the_dashboard_in_the_consoles_of_the_partition() {
        let arn = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:shop-dev-training";
        let outputs = BTreeMap::from([
            ("state_machine_arn".to_owned(), json!(arn)),
            ("dashboard_url".to_owned(), json!("https://console.amazonaws.cn/cloudwatch")),
        ]);
        assert_eq!(
            links(&outputs, &Place::new("123456789012", "cn-north-1")),
            [
                format!(
                    "Pipeline:  https://console.amazonaws.cn/states/home?region=cn-north-1#/statemachines/view/{arn}"
                ),
                "Dashboard: https://console.amazonaws.cn/cloudwatch".to_owned(),
            ]
        );
        assert_eq!(links(&BTreeMap::new(), &Place::new("123456789012", "eu-west-1")), Vec::<String>::new());
    }
}
