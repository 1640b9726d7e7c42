//! Each mistake in a file is reported in full, with line and column.

mod foundation;
mod grants;
mod learning;
mod organisation;
mod processing;
mod references;

use config::parse;

/// Lines 1 to 4 of every case that is about something else.
const HEAD: &str = "project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n";

#[track_caller]
fn problems(source: &str) -> Vec<String> {
    let found = parse("test", source, None).expect_err("the file is broken");
    found.iter().map(|problem| format!("{}:{}: {}", problem.line, problem.column, problem.message)).collect()
}

/// Each case: why it is wrong, what follows the head, and everything that must be said.
#[track_caller]
fn all(cases: &[(&str, &str, &[&str])]) {
    for (reason, text, expected) in cases {
        assert_eq!(problems(&format!("{HEAD}{text}")), *expected, "{reason}:\n{text}");
    }
}

#[test]
fn what_is_not_toml_is_located_as_well() {
    assert_eq!(problems("project = shop\n"), ["1:11: string values must be quoted, expected literal string"]);
    assert_eq!(problems("a = 1\n[x\nb = \"\\q\"\n")[0], "2:3: unclosed table, expected `]`");
    assert_eq!(problems("a = 1\n[x\nb = \"\\q\"\n").len(), 2, "both lines are reported");
    assert_eq!(problems("a = 1\na = 2\n"), ["2:1: duplicate key"]);
    assert_eq!(problems("a = [1,\nb = 2\nc = 3\n"), ["1:5: what is opened here is never closed"]);
    assert_eq!(problems("a = 1\nb = {x = [1}\nc = dev\n"), ["2:5: what is opened here is never closed"]);
    assert_eq!(problems("a = [1 2 3]\nb = dev\n").len(), 2, "one problem for each line");
}

#[test]
fn the_top_of_the_file() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "everything is missing",
            "",
            &["1:1: the file lacks `project`", "1:1: the file lacks `region`", "1:1: the section [network] is missing"],
        ),
        (
            "a misspelt key",
            "project = \"shop\"\nregoin = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n",
            &["2:1: unknown key `regoin`"],
        ),
        (
            "an illegal project",
            "project = \"My_Shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n",
            &["1:11: `My_Shop` must be lower-case letters, digits and single hyphens, beginning with a letter"],
        ),
        (
            "a project too long for job names",
            "project = \"a-project-with-a-long-name\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n",
            &[
                "1:11: `a-project-with-a-long-name-test` is too long: project and environment together have at most 28 characters",
            ],
        ),
        (
            "a prefix that S3 reserves",
            "project = \"sthree-x\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n",
            &["1:11: S3 reserves bucket names that begin with `sthree-`"],
        ),
        (
            "a region that cannot be",
            "project = \"shop\"\nregion = \"eu-middle-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n",
            &["2:10: `eu-middle-1` must be a region of AWS, such as `ap-south-1`"],
        ),
        (
            "a copied file",
            "project = \"shop\"\nenvironment = \"dev\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n",
            &["2:15: the file is named `test.toml`, but its environment is `dev`"],
        ),
        (
            "an account that is a number",
            "project = \"shop\"\nregion = \"eu-central-1\"\nallowed_accounts = [123456789012, \"12\"]\n[network]\ncidr = \"10.9.0.0/16\"\n",
            &[
                "3:21: one of `allowed_accounts` must be text, not an integer",
                "3:35: `12` must be an AWS account: 12 digits",
            ],
        ),
        (
            "a section written as a list",
            "project = \"shop\"\nregion = \"eu-central-1\"\n[[network]]\ncidr = \"10.9.0.0/16\"\n",
            &["3:1: `network` must be a table, not a list of tables"],
        ),
    ];
    for (reason, text, expected) in cases {
        assert_eq!(problems(text), *expected, "{reason}:\n{text}");
    }
}

#[test]
fn a_file_name_that_cannot_begin_resource_names_is_refused() {
    let found = parse("My Env", HEAD, None).expect_err("an illegal name");
    assert_eq!(found[0].message, "`My Env` cannot be the name of an environment");
}

#[test]
fn file_for_another_version_is_refused_before_anything_else_of_it() {
    let text = "required_version = \">=9.1, <10\"\nproject = \"shop\"\nlater_key = 1\n";
    let found = parse("test", text, None).expect_err("no version of now");
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert!(only.message.contains("the file needs mlopsctl >=9.1, <10, and this is mlopsctl"), "{only}");
    assert!(only.to_string().starts_with("1:20: "), "{only}");
    let any = format!("required_version = \">=0.1\"\n{HEAD}");
    assert!(parse("test", &any, None).is_ok(), "this version is allowed");
    let none = parse("test", &format!("required_version = \"newest\"\n{HEAD}"), None).expect_err("no requirement");
    assert!(none[0].message.contains("must be versions of mlopsctl"), "{}", none[0]);
}

