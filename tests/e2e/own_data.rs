//! Data of one's own: a first schema for it, and an inspection of files before the upload.

use crate::{project::Project, schemas::conforms};

#[track_caller]
fn tells(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// Flowers of three kinds, with the header of scikit-learn.
fn flowers() -> String {
    let rows = (0..90).map(|row| format!("{}.{},{},{}\n", row % 7, row % 10, row % 3, row % 3));
    "sepal length (cm),petals,target\n".to_owned() + &rows.collect::<String>()
}

const SCHEMA: [&str; 6] = ["pipeline", "dev", "schema", "iris.csv", "--label", "target"];

#[test]
fn a_schema_of_a_file_and_the_settings_that_it_needs_are_valid() {
    let project = Project::new();
    project.write("iris.csv", &flowers());
    // It needs no platform, and no AWS.
    let written = project.run(&SCHEMA).ends_with(0);
    tells(
        &written.stdout,
        &[
            "[pipeline]\nschema = \"schema.json\"",
            "objective = \"multi:softprob\"",
            "num_class = 3",
            "min_rows = 45",
            "[pipeline.thresholds]\n# without auc\nbalanced_accuracy = { min = 0.47 }  # a model that gives every row the same answer reaches 0.33",
            "`customers`\ningest = false",
        ],
    );
    tells(
        &written.stderr,
        &["wrote ", "schema.json from 90 rows: a multiclass task with 3 columns", "mlopsctl validate dev"],
    );
    let schema = std::fs::read_to_string(project.path().join("schema.json")).unwrap();
    let expected = r#"{
  "label": "target",
  "task": "multiclass",
  "columns": [
    { "name": "sepal_length_cm", "source": "sepal length (cm)", "type": "number" },
    { "name": "petals", "type": "integer" },
    { "name": "target", "type": "integer", "required": true, "values": [0, 1, 2] }
  ]
}
"#;
    assert_eq!(schema, expected);
    let again = project.run(&SCHEMA).ends_with(64);
    tells(&again.stderr, &["schema.json is there already; nothing was written", "--out"]);
    project.edit("dev", "[pipeline]\n", "[pipeline]\nschema = \"schema.json\"\n");
    project.edit("dev", "objective = \"binary:logistic\"", "objective = \"multi:softprob\"\nnum_class = 3");
    project.edit("dev", "eval_metric = \"auc\"", "eval_metric = \"mlogloss\"");
    project.edit("dev", "min_rows = 1000", "min_rows = 45");
    project.edit("dev", "auc = { min = 0.7 }", "balanced_accuracy = { min = 0.47 }");
    project.edit("dev", "ingest = true", "ingest = false");
    project.run(&["validate", "dev"]).ends_with(0);
    let settled = project.run(&[&SCHEMA[..], &["--out", "data/other.json", "--json"]].concat()).ends_with(0).json();
    conforms("first-schema", &settled);
    // Only the name of the file differs now.
    assert_eq!(settled["settings"].as_array().unwrap().len(), 1, "{settled:#}");
    assert_eq!((&settled["task"], &settled["rows"]), (&"multiclass".into(), &90.into()));
}

#[test]
fn the_file_may_name_its_schema_before_it_is_written() {
    let project = Project::new();
    project.write("iris.csv", &flowers());
    project.edit("dev", "# schema = \"schema.json\"", "schema = \"schema.json\"");
    let written = project.run(&SCHEMA).ends_with(0);
    assert!(!written.stdout.contains("schema ="), "the file says it: {}", written.stdout);
    tells(&written.stdout, &["num_class = 3"]);
    project.write("other.csv", &flowers());
    project.append("dev", "\n[pipline]\n");
    let other = ["pipeline", "dev", "schema", "other.csv", "--label", "target", "--out", "other.json"];
    tells(&project.run(&other).ends_with(0).stderr, &["has problems: `mlopsctl validate dev` tells them", "wrote "]);
}

