//! The service and the operation that a request calls, as far as the request says it.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// The longest path that is shown of a request that names no operation.
const LONGEST_PATH: usize = 80;

/// The group of calls that AWS counts together: mostly each operation of a service by itself. Where a request does not name its
/// operation, what reads and what changes.
pub(crate) fn limit_key(request: &HttpRequest) -> String {
    let service = service_of(request).unwrap_or("other");
    format!("{service} {}", operation_of(request).unwrap_or(request.method()))
}

/// The call as a person knows it: `EC2 (DescribeVpcs)`; for services whose requests name no operation, the method and
/// the path: `S3 (GET /bucket/key)`.
pub(crate) fn name_of(request: &HttpRequest) -> String {
    let uri = request.uri();
    let (host, path) = uri.split_once("://").map_or(uri, |(_, rest)| rest).split_once('/').unwrap_or((uri, ""));
    let service = service_of(request).map_or(host, title_of);
    match operation_of(request) {
        Some(operation) => format!("{service} ({operation})"),
        None => {
            let path: String = path.split('?').next().unwrap_or_default().chars().take(LONGEST_PATH).collect();
            format!("{service} ({} /{path})", request.method())
        }
    }
}

/// True if a request can leave everything as it is, judged by its operation's name, or by its method if it names no
/// operation.
pub(crate) fn reads(request: &HttpRequest) -> bool {
    const READS: [&str; 9] = ["Describe", "Get", "List", "Head", "Search", "BatchGet", "Simulate", "Lookup", "Filter"];
    match operation_of(request) {
        Some(operation) => READS.iter().any(|read| operation.starts_with(read)),
        None => matches!(request.method(), "GET" | "HEAD"),
    }
}

/// The operation of a request whose body is about to be hidden.
#[derive(Clone)]
struct Operation(String);

/// Keeps the operation with the request: some protocols name it in the body, which a guard withholds until it is sent.
pub(crate) fn keep_operation(request: &mut HttpRequest) {
    if let Some(operation) = operation_of(request).map(|operation| Operation(operation.to_owned())) {
        request.add_extension(operation);
    }
}

/// The operation, where the protocol names it.
fn operation_of(request: &HttpRequest) -> Option<&str> {
    if let Some(Operation(operation)) = request.extension() {
        return Some(operation);
    }
    let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
    let cbor = || Some(request.uri().split_once("/operation/")?.1);
    let query = || std::str::from_utf8(request.body().bytes()?).ok()?.strip_prefix("Action=")?.split('&').next();
    target.or_else(cbor).or_else(query)
}

/// The service in the signature's credential scope: `…Credential=AKID/20260101/region/SERVICE/aws4_request`.
fn service_of(request: &HttpRequest) -> Option<&str> {
    let authorization = request.headers().get("authorization")?;
    let (_, scope) = authorization.split_once("Credential=")?;
    let mut parts = scope.split(['/', ',']);
    if authorization.starts_with("AWS4-ECDSA") { parts.nth(2) } else { parts.nth(3) }
}

/// AWS's name of a service that signs with this name.
fn title_of(signing_name: &str) -> &str {
    match signing_name {
        "budgets" => "Budgets",
        "ec2" => "EC2",
        "ecr" => "ECR",
        "elasticfilesystem" => "EFS",
        "events" => "EventBridge",
        "glue" => "Glue",
        "iam" => "IAM",
        "kms" => "KMS",
        "lakeformation" => "Lake Formation",
        "lambda" => "Lambda",
        "logs" => "CloudWatch Logs",
        "monitoring" => "CloudWatch",
        "s3" => "S3",
        "sagemaker" => "SageMaker",
        "servicequotas" => "Service Quotas",
        "sns" => "SNS",
        "states" => "Step Functions",
        "sts" => "STS",
        "tagging" => "Resource Groups Tagging",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn request(service: &str, method: &str, uri: &str, body: &'static str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_uri(uri).unwrap();
        request.set_method(method).unwrap();
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host");
        request.headers_mut().insert("authorization", scope);
        request
    }

    #[test]
    fn a_lane_is_an_operation_where_the_request_names_it() {
        let with = |uri: &str, body: &'static str| limit_key(&request("iam", "POST", uri, body));
        assert_eq!(with("https://h/", "Action=CreateRole&Version=2010-05-08"), "iam CreateRole");
        assert_eq!(with("https://h/service/Granite/operation/PutMetricAlarm", ""), "iam PutMetricAlarm");
        assert_eq!(with("https://h/2015-03-31/functions", "{}"), "iam POST");
        let mut unsigned = HttpRequest::new(SdkBody::from("{}"));
        unsigned.headers_mut().insert("x-amz-target", "Logs_20140328.CreateLogGroup");
        assert_eq!(limit_key(&unsigned), "other CreateLogGroup");
    }

    #[test]
    fn an_operation_stays_known_when_the_body_is_hidden() {
        let mut vpcs = request("ec2", "POST", "https://ec2.eu-west-1.amazonaws.com/", "Action=DescribeVpcs&Version=1");
        keep_operation(&mut vpcs);
        *vpcs.body_mut() = SdkBody::taken();
        assert_eq!((name_of(&vpcs).as_str(), limit_key(&vpcs).as_str()), ("EC2 (DescribeVpcs)", "ec2 DescribeVpcs"));
    }

    #[test]
    fn a_call_has_the_name_that_people_know() {
        let vpcs = request("ec2", "POST", "https://ec2.eu-west-1.amazonaws.com/", "Action=DescribeVpcs&Version=1");
        assert_eq!((name_of(&vpcs).as_str(), reads(&vpcs)), ("EC2 (DescribeVpcs)", true));
        let state = request("s3", "PUT", "https://s3.eu-west-1.amazonaws.com/bucket/state.json?x-id=PutObject", "{}");
        assert_eq!((name_of(&state).as_str(), reads(&state)), ("S3 (PUT /bucket/state.json)", false));
        let mut unsigned = HttpRequest::new(SdkBody::empty());
        unsigned.set_uri("http://169.254.169.254/latest/api/token").unwrap();
        assert_eq!((name_of(&unsigned).as_str(), reads(&unsigned)), ("169.254.169.254 (GET /latest/api/token)", true));
    }
}
