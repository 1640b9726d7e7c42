//! Forms of text: what a name, an ARN or a schedule must look like, by AWS's rules.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use std::borrow::Cow;
use std::marker::PhantomData;

/// A rule for text. Patterns are anchored and keep to what Rust's and JavaScript's engines share.
pub(crate) trait Form {
    const PATTERN: &'static str;
    /// Completes "`x` must be …".
    const EXPECTED: &'static str;
    const EXAMPLE: &'static str;
    /// A rule beyond the pattern, by its name in [`check_format`](crate::formats::check_format).
    const FORMAT: Option<&'static str> = None;
}

/// The partition of a region, as in ARNs. An account belongs to one partition.
/// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
pub(crate) fn partition(region: &str) -> &'static str {
    let partitions = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
    ];
    partitions.into_iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, name)| name)
}

/// The schema of a string of some form, named in `#[schemars(with = …)]`; the field itself is a `String`.
pub(crate) struct Text<F>(PhantomData<F>);

impl<F: Form> JsonSchema for Text<F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<F>().into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "string",
            "pattern": F::PATTERN,
            "patternErrorMessage": format!("must be {}", F::EXPECTED),
            "examples": [F::EXAMPLE],
        });
        if let Some(format) = F::FORMAT {
            schema.insert("format".into(), format.into());
        }
        schema
    }
}

/// The schema of text that must not be repeated, neither in messages nor by editors: who errs may write a secret there.
pub(crate) struct SecretText<F>(PhantomData<F>);

impl<F: Form> JsonSchema for SecretText<F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<F>().into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Text::<F>::json_schema(generator);
        schema.insert("writeOnly".into(), true.into());
        schema
    }
}

/// The schema of a table whose keys have a form.
pub(crate) struct Map<K, V>(PhantomData<(K, V)>);

impl<K: Form, V: JsonSchema> JsonSchema for Map<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Map of {}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<V>();
        json_schema!({
            "type": "object",
            "additionalProperties": values,
            "propertyNames": Text::<K>::json_schema(generator),
        })
    }
}

/// Text, a number or a truth value, where AWS wants text in the end.
pub(crate) struct Scalar;

impl JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "number", "boolean"] })
    }
}

/// Reads a table of [`Scalar`]s as text.
pub(crate) fn scalars<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<std::collections::BTreeMap<String, String>, D::Error> {
    use serde::Deserialize as _;
    let values = std::collections::BTreeMap::<String, Value>::deserialize(deserializer)?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(|(key, value)| (key, text(value))).collect())
}

