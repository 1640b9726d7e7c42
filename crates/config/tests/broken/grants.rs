//! Permissions from the file: invalid actions, invalid resources, and permissions wider than intended.

use super::all;

const FUNCTION: &str = "[[functions]]\nname = \"enrich\"\n";

/// A function with one permission, whose line is 7 and whose value begins in column 16.
fn permission(fields: &str) -> String {
    format!("{FUNCTION}permissions = [{{ {fields} }}]\n")
}

#[test]
fn bucket_grants_name_buckets_of_the_file_and_known_rights() {
    let landing = "[[storage.buckets]]\nname = \"landing\"\n";
    let grant = |grant: &str| format!("{FUNCTION}buckets = {{ {grant} }}\n{BASE}{landing}");
    for (reason, text, expected) in [
        ("a bucket that is not declared", grant("lnading = \"read\""), "7:23: there is no bucket named `lnading`"),
        ("a right there is not", grant("landing = \"raed\""), "7:23: `raed` must be `read`, `write` or `read-write`"),
        (
            "a prefix without its slash",
            grant("landing = { access = \"read\", prefix = \"in\" }"),
            "7:51: `in` must be a prefix that ends with a slash, such as `raw/`",
        ),
        ("a table without its prefix", grant("landing = { access = \"read\" }"), "7:23: `landing` lacks `prefix`"),
        ("a list", grant("landing = [\"read\"]"), "7:23: `landing` must be text or a table, not a list"),
    ] {
        all(&[(reason, &text, &[expected])]);
    }
}

#[test]
fn permissions_name_actions_and_whole_arns() {
    let queue = "resources = [\"arn:aws:sqs:eu-central-1:123456789012:orders\"]";
    let send = "actions = [\"sqs:SendMessage\"]";
    for (reason, fields, expected) in [
        (
            "no action",
            format!("actions = [\"SendMessage\"], {queue}"),
            "`SendMessage` must be an action of a service, such as `sqs:SendMessage`",
        ),
        (
            "no ARN",
            format!("{send}, resources = [\"orders\"]"),
            "`orders` must be an ARN, `arn:partition:service:region:account:resource`",
        ),
        (
            "an ARN without its partition",
            format!("{send}, resources = [\"arn:sqs:eu-central-1:123456789012:orders\"]"),
            "`arn:sqs:eu-central-1:123456789012:orders` must be an ARN, `arn:partition:service:region:account:resource`",
        ),
        (
            "an ARN without its account",
            format!("{send}, resources = [\"arn:aws:sqs:eu-central-1::orders\"]"),
            "`arn:aws:sqs:eu-central-1::orders` has no account",
        ),
        (
            "a condition that IAM does not have",
            format!("{send}, {queue}, conditions = {{ StringMatches = {{ \"aws:SourceVpc\" = \"vpc-1\" }} }}"),
            "the key `StringMatches` must be an operator of IAM conditions, such as `StringEquals`",
        ),
        (
            "a condition that is null if it exists",
            format!("{send}, {queue}, conditions = {{ NullIfExists = {{ \"aws:SourceVpc\" = \"true\" }} }}"),
            "the key `NullIfExists` must be an operator of IAM conditions, such as `StringEquals`",
        ),
        ("nothing to act on", format!("{send}, resources = []"), "`resources` must hold at least 1, not 0"),
    ] {
        says(reason, &fields, expected);
    }
}

