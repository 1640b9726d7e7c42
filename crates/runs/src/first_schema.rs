//! A first schema for a CSV file: what each column holds, and what there is to learn, guessed from its values.

use crate::{
    column_tally::{DECIMALS, Tally, Written},
    data_schema::{Column, Format, Kind, Task},
    file_format,
    header_names::{HeaderNames, is_identity, valid},
    raw_values::{NULL_WORDS, boolean, number},
    table::{Form, Table, UnfitFile, open},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::Path};

/// The number of rows that are examined.
const MOST_ROWS: u64 = 1_000_000;
/// A feature becomes one input for each of its texts.
const MOST_VALUES: usize = 30;
/// A split may lack a class with fewer rows.
const FEWEST_OF_CLASS: u64 = 20;
/// An integer label with more values is a quantity.
const MOST_INTEGER_CLASSES: usize = 10;

/// A guess, for a person to check.
#[derive(Clone, Debug)]
pub struct FirstSchema {
    /// The task that the label suits.
    pub task: Task,
    /// The number of classes that the label lists.
    pub classes: usize,
    /// The share of the rows that the rarest class has; `None` for a quantity.
    pub rarest: Option<f64>,
    /// The number of rows that were read.
    pub rows: u64,
    /// Advice for the person who checks it.
    pub remarks: Vec<String>,
    label: String,
    key: Option<String>,
    csv: Format,
    columns: Vec<Column>,
}

impl FirstSchema {
    /// Guesses the schema of a file. `label` names the column to predict, as in the file or as in the schema.
    ///
    /// # Errors
    /// When the file cannot be read, has no such label, or the label suits no task.
    pub fn guess(file: &Path, label: &str, task: Option<Task>) -> Result<Self, UnfitFile> {
        let Form::Csv { is_tsv } = Form::by_name(file) else {
            let help =
                "the pipeline also reads JSON and Parquet: describe their columns by hand, or write some rows as CSV";
            return Err(UnfitFile::new("a schema is guessed from .csv, .csv.gz, .tsv and .tsv.gz", help));
        };
        let mut csv = file_format::guess(file, is_tsv)?;
        let table = Table::open(open(file).map_err(|error| UnfitFile::new(error, ""))?, &csv, is_tsv)?;
        let names = HeaderNames::from_header(&table.names)?;
        let at = names.find(label)?;
        let (tallies, rows) = count(table)?;
        csv.decimal = decimal(&tallies, &csv);
        let mut guess = Self {
            task: Task::Binary,
            classes: 0,
            rarest: None,
            rows,
            remarks: names.remarks.clone(),
            label: names.valid[at].clone(),
            key: None,
            csv,
            columns: Vec::new(),
        };
        guess.add_columns(&names, &tallies, at, task)?;
        Ok(guess)
    }

    fn add_columns(
        &mut self,
        names: &HeaderNames,
        tallies: &[Tally],
        label: usize,
        task: Option<Task>,
    ) -> Result<(), UnfitFile> {
        for (at, tally) in tallies.iter().enumerate().filter(|(at, _)| !names.given[*at].is_empty()) {
            let (given, name) = (&names.given[at], &names.valid[at]);
            if tally.present == 0 && at != label {
                self.remarks.push(format!("`{name}` has no values, and is left out"));
                continue;
            }
            let kind = match (tally.kind(self.csv.decimal), tally.zeros_first()) {
                (Kind::Integer, Some(example)) if at != label => {
                    let what = format!("`{name}` is a text, because a number would lose the zeros of `{example}`");
                    self.remarks.push(what);
                    Kind::String
                }
                (kind, _) => kind,
            };
            let null_words = tally.null_words(kind);
            let mut column = Column {
                name: name.clone(),
                source: Some(given.clone()).filter(|given| given != name),
                kind,
                required: false,
                minimum: None,
                maximum: None,
                values: Vec::new(),
                feature: true,
                timestamp_format: None,
                null_words: (!null_words.is_empty())
                    .then(|| NULL_WORDS.into_iter().chain(null_words).map(str::to_owned).collect()),
            };
            if at == label {
                self.learn(&mut column, tally, task)?;
            } else {
                self.describe(&mut column, tally);
            }
            let others = tally.others(column.kind, self.csv.decimal);
            if others > 0 {
                let what = format!("{others} values of `{given}` are of another type: their rows will be put aside");
                self.remarks.push(what);
            }
            self.columns.push(column);
        }
        Ok(())
    }

