//! The hyperparameters of SageMaker's built-in XGBoost. Its container refuses other names and values, after the minutes and
//! the price of a started job.

use super::Training;
use crate::{check::Place, environment::secrets::looks_like_a_secret, suggest};
use std::ops::RangeInclusive;

/// The values that a hyperparameter takes.
enum Values {
    /// Whole numbers.
    Whole(RangeInclusive<i64>),
    /// Numbers from 0.
    NotNegative,
    /// Numbers above 0.
    Positive,
    /// Numbers from 0 to 1.
    Share,
    /// Numbers above 0, up to 1.
    PositiveShare,
    /// Numbers between two others.
    Between(f64, f64),
    /// Some words.
    Words(&'static [&'static str]),
    /// Lists and other forms that only the container reads.
    Others,
}

use Values::{Between, NotNegative, Others, Positive, PositiveShare, Share, Whole, Words};

const COUNT: Values = Whole(1..=i64::MAX);
const COUNT_OR_ZERO: Values = Whole(0..=i64::MAX);
const FLAG: Values = Whole(0..=1);
const BOOLEAN: Values = Words(&["true", "false"]);

/// The names and values that the container accepts, in versions 1.7 to 3.2 alike.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html>
/// <https://github.com/aws/sagemaker-xgboost-container/blob/master/src/sagemaker_xgboost_container/algorithm_mode/hyperparameter_validation.py>
const KNOWN: [(&str, Values); 58] = [
    ("_kfold", Whole(2..=i64::MAX)),
    ("_num_cv_round", COUNT),
    ("_tuning_objective_metric", Others),
    ("aft_loss_distribution", Words(&["normal", "logistic", "extreme"])),
    ("aft_loss_distribution_scale", NotNegative),
    ("alpha", NotNegative),
    ("base_score", NotNegative),
    ("booster", Words(&["gbtree", "gblinear", "dart"])),
    ("colsample_bylevel", PositiveShare),
    ("colsample_bynode", PositiveShare),
    ("colsample_bytree", PositiveShare),
    ("csv_weights", FLAG),
    ("deterministic_histogram", BOOLEAN),
    ("dsplit", Words(&["row", "col"])),
    ("early_stopping_rounds", COUNT),
    ("eta", Share),
    ("eval_metric", Others),
    ("gamma", NotNegative),
    ("grow_policy", Words(&["depthwise", "lossguide"])),
    ("interaction_constraints", Others),
    ("lambda", NotNegative),
    ("lambda_bias", Share),
    ("learning_rate", Share),
    ("max_bin", COUNT_OR_ZERO),
    ("max_delta_step", NotNegative),
    ("max_depth", COUNT_OR_ZERO),
    ("max_leaves", COUNT_OR_ZERO),
    ("min_child_weight", NotNegative),
    ("min_split_loss", NotNegative),
    ("monotone_constraints", Others),
    ("normalize_type", Words(&["tree", "forest"])),
    ("nthread", COUNT),
    ("num_class", Whole(2..=i64::MAX)),
    ("num_parallel_tree", COUNT),
    (ROUNDS, COUNT),
    ("objective", Others),
    ("one_drop", FLAG),
    ("predictor", Words(&["auto", "cpu_predictor", "gpu_predictor"])),
    ("prob_buffer_row", Whole(2..=i64::MAX)),
    ("process_type", Words(&["default", "update"])),
    ("rate_drop", Share),
    ("refresh_leaf", FLAG),
    ("reg_alpha", NotNegative),
    ("reg_lambda", NotNegative),
    ("sample_type", Words(&["uniform", "weighted"])),
    ("sampling_method", Words(&["uniform", "gradient_based"])),
    ("save_model_on_termination", BOOLEAN),
    ("scale_pos_weight", Positive),
    ("seed", Whole(-2_147_483_647..=2_147_483_646)),
    ("single_precision_histogram", BOOLEAN),
    ("sketch_eps", Between(0.0, 1.0)),
    ("skip_drop", Share),
    ("subsample", PositiveShare),
    ("tree_method", Words(&["auto", "exact", "approx", "hist", "gpu_hist"])),
    ("tweedie_variance_power", Between(1.0, 2.0)),
    ("updater", Others),
    ("use_dask_gpu_training", BOOLEAN),
    ("verbosity", Whole(0..=3)),
];

/// The only one that the container does not do without.
const ROUNDS: &str = "num_round";
/// The page of AWS for people.
const PAGE: &str = "https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html";

impl Values {
    /// True for a text that the container reads as one of these values.
    fn contain(&self, text: &str) -> bool {
        let text = text.trim();
        let is_number = |is_fit: &dyn Fn(f64) -> bool| text.parse().is_ok_and(is_fit);
        match self {
            Whole(range) => text.parse().is_ok_and(|number| range.contains(&number)),
            NotNegative => is_number(&|number| number >= 0.0),
            Positive => is_number(&|number| number > 0.0),
            Share => is_number(&|number| (0.0..=1.0).contains(&number)),
            PositiveShare => is_number(&|number| number > 0.0 && number <= 1.0),
            Between(low, high) => is_number(&|number| number > *low && number < *high),
            Words(words) => words.contains(&text),
            Others => true,
        }
    }