#[test]
fn tags_state_and_identity() {
    all(&[
        ("a tag of ours", "[tags]\nProject = \"x\"\n", &["6:11: the tag `Project` is set by mlopsctl"]),
        ("a reserved prefix", "[tags]\n\"aws:x\" = \"x\"\n", &["6:11: the tag `aws:x` has a reserved prefix"]),
        (
            "keys that IAM takes for one",
            "[tags]\nOwner = \"a\"\nowner = \"b\"\n",
            &["7:9: `Owner` and `owner` differ in case only, which IAM refuses"],
        ),
        ("a value that is a number", "[tags]\nCostCenter = 42\n", &["6:14: `CostCenter` must be text, not an integer"]),
        (
            "a letter tags cannot have",
            "[tags]\n\"a*b\" = \"x\"\n",
            &["6:1: the key `a*b` must be 1 to 128 letters, digits, spaces and `_.:/=+-@`"],
        ),
        (
            "a state bucket in capitals",
            "[state]\nbucket = \"State\"\n",
            &["6:10: `State` must be a bucket name: 3 to 63 lower-case letters, digits and hyphens"],
        ),
        (
            "a boundary that those it bounds may change",
            "[identity]\npermissions_boundary = \"arn:aws:iam::123456789012:policy/shop-test-boundary\"\n",
            &[
                "6:24: `shop-test-boundary` bounds nobody: those it should bound may change every policy that begins with `shop-test-`",
            ],
        ),
        (
            "a boundary that is a role",
            "[identity]\npermissions_boundary = \"arn:aws:iam::123456789012:role/x\"\n",
            &["6:24: `arn:aws:iam::123456789012:role/x` must be the ARN of an IAM policy"],
        ),
    ]);
}

#[test]
fn help_names_the_key_that_the_file_leaves_to_its_default() {
    let help = |setting: &str, unknown: &str| {
        let text = format!("{HEAD}[[functions]]\nname = \"data-check\"\n[pipeline]\n{setting}");
        let found = parse("test", &text, None).expect_err("the file is broken");
        let named = found.into_iter().find(|one| one.message.contains(unknown)).expect("it is reported");
        named.help.unwrap_or_default()
    };
    assert_eq!(help("", "`data-validation`"), "set `validation_function`: the file declares `data-check`");
    assert_eq!(help("validation_function = \"data-chekc\"\n", "`data-chekc`"), "did you mean `data-check`?");
}

#[test]
fn help_says_what_to_write_instead() {
    let help = |text: &str| {
        let found = parse("test", &format!("{HEAD}{text}"), None).expect_err("the file is broken");
        found[0].help.clone().unwrap_or_default()
    };
    assert_eq!(help("nat = \"singel\"\n"), "did you mean `single`?");
    assert_eq!(help("nat = \"x\"\n"), "use `none`, `single` or `per-zone`");
    assert_eq!(help("zones = \"2\"\n"), "leave out the quotes: 2");
    assert_eq!(help("endpoints = \"sts\"\n"), "write a list: [\"sts\"]");
    assert_eq!(help("[monitoring]\nretention_days = 7\n"), "did you mean `log_retention_days`?");
    assert_eq!(help("[studio]\nflow_logs = true\n"), "`flow_logs` belongs in [network]");
    assert_eq!(help("[functions]\nname = \"f\"\n"), "write [[functions]] for each of them");
    assert_eq!(help("[[storage.buckets]]\nname = \"Raw Data\"\n"), "did you mean `raw-data`?");
    assert_eq!(help("[registry]\nrepositories = [\"My_Model\"]\n"), "did you mean `my-model`?");
    let region = parse("test", &HEAD.replace("eu-central-1", "us-east1"), None).expect_err("the file is broken");
    assert_eq!(region[0].help.as_deref(), Some("did you mean `us-east-1`?"));
    assert_eq!(
        help(
            "[[feature_groups]]\nname = \"c\"\nrecord_identifier = \"custmer\"\nevent_time = \"customer\"\nfeatures = [{ name = \"customer\", type = \"String\" }]\n"
        ),
        "did you mean `customer`?"
    );
}