    /// A column that is no label: an input of the model, the key, or nothing of both.
    fn describe(&mut self, column: &mut Column, tally: &Tally) {
        let name = column.name.clone();
        let texts = tally.texts.0.as_ref();
        if is_identity(&name) && column.kind != Kind::Number {
            column.feature = false;
            if tally.identifies() && self.key.is_none() {
                self.remarks.push(format!("`{name}` identifies a row: it is the key, and no input of the model"));
                self.key = Some(name);
            } else if !tally.identifies() {
                let keeps = format!("\"split_by\": [\"{name}\"]");
                self.remarks.push(format!(
                    "`{name}` looks like an id that repeats, and is no input of the model; {keeps} keeps its rows together"
                ));
            }
            return;
        }
        match column.kind {
            Kind::Timestamp => {
                column.feature = false;
                self.remarks.push(format!("`{name}` is a time: it is no input of the model unless you allow it"));
            }
            Kind::String => match texts.filter(|texts| tally.form().is_none() && is_category(texts, tally.present)) {
                Some(texts) => column.values = texts.keys().map(|text| text.as_str().into()).collect(),
                None => {
                    column.feature = false;
                    self.remarks.push(format!("`{name}` {}: it is no input of the model", self.why_unused(tally)));
                }
            },
            Kind::Integer if tally.counts_rows() => {
                column.feature = false;
                let what = format!("`{name}` rises from row to row, and so is no input of the model");
                self.remarks.push(what);
            }
            Kind::Integer | Kind::Number => {
                if let Some(example) = tally.may_mean_thousands(self.csv.decimal) {
                    self.remarks.push(format!(
                        "`{name}` has three decimals wherever it has any, as in `{example}`: if it means thousands, write it without the sign"
                    ));
                }
            }
            Kind::Boolean => {}
        }
    }

    /// The reason why a column of texts is no input of the model.
    fn why_unused(&self, tally: &Tally) -> String {
        let (numbers, all) = (tally.numbers(self.csv.decimal), tally.present);
        match tally.form() {
            _ if numbers * 2 > all && numbers < all => {
                format!("holds {} values that are no numbers, of {all}", all - numbers)
            }
            Some((Written::Thousands, example)) => {
                format!(
                    "holds numbers such as `{example}`, which are read only without currencies and signs between thousands"
                )
            }
            Some((Written::Date, example)) => format!(
                "holds dates such as `{example}`, which are read with \"type\": \"timestamp\" and a `timestamp_format`"
            ),
            None => "holds too many different texts".to_owned(),
        }
    }

    /// Chooses the task that the label suits.
    fn learn(&mut self, label: &mut Column, tally: &Tally, task: Option<Task>) -> Result<(), UnfitFile> {
        let name = label.name.clone();
        let texts = tally.texts.0.as_ref();
        let number = |text: &String| number(text, self.csv.decimal);
        let mut integers: Vec<i64> = Vec::new();
        if let (Kind::Integer, Some(texts)) = (label.kind, texts) {
            integers.extend(texts.keys().filter_map(number).map(|number| number as i64));
            integers.sort_unstable();
            integers.dedup();
        }
        let words: Vec<&String> =
            texts.filter(|_| label.kind == Kind::String).into_iter().flatten().map(|(text, _)| text).collect();
        let is_flag = label.kind == Kind::Boolean || integers == [0, 1];
        let classes = if label.kind == Kind::String { words.len() } else { integers.len() };
        let is_constant = texts.is_some_and(|texts| texts.len() < 2);
        let guessed = match label.kind {
            _ if is_constant => None,
            Kind::Boolean => Some(Task::Binary),
            Kind::Integer | Kind::String if classes == 2 => Some(Task::Binary),
            Kind::String if classes > 2 => Some(Task::Multiclass),
            Kind::Integer if (3..=MOST_INTEGER_CLASSES).contains(&classes) => Some(Task::Multiclass),
            Kind::Integer | Kind::Number => Some(Task::Regression),
            Kind::String | Kind::Timestamp => None,
        };
        let unsuited = |what: String| UnfitFile::new(what, "name another column as the label, or prepare this one");
        let Some(guessed) = guessed else {
            let why =
                if is_constant { "has fewer than two values" } else { "holds too many different texts, or times" };
            return Err(unsuited(format!("the label `{name}` {why}")));
        };
        self.task = task.unwrap_or(guessed);
        let fits = match self.task {
            Task::Binary => guessed == Task::Binary,
            Task::Multiclass => classes >= 2,
            Task::Regression => matches!(label.kind, Kind::Integer | Kind::Number),
        };
        if !fits {
            return Err(unsuited(format!("the label `{name}` does not suit a {} task", self.task.as_str())));
        }
        label.required = true;
        if let Some((class, count, all)) =
            rarest(tally, label.kind, self.csv.decimal).filter(|_| self.task != Task::Regression)
        {
            self.rarest = Some(count as f64 / all as f64);
            if count < FEWEST_OF_CLASS && all > FEWEST_OF_CLASS {
                self.remarks.push(format!(
                    "the class {class} has few rows, {count}: validation refuses data in which a split has none of them"
                ));
            }
        }
        if self.task == Task::Regression || self.task == Task::Binary && is_flag {
            return Ok(());
        }
        label.values = match label.kind {
            Kind::String => words.into_iter().map(|word| word.as_str().into()).collect(),
            _ => integers.into_iter().map(Value::from).collect(),
        };
        self.classes = label.values.len();
        if let (Task::Binary, [_, positive]) = (self.task, label.values.as_slice()) {
            self.remarks.push(format!("{positive} is the positive class: the model predicts its probability"));
        }
        Ok(())
    }

