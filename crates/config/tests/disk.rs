//! Files that an environment file refers to, and files that cannot be read.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../tests/fixture/program.rs"]
mod program;

use config::{Overlap, discover, load, overlapping};
use program::{ARM64, X86_64, program};
use std::fs;
use std::path::PathBuf;

struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn problems(&self, content: impl AsRef<[u8]>) -> Vec<String> {
        let path = self.write("environments/dev.toml", content);
        let invalid = load(&path, self.0.path()).unwrap_err();
        assert_eq!(invalid.file, path);
        invalid.problems.iter().map(|p| format!("{}:{}: {}", p.line, p.column, p.message)).collect()
    }
}

const FILE: &str = r#"project = "shop"
region = "eu-central-1"
[network]
cidr = "10.9.0.0/16"
[[catalog.jobs]]
name = "etl"
script = "pipeline/glue/etl.py"
[[functions]]
name = "data-validation"
[[functions]]
name = "model-evaluation"
handler = "main.run"
[pipeline]
"#;

#[test]
fn scripts_functions_and_definitions_must_exist() {
    let project = Project::new();
    assert_eq!(
        project.problems(FILE),
        [
            "7:10: `pipeline/glue/etl.py` does not exist",
            "9:8: the function's folder `pipeline/functions/data-validation` does not exist",
            "11:8: the function's folder `pipeline/functions/model-evaluation` does not exist",
            "13:1: `pipeline/sample/schema.json` does not exist",
            "13:1: `pipeline/training.asl.json` does not exist",
        ]
    );
    for path in ["glue/etl.py", "functions/data-validation/handler.py", "functions/model-evaluation/handler.py"] {
        project.write(&format!("pipeline/{path}"), "");
    }
    let machine = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}"#;
    project.write("pipeline/training.asl.json", machine.replace("Next\": \"B", "Next\": \"C"));
    project.write("pipeline/sample/schema.json", r#"{"columns": 5}"#);
    assert_eq!(
        project.problems(FILE),
        [
            "12:11: there is no `pipeline/functions/model-evaluation/main.py`",
            "13:1: pipeline/sample/schema.json:1: `columns` must be a list with at least one column",
            "13:1: pipeline/training.asl.json: `Next` of state `A` leads to `C`, and there is no such state",
            "13:1: pipeline/training.asl.json: no state leads to state `B`",
        ]
    );
    project.write("pipeline/training.asl.json", machine);
    let schema = r#"{"label": "y", "columns": [{"name": "y", "type": "boolean"}]}"#;
    project.write("pipeline/sample/schema.json", schema.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    assert_eq!(project.problems(FILE), ["12:11: there is no `pipeline/functions/model-evaluation/main.py`"]);
    project.write("pipeline/functions/model-evaluation/main.py", "");
    let main = "pipeline/functions/model-evaluation/main.py";
    project.write(main, "import json\n\ndef lambda_handler(event, context):\n    pass\n");
    assert_eq!(project.problems(FILE), [format!("12:11: `{main}` has no function `run`")]);
    for defined in [
        "def run(event, context):",
        "async def run(event):",
        "run = other",
        "from other import (\n    run,\n)",
        "from other import *",
    ] {
        project.write(main, format!("def other(event):\n    pass\n\n{defined}\n"));
        let path = project.write("environments/dev.toml", FILE);
        assert!(load(&path, project.0.path()).is_ok(), "{defined}");
    }
    project.write(main, "");
    let path = project.write("environments/dev.toml", FILE);
    assert_eq!(load(&path, project.0.path()).unwrap().functions[1].folder(), "pipeline/functions/model-evaluation");
}

#[test]
fn settings_must_fit_the_schema_of_the_data() {
    let project = Project::new();
    for path in ["glue/etl.py", "functions/data-validation/handler.py", "functions/model-evaluation/handler.py"] {
        project.write(&format!("pipeline/{path}"), "");
    }
    let machine = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    project.write("pipeline/training.asl.json", machine);
    let problems = |schema: &str, more: &str| {
        project.write("pipeline/sample/schema.json", schema);
        project.problems(format!("{}{more}", FILE.replace("handler = \"main.run\"\n", "")))
    };
    let regression = r#"{"label": "price", "task": "regression", "key": ["id"], "columns": [
        {"name": "id", "type": "string"}, {"name": "price", "type": "number"}, {"name": "new", "type": "boolean"}]}"#;
    let settings = "thresholds.auc = { min = 0.7 }\ncomparison = { metric = \"rsme\" }\n[pipeline.validation]\n\
                    max_drift_by_column = { prize = 0.5 }\n[[feature_groups]]\nname = \"houses\"\ningest = \
                    true\nrecord_identifier = \"house\"\nevent_time = \"at\"\nfeatures = [{ name = \"house\", type = \
                    \"String\" }, { name = \"at\", type = \"Fractional\" }, { name = \"New\", type = \"Fractional\" }]\n";
    assert_eq!(
        problems(regression, settings),
        [
            "12:1: the objective `binary:logistic` does not fit the schema's task, regression",
            "13:18: a regression task has no metric `auc`",
            "14:25: a regression task has no metric `rsme`",
            "16:33: the schema has no column `prize`",
            "20:21: pipeline/sample/schema.json has no column `house`, and `ingest` fills the group from it",
            "22:111: the column `New` is boolean in pipeline/sample/schema.json, which fills no Fractional feature",
        ]
    );
    let wine =
        r#"{"label": "y", "task": "multiclass", "columns": [{"name": "y", "type": "integer", "values": [0, 1, 2]}]}"#;
    assert_eq!(
        problems(
            wine,
            "[pipeline.training.hyperparameters]\nobjective = \"multi:softprob\"\nnum_class = 2\nnum_rounds = 100\neta = 2\n"
        ),
        [
            "15:13: the label has 3 classes, and `num_class` must say so",
            "16:14: SageMaker's XGBoost has no hyperparameter `num_rounds`",
            "17:7: `eta` must be a number from 0 to 1 for SageMaker's XGBoost",
        ]
    );
    let fits = "training.hyperparameters = { objective = \"multi:softprob\", num_class = 3, num_round = 10 }\n\
                thresholds.f1_macro = { min = 0.7 }\ncomparison = { metric = \"auc\" }\n";
    assert_eq!(
        problems(wine, &format!("{}maximise = \"f1\"\n", fits.replace("f1_macro", "f1"))),
        ["14:17: a multiclass task has no metric `f1`", "16:12: a multiclass task has no decision threshold"]
    );
    let path =
        project.write("environments/dev.toml", format!("{}{fits}", FILE.replace("handler = \"main.run\"\n", "")));
    assert!(load(&path, project.0.path()).is_ok());
    assert_eq!(
        problems("{\n  \"lable\": \"x\",\n  \"colums\": [1, 2]\n}\n", ""),
        [
            "12:1: pipeline/sample/schema.json:1: `columns` must be a list with at least one column",
            "12:1: pipeline/sample/schema.json:2: there is no field `lable`; the fields of a schema are columns, csv, \
             identical_rows, key, label, null_words, order_by, split_by, split_time, task",
            "12:1: pipeline/sample/schema.json:3: there is no field `colums`; the fields of a schema are columns, csv, \
             identical_rows, key, label, null_words, order_by, split_by, split_time, task",
        ]
    );
}