macro_rules! form {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $expected:literal, $example:literal $(, $format:literal)?) => {
        $(#[$doc])*
        pub(crate) enum $name {}
        impl Form for $name {
            const PATTERN: &'static str = $pattern;
            const EXPECTED: &'static str = $expected;
            const EXAMPLE: &'static str = $example;
            $(const FORMAT: Option<&'static str> = Some($format);)?
        }
    };
}

form!(
    /// A short name, which becomes part of bucket, function and role names.
    Slug, "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "lower-case letters, digits and single hyphens, beginning with a letter", "raw-data"
);
form!(
    /// A requirement in Cargo's syntax. Commas join several requirements.
    VersionRequirement, "^[<>=~^]{0,2} *[0-9]+([.][0-9]+){0,2}( *, *[<>=~^]{0,2} *[0-9]+([.][0-9]+){0,2})*$", "versions of mlopsctl, such as `>=0.2` or `>=0.2, <1`", ">=0.2", "version-requirement"
);
form!(
    /// A name that SageMaker accepts.
    SageMakerName, "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", "1 to 63 letters, digits and hyphens, beginning and ending with a letter or digit", "data-scientist"
);
form!(
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_FeatureDefinition.html>
    FeatureName, "^[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}$", "1 to 64 letters, digits, hyphens and underscores, beginning and ending with a letter or digit", "customer_id"
);
form!(
    /// Words, not a list of regions: new regions follow the same words. `us-gov`, `eusc-de` and the `iso` ones are of
    /// partitions of their own.
    Region, "^(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov|eusc-de|us-iso|us-isob|us-isof|eu-isoe)-(central|north|south|east|west|northeast|northwest|southeast|southwest)-[1-9]$", "a region of AWS, such as `ap-south-1`", "ap-south-1"
);
form!(
    /// A name (`ap-south-1a`), or an id (`aps1-az1`). No local zones: many services are not there.
    /// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html>
    Zone, "^([a-z]{2,4}(-[a-z]+)+-[1-9][a-z]|[a-z0-9]{3,12}-az[1-9][0-9]?)$", "the name or id of an availability zone, such as `ap-south-1a` or `aps1-az1`", "ap-south-1a"
);
form!(
    /// Ids from before 2016 have eight digits.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
    VpcId, "^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a VPC, such as `vpc-0a1b2c3d4e5f67890`", "vpc-0a1b2c3d4e5f67890"
);
form!(
    SubnetId,
    "^subnet-([0-9a-f]{8}|[0-9a-f]{17})$",
    "the id of a subnet, such as `subnet-0a1b2c3d4e5f67890`",
    "subnet-0a1b2c3d4e5f67890"
);
form!(
    SecurityGroupId,
    "^sg-([0-9a-f]{8}|[0-9a-f]{17})$",
    "the id of a security group, such as `sg-0a1b2c3d4e5f67890`",
    "sg-0a1b2c3d4e5f67890"
);
form!(
    /// The text between the placeholders is checked after they are filled in.
    NamePattern, "^[a-z0-9{}-]{1,128}$", "a pattern of lower-case letters, digits, hyphens and placeholders that ends in `-{name}`", "acme-{environment}-{project}-{name}"
);
form!(Account, "^[0-9]{12}$", "an AWS account: 12 digits", "123456789012");
form!(
    PolicyArn,
    "^arn:aws(-[a-z]+)*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]{1,512}$",
    "the ARN of an IAM policy",
    "arn:aws:iam::123456789012:policy/boundary"
);
form!(
    /// IAM reserves `/aws-service-role/` and `/aws-reserved/` for AWS. The pattern allows the characters that
    /// SageMaker, Lambda and Glue accept in the ARN of a role.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names>
    IamPath, "^/([A-Za-z0-9+=,.@_-]+/)+$", "an IAM path that begins and ends with a slash, such as `/platform/ml/`", "/platform/ml/", "iam-path"
);
form!(
    /// A service accepts only roles of its own account.
    RoleArn, "^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/([A-Za-z0-9+=,.@_-]+/)*[A-Za-z0-9+=,.@_-]{1,64}$", "the ARN of an IAM role", "arn:aws:iam::123456789012:role/platform/ml-studio"
);
form!(
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>, without dots, which break TLS.
    BucketName, "^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$", "a bucket name: 3 to 63 lower-case letters, digits and hyphens", "mlops-pipeline-state"
);
form!(
    /// Letters and digits of all languages, as EC2, IAM, S3, Lambda and SageMaker take them. The pattern says what no tag
    /// holds; that the rest are letters and digits no pattern says that all editors read.
    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html>
    TagKey, "^[^\\x00-\\x1F!-*,;<>?\\[-\\^`{-\\xA0]{1,128}$", "1 to 128 letters, digits, spaces and `_.:/=+-@`", "Owner", "tag"
);
form!(
    TagValue,
    "^[^\\x00-\\x1F!-*,;<>?\\[-\\^`{-\\xA0]{0,256}$",
    "at most 256 letters, digits, spaces and `_.:/=+-@`",
    "DataTeam",
    "tag"
);
form!(
    /// A range the VPC can have; [`Cidr`](crate::environment::cidr::Cidr) says the rest.
    CidrBlock, "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$", "an IPv4 range, such as `10.0.0.0/16`", "10.0.0.0/16", "cidr"
);
form!(Schedule, "^(rate|cron)\\(.+\\)$", "`rate(1 day)` or `cron(0 2 * * ? *)`", "cron(0 2 * * ? *)", "schedule");
form!(
    /// Glue knows no rates.
    Cron, "^cron\\(.+\\)$", "a cron expression with six fields: `cron(0 2 * * ? *)`", "cron(0 2 * * ? *)", "cron"
);
form!(
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMlflowApp.html>
    WeeklyTime, "^(Mon|Tue|Wed|Thu|Fri|Sat|Sun):([01][0-9]|2[0-3]):[0-5][0-9]$", "a day and a time, such as `Sun:03:30`", "Sun:03:30"
);
form!(
    /// A path within the project, which must not lead out of it.
    ProjectPath, "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", "a path within the project, such as `pipeline/glue/etl.py`", "pipeline/glue/etl.py"
);
form!(
    /// Characters that need no escape in the key of an object.
    KeyPrefix, "^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/?$", "a prefix of keys, such as `platform/mlops`", "platform/mlops"
);
form!(Prefix, "^([A-Za-z0-9_=.-]+/)+$", "a prefix that ends with a slash, such as `raw/`", "raw/");
form!(
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
    Handler, "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)+$", "`<module>.<function>`, such as `handler.handler`", "handler.handler"
);
form!(VariableName, "^[A-Za-z][A-Za-z0-9_]+$", "a letter followed by letters, digits and underscores", "LOG_LEVEL");
form!(
    JobArgument,
    "^--[A-Za-z][A-Za-z0-9_.-]*$",
    "an argument that begins with two hyphens, such as `--split`",
    "--split"
);
form!(
    /// Sizes come and go; their form does not.
    MlInstance, "^ml\\.[a-z][a-z0-9-]*\\.(nano|micro|small|medium|large|xlarge|[1-9][0-9]*xlarge)$", "a SageMaker instance type, such as `ml.m5.large`", "ml.m5.large"
);
form!(
    /// A secret that AWS keeps. Policies name a secret by its whole ARN, which ends in six characters of AWS's.
    /// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html>
    SecretReference,
    "^(arn:aws(-[a-z]+)*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}|arn:aws(-[a-z]+)*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*|(/[A-Za-z0-9_.-]+)+)$",
    "a reference: the whole ARN of a secret in Secrets Manager, the ARN of an SSM parameter, or the name of one that begins with `/`",
    "arn:aws:secretsmanager:ap-south-1:123456789012:secret:database-AbCdEf"
);
form!(
    KeyArn,
    "^arn:aws(-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
    "the ARN of a KMS key",
    "arn:aws:kms:ap-south-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
);
form!(
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
    PolicyAction, "^(\\*|[a-z][a-z0-9-]*:[A-Za-z*?][A-Za-z0-9*?]*)$", "an action of a service, such as `sqs:SendMessage`", "sqs:SendMessage"
);
form!(
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
    PolicyResource, "^(\\*|arn:aws(-[a-z]+)*:[a-z][a-z0-9-]*:[a-z0-9*-]*:([0-9]{12}|aws|\\*)?:[!-~]+)$", "an ARN, `arn:partition:service:region:account:resource`", "arn:aws:sqs:ap-south-1:123456789012:orders"
);
form!(
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
    ConditionOperator, "^(Null|((ForAllValues|ForAnyValue):)?(String(Not)?(Equals|EqualsIgnoreCase|Like)|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|Arn(Not)?(Equals|Like)|(Not)?IpAddress|Bool|BinaryEquals)(IfExists)?)$", "an operator of IAM conditions, such as `StringEquals`", "StringEquals"
);
form!(
    ConditionKey,
    "^[A-Za-z0-9-]+:[!-~]+$",
    "a condition key, such as `aws:ResourceTag/Team`",
    "aws:ResourceTag/Team"
);
form!(
    /// The pattern also matches aliases, so that the message can say why an alias is refused.
    ExistingKeyArn,
    "^arn:aws(-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:(key/[A-Za-z0-9-]+|alias/[A-Za-z0-9/_-]+)$",
    "the ARN of a KMS key",
    "arn:aws:kms:ap-south-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "key"
);
form!(
    DatabaseName,
    "^[a-z][a-z0-9_]{0,127}$",
    "lower-case letters, digits and underscores, beginning with a letter (Athena reads nothing else)",
    "mlops_pipeline_dev"
);
form!(MetricName, "^[^:][ -~]{0,254}$", "1 to 255 printable characters, not beginning with a colon", "Errors");
form!(
    Namespace,
    "^[A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254}$",
    "a CloudWatch namespace, such as `AWS/Lambda`",
    "AWS/Lambda"
);
form!(
    Statistic,
    "^(Average|Maximum|Minimum|SampleCount|Sum|p[0-9]{1,2}(\\.[0-9]{1,10})?|p100)$",
    "`Average`, `Maximum`, `Minimum`, `SampleCount`, `Sum` or a percentile such as `p99`",
    "Sum"
);
form!(AddressGlob, "^(\\*|[a-z*]+\\.[A-Za-z0-9*._/-]+)$", "a pattern of addresses, such as `storage.*`", "storage.*");
form!(
    /// A field and the keys within it, such as `inline_policies.queue` or `tags.team:name`.
    IgnoreRule, "^(\\*|[a-z*]+\\.[A-Za-z0-9*._/-]+)#[a-z][a-z0-9_]*(\\.[!\"$-~]+)?$", "a pattern of addresses and a field, such as `functions.*#tags.CostCenter`", "functions.*#tags.CostCenter"
);
form!(PlainAddress, "^[a-z]+\\.[A-Za-z0-9._/-]+$", "an address, such as `storage.landing`", "storage.landing");
form!(Metric, "^[a-z][a-z0-9_]*$", "a metric of the evaluation, such as `auc`", "auc");
form!(ColumnName, "^[A-Za-z0-9_]+$", "the name of a column", "monthly_charge");
form!(
    Shares,
    "^(0?\\.[0-9]+|0),(0?\\.[0-9]+|0),(0?\\.[0-9]+|0)$",
    "three shares, of training, validation and test: `0.8,0.1,0.1`",
    "0.8,0.1,0.1"
);
form!(
    ImageReference,
    "^[a-z0-9]+([._/-][a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$",
    "`<repository>:<tag>`, `aws/<repository>:<tag>` or the whole URI of an image in ECR",
    "churn:1.4"
);

/// True if a text can be part of a resource name.
pub(crate) fn is_slug(text: &str) -> bool {
    regex::Regex::new(Slug::PATTERN).is_ok_and(|pattern| pattern.is_match(text))
}