    /// The schema as a document.
    pub fn document(&self) -> Value {
        let mut schema = json!({"label": self.label, "task": self.task, "columns": self.columns});
        if let Some(key) = &self.key {
            schema["key"] = json!([key]);
        }
        let csv = self.csv_fields();
        if !csv.is_empty() {
            schema["csv"] = csv.into();
        }
        schema
    }

    /// The fields that are not as by default.
    fn csv_fields(&self) -> Map<String, Value> {
        let fields = |format: &Format| serde_json::to_value(format).ok().and_then(|value| value.as_object().cloned());
        let (own, default) = (fields(&self.csv).unwrap_or_default(), fields(&Format::default()).unwrap_or_default());
        own.into_iter().filter(|(name, value)| default.get(name) != Some(value)).collect()
    }

    /// The schema as the text of its file, with a line for each column.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("  \"label\": {}", Value::from(self.label.as_str()))];
        lines.push(format!("  \"task\": \"{}\"", self.task.as_str()));
        lines.extend(self.key.as_ref().map(|key| format!("  \"key\": [{}]", Value::from(key.as_str()))));
        let csv = self.csv_fields();
        if !csv.is_empty() {
            lines.push(format!("  \"csv\": {}", spaced(&csv.into())));
        }
        let columns: Vec<String> = self.columns.iter().map(|column| format!("    {}", line(column))).collect();
        lines.push(format!("  \"columns\": [\n{}\n  ]", columns.join(",\n")));
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}

/// A column on one line, its fields in the order of their declaration.
fn line(column: &Column) -> String {
    const ORDER: [&str; 7] = ["name", "source", "type", "required", "values", "feature", "null_words"];
    let fields = serde_json::to_value(column).unwrap_or_default();
    let fields = ORDER.into_iter().filter_map(|name| Some(format!("\"{name}\": {}", spaced(fields.get(name)?))));
    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
}

/// JSON on one line, with spaces.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("\"{name}\": {}", spaced(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

fn count<R: std::io::Read>(mut table: Table<R>) -> Result<(Vec<Tally>, u64), UnfitFile> {
    let mut tallies: Vec<Tally> = table.names.iter().map(|name| Tally::new(is_identity(&valid(name)))).collect();
    let mut rows = 0;
    while rows < MOST_ROWS {
        let Some(row) = table.next_row()? else { break };
        rows += 1;
        let Ok(texts) = row.texts else { continue };
        for (tally, text) in tallies.iter_mut().zip(texts) {
            tally.add(text);
        }
    }
    match rows {
        0 => Err(UnfitFile::new("it has no rows", "the first line is the header")),
        rows => Ok((tallies, rows)),
    }
}

/// The sign for decimals by which more columns are numbers.
fn decimal(tallies: &[Tally], csv: &Format) -> char {
    let numeric = |sign: char| tallies.iter().filter(|tally| tally.is_numeric(sign)).count();
    let [point, comma] = DECIMALS;
    if csv.separator != comma && numeric(comma) > numeric(point) { comma } else { point }
}

/// The rarest class of a label, the number of its rows, and that of all.
fn rarest(tally: &Tally, kind: Kind, decimal: char) -> Option<(String, u64, u64)> {
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    for (text, count) in tally.texts.0.as_ref()? {
        let class = match kind {
            Kind::Boolean => boolean(text).map(|class| class.to_string()),
            Kind::Integer => number(text, decimal).map(|class| class.to_string()),
            _ => Some(text.clone()),
        };
        let Some(class) = class else { continue };
        *classes.entry(class).or_default() += count;
    }
    let all: u64 = classes.values().sum();
    let (class, count) = classes.into_iter().min_by_key(|(_, count)| *count)?;
    Some((class, count, all))
}

