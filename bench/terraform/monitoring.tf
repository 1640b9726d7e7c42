resource "aws_sns_topic" "alerts" {
  name         = "${local.name}-alerts"
  display_name = "${local.name} alerts"
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
        Action    = ["sns:Publish"]
        Resource  = [aws_sns_topic.alerts.arn]
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["sns:Publish"]
        Resource  = [aws_sns_topic.alerts.arn]
      },
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.account}:root" }
        Action    = ["sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"]
        Resource  = [aws_sns_topic.alerts.arn]
      },
    ]
  })
}

locals {
  function_alarms = merge([
    for function in keys(local.functions) : {
      for name, metric in { errors = "Errors", throttles = "Throttles" } : "${function}-${name}" => {
        namespace                  = "AWS/Lambda"
        metric                     = metric
        dimensions                 = { FunctionName = aws_lambda_function.main[function].function_name }
      }
    }
  ]...)

  alarms = merge(local.function_alarms, {
    pipeline-failures = {
      namespace  = "AWS/States"
      metric     = "ExecutionsFailed"
      dimensions = { StateMachineArn = aws_sfn_state_machine.training.arn }
    }
    pipeline-timeouts = {
      namespace  = "AWS/States"
      metric     = "ExecutionsTimedOut"
      dimensions = { StateMachineArn = aws_sfn_state_machine.training.arn }
    }
    nat-1-ports = {
      namespace  = "AWS/NATGateway"
      metric     = "ErrorPortAllocation"
      dimensions = { NatGatewayId = aws_nat_gateway.main.id }
    }
  })

  events = {
    training-jobs = {
      description = "A training job failed or was stopped"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Training Job State Change"]
        detail = {
          TrainingJobName   = [{ prefix = "${local.name}-" }]
          TrainingJobStatus = ["Failed", "Stopped"]
        }
      }
    }
    model-approvals = {
      description = "A model package was registered, approved or rejected"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = ["SageMaker Model Package State Change"]
        detail      = { ModelPackageGroupName = ["${local.name}-models"] }
      }
    }
    glue-jobs = {
      description = "An ETL job failed, ran out of time or was stopped"
      pattern = {
        source      = ["aws.glue"]
        detail-type = ["Glue Job State Change"]
        detail = {
          jobName = [{ prefix = "${local.name}-" }]
          state   = ["FAILED", "TIMEOUT", "STOPPED"]
        }
      }
    }
    pipeline-state = {
      description = "An execution of the training pipeline failed, ran out of time or was stopped"
      pattern = {
        source      = ["aws.states"]
        detail-type = ["Step Functions Execution Status Change"]
        detail = {
          stateMachineArn = ["arn:aws:states:${var.region}:${local.account}:stateMachine:${local.name}-training"]
          status          = ["FAILED", "TIMED_OUT", "ABORTED"]
        }
      }
    }
  }

  widgets = [
    { title = "Functions: calls", metrics = [for f in aws_lambda_function.main : ["AWS/Lambda", "Invocations", "FunctionName", f.function_name]] },
    { title = "Functions: errors", metrics = [for f in aws_lambda_function.main : ["AWS/Lambda", "Errors", "FunctionName", f.function_name]] },
    { title = "Training pipeline", metrics = [["AWS/States", "ExecutionsFailed", "StateMachineArn", aws_sfn_state_machine.training.arn]] },
    { title = "ETL jobs", metrics = [["Glue", "glue.driver.aggregate.numFailedTasks", "JobName", aws_glue_job.etl.name, "JobRunId", "ALL", "Type", "count"]] },
    { title = "Buckets", metrics = [for b in aws_s3_bucket.main : ["AWS/S3", "BucketSizeBytes", "BucketName", b.bucket, "StorageType", "StandardStorage"]] },
  ]
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each            = local.alarms
  alarm_name          = "${local.name}-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_event_rule" "main" {
  for_each      = local.events
  name          = "${local.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "main" {
  for_each  = local.events
  rule      = aws_cloudwatch_event_rule.main[each.key].name
  target_id = "alerts"
  arn       = aws_sns_topic.alerts.arn
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = [
      for at, widget in local.widgets : {
        type   = "metric"
        x      = 12 * (at % 2)
        y      = 6 * floor(at / 2)
        width  = 12
        height = 6
        properties = {
          title   = widget.title
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          region  = var.region
          metrics = widget.metrics
        }
      }
    ]
  })
}
