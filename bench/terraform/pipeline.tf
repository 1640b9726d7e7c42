locals {
  more_functions = {
    for unit in local.units : "f${unit}" => { description = "", memory_mb = 512, environment = {} }
  }

  functions = merge(local.more_functions, {
    data-validation = {
      description = "Is the data set fit to train on?"
      memory_mb   = 512
      environment = { LIMITS = jsonencode({ min_rows = 1000 }) }
    }
    model-evaluation = {
      description = "How good is the model, and may it be registered?"
      memory_mb   = 1024
      environment = {}
    }
  })

  # The code of one does for all the others.
  archives = {
    for name in keys(local.functions) :
    name => "${var.packages}/${contains(keys(local.more_functions), name) ? "data-validation" : name}.zip"
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${local.name}-${each.key}"
  retention_in_days = 7
}

resource "aws_lambda_function" "main" {
  for_each         = local.functions
  function_name    = "${local.name}-${each.key}"
  description      = each.value.description
  role             = aws_iam_role.main["${each.key}-function"].arn
  handler          = "handler.handler"
  runtime          = "python3.12"
  architectures    = ["x86_64"]
  memory_size      = each.value.memory_mb
  timeout          = 300
  filename         = local.archives[each.key]
  source_code_hash = filebase64sha256(local.archives[each.key])

  vpc_config {
    subnet_ids         = aws_subnet.private[*].id
    security_group_ids = [aws_security_group.lambda.id]
  }

  tracing_config {
    mode = "Active"
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  dynamic "environment" {
    for_each = length(each.value.environment) > 0 ? [each.value.environment] : []
    content {
      variables = environment.value
    }
  }

  depends_on = [aws_iam_role_policy.main]
}

resource "aws_cloudwatch_log_group" "pipeline" {
  name              = "/aws/vendedlogs/states/${local.name}-training"
  retention_in_days = 7
}

# The definition keeps its placeholders: an emulated AWS stores it, and nothing runs it here.
resource "aws_sfn_state_machine" "training" {
  name       = "${local.name}-training"
  role_arn   = aws_iam_role.main["pipeline"].arn
  definition = file("${var.repository}/pipeline/training.asl.json")

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.pipeline.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.main]
}
