//! Lists of roles and of their policies that come in pages.

use super::{REGION, role};
use async_trait::async_trait;
use aws_iam::Role;
use local::{ACCOUNT, Call, Layer, LostAnswer, Next, Response};
use resource::{Address, Cloud, Context, KindRegistry, Observation, Reconciler, Tags};
use serde_json::{Value, json, to_value};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use vocabulary::Place;

/// IAM's lists with their member that has the items.
const LISTS: [(&str, &str); 4] = [
    ("ListRolePolicies", "PolicyNames"),
    ("ListAttachedRolePolicies", "AttachedPolicies"),
    ("GetAccountAuthorizationDetails", "RoleDetailList"),
    ("ListRoles", "Roles"),
];

/// Gives each of the lists in pages of one item.
#[derive(Default)]
struct OneItemPerPage {
    /// True if the last page leads to a page before.
    is_endless: AtomicBool,
    /// The number of requested pages after the first.
    further: AtomicUsize,
}

#[async_trait]
impl Layer for OneItemPerPage {
    async fn answer(&self, mut call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        let Some((_, list)) = LISTS.iter().find(|(operation, _)| *operation == call.operation) else {
            return next.run(call).await;
        };
        let body = String::from_utf8_lossy(&call.request.body).into_owned();
        let (markers, rest): (Vec<&str>, Vec<&str>) = body.split('&').partition(|field| field.starts_with("Marker="));
        let at = markers.first().map_or(0, |marker| marker["Marker=".len()..].parse().unwrap());
        self.further.fetch_add(usize::from(at > 0), Ordering::Relaxed);
        call.request.body = rest.join("&").into();
        let mut response = next.run(call).await?;
        response.body =
            page(&String::from_utf8_lossy(&response.body), list, at, self.is_endless.load(Ordering::Relaxed)).into();
        Ok(response)
    }
}

/// The page of an answer in XML that has only the item at this place.
fn page(answer: &str, list: &str, at: usize, is_endless: bool) -> String {
    let (open, close) = (format!("<{list}>"), format!("</{list}>"));
    let Some((before, rest)) = answer.split_once(&open) else { return answer.to_owned() };
    let (content, after) = rest.rsplit_once(&close).unwrap();
    let mut items = items(content);
    items.sort_unstable();
    let item = items.get(at).copied().unwrap_or_default();
    let is_last = at + 1 >= items.len();
    let marker = if is_last { 1 } else { at + 1 };
    let (said, marked) = match is_last && !is_endless {
        true => ("<IsTruncated>false</IsTruncated>", String::new()),
        false => ("<IsTruncated>true</IsTruncated>", format!("<Marker>{marker}</Marker>")),
    };
    let after = after.replacen("<IsTruncated>false</IsTruncated>", "", 1);
    format!("{before}{open}{item}{close}{said}{marked}{after}")
}

/// The outermost members.
fn items(content: &str) -> Vec<&str> {
    let (mut items, mut depth, mut began, mut at) = (Vec::new(), 0, 0, 0);
    while let Some(tag) = content[at..].find('<') {
        at += tag;
        if content[at..].starts_with("<member>") {
            if depth == 0 {
                began = at;
            }
            depth += 1;
        }
        if content[at..].starts_with("</member>") {
            depth -= 1;
            if depth == 0 {
                items.push(&content[began..at + "</member>".len()]);
            }
        }
        at += 1;
    }
    items
}

/// An account in which IAM answers with such pages, and what a run uses there.
struct Account {
    cloud: local::Cloud,
    pages: Arc<OneItemPerPage>,
    registry: KindRegistry,
}

impl Account {
    fn new() -> Self {
        let pages = Arc::new(OneItemPerPage::default());
        let cloud = local::Cloud::open(None, REGION, ACCOUNT).unwrap().with_layer(pages.clone());
        Self { cloud, pages, registry: blueprint::registry() }
    }

    fn roles(&self) -> &dyn Reconciler {
        self.registry.get("iam:role").unwrap()
    }

    /// The objects that a run shares.
    fn run(&self) -> Arc<Cloud> {
        Arc::new(Cloud::new(self.cloud.sdk_config(), Place::new(ACCOUNT, REGION), []))
    }
}

fn cx(run: &Arc<Cloud>) -> Context {
    Context::new(run.clone(), Address::new("identity", "many"), Tags::default(), String::new(), false)
}

