locals {
  processed = "s3://${aws_s3_bucket.main["data"].bucket}/processed/"
}

resource "aws_glue_catalog_database" "main" {
  name         = replace(local.name, "-", "_")
  description  = "Tables of ${local.name}"
  location_uri = "${local.processed}parquet/"
}

resource "aws_glue_crawler" "main" {
  for_each      = { raw = "raw/", processed = "processed/parquet/" }
  name          = "${local.name}-${each.key}"
  description   = "Finds the tables under s3://${aws_s3_bucket.main["data"].bucket}/${each.value}"
  database_name = aws_glue_catalog_database.main.name
  role          = aws_iam_role.main["glue"].arn
  configuration = jsonencode({ Version = 1.0 })

  s3_target {
    path = "s3://${aws_s3_bucket.main["data"].bucket}/${each.value}"
  }

  recrawl_policy {
    recrawl_behavior = "CRAWL_EVERYTHING"
  }

  schema_change_policy {
    delete_behavior = "LOG"
    update_behavior = "UPDATE_IN_DATABASE"
  }

  depends_on = [aws_iam_role_policy.main]
}

resource "aws_s3_object" "etl" {
  bucket       = aws_s3_bucket.main["artifacts"].bucket
  key          = "glue/scripts/etl.py"
  source       = "${var.repository}/pipeline/glue/etl.py"
  source_hash  = filemd5("${var.repository}/pipeline/glue/etl.py")
  content_type = "text/x-python"
  depends_on   = [aws_s3_bucket_versioning.main]
}

# Glue 5 writes below its prefix into groups of its own names.
resource "aws_cloudwatch_log_group" "etl" {
  for_each          = { all = "", error = "/error", output = "/output" }
  name              = "/aws-glue/${local.name}/etl${each.value}"
  retention_in_days = 7
}

resource "aws_glue_job" "etl" {
  name              = "${local.name}-etl"
  description       = "Runs pipeline/glue/etl.py"
  role_arn          = aws_iam_role.main["glue"].arn
  glue_version      = "5.0"
  worker_type       = "G.1X"
  number_of_workers = 2
  timeout           = 60
  max_retries       = 0
  execution_class   = "STANDARD"

  command {
    script_location = "s3://${aws_s3_object.etl.bucket}/${aws_s3_object.etl.key}"
    python_version  = "3"
  }

  default_arguments = {
    "--TempDir"                = "s3://${aws_s3_bucket.main["artifacts"].bucket}/glue/temporary/"
    "--batch"                  = "latest"
    "--custom-logGroup-prefix" = aws_cloudwatch_log_group.etl["all"].name
    "--dataset"                = "workflow"
    "--enable-metrics"         = "true"
    "--feature_groups"         = "${local.name}-customers"
    "--job-bookmark-option"    = "job-bookmark-enable"
    "--job-language"           = "python"
    "--metrics_namespace"      = "mlopsctl/etl"
    "--processed"              = local.processed
    "--quarantine"             = "s3://${aws_s3_bucket.main["data"].bucket}/quarantine/"
    "--raw"                    = "s3://${aws_s3_bucket.main["data"].bucket}/raw/"
    "--schema"                 = jsonencode(jsondecode(file("${var.repository}/pipeline/sample/schema.json")))
  }

  execution_property {
    max_concurrent_runs = 1
  }
}

resource "aws_glue_workflow" "etl" {
  name                = "${local.name}-etl"
  description         = "Crawl raw data, transform it, crawl the result"
  max_concurrent_runs = 1
}

resource "aws_glue_trigger" "start" {
  name          = "${local.name}-start"
  description   = "Starts the workflow"
  type          = "ON_DEMAND"
  workflow_name = aws_glue_workflow.etl.name

  actions {
    crawler_name = aws_glue_crawler.main["raw"].name
  }
}

resource "aws_glue_trigger" "transform" {
  name          = "${local.name}-transform"
  description   = "Transforms what was crawled"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.etl.name

  actions {
    job_name = aws_glue_job.etl.name
  }

  predicate {
    conditions {
      crawler_name = aws_glue_crawler.main["raw"].name
      crawl_state  = "SUCCEEDED"
    }
  }
}

resource "aws_glue_trigger" "publish" {
  name          = "${local.name}-publish"
  description   = "Crawls what was transformed"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.etl.name

  actions {
    crawler_name = aws_glue_crawler.main["processed"].name
  }

  predicate {
    conditions {
      job_name = aws_glue_job.etl.name
      state    = "SUCCEEDED"
    }
  }
}
