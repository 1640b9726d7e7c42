//! The rules of an organisation: names, tags, keys, roles, and the location of the state.

use super::all;

#[test]
fn keys() {
    all(&[
        (
            "an alias",
            "[encryption]\nkey_arn = \"arn:aws:kms:eu-central-1:123456789012:alias/central\"\n",
            &[
                "6:11: `arn:aws:kms:eu-central-1:123456789012:alias/central` is the ARN of an alias, which can be pointed at \
               another key: name the key itself, `…:key/…`",
            ],
        ),
        (
            "a key of another region",
            "[encryption]\nkey_arn = \"arn:aws:kms:eu-west-1:123456789012:key/mrk-1\"\n",
            &["6:11: the key is in eu-west-1, and the environment in eu-central-1"],
        ),
    ]);
}

#[test]
fn roles() {
    all(&[
        (
            "a path of AWS's own",
            "[identity]\npath = \"/aws-service-role/ml/\"\n",
            &["6:8: `/aws-service-role/ml/` is a path that AWS keeps for its own roles: use another one"],
        ),
        (
            "half a path",
            "[identity]\npath = \"platform\"\n",
            &["6:8: `platform` must be an IAM path that begins and ends with a slash, such as `/platform/ml/`"],
        ),
        (
            "a boundary within the path, whom it should bound",
            "[identity]\npath = \"/ml/\"\npermissions_boundary = \"arn:aws:iam::123456789012:policy/ml/shop-test-b\"\n",
            &["7:24: `ml/shop-test-b` bounds nobody: those it should bound may change every policy that begins with \
               `ml/shop-test-`"],
        ),
        (
            "a role of no function",
            "[identity.roles.functions]\nscore = \"arn:aws:iam::123456789012:role/score\"\n",
            &["6:9: there is no function `score`"],
        ),
    ]);
}

#[test]
fn names() {
    all(&[
        (
            "a suffix, which no policy can name",
            "[names]\npattern = \"acme-{name}-{environment}\"\n",
            &["6:11: the pattern `acme-{name}-{environment}` does not end in `-{name}`, or names it twice"],
        ),
        (
            "a placeholder that there is not",
            "[names]\npattern = \"acme-{stage}-{name}\"\n",
            &["6:11: `{stage}` is no placeholder"],
        ),
        (
            "too long for job names",
            "[names]\npattern = \"acme-{environment}-{project}-{region}-eu-{name}\"\n",
            &["5:1: `acme-test-shop-eu-central-1-eu` is too long: what names begin with has at most 28 characters"],
        ),
    ]);
}

#[test]
fn owner_tags() {
    all(&[
        (
            "one key for both",
            "[owner_tags]\nproject = \"app\"\nenvironment = \"App\"\n",
            &["7:15: `App` cannot name the project and the environment"],
        ),
        (
            "a key that says something else",
            "[owner_tags]\nproject = \"Name\"\n",
            &["6:11: the tag `Name` says something else: AWS, people or mlopsctl set it"],
        ),
        (
            "a plain tag with the key of an owner's",
            "[owner_tags]\nproject = \"app\"\n[tags]\nApp = \"x\"\nProject = \"free now\"\n",
            &["8:7: the tag `App` is set by mlopsctl"],
        ),
    ]);
}

#[test]
fn place_of_the_state() {
    all(&[(
        "a prefix in a bucket that is one environment's",
        "[state]\nkey_prefix = \"platform/mlops\"\n",
        &["6:14: `key_prefix` is about a bucket that several environments share, and none is named"],
    )]);
}