#[test]
fn wildcards_and_escalation_need_the_flag_that_accepts_them() {
    let queue = "resources = [\"arn:aws:sqs:eu-central-1:123456789012:orders\"]";
    for (reason, fields, expected) in [
        (
            "a pattern of actions",
            format!("actions = [\"sqs:Send*\"], {queue}"),
            "`sqs:Send*` is a pattern, which also allows actions that AWS adds later",
        ),
        (
            "everything as a resource",
            "actions = [\"sqs:SendMessage\"], resources = [\"*\"]".to_owned(),
            "`*` stands for resources that nobody named",
        ),
        (
            "all resources of an account",
            "actions = [\"sqs:SendMessage\"], resources = [\"arn:aws:sqs:eu-central-1:123456789012:*\"]".to_owned(),
            "`arn:aws:sqs:eu-central-1:123456789012:*` stands for resources that nobody named",
        ),
        (
            "an action that escalates",
            format!("actions = [\"iam:PassRole\"], {queue}"),
            "with `iam:PassRole` the role could give itself or others more rights",
        ),
        (
            "a pattern that stands for one, though patterns are accepted",
            format!("actions = [\"lambda:Update*\"], {queue}, accept_wildcards = true"),
            "with `lambda:Update*` the role could give itself or others more rights",
        ),
        (
            "everything",
            format!("actions = [\"*\"], {queue}, accept_wildcards = true"),
            "with `*` the role could give itself or others more rights",
        ),
    ] {
        says(reason, &fields, expected);
    }
    for fields in [
        "actions = [\"cloudwatch:PutMetricData\"], resources = [\"*\"], accept_wildcards = true".to_owned(),
        format!("actions = [\"sqs:*\"], {queue}, accept_wildcards = true, accept_escalation = true"),
        "actions = [\"iam:GetRole\"], resources = [\"arn:aws:iam::123456789012:role/x\"]".to_owned(),
        "actions = [\"s3:GetObject\"], resources = [\"arn:aws:s3:::partner/in/*\"]".to_owned(),
        format!(
            "actions = [\"sqs:SendMessage\"], {queue}, conditions = {{ StringEquals = {{ \"aws:PrincipalTag/Team\" = \
             [\"ml\", \"bi\"] }} }}"
        ),
    ] {
        let text = format!("{}{}", super::HEAD, permission(&fields));
        assert!(config::parse("test", &text, None).is_ok(), "{fields}: {:?}", config::parse("test", &text, None));
    }
}

#[test]
fn ignored_fields_have_an_address_and_a_path_and_are_no_ownership_tags() {
    for (rule, expected) in [
        (
            "functions.enrich",
            "`functions.enrich` must be a pattern of addresses and a field, such as `functions.*#tags.CostCenter`",
        ),
        ("fucntions.enrich#memory_mb", "`fucntions` is no area of the platform"),
        ("functions.*#tags.Project", "`tags.Project` says whose the resource is, so mlopsctl keeps it"),
        ("functions.*#tags", "`tags` says whose the resource is, so mlopsctl keeps it"),
    ] {
        let found = super::problems(&format!("ignore = [\"{rule}\"]\n{}", super::HEAD));
        assert_eq!(found, [format!("1:11: {expected}")], "{rule}");
    }
}

#[test]
fn moves_that_lead_in_chains_and_circles_are_told_at_their_lines() {
    let entry = |from: &str, to: &str| format!("[[moved]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
    let moves = |moves: &[(&str, &str)]| moves.iter().map(|(from, to)| entry(from, to)).collect::<String>();
    for (reason, moves, expected) in [
        (
            "a chain",
            moves(&[("storage.a", "storage.b"), ("storage.b", "storage.c")]),
            "9:8: storage.b is the end of another move",
        ),
        ("itself", moves(&[("storage.a", "storage.a")]), "7:6: storage.a moves to itself"),
        ("twice", moves(&[("storage.a", "storage.b"), ("storage.a", "storage.c")]), "9:8: storage.a moves twice"),
        (
            "one place",
            moves(&[("storage.a", "storage.c"), ("storage.b", "storage.c")]),
            "10:6: two resources move to storage.c",
        ),
        (
            "no address",
            moves(&[("storage", "storage.c")]),
            "6:8: `storage` must be an address, such as `storage.landing`",
        ),
    ] {
        all(&[(reason, &moves, &[expected])]);
    }
    let circle = moves(&[("storage.a", "storage.b"), ("storage.b", "storage.a")]);
    let found = super::problems(&format!("{}{circle}", super::HEAD));
    assert_eq!(found, ["6:8: storage.a is the end of another move", "9:8: storage.b is the end of another move"]);
}

/// The sections that the platform itself works with.
const BASE: &str = "[[storage.buckets]]\nname = \"data\"\n[[storage.buckets]]\nname = \"models\"\n\
                    [[storage.buckets]]\nname = \"artifacts\"\n";

#[track_caller]
fn says(reason: &str, fields: &str, expected: &str) {
    let found = super::problems(&format!("{}{}", super::HEAD, permission(fields)));
    assert!(found.len() == 1 && found[0].starts_with("7:") && found[0].ends_with(expected), "{reason}: {found:?}");
}
