//! Images, jobs, functions, and what watches them.

use super::{HEAD, all, problems};

#[test]
fn registry_catalog_and_functions() {
    all(&[
        (
            "a repository twice",
            "[registry]\nrepositories = [\"churn\", \"churn\"]\n",
            &["6:26: `churn` is listed twice in `repositories`"],
        ),
        (
            "a database Athena cannot read",
            "[catalog]\ndatabase = \"my-db\"\n",
            &[
                "6:12: `my-db` must be lower-case letters, digits and underscores, beginning with a letter (Athena reads nothing else)",
            ],
        ),
        (
            "a crawler of no bucket",
            "[[catalog.crawlers]]\nname = \"raw\"\nbucket = \"dta\"\nprefix = \"raw/\"\n",
            &["7:10: there is no bucket named `dta`"],
        ),
        (
            "a prefix without its slash",
            "[[catalog.crawlers]]\nname = \"raw\"\nprefix = \"raw\"\n",
            &["7:10: `raw` must be a prefix that ends with a slash, such as `raw/`"],
        ),
        (
            "a rate, which Glue does not know",
            "[[catalog.crawlers]]\nname = \"raw\"\nprefix = \"raw/\"\nschedule = \"rate(1 day)\"\n",
            &["8:12: `rate(1 day)` must be a cron expression with six fields: `cron(0 2 * * ? *)`"],
        ),
        (
            "new folders only, and tables that change",
            "[[catalog.crawlers]]\nname = \"raw\"\nprefix = \"raw/\"\nrecrawl = \"new-folders-only\"\n",
            &["8:11: a crawler of new folders only cannot change tables"],
        ),
        (
            "a workflow of a job that is not",
            "[catalog.workflow]\njob = \"elt\"\n",
            &["6:7: there is no job named `elt`"],
        ),
        (
            "a job that is too small",
            "[[catalog.jobs]]\nname = \"etl\"\nscript = \"etl.py\"\nworkers = 1\nglue_version = 5.0\n",
            &["8:11: `workers` must be between 2 and 299, not 1", "9:16: `glue_version` must be text, not a fraction"],
        ),
        (
            "a script outside of the project",
            "[[catalog.jobs]]\nname = \"etl\"\nscript = \"../etl.py\"\n",
            &["7:10: `../etl.py` must be a path within the project, such as `pipeline/glue/etl.py`"],
        ),
        (
            "arguments that are not ours to give",
            "[[catalog.jobs]]\nname = \"etl\"\nscript = \"etl.py\"\n[catalog.jobs.arguments]\n--mode = \"x\"\nsplit = 1\n",
            &[
                "9:10: the argument `--mode` cannot be given",
                "10:1: the key `split` must be an argument that begins with two hyphens, such as `--split`",
            ],
        ),
        (
            "a function out of bounds",
            "[[functions]]\nname = \"f\"\nmemory_mb = 64\ntimeout_seconds = 901\nruntime = \"python3.21\"\nhandler = \"main\"\n",
            &[
                "7:13: `memory_mb` must be between 128 and 10240, not 64",
                "8:19: `timeout_seconds` must be between 1 and 900, not 901",
                "9:11: `runtime` cannot be `python3.21`",
                "10:11: `main` must be `<module>.<function>`, such as `handler.handler`",
            ],
        ),
        (
            "secrets in the file",
            "[[functions]]\nname = \"f\"\nnot_secret = [\"MAX_TOKENS\", \"GONE\"]\n[functions.environment]\nDB_PASSWORD = \"hunter2\"\nKEY = \"AKIAIOSFODNN7EXAMPLE\"\nMAX_TOKENS = \"many\"\n",
            &[
                "7:29: there is no key named `GONE`",
                "9:15: `DB_PASSWORD` looks like a secret: so says its name",
                "10:7: `KEY` looks like a secret: its value has the form of a credential",
            ],
        ),
        (
            "a secret where a reference belongs, which is not repeated",
            "[[functions]]\nname = \"f\"\nsecrets = { A1 = \"hunter2\", B1 = 7, C1 = \"/shop/c\" }\nenvironment = { C1 = \"x\" }\n",
            &[
                "7:18: `A1` must be a reference: the whole ARN of a secret in Secrets Manager, the ARN of an SSM parameter, or the name of one that begins with `/`",
                "7:34: `B1` must be text, not an integer",
                "7:42: `C1` has a value as well",
            ],
        ),
        (
            "a secret of another region",
            "[[catalog.jobs]]\nname = \"etl\"\nscript = \"etl.py\"\nsecrets = { --db = \"arn:aws:ssm:us-east-1:123456789012:parameter/db\" }\n",
            &["8:20: the secret is in us-east-1, and this environment is in eu-central-1"],
        ),
        (
            "secrets that a function cannot reach",
            "nat = \"none\"\ns3_endpoint = true\nendpoints = [\"sagemaker.api\", \"sagemaker.runtime\", \"sts\", \"logs\", \"ssm\"]\n[[functions]]\nname = \"f\"\nsecrets = { AB = \"/shop/a\", CD = \"arn:aws:secretsmanager:eu-central-1:123456789012:secret:c-AbCdEf\" }\n",
            &["10:34: without NAT, `CD` is read through the endpoint secretsmanager"],
        ),
        (
            "the evaluation function without a way to SageMaker",
            "nat = \"none\"\ns3_endpoint = true\n[studio]\nnetwork = \"PublicInternetOnly\"\n[[catalog.jobs]]\nname = \"etl\"\nscript = \"etl.py\"\n[[functions]]\nname = \"data-validation\"\n[[functions]]\nname = \"model-evaluation\"\n[pipeline]\n[pipeline.deploy]\n",
            &[
                "15:8: without NAT, the `evaluation_function` of [pipeline] reads the model registry through the endpoint sagemaker.api",
                "15:8: without NAT, the `evaluation_function` of [pipeline] tries a deployed model through the endpoint sagemaker.runtime",
            ],
        ),
        (
            "a hyperparameter that is a secret",
            "[pipeline.training.hyperparameters]\napi_key = \"hunter2\"\nnum_round = 10\n",
            &[
                "5:2: there is no function named `data-validation`",
                "5:2: there is no function named `model-evaluation`",
                "5:2: there is no job named `etl`",
                "6:11: `api_key` looks like a secret: so says its name",
            ],
        ),
        (
            "a name too long for a role",
            "[[functions]]\nname = \"a-function-whose-name-is-longer-than-any-role-may-ever-be\"\n",
            &[
                "6:8: `shop-test-a-function-whose-name-is-longer-than-any-role-may-ever-be-function`, the function's role, has 76 characters; IAM takes at most 64",
            ],
        ),
        (
            "a variable of Lambda itself",
            "[[functions]]\nname = \"f\"\nenvironment = { AWS_REGION = \"x\" }\n",
            &["7:30: Lambda sets `AWS_REGION` itself"],
        ),
        (
            "a variable that Lambda's runtime sets",
            "[[functions]]\nname = \"f\"\nenvironment = { AWS_LAMBDA_RUNTIME_API = \"x\" }\n",
            &["7:42: Lambda sets `AWS_LAMBDA_RUNTIME_API` itself"],
        ),
        (
            "the limits of the validation function",
            "[[functions]]\nname = \"data-validation\"\nenvironment = { LIMITS = \"{}\" }\n[pipeline]\n",
            &[
                "7:26: mlopsctl sets `LIMITS` of the validation function, from [pipeline.validation]",
                "8:1: there is no function named `model-evaluation`",
                "8:1: there is no job named `etl`",
            ],
        ),
        (
            "a function twice",
            "[[functions]]\nname = \"f\"\n[[functions]]\nname = \"f\"\n",
            &["8:8: there are two functions named `f`"],
        ),
        (
            "one function where a list is meant",
            "[functions]\nname = \"f\"\n",
            &["5:1: `functions` must be a list, not a table"],
        ),
    ]);
}

