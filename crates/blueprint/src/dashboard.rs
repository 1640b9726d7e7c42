//! The dashboard: this stack's own functions, pipeline, jobs, NAT gateways and endpoints, nothing else's.

use crate::{build_context::BuildContext, names, network::Network};
use aws_cloudwatch::Dashboard;
use resource::Stack;
use serde_json::{Value, json};

pub(crate) fn build(stack: &mut Stack, context: &BuildContext, network: &Network) {
    let (name, fixed, region) = (context.prefix(), widgets(context), context.place.region.clone());
    let nat = network.nat.clone();
    stack.add("monitoring", "dashboard", nat, move |nat| {
        let mut widgets = fixed.clone();
        if !nat.is_empty() {
            let metrics = nat.iter().flat_map(|nat| {
                ["ErrorPortAllocation", "ActiveConnectionCount"]
                    .map(|metric| json!(["AWS/NATGateway", metric, "NatGatewayId", nat.id]))
            });
            widgets.push(widget("NAT gateways", &region, metrics.collect(), "Sum"));
        }
        Dashboard { name: name.clone(), body: json!({"widgets": placed(widgets)}) }
    });
    let (console, region, name) = (context.place.console(), &context.place.region, context.prefix());
    let url = format!("{console}/cloudwatch/home?region={region}#dashboards/dashboard/{name}");
    stack.output("dashboard_url", (), move |()| url.clone());
}

fn widget(title: &str, region: &str, metrics: Vec<Value>, statistic: &str) -> Value {
    json!({"title": title, "region": region, "metrics": metrics, "stat": statistic, "period": 300, "view": "timeSeries"})
}

/// Two widgets in a row.
fn placed(widgets: Vec<Value>) -> Vec<Value> {
    let place = |(index, properties): (usize, Value)| json!({"type": "metric", "x": (index % 2) * 12, "y": (index / 2) * 6, "width": 12, "height": 6, "properties": properties});
    widgets.into_iter().enumerate().map(place).collect()
}

fn widgets(context: &BuildContext) -> Vec<Value> {
    let region = &context.place.region;
    let mut widgets = Vec::new();
    let functions: Vec<String> =
        context.environment.functions.iter().map(|function| context.named(&function.name)).collect();
    let of_functions = |metrics: &[&str]| -> Vec<Value> {
        let each = |name: &String| {
            metrics.iter().map(|metric| json!(["AWS/Lambda", metric, "FunctionName", name])).collect::<Vec<_>>()
        };
        functions.iter().flat_map(each).collect()
    };
    if !functions.is_empty() {
        widgets.push(widget(
            "Functions: calls, errors, throttles",
            region,
            of_functions(&["Invocations", "Errors", "Throttles"]),
            "Sum",
        ));
        widgets.push(widget("Functions: duration (ms)", region, of_functions(&["Duration"]), "p95"));
    }
    if context.environment.pipeline.is_some() {
        let arn = names::pipeline_arn(context);
        let metrics = ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut"];
        let metrics = metrics.iter().map(|metric| json!(["AWS/States", metric, "StateMachineArn", arn])).collect();
        widgets.push(widget("Training pipeline: executions", region, metrics, "Sum"));
    }
    let jobs: Vec<Value> = context
        .environment
        .catalog
        .jobs
        .iter()
        .map(|job| {
            json!([
                "Glue",
                "glue.driver.aggregate.numFailedTasks",
                "JobName",
                context.named(&job.name),
                "JobRunId",
                "ALL",
                "Type",
                "count"
            ])
        })
        .collect();
    if !jobs.is_empty() {
        widgets.push(widget("ETL jobs: failed tasks", region, jobs, "Sum"));
    }
    let buckets: Vec<Value> = context
        .environment
        .storage
        .buckets
        .iter()
        .map(|bucket| json!(["AWS/S3", "BucketSizeBytes", "BucketName", context.bucket(&bucket.name), "StorageType", "StandardStorage", {"period": 86400}]))
        .collect();
    widgets.push(widget("Buckets: size (bytes)", region, buckets, "Average"));
    for endpoint in &context.environment.monitoring.endpoints {
        let dimensions = ["EndpointName", endpoint.name.as_str(), "VariantName", endpoint.variant.as_str()];
        let metric =
            |name: &str| json!(["AWS/SageMaker", name, dimensions[0], dimensions[1], dimensions[2], dimensions[3]]);
        let metrics = ["Invocations", "Invocation4XXErrors", "Invocation5XXErrors"].map(metric).into();
        widgets.push(widget(&format!("Endpoint {}: calls and errors", endpoint.name), region, metrics, "Sum"));
        widgets.push(widget(
            &format!("Endpoint {}: latency (µs)", endpoint.name),
            region,
            vec![metric("ModelLatency")],
            "p95",
        ));
    }
    widgets
}