#[test]
fn schema_must_be_short_enough_for_the_etl_job() {
    let project = Project::new();
    for path in ["glue/etl.py", "functions/data-validation/handler.py", "functions/model-evaluation/handler.py"] {
        project.write(&format!("pipeline/{path}"), "");
    }
    project.write("pipeline/training.asl.json", r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#);
    let file = FILE.replace("handler = \"main.run\"\n", "");
    let schema = |columns: usize| {
        let columns: String = (1..=columns)
            .map(|number| format!("    {{\"name\": \"column_{number:05}\", \"type\": \"number\"}},\n"))
            .collect();
        format!(
            "{{\n  \"label\": \"y\",\n  \"columns\": [\n{columns}    {{\"name\": \"y\", \"type\": \"boolean\"}}\n  ]\n}}\n"
        )
    };
    project.write("pipeline/sample/schema.json", schema(1000));
    let path = project.write("environments/dev.toml", &file);
    assert!(load(&path, project.0.path()).is_ok());
    project.write("pipeline/sample/schema.json", schema(4000));
    let problems = project.problems(&file);
    assert_eq!(
        problems,
        [
            "12:1: pipeline/sample/schema.json:3: the schema has 160055 bytes without spaces and descriptions, and the ETL \
             job takes 120000: leave out columns that the model does not need"
        ]
    );
}

/// A project with the files of a pipeline, and the environment file with more settings.
fn with_pipeline() -> (Project, impl Fn(&str) -> String) {
    let project = Project::new();
    for path in ["glue/etl.py", "functions/data-validation/handler.py", "functions/model-evaluation/handler.py"] {
        project.write(&format!("pipeline/{path}"), "");
    }
    project.write("pipeline/training.asl.json", r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#);
    let schema = r#"{"label": "y", "columns": [{"name": "y", "type": "boolean"}]}"#;
    project.write("pipeline/sample/schema.json", schema);
    (project, |more: &str| format!("{}{more}", FILE.replace("handler = \"main.run\"\n", "")))
}

const SLIPS: &str = "[pipeline.training.hyperparameters]\nobjective = \"binary:logistic\"\nnum_rounds = 100\n";

#[test]
fn hyperparameters_of_a_container_are_refused_if_it_is_known_and_warned_of_if_it_is_newer() {
    let (project, file) = with_pipeline();
    let of = |tag: &str| file(&format!("image = \"aws/sagemaker-xgboost:{tag}\"\n{SLIPS}"));
    for known in ["1.7-1", "3.0-5", "3.2-0"] {
        let refused = project.problems(of(known));
        assert_eq!(refused, ["16:14: SageMaker's XGBoost has no hyperparameter `num_rounds`"], "{known}");
    }
    let path = project.write("environments/dev.toml", of("99.0-1"));
    let pipeline = load(&path, project.0.path()).unwrap().pipeline.unwrap();
    let warnings = pipeline.warnings();
    let [image, hyperparameter] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(image.starts_with("`aws/sagemaker-xgboost:99.0-1` is newer than 3.2-0, the newest container"), "{image}");
    assert!(
        hyperparameter.ends_with("SageMaker's XGBoost has no hyperparameter `num_rounds` (did you mean `num_round`?)"),
        "{hyperparameter}"
    );
}

#[test]
fn hyperparameters_are_those_of_the_built_in_xgboost_unless_something_else_trains() {
    let (project, file) = with_pipeline();
    assert_eq!(project.problems(file(SLIPS)), ["15:14: SageMaker's XGBoost has no hyperparameter `num_rounds`"]);
    let lacking = "[pipeline.training.hyperparameters]\nobjective = \"binary:logistic\"\n";
    assert_eq!(project.problems(file(lacking)), ["13:1: SageMaker's XGBoost needs `num_round`"]);
    let free = [format!("{SLIPS}sagemaker_program = \"train.py\"\n"), format!("image = \"images:1\"\n{SLIPS}")];
    for more in free {
        let path = project.write("environments/dev.toml", file(&more));
        assert!(load(&path, project.0.path()).is_ok(), "{more}");
    }
}

#[test]
fn the_drift_job_must_be_a_program_for_its_processor() {
    let project = Project::new();
    let file = |more: &str| {
        format!(
            "project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n[drift.job]\nbinary = \
             \"tools/mlopsctl\"\naccept_administration = true\n{more}"
        )
    };
    assert_eq!(project.problems(file("")), ["6:10: `tools/mlopsctl` does not exist"]);
    project.write("tools/mlopsctl", "#!/bin/sh\n");
    assert_eq!(project.problems(file("")), ["6:10: `tools/mlopsctl` is no program for Linux on x86_64"]);
    project.write("tools/mlopsctl", program(ARM64));
    let built_for_arm = "6:10: `tools/mlopsctl` is built for arm64, and the job runs on x86_64";
    assert_eq!(project.problems(file("")), [built_for_arm]);
    let path = project.write("environments/dev.toml", file("architecture = \"arm64\"\n"));
    load(&path, project.0.path()).unwrap();
    project.write("tools/mlopsctl", program(X86_64));
    let path = project.write("environments/dev.toml", file(""));
    let job = load(&path, project.0.path()).unwrap().drift.job.unwrap();
    assert_eq!((job.schedule.as_str(), job.memory_mb, job.timeout_minutes), ("rate(1 hour)", 1024, 15));
}

#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
fn the_drift_job_must_run_with_lambda_s_glibc() {
    let project = Project::new();
    // This test, as if it had been built on a system of the future.
    let mut program = fs::read(std::env::current_exe().unwrap()).unwrap();
    let places: Vec<usize> = (0..program.len()).filter(|at| program[*at..].starts_with(b"GLIBC_2.3")).collect();
    for place in places {
        program[place + 8] = b'9';
    }
    project.write("mlopsctl", program);
    let file = "project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n[drift.job]\nbinary = \"mlopsctl\"\naccept_administration = true\n";
    let problems = project.problems(file);
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(
        problem.starts_with("6:10: `mlopsctl` needs glibc 2.9") && problem.ends_with("; Lambda has 2.34"),
        "{problem}"
    );
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn drift_job_without_a_binary_is_the_running_program_if_lambda_can_start_it() {
    let project = Project::new();
    let (here, other) = if cfg!(target_arch = "x86_64") { ("x86_64", "arm64") } else { ("arm64", "x86_64") };
    let file = |architecture: &str| {
        format!(
            "project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n[drift.job]\narchitecture = \
             \"{architecture}\"\naccept_administration = true\n"
        )
    };
    let refused = format!("5:1: the running mlopsctl is built for {here}, and the job runs on {other}");
    assert_eq!(project.problems(file(other)), [refused]);
    // This test is built on a system that may be newer than Lambda's; whatever runs it can say no more than that.
    let path = project.write("environments/dev.toml", file(here));
    match load(&path, project.0.path()) {
        Ok(environment) => assert_eq!(environment.drift.job.unwrap().binary, None),
        Err(invalid) => {
            let message = &invalid.problems[0].message;
            assert!(message.starts_with("the running mlopsctl needs glibc 2."), "{message}");
        }
    }
}

#[test]
#[cfg(unix)]
fn a_link_out_of_the_project_is_refused_at_the_setting_that_names_it() {
    use std::os::unix::fs::symlink;
    let (project, machine) = (Project::new(), Project::new());
    let elsewhere = |name: &str, content: &[u8]| machine.write(name, content).canonicalize().unwrap();
    let link = |target: &PathBuf, name: &str| {
        let link = project.0.path().join(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, link).unwrap();
    };
    let credentials = elsewhere("credentials", b"aws_secret_access_key = x");
    let definition = elsewhere("config.json", b"{}");
    let handler = elsewhere("keys/handler.py", b"");
    let binary = elsewhere("mlopsctl", &program(X86_64));
    link(&credentials, "pipeline/glue/etl.py");
    link(&handler.parent().unwrap().to_owned(), "pipeline/functions/data-validation");
    project.write("pipeline/functions/model-evaluation/handler.py", "");
    link(&handler, "pipeline/functions/model-evaluation/main.py");
    link(&definition, "pipeline/sample/schema.json");
    link(&definition, "pipeline/training.asl.json");
    link(&binary, "tools/mlopsctl");
    let file = FILE.to_owned() + "[drift.job]\nbinary = \"tools/mlopsctl\"\naccept_administration = true\n";
    let folder = handler.parent().unwrap().display();
    assert_eq!(
        project.problems(file),
        [
            format!("7:10: `pipeline/glue/etl.py` leads out of the project, to {}", credentials.display()),
            format!("9:8: `pipeline/functions/data-validation` leads out of the project, to {folder}"),
            format!(
                "12:11: `pipeline/functions/model-evaluation/main.py` leads out of the project, to {}",
                handler.display()
            ),
            format!("13:1: `pipeline/sample/schema.json` leads out of the project, to {}", definition.display()),
            format!("13:1: `pipeline/training.asl.json` leads out of the project, to {}", definition.display()),
            format!("15:10: `tools/mlopsctl` leads out of the project, to {}", binary.display()),
        ]
    );
}

#[test]
#[cfg(unix)]
fn an_environment_file_is_a_file_of_the_project_whose_lines_may_be_shown() {
    use std::os::unix::fs::symlink;
    let (project, machine) = (Project::new(), Project::new());
    let secret = machine.write("credentials.toml", "token = \"hunter2\"\n").canonicalize().unwrap();
    fs::create_dir(project.0.path().join("environments")).unwrap();
    let link = project.0.path().join("environments/dev.toml");
    symlink(&secret, &link).unwrap();
    let invalid = load(&link, project.0.path()).unwrap_err();
    let expected = format!("the file leads out of the project, to {}", secret.display());
    assert_eq!(invalid.problems[0].message, expected);
    assert!(!invalid.to_string().contains("hunter2"), "{invalid}");
    let shared = project.write("shared.toml", "projekt = \"shop\"\n");
    fs::remove_file(&link).unwrap();
    symlink(shared, &link).unwrap();
    assert!(load(&link, project.0.path()).unwrap_err().problems.len() > 1, "a link within the project is followed");
}

#[test]
fn a_file_that_is_no_text_is_refused_with_a_reason() {
    let project = Project::new();
    assert_eq!(project.problems(b"project = \"a\"\nregion = \"\xff\"\n"), ["2:11: not valid UTF-8"]);
    assert_eq!(project.problems(b"project = \"a\"\n\0"), ["2:1: the file holds a NUL byte"]);
    assert_eq!(project.problems(vec![b'#'; 1024 * 1024 + 1]), ["1:1: the file is larger than 1 MiB"]);
    let missing = load(&project.0.path().join("environments/prod.toml"), project.0.path()).unwrap_err();
    assert!(missing.problems[0].message.starts_with("the file cannot be read: "), "{missing}");
    let folder = load(&project.0.path().join("environments"), project.0.path()).unwrap_err();
    assert!(folder.problems[0].message.starts_with("the file cannot be read: "), "{folder}");
}

#[test]
fn a_report_names_the_file_on_every_line_that_has_a_problem() {
    let project = Project::new();
    let path = project.write("environments/dev.toml", "projekt = \"shop\"\n");
    let text = load(&path, project.0.path()).unwrap_err().to_string();
    let expected = format!("{}:1:1: unknown key `projekt`\n  help: did you mean `project`?", path.display());
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn misspelt_required_setting_is_one_problem() {
    let project = Project::new();
    let alarm = "[[monitoring.alarms]]\nname = \"slow\"\nnamespace = \"N\"\nmetric = \"M\"\nthreshhold = 1\n";
    let text = format!("project = \"shop\"\nregion = \"ap-south-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n{alarm}");
    assert_eq!(project.problems(text.as_bytes()), ["9:1: unknown key `threshhold`"]);
    let text = text.replace("threshhold = 1\n", "");
    assert_eq!(project.problems(text.as_bytes()).len(), 1, "it is missing altogether");
}

#[test]
fn only_toml_files_are_environments() {
    let project = Project::new();
    for path in ["environments/b.toml", "environments/a.toml", "environments/.hidden.toml", "environments/README.md"] {
        project.write(path, "");
    }
    fs::create_dir(project.0.path().join("environments/folder.toml")).unwrap();
    assert_eq!(discover(&project.0.path().join("environments")), ["a", "b"]);
    assert!(discover(&project.0.path().join("nowhere")).is_empty());
}

#[test]
fn environments_whose_names_begin_alike_are_found_unless_their_accounts_differ() {
    let project = Project::new();
    let file = |project: &str, accounts: &str| format!("project = \"{project}\"\n{accounts}");
    project.write("environments/dev.toml", file("shop", ""));
    project.write("environments/dev-eu.toml", file("shop", ""));
    project.write("environments/devel.toml", file("shop", ""));
    project.write("environments/dev-us.toml", file("toys", ""));
    let folder = project.0.path().join("environments");
    let expected = [Overlap { covers: "dev".into(), covered: "dev-eu".into() }];
    assert_eq!(overlapping(&folder), expected);
    project.write("environments/dev.toml", file("shop", "allowed_accounts = [\"111111111111\"]\n"));
    assert_eq!(overlapping(&folder), expected);
    project.write("environments/dev-eu.toml", file("shop", "allowed_accounts = [\"222222222222\"]\n"));
    assert_eq!(overlapping(&folder), []);
}

#[test]
fn path_that_is_longer_than_the_system_takes_is_not_called_missing() {
    let project = Project::new();
    let long = "d/".repeat(2100);
    let file = "project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n";
    let job = format!("[[catalog.jobs]]\nname = \"etl\"\nscript = \"{long}etl.py\"\n");
    let function = format!("[[functions]]\nname = \"f\"\nsource = \"{long}f\"\n");
    for (section, what) in [(job, "etl.py` cannot be reached: "), (function, "f` cannot be reached: ")] {
        let found = project.problems(format!("{file}{section}"));
        assert!(found[0].starts_with("7:10: ") && found[0].contains(what), "{found:?}");
    }
}