#[test]
fn data_of_another_schema_leads_to_a_schema_of_its_own() {
    let project = Project::new();
    project.write("iris.csv", &flowers());
    project.write("notes.xlsx", "PK");
    project.local(&["up", "dev"]).ends_with(0);
    let refused = project.local(&["pipeline", "dev", "upload", "iris.csv"]).ends_with(64).stderr;
    tells(&refused, &["`mlopsctl pipeline dev schema DATA.csv --label NAME"]);
    assert_eq!(refused.matches("its header has").count(), 1, "{refused}");
    let unread = project.local(&["pipeline", "dev", "upload", "notes.xlsx"]).ends_with(64).stderr;
    tells(&unread, &["notes.xlsx: the pipeline does not read such a file", "it reads .csv", "nothing was sent"]);
}

#[test]
fn a_schema_is_refused_with_the_name_that_was_meant_and_outside_the_project() {
    let project = Project::new();
    project.write("iris.csv", &flowers());
    let unknown = project.run(&["pipeline", "dev", "schema", "iris.csv", "--label", "targets"]).ends_with(64);
    tells(&unknown.stderr, &["iris.csv: it has no column `targets`", "did you mean `target`?"]);
    let missing = project.run(&["pipeline", "dev", "schema", "none.csv", "--label", "y"]).ends_with(64);
    tells(&missing.stderr, &["there is no file or folder ", "/none.csv", "has ", "iris.csv"]);
    let slip = project.run(&["pipeline", "dev", "schema", "irsi.csv", "--label", "y"]).ends_with(64);
    tells(&slip.stderr, &["there is no file or folder ", "/irsi.csv", "did you mean `iris.csv`?"]);
    for out in ["../schema.json", "/tmp/schema.json"] {
        let outside = project.run(&[&SCHEMA[..], &["--out", out]].concat()).ends_with(64);
        tells(&outside.stderr, &["is not in the project"]);
    }
    assert!(!project.path().join("schema.json").exists());
}

#[test]
fn files_that_do_not_fit_the_schema_are_not_sent_unless_somebody_insists() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.write("data/a.csv", "customer_id,tenure months,plan,churned\n1,9,pro,0\n");
    project.write("data/b.csv", "");
    let upload = ["pipeline", "dev", "upload", "data"];
    let refused = project.local(&upload).ends_with(64);
    tells(
        &refused.stderr,
        &[
            "data/a.csv, column `tenure_months`: it has no column `tenure_months`; is `tenure months` meant?",
            "\"source\": \"tenure months\"",
            "data/b.csv: it is empty",
            "the files do not fit pipeline/sample/schema.json; nothing was sent",
            "--unchecked",
        ],
    );
    let nothing = project.local(&["pipeline", "dev", "run"]).ends_with(1);
    tells(&nothing.stderr, &["there is no data in"]);

    std::fs::remove_dir_all(project.path().join("data")).unwrap();
    let sample = std::fs::read_to_string(project.path().join("pipeline/sample/churn.csv")).unwrap();
    let header = sample.lines().next().unwrap();
    project.write("data/c.csv", &format!("{header}\nx,2024-03-21,9,pro,card,18.64,1,7.7,true,2\n"));
    let label = project.local(&upload).ends_with(64);
    tells(&label.stderr, &["data/c.csv, row 1, column `churned`: not a valid boolean: `2`", "nothing was sent"]);
    let sent = project.local(&[&upload[..], &["--unchecked"]].concat()).ends_with(0);
    tells(&sent.stderr, &["uploaded", "raw/c.csv"]);

    // Few broken rows are put aside by training, and told.
    project.write("data/notes.md", "# Customers");
    let sent = project.local(&["pipeline", "dev", "upload", "pipeline/sample/churn.csv", "data/notes.md"]).ends_with(0);
    tells(
        &sent.stderr,
        &["rows break the schema, and training puts them aside", "does not read such a file", "2 files"],
    );
}