#[test]
fn monitoring_protection_drift_and_budget() {
    let alarm = "[[monitoring.alarms]]\nname = \"a\"\nnamespace = \"AWS/Lambda\"\nmetric = \"Errors\"\nthreshold = 1\n";
    let with_alarm = |rest: &str| format!("{alarm}{rest}");
    let built: Vec<(&str, String, &[&str])> = vec![
        (
            "a retention CloudWatch does not have",
            "[monitoring]\nlog_retention_days = 8\n".into(),
            &["6:22: `log_retention_days` cannot be `8`"],
        ),
        ("a misspelt key", "[monitoring]\nretention_day = 7\n".into(), &["6:1: unknown key `retention_day`"]),
        (
            "a mail address without a host",
            "[monitoring]\nsubscriptions = [{ protocol = \"email\", endpoint = \"ann\" }]\n".into(),
            &["6:51: `ann` must be a mail address"],
        ),
        (
            "a web address in the clear",
            "[monitoring]\nsubscriptions = [{ protocol = \"https\", endpoint = \"http://x.org\" }]\n".into(),
            &["6:51: `http://x.org` must be a URL that begins with `https://`"],
        ),
        (
            "an alarm without its pieces",
            "[[monitoring.alarms]]\nname = \"a\"\n".into(),
            &[
                "5:1: one of `alarms` lacks `metric`",
                "5:1: one of `alarms` lacks `namespace`",
                "5:1: one of `alarms` lacks `threshold`",
            ],
        ),
        (
            "a period between the possible ones",
            with_alarm("period_seconds = 90\n"),
            &["10:18: a period of 90 seconds is not possible"],
        ),
        (
            "an evaluation of too many periods",
            with_alarm("period_seconds = 3000\nevaluation_periods = 30\n"),
            &["11:22: 30 periods of 3000 seconds are more than a day"],
        ),
        (
            "more points than periods",
            with_alarm("datapoints_to_alarm = 2\n"),
            &["10:23: of 1 periods no more than that can cross the threshold"],
        ),
        (
            "a statistic that is none",
            with_alarm("statistic = \"Avg\"\n"),
            &[
                "10:13: `Avg` must be `Average`, `Maximum`, `Minimum`, `SampleCount`, `Sum` or a percentile such as `p99`",
            ],
        ),
        (
            "a pattern of no area",
            "[protection]\nprotect = [\"strorage.*\"]\n".into(),
            &["6:12: `strorage` is no area of the platform"],
        ),
        (
            "ignoring what is no area",
            "[drift]\nignore = [\"*\", \"alarms.*\"]\n".into(),
            &["6:16: `alarms` is no area of the platform"],
        ),
        (
            "an unknown way of repairing drift",
            "[drift]\nheal = \"always\"\ntoo_many = 0\n".into(),
            &["6:8: `heal` cannot be `always`", "7:12: `too_many` must be between 1 and 65535, not 0"],
        ),
        (
            "a job at no time, for too long",
            "[drift.job]\nschedule = \"hourly\"\ntimeout_minutes = 16\naccept_administration = true\n".into(),
            &[
                "6:12: `hourly` must be `rate(1 day)` or `cron(0 2 * * ? *)`",
                "7:19: `timeout_minutes` must be between 2 and 15, not 16",
            ],
        ),
        (
            "a function of the job's name",
            "[[functions]]\nname = \"drift-job\"\n[drift.job]\nbinary = \"mlopsctl\"\naccept_administration = true\n"
                .into(),
            &["6:8: the job of `[drift.job]` is called `drift-job`"],
        ),
        (
            "a job that repairs, and that nobody limits",
            "[drift.job]\nbinary = \"mlopsctl\"\n".into(),
            &[
                "5:1: the drift job may make roles, and no boundary limits them: it could make itself administrator of the account",
            ],
        ),
        (
            "no money",
            "[budget]\nmonthly_usd = 0\nalert_percent = []\n".into(),
            &[
                "6:15: `monthly_usd` must be between 1 and 100000000, not 0",
                "7:17: `alert_percent` must hold at least 1, not 0",
            ],
        ),
        ("a section of another tool", "[terraform]\nx = 1\n".into(), &["5:2: unknown key `terraform`"]),
    ];
    for (reason, text, expected) in &built {
        assert_eq!(problems(&format!("{HEAD}{text}")), *expected, "{reason}:\n{text}");
    }
}
