//! Operations of Lambda and EFS, which name them by method and path.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

/// The operations that laws are about: method, path and name. A part in braces is a member of the request.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("POST", "2015-03-31/functions", "CreateFunction"),
    ("GET", "2015-03-31/functions", "ListFunctions"),
    ("GET", "2015-03-31/functions/{FunctionName}", "GetFunction"),
    ("DELETE", "2015-03-31/functions/{FunctionName}", "DeleteFunction"),
    ("GET", "2015-03-31/functions/{FunctionName}/configuration", "GetFunctionConfiguration"),
    ("PUT", "2015-03-31/functions/{FunctionName}/configuration", "UpdateFunctionConfiguration"),
    ("PUT", "2015-03-31/functions/{FunctionName}/code", "UpdateFunctionCode"),
    ("GET", "2015-03-31/functions/{FunctionName}/policy", "GetPolicy"),
    ("POST", "2015-03-31/functions/{FunctionName}/policy", "AddPermission"),
    ("DELETE", "2015-03-31/functions/{FunctionName}/policy/{StatementId}", "RemovePermission"),
    ("PUT", "2017-10-31/functions/{FunctionName}/concurrency", "PutFunctionConcurrency"),
    ("DELETE", "2017-10-31/functions/{FunctionName}/concurrency", "DeleteFunctionConcurrency"),
    ("GET", "2019-09-25/functions/{FunctionName}/event-invoke-config", "GetFunctionEventInvokeConfig"),
    ("PUT", "2019-09-25/functions/{FunctionName}/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("DELETE", "2019-09-25/functions/{FunctionName}/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
    ("POST", "2017-03-31/tags/{FunctionName}", "TagResource"),
    ("DELETE", "2017-03-31/tags/{FunctionName}", "UntagResource"),
    ("GET", "2015-02-01/file-systems", "DescribeFileSystems"),
    ("DELETE", "2015-02-01/mount-targets/{MountTargetId}", "DeleteMountTarget"),
];

fn member(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

/// The operation of a request, and the members that its path has. A function's ARN counts as its name.
pub(super) fn read(method: &str, path: &str) -> Option<(&'static str, Map<String, Value>)> {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    OPERATIONS.iter().filter(|(of, ..)| *of == method).find_map(|(_, pattern, operation)| {
        let mut members = Map::new();
        let mut given = parts.iter();
        for part in pattern.split('/') {
            let given = given.next()?;
            match member(part) {
                Some(member) => {
                    let text = percent_decode_str(given).decode_utf8_lossy();
                    let name = text.rsplit(':').next().unwrap_or_default();
                    members.insert(member.to_owned(), name.into());
                }
                None if part != *given => return None,
                None => {}
            }
        }
        given.next().is_none().then_some((*operation, members))
    })
}

/// The method and path of an operation.
pub(super) fn request(operation: &str, given: &Map<String, Value>) -> (&'static str, String) {
    let (method, pattern, _) = OPERATIONS.iter().find(|(.., name)| *name == operation).expect("it is in the list");
    let written = |part: &str| match member(part) {
        Some(member) => utf8_percent_encode(given[member].as_str().unwrap_or_default(), NON_ALPHANUMERIC).to_string(),
        None => part.to_owned(),
    };
    (method, pattern.split('/').map(written).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_tells_operation_and_function() {
        let arn = "2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Ascoring";
        for (method, path, expected) in [
            ("GET", "2015-03-31/functions/scoring", "GetFunction"),
            ("PUT", "2015-03-31/functions/scoring/configuration", "UpdateFunctionConfiguration"),
            ("DELETE", "2015-03-31/functions/scoring/policy/rule", "RemovePermission"),
            ("POST", arn, "TagResource"),
        ] {
            let (operation, members) = read(method, path).unwrap();
            assert_eq!((operation, members["FunctionName"].as_str()), (expected, Some("scoring")));
        }
        assert_eq!(read("GET", "2015-03-31/functions/").unwrap().0, "ListFunctions");
        assert!(read("PATCH", "2015-03-31/functions").is_none());
        let (_, members) = read("GET", "2015-03-31/functions/scoring").unwrap();
        assert_eq!(request("GetPolicy", &members), ("GET", "2015-03-31/functions/scoring/policy".to_owned()));
    }
}
