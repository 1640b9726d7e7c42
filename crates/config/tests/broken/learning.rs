//! Studio, features and the pipeline.

use super::{HEAD, all, problems};

#[test]
fn studio_and_feature_groups() {
    let group = |features: &str, rest: &str| {
        format!(
            "[[feature_groups]]\nname = \"c\"\nrecord_identifier = \"id\"\nevent_time = \"at\"\nfeatures = [{features}]\n{rest}"
        )
    };
    let good = "{ name = \"id\", type = \"String\" }, { name = \"at\", type = \"Fractional\" }";
    let built: Vec<(&str, String, &[&str])> = vec![
        ("a misspelt mode", "[studio]\nauth_mode = \"sso\"\n".into(), &["6:13: `auth_mode` cannot be `sso`"]),
        (
            "idle for less than SageMaker can tell",
            "[studio]\nidle_shutdown_minutes = 5\n".into(),
            &["6:25: `idle_shutdown_minutes` must be between 60 and 525600, not 5"],
        ),
        (
            "a name with an underscore",
            "[studio]\nuser_profiles = [\"data_scientist\"]\n".into(),
            &[
                "6:18: `data_scientist` must be 1 to 63 letters, digits and hyphens, beginning and ending with a letter or digit",
            ],
        ),
        (
            "one person in two spellings",
            "[studio]\nuser_profiles = [\"ann\", \"Ann\"]\n".into(),
            &["6:25: `ann` and `Ann` differ in case only"],
        ),
        (
            "a space of nobody",
            "[studio]\nuser_profiles = [\"ann\"]\n[[studio.spaces]]\nname = \"team\"\nowner = \"anna\"\n".into(),
            &["9:9: there is no user profile named `anna`"],
        ),
        (
            "an identifier that is no feature",
            group(&good.replace("\"id\"", "\"ident\""), ""),
            &["7:21: there is no feature named `id`"],
        ),
        (
            "an event time that cannot be one",
            group(&good.replace("Fractional", "Integral"), ""),
            &["8:14: the event time `at` cannot be Integral"],
        ),
        (
            "a column of the offline store",
            group(&format!("{good}, {{ name = \"year\", type = \"Integral\" }}"), ""),
            &["9:94: `year` is a column of the offline store itself"],
        ),
        (
            "a feature twice",
            group(&format!("{good}, {{ name = \"id\", type = \"String\" }}"), ""),
            &["9:94: there are two features named `id`"],
        ),
        (
            "a type of another world",
            group(&good.replace("\"String\"", "\"Text\""), ""),
            &["9:35: `type` cannot be `Text`"],
        ),
        ("no features", group("", ""), &["9:12: `features` must hold at least 1, not 0"]),
        (
            "records kept nowhere",
            group(good, "online = false\noffline = false\n"),
            &["5:1: `c` keeps its records nowhere"],
        ),
        (
            "a life of online records that are not",
            group(good, "online = false\nttl = { value = 1, unit = \"Days\" }\n"),
            &["11:7: `ttl` is about online records, and there are none"],
        ),
        ("half a life", group(good, "ttl = { value = 1 }\n"), &["10:7: `ttl` lacks `unit`"]),
    ];
    for (reason, text, expected) in &built {
        assert_eq!(problems(&format!("{HEAD}{text}")), *expected, "{reason}:\n{text}");
    }
}

/// The jobs and functions that the pipeline needs, in nine lines: 5 to 12 of the file and the section's header.
const STEPS: &str = "[[catalog.jobs]]\nname = \"etl\"\nscript = \"etl.py\"\nbookmarks = false\n[[functions]]\nname = \"data-validation\"\n[[functions]]\nname = \"model-evaluation\"\n[pipeline]\n";