/// True if texts repeat often enough to be the values of a feature.
fn is_category(texts: &BTreeMap<String, u64>, present: u64) -> bool {
    let count = u64::try_from(texts.len()).unwrap_or(u64::MAX);
    (1..=MOST_VALUES).contains(&texts.len()) && count * 2 <= present
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess_of(
        name: &str,
        content: impl AsRef<[u8]>,
        label: &str,
        task: Option<Task>,
    ) -> Result<FirstSchema, UnfitFile> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        FirstSchema::guess(&file, label, task)
    }

    fn guess(content: &str, label: &str) -> FirstSchema {
        guess_of("a.csv", content, label, None).unwrap()
    }

    fn refusal(content: &str, label: &str) -> String {
        let UnfitFile { what, help } = guess_of("a.csv", content, label, None).unwrap_err();
        format!("{what}: {help}")
    }

    #[test]
    fn headers_as_they_come_become_names_with_their_sources() {
        let text =
            "mean radius,sepal length (cm),od280/od315,2nd,Größe,,a b,a_b,y\n1,2,3,4,5,6,7,8,0\n1,2,3,4,5,6,7,8,1\n";
        let guessed = guess(text, "y");
        let names = ["mean_radius", "sepal_length_cm", "od280_od315", "column_2nd", "gr_e", "a_b", "a_b_2", "y"];
        assert_eq!(guessed.names().collect::<Vec<_>>(), names);
        let schema = guessed.document();
        assert_eq!(schema["columns"][0], json!({"name": "mean_radius", "source": "mean radius", "type": "integer"}));
        assert_eq!(schema["columns"][6], json!({"name": "a_b_2", "source": "a_b", "type": "integer"}));
        assert_eq!(guessed.remarks, ["column 6 has no name, and is left out"]);
        assert_eq!(serde_json::from_str::<Value>(&guessed.text()).unwrap(), schema);
    }

    #[test]
    fn tasks_are_guessed_from_the_label() {
        let quantities: String = (0..50).map(|number| format!("1,{number}\n")).collect();
        for (rows, task, values) in [
            ("1,0\n1,1\n", Task::Binary, json!(null)),
            ("1,yes\n1,no\n", Task::Binary, json!(null)),
            ("1,M\n1,B\n", Task::Binary, json!(["B", "M"])),
            ("1,1\n1,2\n", Task::Binary, json!([1, 2])),
            ("1,2\n1,0.0\n1,1\n", Task::Multiclass, json!([0, 1, 2])),
            ("1,x\n1,z\n1,y\n", Task::Multiclass, json!(["x", "y", "z"])),
            ("1,1.5\n1,2.5\n", Task::Regression, json!(null)),
            (&quantities, Task::Regression, json!(null)),
        ] {
            let schema = guess(&format!("x,y\n{rows}"), "y").document();
            assert_eq!((&schema["task"], &schema["columns"][1]["values"]), (&json!(task), &values), "{rows}");
        }
        let counted = guess_of("a.csv", "x,y\n1,0\n1,1\n1,2\n", "y", Some(Task::Regression)).unwrap();
        assert_eq!((counted.task, counted.classes), (Task::Regression, 0));
        let unsuited = guess_of("a.csv", "x,y\n1,0.5\n1,1\n1,2\n", "y", Some(Task::Binary)).unwrap_err();
        assert_eq!(unsuited.what, "the label `y` does not suit a binary task");
    }

    #[test]
    fn the_share_of_the_rarest_class_is_known() {
        let of = |rows: &str| guess(&format!("x,y\n{rows}"), "y").rarest;
        assert_eq!(of("1,0\n1,1\n1,1.0\n1,1\n"), Some(0.25));
        assert_eq!(of("1,yes\n1,true\n1,no\n1,Yes\n"), Some(0.25));
        assert_eq!(of("1,a\n1,b\n1,c\n1,c\n"), Some(0.25));
        assert_eq!(of("1,1.5\n1,2.5\n"), None);
    }

    #[test]
    fn column_with_some_texts_among_numbers_is_told_with_their_count() {
        let weight = |row: usize| if row.is_multiple_of(10) { format!("{row} kg") } else { row.to_string() };
        let rows: String = (0..300).map(|row| format!("{},note {row},{}\n", weight(row), row % 2)).collect();
        let guessed = guess(&format!("weight,note,label\n{rows}"), "label");
        assert_eq!(
            guessed.remarks,
            [
                "`weight` holds 30 values that are no numbers, of 300: it is no input of the model",
                "`note` holds too many different texts: it is no input of the model",
            ]
        );
    }

    #[test]
    fn columns_are_inputs_where_a_model_can_learn_from_them() {
        let rows: String =
            (0..8).map(|n| format!("c{n},p{},2024-01-0{},note {n},{},{}\n", n % 2, n + 1, n % 3, n % 2)).collect();
        let guessed = guess(&format!("customer_id,plan,since,note,user_id,churned\n{rows}"), "churned");
        let schema = guessed.document();
        assert_eq!(schema["key"], json!(["customer_id"]));
        let expected = json!([
            {"name": "customer_id", "type": "string", "feature": false},
            {"name": "plan", "type": "string", "values": ["p0", "p1"]},
            {"name": "since", "type": "timestamp", "feature": false},
            {"name": "note", "type": "string", "feature": false},
            {"name": "user_id", "type": "integer", "feature": false},
            {"name": "churned", "type": "integer", "required": true},
        ]);
        assert_eq!(schema["columns"], expected);
        assert!(
            guessed.remarks.iter().any(|remark| remark.contains("\"split_by\": [\"user_id\"]")),
            "{:?}",
            guessed.remarks
        );
    }

    #[test]
    fn values_that_mean_something_else_than_they_seem_are_told() {
        let rows: String = (0..60)
            .map(|n| {
                let kind = if n == 0 { "rare" } else { ["often", "usual"][n % 2] };
                format!(
                    "{};0{};{}.292;1.93{},68;{}.12.2025;;{kind}\n",
                    1000 + n,
                    7000 + n,
                    1 + n % 9,
                    n % 10,
                    1 + n % 28
                )
            })
            .collect();
        let guessed = guess(&format!("customer no;zip;income;price;since;note;y\n{rows}"), "y");
        let expected = json!([
            {"name": "customer_no", "source": "customer no", "type": "integer", "feature": false},
            {"name": "zip", "type": "string", "feature": false},
            {"name": "income", "type": "number"},
            {"name": "price", "type": "string", "feature": false},
            {"name": "since", "type": "string", "feature": false},
            {"name": "y", "type": "string", "required": true, "values": ["often", "rare", "usual"]},
        ]);
        assert_eq!(guessed.document()["columns"], expected);
        assert_eq!(
            guessed.remarks,
            [
                "`customer_no` rises from row to row, and so is no input of the model",
                "`zip` is a text, because a number would lose the zeros of `07000`",
                "`zip` holds too many different texts: it is no input of the model",
                "`income` has three decimals wherever it has any, as in `1.292`: if it means thousands, write it without the sign",
                "`price` holds numbers such as `1.930,68`, which are read only without currencies and signs between thousands: it is no input of the model",
                "`since` holds dates such as `1.12.2025`, which are read with \"type\": \"timestamp\" and a `timestamp_format`: it is no input of the model",
                "`note` has no values, and is left out",
                "the class rare has few rows, 1: validation refuses data in which a split has none of them",
            ]
        );
    }

    #[test]
    fn formats_are_written_where_they_are_not_the_default() {
        let german = guess_of("a.csv", b"Gr\xf6\xdfe;y\n1,5;0\n2,5;1\n-;1\n", "y", None).unwrap().document();
        assert_eq!(german["csv"], json!({"separator": ";", "decimal": ",", "encoding": "windows-1252"}));
        assert_eq!(
            (&german["columns"][0]["source"], &german["columns"][0]["type"]),
            (&json!("Größe"), &json!("number"))
        );
        assert!(german["columns"][0]["null_words"].as_array().unwrap().contains(&json!("-")));
        let tabs = guess_of("a.tsv", "x\ty\n1\t0\n2\t1\n", "y", None).unwrap();
        assert_eq!(tabs.document().get("csv"), None);
    }

    #[test]
    fn files_without_a_schema_are_refused_with_what_to_do() {
        for (content, label, expected) in [
            ("", "y", "it is empty: "),
            ("x,y\n", "y", "it has no rows: the first line is the header"),
            ("x\n1\n", "x", "its header is a single field, `x`: a model needs"),
            ("1,2\n3,4\n", "y", "its first line holds numbers and no names: `1`, `2`: write a header"),
            ("x,x,y\n1,2,3\n", "y", "it has several columns `x`: rename all but one"),
            ("x,churned\n1,0\n1,1\n", "churn", "it has no column `churn`: did you mean `churned`?"),
            ("x,y\n1,0\n1,0\n", "y", "the label `y` has fewer than two values"),
        ] {
            let refused = refusal(content, label);
            assert!(refused.starts_with(expected), "{refused}");
        }
        let other = guess_of("a.jsonl", "{}", "y", None).unwrap_err();
        assert!(other.what.starts_with("a schema is guessed from .csv"), "{other}");
    }
}
