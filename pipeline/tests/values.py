"""Values for every placeholder, as a development and a production environment would give them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PIPELINE = Path(__file__).parent.parent
ACCOUNT, REGION = "123456789012", "ap-south-1"

DEVELOPMENT: dict[str, Any] = {
    "partition": "aws",
    "region": REGION,
    "console_url": f"https://{REGION}.console.aws.amazon.com",
    "project": "mlops-pipeline",
    "name_prefix": "mlops-pipeline-dev",
    "code_version": "0f1e2d3c",
    "tags": [{"Key": "Project", "Value": "mlops-pipeline"}],
    "data_bucket": f"mlops-pipeline-dev-data-{ACCOUNT}",
    "model_bucket": f"mlops-pipeline-dev-models-{ACCOUNT}",
    "artifacts_bucket": f"mlops-pipeline-dev-artifacts-{ACCOUNT}",
    "kms_key_arn": None,
    "volume_kms_key_arn": None,
    "glue_job_name": "mlops-pipeline-dev-etl",
    "validation_function_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlops-pipeline-dev-data-validation",
    "evaluation_function_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlops-pipeline-dev-model-evaluation",
    "training_role_arn": f"arn:aws:iam::{ACCOUNT}:role/mlops-pipeline-dev-training",
    "serving_role_arn": f"arn:aws:iam::{ACCOUNT}:role/mlops-pipeline-dev-serving",
    "training_image_uri": f"720646828776.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:1.7-1",
    "inference_image_uri": f"720646828776.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:1.7-1",
    "model_package_group": "mlops-pipeline-dev-models",
    "alerts_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:mlops-pipeline-dev-alerts",
    "vpc_config": None,
    "network_isolation": True,
    "encrypt_inter_container_traffic": False,
    "instance_type": "ml.m5.large",
    "instance_count": 1,
    "volume_gb": 10,
    "s3_data_distribution": "FullyReplicated",
    "use_spot": False,
    "max_runtime_seconds": 3600,
    "max_wait_seconds": None,
    "transform_instance_type": "ml.m5.large",
    "transform_instance_count": 1,
    "inference_instance_types": ["ml.m5.large"],
    "pipeline_timeout_seconds": 28800,
    "etl_timeout_seconds": 7200,
    "training_timeout_seconds": 7200,
    "transform_timeout_seconds": 7200,
    "raw_prefix": "raw/",
    "load_mode": "snapshot",
    "feature_groups": "",
    "schema": json.loads((PIPELINE / "sample" / "schema.json").read_text()),
    "split": "0.8,0.1,0.1",
    "hyperparameters": {"objective": "binary:logistic", "num_round": "100"},
    "validation_limits": {"min_rows": 1000},
    "thresholds": {"auc": {"min": 0.75}},
    "comparison": {"metric": "auc", "max_regression": 0.01},
    "endpoint_name": "mlops-pipeline-dev-endpoint",
    "endpoint_instance_type": "ml.m5.large",
    "endpoint_instance_count": 1,
    "endpoint_volume_kms_key_arn": None,
    "data_capture": False,
    "data_capture_percent": 0,
    "traffic_routing": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300},
    "termination_wait_seconds": 300,
    "deployment_timeout_seconds": 3600,
    "auto_rollback": None,
    "replaced_variant_properties": [
        {"VariantPropertyType": "DataCaptureConfig"},
        {"VariantPropertyType": "DesiredInstanceCount"},
    ],
    "autoscaling": None,
    "looks": 260,
    "deploy_timeout_seconds": 10800,
}

PRODUCTION: dict[str, Any] = DEVELOPMENT | {
    "name_prefix": "mlops-pipeline-prod",
    "kms_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    "volume_kms_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    "vpc_config": {"Subnets": ["subnet-0a", "subnet-0b", "subnet-0c"], "SecurityGroupIds": ["sg-0a"]},
    "instance_type": "ml.m5.2xlarge",
    "instance_count": 2,
    "encrypt_inter_container_traffic": True,
    "s3_data_distribution": "ShardedByS3Key",
    "use_spot": True,
    "max_wait_seconds": 7200,
    "endpoint_name": "mlops-pipeline-prod-endpoint",
    "endpoint_instance_count": 2,
    "endpoint_volume_kms_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    "data_capture": True,
    "data_capture_percent": 20,
    "traffic_routing": {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 600,
        "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
    },
    "auto_rollback": {
        "Alarms": [
            {"AlarmName": "mlops-pipeline-prod-endpoint-errors"},
            {"AlarmName": "mlops-pipeline-prod-endpoint-latency"},
        ]
    },
    "replaced_variant_properties": [{"VariantPropertyType": "DataCaptureConfig"}],
    "autoscaling": {
        "min": 2,
        "max": 6,
        "invocations_per_instance": 1000,
        "scale_in_seconds": 300,
        "scale_out_seconds": 60,
    },
}
