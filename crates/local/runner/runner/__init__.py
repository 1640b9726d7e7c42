"""Runs executions of the embedded AWS on this machine.

The definitions are interpreted by moto's interpreter, which is LocalStack's. This package plays the services that do an
execution's work: Glue's job runs, Lambda's invocations, SageMaker's training and transform jobs. Everything else is
asked of the embedded AWS.
"""