/// A role that needs several pages of everything.
fn many() -> Role {
    let document = json!({ "Version": "2012-10-17", "Statement": [] });
    let managed = ["AmazonS3ReadOnlyAccess", "CloudWatchReadOnlyAccess", "ReadOnlyAccess"];
    let tags: Vec<(String, String)> = (0..40).map(|n| (format!("Key{n}"), n.to_string())).collect();
    Role {
        inline_policies: (0..5).map(|n| (format!("policy-{n}"), document.clone())).collect(),
        managed_policies: managed.map(|name| format!("arn:aws:iam::aws:policy/{name}")).into(),
        tags: tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        ..role("many", json!({ "Service": "lambda.amazonaws.com" }))
    }
}

/// Makes the role among others of the account, and gives it its policies.
async fn make_among_others(account: &Account, run: &Arc<Cloud>) -> Value {
    let roles = account.roles();
    for other in ["another", "last-other", "other"] {
        let other = to_value(role(other, json!({ "Service": "lambda.amazonaws.com" }))).unwrap();
        roles.create(&other, &cx(run)).await.unwrap();
    }
    let spec = to_value(many()).unwrap();
    roles.create(&spec, &cx(run)).await.unwrap();
    let live = live(account, run, &spec).await;
    let diff = roles.compare(&spec, None, &live);
    roles.update(&spec, "many", &live, &diff, &cx(run)).await.unwrap();
    spec
}

async fn live(account: &Account, run: &Arc<Cloud>, spec: &Value) -> Value {
    let seen = account.roles().observe(spec, "many", &cx(run)).await.unwrap();
    let Observation::Ready { live, .. } = seen else { panic!("{seen:?}") };
    live
}

/// The differences of the role to its declaration.
async fn differences(account: &Account, run: &Arc<Cloud>, spec: &Value) -> Vec<String> {
    let live = live(account, run, spec).await;
    account.roles().compare(spec, Some(spec), &live).changes.into_iter().map(|change| change.path).collect()
}

#[tokio::test]
async fn role_whose_lists_come_in_pages_is_read_whole() {
    let account = Account::new();
    let run = account.run();
    let spec = make_among_others(&account, &run).await;
    assert_eq!(differences(&account, &run, &spec).await, Vec::<String>::new(), "in the run that made it");
    assert_eq!(differences(&account, &account.run(), &spec).await, Vec::<String>::new(), "in another run");
    assert!(account.pages.further.load(Ordering::Relaxed) > 0, "no list had a second page");

    let iam = aws_sdk_iam::Client::new(&account.cloud.sdk_config());
    let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let call = iam.put_role_policy().role_name("many").policy_name("zz-by-hand").policy_document(document);
    call.send().await.unwrap();
    let more = "arn:aws:iam::aws:policy/SecurityAudit";
    iam.attach_role_policy().role_name("many").policy_arn(more).send().await.unwrap();
    let seen = differences(&account, &account.run(), &spec).await;
    assert!(
        ["inline_policies", "managed_policies"].iter().all(|field| seen.iter().any(|path| path.starts_with(field))),
        "the last page has what was added by hand: {seen:?}"
    );
}

#[tokio::test]
async fn deletion_of_a_role_takes_the_policies_of_all_pages() {
    let account = Account::new();
    let run = account.run();
    let spec = make_among_others(&account, &run).await;
    account.roles().delete(&spec, "many", &cx(&account.run())).await.unwrap();
    let seen = account.roles().observe(&spec, "many", &cx(&account.run())).await.unwrap();
    assert!(matches!(seen, Observation::Absent), "{seen:?}");
}

#[tokio::test]
async fn pages_of_iam_that_repeat_end_with_an_error() {
    let account = Account::new();
    let spec = make_among_others(&account, &account.run()).await;
    account.pages.is_endless.store(true, Ordering::Relaxed);
    let gone = to_value(role("gone", json!({ "Service": "lambda.amazonaws.com" }))).unwrap();
    let listing = account.roles().observe(&gone, "gone", &cx(&account.run())).await.unwrap_err();
    let deletion = account.roles().delete(&spec, "many", &cx(&account.run())).await.unwrap_err();
    for failure in [listing, deletion] {
        assert!(failure.to_string().contains("the pages of the list repeat"), "{failure}");
    }
}
