"""Operations of SageMaker and Glue that moto lacks, added to moto's own server."""
