"""Plugins that let LocalStack run without Docker and answer for moto."""
