"""Serve moto with the extras: ``python -m moto_extras --host HOST --port PORT``."""

from moto.server import main

from moto_extras import (
    budgets,
    ecr,
    glue,
    sagemaker_domain,
    sagemaker_feature_group,
    sagemaker_model_package_group,
    sagemaker_tags,
)

# Importing a module attaches its operations; naming them here says which are served.
EXTRAS = (
    budgets,
    ecr,
    glue,
    sagemaker_domain,
    sagemaker_feature_group,
    sagemaker_model_package_group,
    sagemaker_tags,
)

if __name__ == "__main__":
    main()
