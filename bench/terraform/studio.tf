resource "aws_sagemaker_domain" "main" {
  domain_name             = local.name
  auth_mode               = "IAM"
  app_network_access_type = "VpcOnly"
  vpc_id                  = aws_vpc.main.id
  subnet_ids              = aws_subnet.private[*].id

  default_user_settings {
    execution_role  = aws_iam_role.main["sagemaker"].arn
    security_groups = [aws_security_group.sagemaker.id]

    code_editor_app_settings {
      app_lifecycle_management {
        idle_settings {
          lifecycle_management    = "ENABLED"
          idle_timeout_in_minutes = 60
        }
      }
    }

    jupyter_lab_app_settings {
      app_lifecycle_management {
        idle_settings {
          lifecycle_management    = "ENABLED"
          idle_timeout_in_minutes = 60
        }
      }
    }
  }

  default_space_settings {
    execution_role  = aws_iam_role.main["sagemaker"].arn
    security_groups = [aws_security_group.sagemaker.id]

    jupyter_lab_app_settings {
      app_lifecycle_management {
        idle_settings {
          lifecycle_management    = "ENABLED"
          idle_timeout_in_minutes = 60
        }
      }
    }
  }

  retention_policy {
    home_efs_file_system = "Delete"
  }
}

resource "aws_sagemaker_user_profile" "data_scientist" {
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = "data-scientist"

  user_settings {
    execution_role = aws_iam_role.main["sagemaker"].arn
  }
}

resource "aws_sagemaker_model_package_group" "models" {
  model_package_group_name        = "${local.name}-models"
  model_package_group_description = "Models of ${local.name}, registered by its pipeline"
}

locals {
  more_feature_groups = merge([
    for unit in local.units : {
      for n in range(4) : "g${unit}-${n}" => {
        description = ""
        identifier  = "id"
        event_time  = "at"
        features    = { id = "String", at = "Fractional", value = "Fractional" }
        online      = false
      }
    }
  ]...)

  feature_groups = merge(local.more_feature_groups, {
    customers = {
      description = "What is known of a customer when a churn prediction is made"
      identifier  = "customer_id"
      event_time  = "event_time"
      online      = true
      features = {
        customer_id    = "String"
        event_time     = "Fractional"
        tenure_months  = "Integral"
        plan           = "String"
        monthly_charge = "Fractional"
        support_calls  = "Integral"
        weekly_hours   = "Fractional"
      }
    }
  })
}

resource "aws_sagemaker_feature_group" "main" {
  for_each                       = local.feature_groups
  feature_group_name             = "${local.name}-${each.key}"
  description                    = each.value.description
  record_identifier_feature_name = each.value.identifier
  event_time_feature_name        = each.value.event_time
  role_arn                       = aws_iam_role.main["sagemaker"].arn

  dynamic "feature_definition" {
    for_each = each.value.features
    content {
      feature_name = feature_definition.key
      feature_type = feature_definition.value
    }
  }

  dynamic "online_store_config" {
    for_each = each.value.online ? [30] : []
    content {
      enable_online_store = true
      storage_type        = "Standard"

      ttl_duration {
        unit  = "Days"
        value = online_store_config.value
      }
    }
  }

  offline_store_config {
    table_format = "Glue"

    s3_storage_config {
      s3_uri = "s3://${aws_s3_bucket.main["data"].bucket}/feature-store"
    }
  }

  depends_on = [aws_iam_role_policy.main]
}

resource "aws_ecr_repository" "images" {
  name                 = local.name
  image_tag_mutability = "MUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "images" {
  repository = aws_ecr_repository.images.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "expire untagged images"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 3
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "keep the newest tagged images"
        selection = {
          tagStatus      = "tagged"
          tagPatternList = ["*"]
          countType      = "imageCountMoreThan"
          countNumber    = 10
        }
        action = { type = "expire" }
      },
    ]
  })
}

resource "aws_ecr_repository_policy" "images" {
  repository = aws_ecr_repository.images.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sagemaker.amazonaws.com" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}