    fn description(&self) -> String {
        match self {
            Whole(range) if *range.end() == i64::MAX => format!("a whole number of at least {}", range.start()),
            Whole(range) => format!("a whole number from {} to {}", range.start(), range.end()),
            NotNegative => "a number of at least 0".to_owned(),
            Positive => "a number above 0".to_owned(),
            Share => "a number from 0 to 1".to_owned(),
            PositiveShare => "a number above 0, at most 1".to_owned(),
            Between(low, high) => format!("a number between {low} and {high}"),
            Words(words) => suggest::one_of(*words),
            Others => "a text".to_owned(),
        }
    }
}

/// The problem of a hyperparameter that the built-in XGBoost refuses, and the help. Values are not repeated: they may be
/// secrets in the wrong place.
pub fn hyperparameter_mistake(name: &str, value: &str) -> Option<(String, String)> {
    match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, values)) if values.contain(value) => None,
        Some((_, values)) => {
            Some((format!("`{name}` must be {} for SageMaker's XGBoost", values.description()), String::new()))
        }
        None => {
            let help = match suggest::nearest(name, KNOWN.iter().map(|(known, _)| *known)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("AWS lists them: {PAGE}"),
            };
            Some((format!("SageMaker's XGBoost has no hyperparameter `{name}`"), help))
        }
    }
}

/// A hyperparameter that the built-in XGBoost refuses, or lacks.
struct Mistake<'a> {
    /// Its name; `None` if it is missing.
    name: Option<&'a str>,
    what: String,
    help: String,
}

fn mistakes(Training { hyperparameters, not_secret, .. }: &Training) -> Vec<Mistake<'_>> {
    // A value that looks like a secret has been reported.
    let is_open = |name: &String, value: &str| not_secret.contains(name) || looks_like_a_secret(name, value).is_none();
    let mut found = Vec::new();
    for (name, value) in hyperparameters.iter().filter(|(name, value)| is_open(name, value)) {
        if let Some((what, help)) = hyperparameter_mistake(name, value) {
            found.push(Mistake { name: Some(name), what, help });
        }
    }
    let is_meant = |name: &String| suggest::nearest(name, [ROUNDS]).is_some();
    if !hyperparameters.keys().any(is_meant) {
        let (what, help) = (format!("SageMaker's XGBoost needs `{ROUNDS}`"), format!("such as `{ROUNDS} = 100`"));
        found.push(Mistake { name: None, what, help });
    }
    found
}

/// Reports hyperparameters that the built-in XGBoost refuses or lacks.
pub(super) fn check(training: &Training, at: Place<'_>) {
    for Mistake { name, what, help } in mistakes(training) {
        name.map_or(at, |name| at.get(name)).report(what, help);
    }
}

/// The same as warnings, for a container that is newer than all that are known.
pub(super) fn warnings(training: &Training) -> impl Iterator<Item = String> {
    mistakes(training).into_iter().map(|Mistake { what, help, .. }| warning(&what, &help))
}

/// The warning of a mistake, which may be none for a newer container.
fn warning(what: &str, help: &str) -> String {
    let help = if help.is_empty() { String::new() } else { format!(" ({help})") };
    format!("up to the newest container that this version of mlopsctl knows, {what}{help}")
}

/// The warning of a hyperparameter that the built-in XGBoost refuses, for a container that is newer than all that are
/// known.
pub fn hyperparameter_warning(name: &str, value: &str) -> Option<String> {
    hyperparameter_mistake(name, value).map(|(what, help)| warning(&what, &help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_in_order_and_each_once() {
        assert!(KNOWN.is_sorted_by(|(one, _), (other, _)| one < other));
    }

    #[test]
    fn values_are_held_to_the_range_of_their_hyperparameter() {
        let good = [
            ("num_round", "100"),
            ("eta", "0"),
            ("eta", "1"),
            ("learning_rate", "3e-1"),
            ("max_depth", "0"),
            ("seed", "-5"),
            ("subsample", "1"),
            ("tweedie_variance_power", "1.5"),
            ("booster", "dart"),
            ("eval_metric", "auc,error@0.4"),
            ("monotone_constraints", "(0, 1)"),
            ("save_model_on_termination", "true"),
        ];
        for (name, value) in good {
            assert_eq!(hyperparameter_mistake(name, value), None, "{name} = {value}");
        }
        let bad = [
            ("num_round", "0", "a whole number of at least 1"),
            ("num_round", "100.5", "a whole number of at least 1"),
            ("eta", "1.01", "a number from 0 to 1"),
            ("eta", "nan", "a number from 0 to 1"),
            ("gamma", "-0.1", "a number of at least 0"),
            ("scale_pos_weight", "0", "a number above 0"),
            ("subsample", "0", "a number above 0, at most 1"),
            ("tweedie_variance_power", "2", "a number between 1 and 2"),
            ("verbosity", "4", "a whole number from 0 to 3"),
            ("booster", "tree", "`gbtree`, `gblinear` or `dart`"),
        ];
        for (name, value, expected) in bad {
            let what = format!("`{name}` must be {expected} for SageMaker's XGBoost");
            assert_eq!(hyperparameter_mistake(name, value), Some((what, String::new())), "{value}");
        }
    }

    #[test]
    fn unknown_names_get_the_one_that_was_meant_or_the_page_of_all() {
        let help = |name| hyperparameter_mistake(name, "1").map(|(_, help)| help);
        assert_eq!(help("num_rounds").as_deref(), Some("did you mean `num_round`?"));
        assert_eq!(help("max-depth").as_deref(), Some("did you mean `max_depth`?"));
        assert_eq!(help("epochs"), Some(format!("AWS lists them: {PAGE}")));
    }
}
