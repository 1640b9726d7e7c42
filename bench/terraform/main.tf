# The platform of environments/dev.toml as a Terraform user would write it: what `cargo run -p mlopsctl-bench` compares
# mlopsctl with. Made for an emulated AWS; the state is kept in a local file.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "endpoint" {
  description = "Where the emulated AWS answers"
  type        = string
}

variable "region" {
  type    = string
  default = "ap-south-1"
}

variable "repository" {
  description = "The folder that holds environments/ and pipeline/"
  type        = string
}

variable "packages" {
  description = "The folder that holds an archive for each function"
  type        = string
}

variable "units" {
  description = "How many buckets, functions and groups of four feature groups to make besides those of dev.toml"
  type        = number
  default     = 0
}

provider "aws" {
  region                      = var.region
  access_key                  = "test"
  secret_key                  = "test"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true

  endpoints {
    cloudwatch     = var.endpoint
    cloudwatchlogs = var.endpoint
    ec2            = var.endpoint
    ecr            = var.endpoint
    events         = var.endpoint
    glue           = var.endpoint
    iam            = var.endpoint
    lambda         = var.endpoint
    s3             = var.endpoint
    sagemaker      = var.endpoint
    sfn            = var.endpoint
    sns            = var.endpoint
    sts            = var.endpoint
  }

  default_tags {
    tags = {
      Project     = "mlops-pipeline"
      Environment = "dev"
      ManagedBy   = "terraform"
      Owner       = "DataTeam"
      CostCenter  = "Engineering"
      Compliance  = "None"
    }
  }
}

data "aws_caller_identity" "current" {}

locals {
  name    = "mlops-pipeline-dev"
  account = data.aws_caller_identity.current.account_id
  region  = var.region
  units   = [for n in range(var.units) : format("%04d", n)]
}

output "vpc_id" {
  value = aws_vpc.main.id
}

output "sagemaker_domain_id" {
  value = aws_sagemaker_domain.main.id
}

output "state_machine_arn" {
  value = aws_sfn_state_machine.training.arn
}
