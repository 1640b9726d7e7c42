//! Glue databases, crawlers, jobs, triggers and security configurations.

use aws_sdk_glue::Client;
use aws_sdk_glue::types::{
    Action, Condition, CrawlState, CrawlerTargets, DatabaseInput, EncryptionConfiguration, JobCommand, JobUpdate,
    Logical, LogicalOperator, Predicate, S3Encryption, S3EncryptionMode, S3Target, ScheduleState, TriggerState,
    TriggerType, WorkerType,
};

use crate::{ACCOUNT, REGION, cloud, code};

const ROLE: &str = "arn:aws:iam::123456789012:role/glue";

#[tokio::test]
async fn a_database_reads_back_and_its_tables_find_it() {
    let glue = Client::new(&cloud().sdk_config());
    let input = DatabaseInput::builder().name("lake").description("d").location_uri("s3://lake");
    let create = glue.create_database().database_input(input.build().unwrap()).tags("Project", "p");
    create.clone().send().await.unwrap();
    assert_eq!(code(create.send().await), "AlreadyExistsException");
    let database = glue.get_database().name("lake").send().await.unwrap().database.unwrap();
    assert_eq!(database.description(), Some("d"));
    assert_eq!(database.location_uri(), Some("s3://lake"));
    let arn = format!("arn:aws:glue:{REGION}:{ACCOUNT}:database/lake");
    let tags = glue.get_tags().resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap()["Project"], "p");
    let table = aws_sdk_glue::types::TableInput::builder().name("t").build().unwrap();
    glue.create_table().database_name("lake").table_input(table).send().await.unwrap();
    glue.delete_database().name("lake").send().await.unwrap();
    assert_eq!(code(glue.get_database().name("lake").send().await), "EntityNotFoundException");
}

#[tokio::test]
async fn a_crawler_keeps_targets_and_schedule() {
    let glue = Client::new(&cloud().sdk_config());
    let targets = CrawlerTargets::builder().s3_targets(S3Target::builder().path("s3://lake/raw").build()).build();
    glue.create_crawler()
        .name("raw")
        .role(ROLE)
        .database_name("lake")
        .targets(targets)
        .schedule("cron(0 1 * * ? *)")
        .table_prefix("raw_")
        .tags("Project", "p")
        .send()
        .await
        .unwrap();
    let crawler = glue.get_crawler().name("raw").send().await.unwrap().crawler.unwrap();
    assert_eq!(crawler.targets().unwrap().s3_targets()[0].path(), Some("s3://lake/raw"));
    assert_eq!(crawler.role(), Some(ROLE));
    assert_eq!(crawler.table_prefix(), Some("raw_"));
    assert_eq!(crawler.state(), Some(&aws_sdk_glue::types::CrawlerState::Ready));
    let schedule = crawler.schedule().unwrap();
    assert_eq!(schedule.schedule_expression(), Some("cron(0 1 * * ? *)"));
    assert_eq!(schedule.state(), Some(&ScheduleState::Scheduled));
    glue.update_crawler().name("raw").schedule("").description("by hand").send().await.unwrap();
    let crawler = glue.get_crawler().name("raw").send().await.unwrap().crawler.unwrap();
    assert_eq!(crawler.schedule(), None);
    assert_eq!(crawler.description(), Some("by hand"));
    assert_eq!(crawler.version(), 2);
    glue.delete_crawler().name("raw").send().await.unwrap();
    assert_eq!(code(glue.get_crawler().name("raw").send().await), "EntityNotFoundException");
}

#[tokio::test]
async fn an_update_of_a_job_replaces_all_of_it() {
    let glue = Client::new(&cloud().sdk_config());
    let command =
        JobCommand::builder().name("glueetl").script_location("s3://artifacts/etl.py").python_version("3").build();
    glue.create_job()
        .name("etl")
        .role(ROLE)
        .command(command.clone())
        .glue_version("4.0")
        .worker_type(WorkerType::G1X)
        .number_of_workers(4)
        .default_arguments("--job-language", "python")
        .security_configuration("secure")
        .max_retries(2)
        .send()
        .await
        .unwrap();
    let job = glue.get_job().job_name("etl").send().await.unwrap().job.unwrap();
    assert_eq!(job.command(), Some(&command));
    assert_eq!(job.number_of_workers(), Some(4));
    assert_eq!(job.max_capacity(), Some(4.0));
    assert_eq!(job.default_arguments().unwrap()["--job-language"], "python");
    assert_eq!(job.max_retries(), 2);
    let update = JobUpdate::builder().role(ROLE).command(command).max_retries(1).build();
    glue.update_job().job_name("etl").job_update(update).send().await.unwrap();
    let job = glue.get_job().job_name("etl").send().await.unwrap().job.unwrap();
    assert_eq!(job.max_retries(), 1);
    assert_eq!(job.security_configuration(), None);
    assert_eq!(job.number_of_workers(), None);
    glue.delete_job().job_name("etl").send().await.unwrap();
    glue.delete_job().job_name("etl").send().await.unwrap();
}

#[tokio::test]
async fn triggers_of_a_workflow_are_activated_and_deactivated() {
    let glue = Client::new(&cloud().sdk_config());
    glue.create_workflow().name("w").default_run_properties("a", "b").send().await.unwrap();
    let workflow = glue.get_workflow().name("w").send().await.unwrap().workflow.unwrap();
    assert_eq!(workflow.default_run_properties().unwrap()["a"], "b");
    let condition = Condition::builder()
        .logical_operator(LogicalOperator::Equals)
        .crawler_name("raw")
        .crawl_state(CrawlState::Succeeded)
        .build();
    let predicate = Predicate::builder().logical(Logical::And).conditions(condition).build();
    let action = Action::builder().job_name("etl").build();
    glue.create_trigger()
        .name("after-raw")
        .workflow_name("w")
        .r#type(TriggerType::Conditional)
        .predicate(predicate.clone())
        .actions(action.clone())
        .start_on_creation(true)
        .send()
        .await
        .unwrap();
    let trigger = || async { glue.get_trigger().name("after-raw").send().await.unwrap().trigger.unwrap() };
    let created = trigger().await;
    assert_eq!(created.state(), Some(&TriggerState::Activated));
    assert_eq!(created.predicate(), Some(&predicate));
    assert_eq!(created.actions(), [action]);
    assert_eq!(created.workflow_name(), Some("w"));
    glue.stop_trigger().name("after-raw").send().await.unwrap();
    assert_eq!(trigger().await.state(), Some(&TriggerState::Deactivated));
}

#[tokio::test]
async fn a_security_configuration_reads_back() {
    let glue = Client::new(&cloud().sdk_config());
    let s3 = S3Encryption::builder().s3_encryption_mode(S3EncryptionMode::Ssekms).build();
    let encryption = EncryptionConfiguration::builder().s3_encryption(s3).build();
    glue.create_security_configuration()
        .name("secure")
        .encryption_configuration(encryption.clone())
        .send()
        .await
        .unwrap();
    let read = glue.get_security_configuration().name("secure").send().await.unwrap();
    let read = read.security_configuration.unwrap();
    assert_eq!(read.encryption_configuration(), Some(&encryption));
}