#[test]
fn the_pipeline() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "a function that is not",
            "evaluation_function = \"evaluation\"\n",
            &["14:23: there is no function named `evaluation`"],
        ),
        (
            "an instance of EC2",
            "training.instance_type = \"m5.large\"\n",
            &["14:26: `m5.large` must be a SageMaker instance type, such as `ml.m5.large`"],
        ),
        (
            "a machine that AWS does not have",
            "training.instance_type = \"ml.p9.48xlarge\"\n",
            &["14:26: SageMaker has no machine `ml.p9.48xlarge`"],
        ),
        (
            "machines for other works",
            "training.instance_type = \"ml.inf2.xlarge\"\ntransform.instance_type = \"ml.g7.2xlarge\"\ninference_instance_types = [\"ml.m5.large\", \"ml.p3dn.24xlarge\"]\n",
            &[
                "14:26: SageMaker has `ml.inf2.xlarge` for transform and hosting, not for training",
                "15:27: SageMaker has `ml.g7.2xlarge` for training and hosting, not for transform",
                "16:44: SageMaker has `ml.p3dn.24xlarge` for training, not for hosting",
            ],
        ),
        ("waiting without spot", "training = { max_wait_minutes = 90 }\n", &["14:33: only spot training waits"]),
        (
            "waiting for less than the run",
            "training = { spot = true, max_runtime_minutes = 60, max_wait_minutes = 30 }\n",
            &["14:72: `max_wait_minutes` includes the running time of 60 minutes"],
        ),
        (
            "shares of more than there is",
            "split = \"0.8,0.3,0.1\"\n",
            &["14:9: the shares `0.8,0.3,0.1` do not add up to 1"],
        ),
        ("nothing to test on", "split = \"0.8,0.2,0\"\n", &["14:9: every share must be more than 0"]),
        (
            "a schedule with a day too many",
            "schedule = \"cron(0 2 * * * *)\"\n",
            &["14:12: in `cron(0 2 * * * *)`, one of day of the month and day of the week must be `?`, and not both"],
        ),
        (
            "a rate in bad grammar",
            "schedule = \"rate(1 days)\"\n",
            &["14:12: `rate(1 days)` is one: write `rate(1 day)`"],
        ),
        ("a threshold without a bound", "thresholds = { auc = {} }\n", &["14:22: `auc` has no bound"]),
        (
            "a threshold nothing can meet",
            "thresholds.auc = { min = 0.9, max = 0.5 }\n",
            &["14:18: no `auc` is at least 0.9 and at most 0.5"],
        ),
        (
            "a number that is none",
            "thresholds.auc = { min = nan }\n",
            &["14:26: `min` must be a number, not infinite or undefined"],
        ),
        (
            "a fraction above one",
            "validation.max_null_fraction = 20\n",
            &["14:32: `max_null_fraction` must be between 0 and 1, not 20"],
        ),
        (
            "a drift beyond nothing in common",
            "validation.max_drift = 1.5\n",
            &["14:24: `max_drift` must be between 0 and 1, not 1.5"],
        ),
        ("a limit the function does not know", "validation.min_row = 20\n", &["14:12: unknown key `min_row`"]),
        (
            "a deployment on what no package allows",
            "[pipeline.deploy]\ninstance_type = \"ml.c5.large\"\n",
            &["15:17: there is no inference instance type named `ml.c5.large`"],
        ),
        (
            "a canary of a single machine",
            "[pipeline.deploy]\ncanary_percent = 50\n",
            &["15:18: a single machine cannot be shared"],
        ),
        (
            "a canary that scaling may leave alone",
            "deploy = { instance_count = 2, canary_percent = 50, autoscaling = { min = 1, max = 4, invocations_per_instance = 9 } }\n",
            &["14:49: a single machine cannot be shared"],
        ),
        (
            "a range of machines the wrong way round",
            "deploy.autoscaling = { min = 4, max = 2, invocations_per_instance = 9 }\n",
            &["14:39: it is below `min`, which is 4"],
        ),
        (
            "a beginning outside of the range",
            "deploy = { instance_count = 9, autoscaling = { min = 1, max = 4, invocations_per_instance = 9 } }\n",
            &["14:29: `autoscaling` allows 1 to 4 machines"],
        ),
        (
            "an update shorter than its watches",
            "deploy = { watch_minutes = 30, max_minutes = 60 }\n",
            &["14:46: 60 minutes do not suffice to start machines and to watch them twice"],
        ),
        (
            "an endpoint with a name too long for SageMaker",
            "deploy.endpoint = \"a-place-where-our-models-answer-whoever-asks-them-kindly\"\n",
            &[
                "14:19: `shop-test-a-place-where-our-models-answer-whoever-asks-them-kindly` has 66 characters; an endpoint has at most 63",
            ],
        ),
        (
            "an image that AWS does not have",
            "image = \"aws/sagemaker-xgbost:3.0-5\"\n",
            &["14:9: AWS has no image `aws/sagemaker-xgbost`"],
        ),
        (
            "a tag that AWS does not have",
            "image = \"aws/sagemaker-xgboost:3.0-6\"\n",
            &["14:9: `aws/sagemaker-xgboost` has no tag `3.0-6` for training"],
        ),
        (
            "training with an image that predicts",
            "image = \"aws/pytorch-inference:2.6.0-cpu-py312\"\n",
            &["14:9: `aws/pytorch-inference` is not for training"],
        ),
        (
            "predicting with an image that trains",
            "image = \"aws/pytorch-training:2.8.0-cpu-py312\"\n",
            &["14:9: `aws/pytorch-training:2.8.0-cpu-py312` trains only, and no `inference_image` is set"],
        ),
        (
            "two images of no repository",
            "image = \"churn:1\"\ninference_image = \"churn-serving:1\"\n",
            &["14:9: there is no repository named `churn`", "15:19: there is no repository named `churn-serving`"],
        ),
        (
            "an image of another region",
            "image = \"111122223333.dkr.ecr.us-east-1.amazonaws.com/team/churn:1\"\n",
            &["14:9: the image is in us-east-1"],
        ),
        ("an image of no repository", "image = \"churn:1\"\n", &["14:9: there is no repository named `churn`"]),
        (
            "a list as a hyperparameter",
            "training.hyperparameters.eta = [1]\n",
            &["14:32: `eta` must be text or a number or true or false, not a list"],
        ),
    ];
    for (reason, text, expected) in cases {
        assert_eq!(problems(&format!("{HEAD}{STEPS}{text}")), *expected, "{reason}:\n{text}");
    }
    all(&[(
        "a pipeline without its parts",
        "[pipeline]\n",
        &[
            "5:1: there is no function named `data-validation`",
            "5:1: there is no function named `model-evaluation`",
            "5:1: there is no job named `etl`",
        ],
    )]);
}

