//! The answers of a model, for people and programs: the fields of each prediction are named for the task.

use super::versioned::Versioned;
use runs::{LearnedTask, Signature, UnfitRow};
use serde::Serialize;
use std::collections::BTreeMap;

/// The predictions of one model.
pub(crate) struct Predictions<'a> {
    signature: &'a Signature,
    package: &'a str,
    rows: Vec<(u64, Vec<f64>)>,
}

impl<'a> Predictions<'a> {
    pub(crate) fn new(signature: &'a Signature, package: &'a str) -> Self {
        Self { signature, package, rows: Vec::new() }
    }

    /// Takes the answer to some rows, or says why it is none.
    pub(crate) fn add(&mut self, rows: impl ExactSizeIterator<Item = u64>, answer: &str) -> Result<(), String> {
        let numbers = |line: &str| line.split(',').map(|field| field.trim().parse::<f64>().ok()).collect();
        let answers: Option<Vec<Vec<f64>>> = answer.lines().map(numbers).collect();
        let width = match self.signature.task {
            LearnedTask::Multiclass => self.signature.classes.len(),
            LearnedTask::Binary | LearnedTask::Regression => 1,
        };
        let answers = answers.filter(|answers| answers.iter().all(|answer| answer.len() == width));
        let answers =
            answers.ok_or_else(|| format!("the model answered {answer:.200}; expected {width} numbers a row"))?;
        if answers.len() != rows.len() {
            return Err(format!("the model was asked about {} rows and answered {}", rows.len(), answers.len()));
        }
        self.rows.extend(rows.zip(answers));
        Ok(())
    }

    /// A header, and a line for each row.
    pub(crate) fn csv(&self) -> String {
        let label = field(&self.signature.label);
        let header = match self.signature.task {
            LearnedTask::Regression => format!("row,{label}"),
            LearnedTask::Binary => format!("row,{label},{}", field(&format!("probability of {}", self.class(1)))),
            LearnedTask::Multiclass => format!("row,{label},probability"),
        };
        let lines = self.rows.iter().map(|(row, answer)| match self.predicted(answer) {
            (class, Some(probability)) => format!("{row},{},{probability:.4}", field(&class)),
            (quantity, None) => format!("{row},{quantity}"),
        });
        std::iter::once(header).chain(lines).collect::<Vec<_>>().join("\n")
    }

    fn class(&self, number: usize) -> String {
        self.signature.classes.get(number).cloned().unwrap_or_else(|| number.to_string())
    }

    /// The prediction: a class, with the probability of class 1 in a binary task and of the class itself in another one;
    /// or a quantity.
    fn predicted(&self, answer: &[f64]) -> (String, Option<f64>) {
        let class = |number| self.class(number);
        let first = answer.first().copied().unwrap_or_default();
        match self.signature.task {
            LearnedTask::Regression => (first.to_string(), None),
            LearnedTask::Binary => (class(usize::from(first >= self.signature.decision_threshold)), Some(first)),
            LearnedTask::Multiclass => {
                let best = answer.iter().copied().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other));
                let (number, probability) = best.unwrap_or_default();
                (class(number), Some(probability))
            }
        }
    }

    pub(crate) fn document<'d>(&'d self, unfit: &'d [UnfitRow]) -> Versioned<PredictionsDocument<'d>> {
        let unfit = unfit.iter().map(|one| UnfitDocument { row: one.row, reasons: &one.reasons });
        Versioned::new(PredictionsDocument {
            model_package: self.package,
            label: &self.signature.label,
            predictions: self.rows.iter().map(|(row, answer)| self.prediction(*row, answer)).collect(),
            unfit: unfit.collect(),
        })
    }

    fn prediction<'d>(&'d self, row: u64, answer: &'d [f64]) -> PredictionDocument<'d> {
        let (class, probability) = self.predicted(answer);
        let answer = match (self.signature.task, probability) {
            (LearnedTask::Multiclass, _) => {
                let classes = self.signature.classes.iter().map(String::as_str);
                Answer::OfClasses { class, probabilities: classes.zip(answer.iter().copied()).collect() }
            }
            (_, Some(probability)) => Answer::Class { class, probability },
            (_, None) => Answer::Quantity { value: answer.first().copied() },
        };
        PredictionDocument { row, answer }
    }
}

/// The predictions for a program.
#[derive(Serialize)]
pub(crate) struct PredictionsDocument<'a> {
    model_package: &'a str,
    label: &'a str,
    predictions: Vec<PredictionDocument<'a>>,
    unfit: Vec<UnfitDocument<'a>>,
}

#[derive(Serialize)]
struct PredictionDocument<'a> {
    row: u64,
    #[serde(flatten)]
    answer: Answer<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Class { class: String, probability: f64 },
    OfClasses { class: String, probabilities: BTreeMap<&'a str, f64> },
    Quantity { value: Option<f64> },
}

#[derive(Serialize)]
struct UnfitDocument<'a> {
    row: u64,
    reasons: &'a [String],
}

/// A field of CSV, in quotes where it needs them.
fn field(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn signature(task: &str, classes: &[&str]) -> Signature {
        serde_json::from_value(json!({"task": task, "label": "kind", "classes": classes, "decision_threshold": 0.3,
                                      "inputs": [], "schema": {"columns": []}}))
        .unwrap()
    }

    #[test]
    fn each_task_shows_its_predictions() {
        let cases = [
            (
                "binary",
                &["no", "yes, sir"][..],
                "0.31\n0.2\n",
                "row,kind,\"probability of yes, sir\"\n1,\"yes, sir\",0.3100\n2,no,0.2000",
            ),
            ("binary", &[], "0.3\n0\n", "row,kind,probability of 1\n1,1,0.3000\n2,0,0.0000"),
            ("multiclass", &["a", "b"], "0.1,0.9\n0.6,0.4\n", "row,kind,probability\n1,b,0.9000\n2,a,0.6000"),
            ("regression", &[], "12.5\n-1\n", "row,kind\n1,12.5\n2,-1"),
        ];
        for (task, classes, answer, expected) in cases {
            let signature = signature(task, classes);
            let mut predictions = Predictions::new(&signature, "package");
            predictions.add([1, 2].into_iter(), answer).unwrap();
            assert_eq!(predictions.csv(), expected);
        }
    }

    #[test]
    fn answers_that_are_none_are_refused() {
        let signature = signature("multiclass", &["a", "b"]);
        let mut predictions = Predictions::new(&signature, "package");
        for answer in ["0.1,0.2,0.7\n", "high,low\n", "0.5,0.5\n0.5,0.5\n"] {
            assert!(predictions.add([1].into_iter(), answer).is_err(), "{answer}");
        }
        predictions.add([7].into_iter(), "0.25,0.75").unwrap();
        let shown = json!(predictions.document(&[]));
        assert_eq!(shown["predictions"], json!([{"row": 7, "class": "b", "probabilities": {"a": 0.25, "b": 0.75}}]));
    }
}
