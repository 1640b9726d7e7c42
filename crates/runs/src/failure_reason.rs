//! The error and cause of a failed execution, and the sentence in the cause that a person needs.

use serde_json::Value;

/// The reason of a failure, as Step Functions gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureReason {
    /// The error's name, by which retries and catches go.
    pub error: String,
    /// The details: text, or a whole description of the job as JSON.
    pub cause: String,
}

/// The keys of the sentence within the JSON of a cause: Glue, SageMaker, Lambda.
const SENTENCES: [&str; 4] = ["ErrorMessage", "FailureReason", "errorMessage", "StatusDetails"];

impl FailureReason {
    pub(crate) fn new(error: Option<&str>, cause: Option<&str>) -> Self {
        Self { error: error.unwrap_or_default().to_owned(), cause: cause.unwrap_or_default().to_owned() }
    }

    /// The sentence of the cause, on one line: what the job or the function said itself.
    pub fn sentence(&self) -> String {
        let document: Value = serde_json::from_str(&self.cause).unwrap_or_default();
        let said = SENTENCES.iter().find_map(|field| document[*field].as_str().filter(|text| !text.is_empty()));
        said.unwrap_or(&self.cause).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// In words: the sentence, after the error's name where that tells more than that something failed.
    pub fn words(&self) -> String {
        let sentence = self.sentence();
        match self.error.as_str() {
            "States.Timeout" if sentence.is_empty() => "it ran out of time".to_owned(),
            "States.Timeout" => format!("it ran out of time: {sentence}"),
            "" | "States.TaskFailed" if !sentence.is_empty() => sentence,
            "" => "no reason was given".to_owned(),
            error if sentence.is_empty() => error.to_owned(),
            error => format!("{error}: {sentence}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(error: &str, cause: &str) -> String {
        FailureReason::new(Some(error), Some(cause)).words()
    }

    #[test]
    fn the_job_s_own_sentence_is_found_in_the_json_of_the_cause() {
        let glue =
            r#"{"Attempt":0,"ErrorMessage":"SchemaError: no column `churned`","Id":"jr_1","JobRunState":"FAILED"}"#;
        assert_eq!(words("States.TaskFailed", glue), "SchemaError: no column `churned`");
        let training = r#"{"TrainingJobStatus":"Failed","FailureReason":"AlgorithmError: exit code 1"}"#;
        assert_eq!(words("States.TaskFailed", training), "AlgorithmError: exit code 1");
        let function = r#"{"errorMessage":"column age: 40% missing","errorType":"DataRejected","stackTrace":[]}"#;
        assert_eq!(words("DataRejected", function), "DataRejected: column age: 40% missing");
    }

    #[test]
    fn timeouts_and_silence_have_words_too() {
        assert_eq!(words("States.Timeout", ""), "it ran out of time");
        assert_eq!(words("", ""), "no reason was given");
        assert_eq!(words("States.Runtime", ""), "States.Runtime");
        assert_eq!(
            words("SageMaker.ResourceLimitExceededException", "quota is 0"),
            "SageMaker.ResourceLimitExceededException: quota is 0"
        );
    }
}
