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
      for name, alarm in {
        errors    = { metric = "Errors", what = "failed" }
        throttles = { metric = "Throttles", what = "was throttled" }
        } : "${function}-${name}" => {
        description = "The function ${local.name}-${function} ${alarm.what}"
        namespace   = "AWS/Lambda"
        metric      = alarm.metric
        dimensions  = { FunctionName = aws_lambda_function.main[function].function_name }
      }
    }
  ]...)

  alarms = merge(local.function_alarms, {
    pipeline-failures = {
      description = "The training pipeline failed"
      namespace   = "AWS/States"
      metric      = "ExecutionsFailed"
      dimensions  = { StateMachineArn = aws_sfn_state_machine.training.arn }
    }
    pipeline-timeouts = {
      description = "The training pipeline ran out of time"
      namespace   = "AWS/States"
      metric      = "ExecutionsTimedOut"
      dimensions  = { StateMachineArn = aws_sfn_state_machine.training.arn }
    }
    nat-1-ports = {
      description = "The NAT gateway has no free ports: connections are refused"
      namespace   = "AWS/NATGateway"
      metric      = "ErrorPortAllocation"
      dimensions  = { NatGatewayId = aws_nat_gateway.main.id }
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
      description = "An execution of the training pipeline or a deployment failed, ran out of time or was stopped"
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

  watched = ["data-validation", "model-evaluation"]

  widgets = [
    {
      title = "Functions: calls, errors, throttles"
      stat  = "Sum"
      metrics = [
        for pair in setproduct(local.watched, ["Invocations", "Errors", "Throttles"]) :
        ["AWS/Lambda", pair[1], "FunctionName", "${local.name}-${pair[0]}"]
      ]
    },
    {
      title   = "Functions: duration (ms)"
      stat    = "p95"
      metrics = [for function in local.watched : ["AWS/Lambda", "Duration", "FunctionName", "${local.name}-${function}"]]
    },
    {
      title = "Training pipeline: executions"
      stat  = "Sum"
      metrics = [
        for metric in ["Started", "Succeeded", "Failed", "TimedOut"] :
        ["AWS/States", "Executions${metric}", "StateMachineArn", aws_sfn_state_machine.training.arn]
      ]
    },
    {
      title = "ETL jobs: failed tasks"
      stat  = "Sum"
      metrics = [
        ["Glue", "glue.driver.aggregate.numFailedTasks", "JobName", aws_glue_job.etl.name, "JobRunId", "ALL", "Type", "count"],
      ]
    },
    {
      title = "Buckets: size (bytes)"
      stat  = "Average"
      metrics = [
        for bucket in ["data", "models", "artifacts"] : [
          "AWS/S3", "BucketSizeBytes", "BucketName", aws_s3_bucket.main[bucket].bucket, "StorageType", "StandardStorage",
          { period = 86400 },
        ]
      ]
    },
    {
      title = "NAT gateways"
      stat  = "Sum"
      metrics = [
        for metric in ["ErrorPortAllocation", "ActiveConnectionCount"] :
        ["AWS/NATGateway", metric, "NatGatewayId", aws_nat_gateway.main.id]
      ]
    },
  ]
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each            = local.alarms
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
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
          stat    = widget.stat
          period  = 300
          region  = var.region
          metrics = widget.metrics
        }
      }
    ]
  })
}
