//! SimulatePrincipalPolicy of the embedded AWS: every action is allowed, because the embedded AWS denies nothing.

use winterbaume_core::{parse_query_string, xml_escape};

use super::identity::is_caller;
use crate::{Call, Response};

/// The answer, if the call asks about a caller of this cloud and not about a user or role in it.
pub(crate) fn answer(call: &Call) -> Option<Response> {
    if call.operation != "SimulatePrincipalPolicy" {
        return None;
    }
    let given = parse_query_string(&String::from_utf8_lossy(&call.request.body));
    if !is_caller(given.get("PolicySourceArn")?) {
        return None;
    }
    let actions = (1..).map_while(|at| given.get(&format!("ActionNames.member.{at}")));
    let results = actions.map(|action| {
        format!(
            "<member><EvalActionName>{}</EvalActionName><EvalResourceName>*</EvalResourceName>\
             <EvalDecision>allowed</EvalDecision></member>",
            xml_escape(action)
        )
    });
    Some(Response::xml(
        200,
        format!(
            "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{}</EvaluationResults>\
             </SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>\
             </SimulatePrincipalPolicyResponse>",
            results.collect::<String>()
        ),
    ))
}