fn helps(text: &str) -> Vec<String> {
    let found = config::parse("test", &format!("{HEAD}{text}"), None).expect_err("the file is broken");
    found.into_iter().filter_map(|problem| problem.help).collect()
}

#[test]
fn machine_that_does_not_exist_is_answered_with_the_nearest_one() {
    let found = helps(&format!("{STEPS}training.instance_type = \"ml.p9.48xlarge\"\n"));
    assert_eq!(
        found,
        ["did you mean `ml.p5.48xlarge`? Otherwise name a type that AWS has added since this version in \
          `newer_instance_types` of [pipeline]"]
    );
    let declared = "newer_instance_types = [\"ml.p9.48xlarge\"]\ntraining.instance_type = \"ml.p9.48xlarge\"\n";
    assert!(config::parse("test", &format!("{HEAD}{STEPS}{declared}"), None).is_ok());
}

#[test]
fn images_of_aws_and_of_other_accounts_are_accepted_for_training_and_inference() {
    for images in [
        "image = \"aws/sagemaker-xgboost:1.7-1\"",
        "image = \"aws/sagemaker-scikit-learn:1.4-2-cpu-py3\"",
        "image = \"aws/pytorch-training:2.8.0-gpu-py312\"\ninference_image = \"aws/pytorch-inference:2.6.0-cpu-py312\"",
        "image = \"111122223333.dkr.ecr.eu-central-1.amazonaws.com/team/churn:1\"\ninference_image = \"images:2\"",
    ] {
        let text = format!("{HEAD}{STEPS}{images}\n");
        assert!(config::parse("test", &text, None).is_ok(), "{images}");
    }
    let found = helps(&format!("{STEPS}image = \"aws/sagemaker-xgbost:3.0-5\"\n"));
    assert_eq!(found, ["did you mean `aws/sagemaker-xgboost`?"]);
    let elsewhere = format!("{HEAD}{STEPS}").replace("eu-central-1", "mx-central-1");
    assert_eq!(problems(&elsewhere), ["13:1: AWS does not offer `aws/sagemaker-xgboost` in mx-central-1"]);
}
