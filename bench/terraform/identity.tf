# The statements are those of mlopsctl's roles.

locals {
  catalog = replace(local.name, "-", "_")

  run = {
    for function in keys(local.functions) : function => [
      {
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = ["*"]
        Condition = {
          ArnEquals = {
            "lambda:SourceFunctionArn" = ["arn:aws:lambda:${local.region}:${local.account}:function:${local.name}-${function}"]
          }
        }
      },
      {
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = ["*"]
      },
      {
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [
          "arn:aws:logs:${local.region}:${local.account}:log-group:/aws/lambda/${local.name}-${function}:*",
        ]
      },
      {
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      },
    ]
  }

  more_roles = {
    for function in keys(local.more_functions) : "${function}-function" => {
      description = "The function ${local.name}-${function}"
      service     = "lambda.amazonaws.com"
      policies    = { run = local.run[function] }
    }
  }

  roles = merge(local.more_roles, {
    data-validation-function = {
      description = "The function ${local.name}-data-validation"
      service     = "lambda.amazonaws.com"
      policies = {
        data = [
          {
            Effect   = "Allow"
            Action   = ["s3:GetObject"]
            Resource = ["arn:aws:s3:::${local.name}-data-${local.account}/processed/*"]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["s3:ListBucket"]
            Resource = ["arn:aws:s3:::${local.name}-data-${local.account}"]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
              StringLike = {
                "s3:prefix" = ["processed/*"]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["s3:PutObject"]
            Resource = ["arn:aws:s3:::${local.name}-data-${local.account}/processed/profiles/*"]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["sagemaker:DescribeModelPackage"]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package/${local.name}-models/*",
            ]
          },
          {
            Effect   = "Allow"
            Action   = ["sagemaker:ListModelPackages"]
            Resource = ["*"]
          },
        ]
        run = local.run["data-validation"]
      }
    }
    glue = {
      description = "Glue crawlers and ETL jobs"
      service     = "glue.amazonaws.com"
      policies = {
        catalog = [
          {
            Effect = "Allow"
            Action = [
              "glue:BatchCreatePartition",
              "glue:BatchDeletePartition",
              "glue:BatchGetPartition",
              "glue:BatchUpdatePartition",
              "glue:CreatePartition",
              "glue:CreateTable",
              "glue:DeleteTable",
              "glue:GetDatabase",
              "glue:GetPartition",
              "glue:GetPartitions",
              "glue:GetTable",
              "glue:GetTables",
              "glue:UpdatePartition",
              "glue:UpdateTable",
            ]
            Resource = [
              "arn:aws:glue:${local.region}:${local.account}:catalog",
              "arn:aws:glue:${local.region}:${local.account}:database/${local.catalog}",
              "arn:aws:glue:${local.region}:${local.account}:table/${local.catalog}/*",
            ]
          },
          {
            Effect   = "Allow"
            Action   = ["glue:GetJob", "glue:GetJobRun"]
            Resource = ["arn:aws:glue:${local.region}:${local.account}:job/${local.name}-*"]
          },
          {
            Effect   = "Allow"
            Action   = ["glue:GetJobBookmark", "glue:GetSecurityConfiguration", "glue:ResetJobBookmark"]
            Resource = ["*"]
          },
        ]
        data = [
          {
            Effect = "Allow"
            Action = ["s3:DeleteObject", "s3:PutObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}/glue/spark-ui/*",
              "arn:aws:s3:::${local.name}-artifacts-${local.account}/glue/temporary/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:DeleteObject", "s3:PutObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-data-${local.account}/processed*",
              "arn:aws:s3:::${local.name}-data-${local.account}/quarantine*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:GetBucketLocation", "s3:ListBucket"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}",
              "arn:aws:s3:::${local.name}-data-${local.account}",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:GetObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}/glue/*",
              "arn:aws:s3:::${local.name}-data-${local.account}/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
        ]
        features = [
          {
            Effect = "Allow"
            Action = ["sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:feature-group/${local.name}-customers",
            ]
          },
        ]
        logs = [
          {
            Effect   = "Allow"
            Action   = ["cloudwatch:PutMetricData"]
            Resource = ["*"]
            Condition = {
              StringEquals = {
                "cloudwatch:namespace" = ["Glue", "mlopsctl/etl"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = [
              "logs:AssociateKmsKey",
              "logs:CreateLogGroup",
              "logs:CreateLogStream",
              "logs:PutLogEvents",
            ]
            Resource = ["arn:aws:logs:${local.region}:${local.account}:log-group:/aws-glue/*"]
          },
        ]
      }
    }
    model-evaluation-function = {
      description = "The function ${local.name}-model-evaluation"
      service     = "lambda.amazonaws.com"
      policies = {
        data = [
          {
            Effect   = "Allow"
            Action   = ["s3:GetObject", "s3:PutObject"]
            Resource = ["arn:aws:s3:::${local.name}-artifacts-${local.account}/runs/*"]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["s3:ListBucket"]
            Resource = ["arn:aws:s3:::${local.name}-artifacts-${local.account}"]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
              StringLike = {
                "s3:prefix" = ["runs/*"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["sagemaker:DescribeModelPackage"]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package/${local.name}-models/*",
            ]
          },
          {
            Effect   = "Allow"
            Action   = ["sagemaker:ListModelPackages"]
            Resource = ["*"]
          },
        ]
        run = local.run["model-evaluation"]
      }
    }
    pipeline = {
      description = "The training pipeline"
      service     = "states.amazonaws.com"
      policies = {
        observe = [
          {
            Effect = "Allow"
            Action = [
              "logs:CreateLogDelivery",
              "logs:DeleteLogDelivery",
              "logs:DescribeLogGroups",
              "logs:DescribeResourcePolicies",
              "logs:GetLogDelivery",
              "logs:ListLogDeliveries",
              "logs:PutResourcePolicy",
              "logs:UpdateLogDelivery",
            ]
            Resource = ["*"]
          },
          {
            Effect = "Allow"
            Action = [
              "xray:GetSamplingRules",
              "xray:GetSamplingTargets",
              "xray:PutTelemetryRecords",
              "xray:PutTraceSegments",
            ]
            Resource = ["*"]
          },
        ]
        steps = [
          {
            Effect = "Allow"
            Action = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
            Resource = [
              "arn:aws:events:${local.region}:${local.account}:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule",
              "arn:aws:events:${local.region}:${local.account}:rule/StepFunctionsGetEventsForSageMakerTransformJobsRule",
            ]
          },
          {
            Effect   = "Allow"
            Action   = ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
            Resource = ["arn:aws:glue:${local.region}:${local.account}:job/${local.name}-etl"]
          },
          {
            Effect   = "Allow"
            Action   = ["iam:PassRole"]
            Resource = ["arn:aws:iam::${local.account}:role/${local.name}-training"]
            Condition = {
              StringEquals = {
                "iam:PassedToService" = ["sagemaker.amazonaws.com"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["lambda:InvokeFunction"]
            Resource = [
              "arn:aws:lambda:${local.region}:${local.account}:function:${local.name}-data-validation",
              "arn:aws:lambda:${local.region}:${local.account}:function:${local.name}-data-validation:*",
              "arn:aws:lambda:${local.region}:${local.account}:function:${local.name}-model-evaluation",
              "arn:aws:lambda:${local.region}:${local.account}:function:${local.name}-model-evaluation:*",
            ]
          },
          {
            Effect   = "Allow"
            Action   = ["sagemaker:AddTags", "sagemaker:CreateModel"]
            Resource = ["arn:aws:sagemaker:${local.region}:${local.account}:model/${local.name}-*"]
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:AddTags",
              "sagemaker:CreateTrainingJob",
              "sagemaker:DescribeTrainingJob",
              "sagemaker:ListTags",
              "sagemaker:StopTrainingJob",
            ]
            Resource = ["arn:aws:sagemaker:${local.region}:${local.account}:training-job/${local.name}-*"]
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:AddTags",
              "sagemaker:CreateTransformJob",
              "sagemaker:DescribeTransformJob",
              "sagemaker:ListTags",
              "sagemaker:StopTransformJob",
            ]
            Resource = ["arn:aws:sagemaker:${local.region}:${local.account}:transform-job/${local.name}-*"]
          },
          {
            Effect = "Allow"
            Action = ["sagemaker:CreateModelPackage"]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package-group/${local.name}-models",
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package/${local.name}-models/*",
            ]
            Condition = {
              StringEqualsIfExists = {
                "sagemaker:ModelApprovalStatus" = ["PendingManualApproval"]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["sns:Publish"]
            Resource = ["arn:aws:sns:${local.region}:${local.account}:${local.name}-alerts"]
          },
        ]
      }
    }
    sagemaker = {
      description = "SageMaker Studio"
      service     = "sagemaker.amazonaws.com"
      policies = {
        data = [
          {
            Effect = "Allow"
            Action = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}/studio/*",
              "arn:aws:s3:::${local.name}-models-${local.account}/studio/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:GetBucketAcl", "s3:PutObjectAcl"]
            Resource = [
              "arn:aws:s3:::${local.name}-data-${local.account}",
              "arn:aws:s3:::${local.name}-data-${local.account}/feature-store/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:GetBucketLocation", "s3:ListBucket"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}",
              "arn:aws:s3:::${local.name}-data-${local.account}",
              "arn:aws:s3:::${local.name}-models-${local.account}",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:GetObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}/*",
              "arn:aws:s3:::${local.name}-data-${local.account}/*",
              "arn:aws:s3:::${local.name}-models-${local.account}/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:PutObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}/data-capture/*",
              "arn:aws:s3:::${local.name}-data-${local.account}/feature-store/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
        ]
        features = [
          {
            Effect = "Allow"
            Action = [
              "glue:CreateDatabase",
              "glue:CreateTable",
              "glue:GetDatabase",
              "glue:GetPartitions",
              "glue:GetTable",
              "glue:UpdateTable",
            ]
            Resource = [
              "arn:aws:glue:${local.region}:${local.account}:catalog",
              "arn:aws:glue:${local.region}:${local.account}:database/sagemaker_featurestore",
              "arn:aws:glue:${local.region}:${local.account}:table/sagemaker_featurestore/${local.name}*",
              "arn:aws:glue:${local.region}:${local.account}:table/sagemaker_featurestore/${local.catalog}*",
            ]
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:BatchGetRecord",
              "sagemaker:DeleteRecord",
              "sagemaker:DescribeFeatureGroup",
              "sagemaker:GetRecord",
              "sagemaker:PutRecord",
            ]
            Resource = ["arn:aws:sagemaker:${local.region}:${local.account}:feature-group/${local.name}-*"]
          },
        ]
        images = [
          {
            Effect = "Allow"
            Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
            Resource = [
              "arn:aws:ecr:${local.region}:*:repository/sagemaker-*",
              "arn:aws:ecr:${local.region}:${local.account}:repository/${local.name}",
            ]
          },
          {
            Effect   = "Allow"
            Action   = ["ecr:GetAuthorizationToken"]
            Resource = ["*"]
          },
        ]
        logs = [
          {
            Effect   = "Allow"
            Action   = ["cloudwatch:PutMetricData"]
            Resource = ["*"]
            Condition = {
              StringLike = {
                "cloudwatch:namespace" = ["/aws/sagemaker/*", "aws/sagemaker/*"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = [
              "logs:CreateLogGroup",
              "logs:CreateLogStream",
              "logs:DescribeLogStreams",
              "logs:PutLogEvents",
            ]
            Resource = ["arn:aws:logs:${local.region}:${local.account}:log-group:/aws/sagemaker/*"]
          },
        ]
        network = [
          {
            Effect = "Allow"
            Action = ["ec2:CreateNetworkInterface"]
            Resource = [
              "arn:aws:ec2:${local.region}:${local.account}:security-group/*",
              "arn:aws:ec2:${local.region}:${local.account}:subnet/*",
            ]
            Condition = {
              StringEquals = {
                "ec2:Vpc" = ["arn:aws:ec2:${local.region}:${local.account}:vpc/${aws_vpc.main.id}"]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["ec2:CreateNetworkInterface"]
            Resource = ["arn:aws:ec2:${local.region}:${local.account}:network-interface/*"]
          },
          {
            Effect   = "Allow"
            Action   = ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"]
            Resource = ["arn:aws:ec2:${local.region}:${local.account}:network-interface/*"]
            Condition = {
              StringEquals = {
                "ec2:Vpc" = ["arn:aws:ec2:${local.region}:${local.account}:vpc/${aws_vpc.main.id}"]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["ec2:DeleteNetworkInterface"]
            Resource = ["arn:aws:ec2:${local.region}:${local.account}:network-interface/*"]
            Condition = {
              StringEquals = {
                "ec2:Vpc" = ["arn:aws:ec2:${local.region}:${local.account}:vpc/${aws_vpc.main.id}"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = [
              "ec2:DescribeDhcpOptions",
              "ec2:DescribeNetworkInterfaces",
              "ec2:DescribeSecurityGroups",
              "ec2:DescribeSubnets",
              "ec2:DescribeVpcs",
            ]
            Resource = ["*"]
          },
        ]
        studio = [
          {
            Effect   = "Allow"
            Action   = ["iam:PassRole"]
            Resource = ["arn:aws:iam::${local.account}:role/${local.name}-sagemaker"]
            Condition = {
              StringEquals = {
                "iam:PassedToService" = ["sagemaker.amazonaws.com"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:AddTags",
              "sagemaker:CreateApp",
              "sagemaker:CreateSpace",
              "sagemaker:DeleteApp",
              "sagemaker:DeleteSpace",
              "sagemaker:UpdateSpace",
            ]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:app/$${sagemaker:DomainId}/*",
              "arn:aws:sagemaker:${local.region}:${local.account}:space/$${sagemaker:DomainId}/*",
            ]
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:AddTags",
              "sagemaker:CreateEndpoint",
              "sagemaker:CreateEndpointConfig",
              "sagemaker:CreateModel",
              "sagemaker:CreateProcessingJob",
              "sagemaker:CreateTrainingJob",
              "sagemaker:CreateTransformJob",
              "sagemaker:DeleteEndpoint",
              "sagemaker:DeleteEndpointConfig",
              "sagemaker:DeleteModel",
              "sagemaker:StopProcessingJob",
              "sagemaker:StopTrainingJob",
              "sagemaker:StopTransformJob",
              "sagemaker:UpdateEndpoint",
            ]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:endpoint-config/${local.name}-studio-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:endpoint/${local.name}-studio-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:model/${local.name}-studio-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:processing-job/${local.name}-studio-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:training-job/${local.name}-studio-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:transform-job/${local.name}-studio-*",
            ]
          },
          {
            Effect = "Allow"
            Action = ["sagemaker:CreateModelPackage"]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package-group/${local.name}-models",
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package/${local.name}-models/*",
            ]
            Condition = {
              StringEqualsIfExists = {
                "sagemaker:ModelApprovalStatus" = ["PendingManualApproval"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:DescribeApp",
              "sagemaker:DescribeDomain",
              "sagemaker:DescribeSpace",
              "sagemaker:DescribeUserProfile",
            ]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:app/*/*",
              "arn:aws:sagemaker:${local.region}:${local.account}:domain/*",
              "arn:aws:sagemaker:${local.region}:${local.account}:space/*/*",
              "arn:aws:sagemaker:${local.region}:${local.account}:user-profile/*/*",
            ]
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:DescribeEndpoint",
              "sagemaker:DescribeEndpointConfig",
              "sagemaker:DescribeModel",
              "sagemaker:DescribeProcessingJob",
              "sagemaker:DescribeTrainingJob",
              "sagemaker:DescribeTransformJob",
              "sagemaker:InvokeEndpoint",
              "sagemaker:ListTags",
            ]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:endpoint-config/${local.name}-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:endpoint/${local.name}-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:model/${local.name}-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:processing-job/${local.name}-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:training-job/${local.name}-*",
              "arn:aws:sagemaker:${local.region}:${local.account}:transform-job/${local.name}-*",
            ]
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:DescribeModelPackage",
              "sagemaker:DescribeModelPackageGroup",
              "sagemaker:ListTags",
            ]
            Resource = [
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package-group/${local.name}-models",
              "arn:aws:sagemaker:${local.region}:${local.account}:model-package/${local.name}-models/*",
            ]
          },
          {
            Effect = "Allow"
            Action = [
              "sagemaker:ListApps",
              "sagemaker:ListDomains",
              "sagemaker:ListSpaces",
              "sagemaker:ListUserProfiles",
            ]
            Resource = ["*"]
          },
          {
            Effect   = "Allow"
            Action   = ["sagemaker:ListModelPackageGroups", "sagemaker:ListModelPackages"]
            Resource = ["*"]
          },
          {
            Effect   = "Allow"
            Action   = ["sagemaker:ListTrainingJobs"]
            Resource = ["*"]
          },
        ]
      }
    }
    training = {
      description = "SageMaker jobs of the training pipeline"
      service     = "sagemaker.amazonaws.com"
      policies = {
        data = [
          {
            Effect = "Allow"
            Action = ["s3:AbortMultipartUpload", "s3:PutObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}/runs/*",
              "arn:aws:s3:::${local.name}-models-${local.account}/checkpoints/*",
              "arn:aws:s3:::${local.name}-models-${local.account}/training/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["s3:DeleteObject"]
            Resource = ["arn:aws:s3:::${local.name}-models-${local.account}/checkpoints/*"]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:GetBucketLocation", "s3:ListBucket"]
            Resource = [
              "arn:aws:s3:::${local.name}-artifacts-${local.account}",
              "arn:aws:s3:::${local.name}-data-${local.account}",
              "arn:aws:s3:::${local.name}-models-${local.account}",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["s3:GetObject"]
            Resource = [
              "arn:aws:s3:::${local.name}-data-${local.account}/processed/*",
              "arn:aws:s3:::${local.name}-models-${local.account}/*",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = [local.account]
              }
            }
          },
        ]
        network = [
          {
            Effect = "Allow"
            Action = ["ec2:CreateNetworkInterface"]
            Resource = [
              "arn:aws:ec2:${local.region}:${local.account}:security-group/*",
              "arn:aws:ec2:${local.region}:${local.account}:subnet/*",
            ]
            Condition = {
              StringEquals = {
                "ec2:Vpc" = ["arn:aws:ec2:${local.region}:${local.account}:vpc/${aws_vpc.main.id}"]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["ec2:CreateNetworkInterface"]
            Resource = ["arn:aws:ec2:${local.region}:${local.account}:network-interface/*"]
          },
          {
            Effect   = "Allow"
            Action   = ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"]
            Resource = ["arn:aws:ec2:${local.region}:${local.account}:network-interface/*"]
            Condition = {
              StringEquals = {
                "ec2:Vpc" = ["arn:aws:ec2:${local.region}:${local.account}:vpc/${aws_vpc.main.id}"]
              }
            }
          },
          {
            Effect   = "Allow"
            Action   = ["ec2:DeleteNetworkInterface"]
            Resource = ["arn:aws:ec2:${local.region}:${local.account}:network-interface/*"]
            Condition = {
              StringEquals = {
                "ec2:Vpc" = ["arn:aws:ec2:${local.region}:${local.account}:vpc/${aws_vpc.main.id}"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = [
              "ec2:DescribeDhcpOptions",
              "ec2:DescribeNetworkInterfaces",
              "ec2:DescribeSecurityGroups",
              "ec2:DescribeSubnets",
              "ec2:DescribeVpcs",
            ]
            Resource = ["*"]
          },
        ]
        run = [
          {
            Effect   = "Allow"
            Action   = ["cloudwatch:PutMetricData"]
            Resource = ["*"]
            Condition = {
              StringLike = {
                "cloudwatch:namespace" = ["/aws/sagemaker/*", "aws/sagemaker/*"]
              }
            }
          },
          {
            Effect = "Allow"
            Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
            Resource = [
              "arn:aws:ecr:${local.region}:*:repository/sagemaker-*",
              "arn:aws:ecr:${local.region}:${local.account}:repository/${local.name}",
            ]
          },
          {
            Effect   = "Allow"
            Action   = ["ecr:GetAuthorizationToken"]
            Resource = ["*"]
          },
          {
            Effect = "Allow"
            Action = [
              "logs:CreateLogGroup",
              "logs:CreateLogStream",
              "logs:DescribeLogStreams",
              "logs:PutLogEvents",
            ]
            Resource = ["arn:aws:logs:${local.region}:${local.account}:log-group:/aws/sagemaker/*"]
          },
        ]
      }
    }
  })

  policies = merge([
    for role, described in local.roles : {
      for policy, statements in described.policies : "${role}/${policy}" => { role = role, policy = policy, statements = statements }
    }
  ]...)
}

resource "aws_iam_role" "main" {
  for_each    = local.roles
  name        = "${local.name}-${each.key}"
  description = each.value.description

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = each.value.service }
      Action    = ["sts:AssumeRole"]
      Condition = { StringEqualsIfExists = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "main" {
  for_each = local.policies
  name     = each.value.policy
  role     = aws_iam_role.main[each.value.role].name
  policy   = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}
