//! Budgets and who hears of them.

use aws_sdk_budgets::types::*;

use crate::{ACCOUNT, cloud, code};

#[tokio::test]
async fn a_budget_keeps_its_limit_tags_and_notifications() {
    let budgets = aws_sdk_budgets::Client::new(&cloud().sdk_config());
    let limit = Spend::builder().amount("100").unit("USD").build().unwrap();
    let budget = Budget::builder().budget_name("b").budget_type(BudgetType::Cost).time_unit(TimeUnit::Monthly);
    let budget = budget.budget_limit(limit).build().unwrap();
    let tag = ResourceTag::builder().key("Project").value("p").build().unwrap();
    let create = || budgets.create_budget().account_id(ACCOUNT).budget(budget.clone()).resource_tags(tag.clone());
    create().send().await.unwrap();
    assert_eq!(code(create().send().await), "DuplicateRecordException");
    let described = budgets.describe_budget().account_id(ACCOUNT).budget_name("b").send().await.unwrap();
    assert_eq!(described.budget().unwrap().budget_limit(), budget.budget_limit());
    let tags = budgets.list_tags_for_resource().resource_arn(format!("arn:aws:budgets::{ACCOUNT}:budget/b"));
    assert_eq!(tags.send().await.unwrap().resource_tags(), [tag]);

    let at_80 = Notification::builder()
        .notification_type(NotificationType::Actual)
        .comparison_operator(ComparisonOperator::GreaterThan)
        .threshold(80.0)
        .build()
        .unwrap();
    let topic = Subscriber::builder().subscription_type(SubscriptionType::Sns).address("arn:topic").build().unwrap();
    let notify = budgets.create_notification().account_id(ACCOUNT).budget_name("b").notification(at_80.clone());
    notify.subscribers(topic.clone()).send().await.unwrap();
    let listed = budgets.describe_notifications_for_budget().account_id(ACCOUNT).budget_name("b").send().await.unwrap();
    assert_eq!(listed.notifications(), std::slice::from_ref(&at_80));
    let heard = budgets.describe_subscribers_for_notification().account_id(ACCOUNT).budget_name("b");
    assert_eq!(heard.notification(at_80).send().await.unwrap().subscribers(), [topic]);

    budgets.delete_budget().account_id(ACCOUNT).budget_name("b").send().await.unwrap();
    let gone = budgets.describe_budget().account_id(ACCOUNT).budget_name("b").send().await;
    assert_eq!(code(gone), "NotFoundException");
}
