"""Serve moto with the extras: ``python -m moto_extras --host HOST --port PORT``."""

from moto import server

from moto_extras import (
    budgets,
    ec2,
    ecr,
    glue,
    rpc_v2_cbor,
    s3,
    sagemaker_domain,
    sagemaker_feature_group,
    sagemaker_model_package_group,
    sagemaker_tags,
)

# Importing a module attaches its operations; naming them here says which are served.
EXTRAS = (
    budgets,
    ec2,
    ecr,
    glue,
    s3,
    sagemaker_domain,
    sagemaker_feature_group,
    sagemaker_model_package_group,
    sagemaker_tags,
)

if __name__ == "__main__":
    server.DomainDispatcherApplication = rpc_v2_cbor.served(server.DomainDispatcherApplication)
    server.main()
