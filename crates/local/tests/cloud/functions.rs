//! Lambda functions and state machines.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    DeadLetterConfig, Environment, FunctionCode, LastUpdateStatus, Runtime, State, TracingConfig, TracingMode,
    VpcConfig,
};
use aws_sdk_sfn::types::{
    CloudWatchLogsLogGroup, LogDestination, LogLevel, LoggingConfiguration, StateMachineType, Tag, TracingConfiguration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{cloud, code};

const ROLE: &str = "arn:aws:iam::123456789012:role/r";
const DEFINITION: &str = r#"{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}"#;

/// An empty zip archive and, from `openssl dgst -sha256 -binary | base64`, its hash.
const ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const ZIP_SHA256: &str = "hznHbmgfkAkjuQDJ3w73XPQh05yrtUZQxLmtGbanbYU=";

#[tokio::test]
async fn a_function_reads_back_as_created_and_updated() {
    let lambda = aws_sdk_lambda::Client::new(&cloud().sdk_config());
    let create = lambda
        .create_function()
        .function_name("validate")
        .runtime(Runtime::Python312)
        .role(ROLE)
        .handler("main.handler")
        .description("d")
        .code(FunctionCode::builder().zip_file(Blob::new(ZIP)).build())
        .memory_size(512)
        .timeout(60)
        .environment(Environment::builder().variables("A", "b").build())
        .vpc_config(VpcConfig::builder().subnet_ids("subnet-1").security_group_ids("sg-1").build())
        .tracing_config(TracingConfig::builder().mode(TracingMode::Active).build())
        .dead_letter_config(DeadLetterConfig::builder().target_arn("arn:aws:sns:ap-south-1:123456789012:t").build())
        .kms_key_arn("arn:aws:kms:ap-south-1:123456789012:key/k")
        .layers("arn:aws:lambda:ap-south-1:123456789012:layer:l:1")
        .tags("Project", "p");
    create.clone().send().await.unwrap();
    assert_eq!(code(create.send().await), "ResourceConflictException");
    let read = || async {
        let function = lambda.get_function().function_name("validate").send().await.unwrap();
        assert_eq!(function.tags().unwrap()["Project"], "p");
        function.configuration.unwrap()
    };
    let function = read().await;
    assert_eq!(function.state(), Some(&State::Active));
    assert_eq!(function.last_update_status(), Some(&LastUpdateStatus::Successful));
    assert_eq!(function.code_sha256(), Some(ZIP_SHA256));
    assert_eq!(function.memory_size(), Some(512));
    assert_eq!(function.timeout(), Some(60));
    assert_eq!(function.environment().unwrap().variables().unwrap()["A"], "b");
    let vpc = function.vpc_config().unwrap();
    assert_eq!((vpc.subnet_ids(), vpc.security_group_ids()), (&["subnet-1".to_owned()][..], &["sg-1".to_owned()][..]));
    assert_eq!(function.tracing_config().unwrap().mode(), Some(&TracingMode::Active));
    assert!(function.dead_letter_config().unwrap().target_arn().is_some());
    assert_eq!(function.kms_key_arn(), Some("arn:aws:kms:ap-south-1:123456789012:key/k"));
    assert_eq!(function.layers()[0].arn(), Some("arn:aws:lambda:ap-south-1:123456789012:layer:l:1"));

    lambda
        .update_function_configuration()
        .function_name("validate")
        .timeout(90)
        .vpc_config(VpcConfig::builder().set_subnet_ids(Some(vec![])).set_security_group_ids(Some(vec![])).build())
        .tracing_config(TracingConfig::builder().mode(TracingMode::PassThrough).build())
        .send()
        .await
        .unwrap();
    let function = read().await;
    assert_eq!(function.timeout(), Some(90));
    assert_eq!(function.memory_size(), Some(512), "what the update left out stays");
    assert!(function.vpc_config().is_none_or(|vpc| vpc.subnet_ids().is_empty()));
    assert_eq!(function.tracing_config().unwrap().mode(), Some(&TracingMode::PassThrough));
    assert!(function.dead_letter_config().is_some());

    let put = lambda.put_function_concurrency().function_name("validate");
    put.reserved_concurrent_executions(3).send().await.unwrap();
    let concurrency = lambda.get_function_concurrency().function_name("validate").send().await;
    assert_eq!(concurrency.unwrap().reserved_concurrent_executions(), Some(3));
    let update = lambda.update_function_code().function_name("validate");
    let updated = update.zip_file(Blob::new(ZIP)).send().await.unwrap();
    assert_eq!(updated.code_sha256(), Some(ZIP_SHA256));
    lambda.delete_function().function_name("validate").send().await.unwrap();
    assert_eq!(code(lambda.get_function().function_name("validate").send().await), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_state_machine_keeps_logging_and_tracing() {
    let states = aws_sdk_sfn::Client::new(&cloud().sdk_config());
    let logging = |level: LogLevel| {
        let group = CloudWatchLogsLogGroup::builder();
        let group = group.log_group_arn("arn:aws:logs:ap-south-1:123456789012:log-group:/s:*");
        LoggingConfiguration::builder()
            .level(level)
            .include_execution_data(true)
            .destinations(LogDestination::builder().cloud_watch_logs_log_group(group.build()).build())
            .build()
    };
    let arn = states
        .create_state_machine()
        .name("train")
        .definition(DEFINITION)
        .role_arn(ROLE)
        .r#type(StateMachineType::Standard)
        .logging_configuration(logging(LogLevel::All))
        .tracing_configuration(TracingConfiguration::builder().enabled(true).build())
        .tags(Tag::builder().key("Project").value("p").build())
        .send()
        .await
        .unwrap()
        .state_machine_arn;
    let describe = || states.describe_state_machine().state_machine_arn(&arn).send();
    let machine = describe().await.unwrap();
    assert_eq!(machine.definition(), DEFINITION);
    assert_eq!(machine.role_arn(), ROLE);
    assert_eq!(machine.r#type(), &StateMachineType::Standard);
    assert_eq!(machine.logging_configuration(), Some(&logging(LogLevel::All)));
    assert!(machine.tracing_configuration().unwrap().enabled());
    let tags = states.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags()[0].key(), Some("Project"));
    states
        .update_state_machine()
        .state_machine_arn(&arn)
        .logging_configuration(logging(LogLevel::Error))
        .send()
        .await
        .unwrap();
    let machine = describe().await.unwrap();
    assert_eq!(machine.logging_configuration(), Some(&logging(LogLevel::Error)));
    assert_eq!(machine.definition(), DEFINITION, "what the update left out stays");
    assert!(machine.tracing_configuration().unwrap().enabled());
    states.delete_state_machine().state_machine_arn(&arn).send().await.unwrap();
    assert_eq!(code(describe().await), "StateMachineDoesNotExist");
}

#[tokio::test]
async fn the_code_of_a_function_can_be_had_again_and_is_shown_nowhere_else() {
    let lambda = aws_sdk_lambda::Client::new(&cloud().sdk_config());
    let code = FunctionCode::builder().zip_file(Blob::new(ZIP)).build();
    let create = lambda.create_function().function_name("f").runtime(Runtime::Python312).role(ROLE);
    create.handler("main.handler").code(code).send().await.unwrap();
    let got = lambda.get_function().function_name("f").send().await.unwrap();
    let location = got.code().and_then(|code| code.location()).unwrap();
    let archive = STANDARD.decode(location.strip_prefix("data:application/zip;base64,").unwrap()).unwrap();
    assert_eq!(archive, ZIP);
    let listed = format!("{:?}", lambda.list_functions().send().await.unwrap());
    assert!(!listed.contains(&STANDARD.encode(ZIP)), "{listed}");
    // A program for Lambda's own machines is of no use here.
    let code = FunctionCode::builder().zip_file(Blob::new(ZIP)).build();
    let create = lambda.create_function().function_name("g").runtime(Runtime::Providedal2023).role(ROLE);
    create.handler("bootstrap").code(code).send().await.unwrap();
    let got = lambda.get_function().function_name("g").send().await.unwrap();
    assert!(!format!("{got:?}").contains(&STANDARD.encode(ZIP)), "{got:?}");
}

#[tokio::test]
async fn an_execution_is_kept_and_fails_where_nobody_works_for_it() {
    let states = aws_sdk_sfn::Client::new(&cloud().sdk_config());
    let make = async || {
        let machine = states.create_state_machine().name("train").definition(DEFINITION).role_arn(ROLE);
        machine.send().await.unwrap().state_machine_arn
    };
    let machine = make().await;
    let start = |name: &str| states.start_execution().state_machine_arn(&machine).name(name).input("{\"a\": 1}").send();
    let first = start("first").await.unwrap().execution_arn;
    start("second").await.unwrap();
    assert_eq!(code(start("first").await), "ExecutionAlreadyExists");
    let described = states.describe_execution().execution_arn(&first).send().await.unwrap();
    assert_eq!((described.status().as_str(), described.error()), ("FAILED", Some("NothingRunsHere")));
    assert_eq!((described.input(), described.stop_date().is_some()), (Some("{\"a\": 1}"), true));
    let listed = states.list_executions().state_machine_arn(&machine).send().await.unwrap();
    let names: Vec<&str> = listed.executions().iter().map(|execution| execution.name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let history = states.get_execution_history().execution_arn(&first).send().await.unwrap();
    let types: Vec<&str> = history.events().iter().map(|event| event.r#type().as_str()).collect();
    assert_eq!(types, ["ExecutionStarted", "ExecutionFailed"]);
    let nowhere = states.start_execution().state_machine_arn(format!("{machine}2")).send().await;
    assert_eq!(code(nowhere), "StateMachineDoesNotExist");
    states.delete_state_machine().state_machine_arn(&machine).send().await.unwrap();
    make().await;
    assert_eq!(code(states.describe_execution().execution_arn(&first).send().await), "ExecutionDoesNotExist");
}

#[tokio::test]
async fn a_state_machine_keeps_its_definition_when_a_broken_one_is_refused() {
    let states = aws_sdk_sfn::Client::new(&cloud().sdk_config());
    let broken = r#"{"StartAt":"Done","States":{"Done":{"Type":"Pass","Next":"Nowhere"}}}"#;
    let create = |definition: &str| states.create_state_machine().name("train").definition(definition).role_arn(ROLE);
    assert_eq!(code(create(broken).send().await), "InvalidDefinition");
    assert_eq!(code(create("{\"StartAt\"").send().await), "InvalidDefinition");
    let arn = create(DEFINITION).send().await.expect("what was refused does not exist").state_machine_arn;
    let update = states.update_state_machine().state_machine_arn(&arn);
    assert_eq!(code(update.clone().definition(broken).send().await), "InvalidDefinition");
    update.role_arn(format!("{ROLE}-2")).send().await.unwrap();
    let machine = states.describe_state_machine().state_machine_arn(&arn).send().await.unwrap();
    assert_eq!((machine.definition(), machine.role_arn()), (DEFINITION, &*format!("{ROLE}-2")));
}
