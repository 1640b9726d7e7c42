//! The schema of the raw data, checked by the rules of the ETL job: `pipeline/glue/data_schema.py` states them as code,
//! `pipeline/README.md` for people, and `pipeline/tests/schemas.json` holds both implementations to the same words.

mod fields;
mod sent;

pub(super) use sent::too_long;
pub use sent::without_notes;

use fields::{COLUMN, CSV, SCHEMA, is_number, texts};
use serde_json::{Map, Value};

const TYPES: [&str; 5] = ["integer", "number", "boolean", "string", "timestamp"];
/// The tasks of learning, by the kind of the label.
pub(super) const TASKS: [&str; 3] = ["binary", "multiclass", "regression"];

/// A mistake in a schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The mistake, with the column's name.
    pub(super) message: String,
    /// A key and the text that it has, where the mistake is; the key alone where it has anything else.
    pub(super) at: (&'static str, Option<String>),
}

/// Every mistake of a schema.
pub(super) fn mistakes(schema: &Value) -> Vec<Mistake> {
    let mut found = Found::default();
    match schema.as_object() {
        Some(schema) => found.document(schema),
        None => found.add(("", None), "a schema must be an object"),
    }
    found.0
}

/// The parts of a schema that other settings must fit: the columns by their names, and the task.
pub(super) struct DataSchema<'a> {
    columns: Vec<(&'a str, &'a str)>,
    /// The task.
    pub(super) task: &'a str,
    /// The number of classes that the label lists.
    pub(super) classes: usize,
}

impl<'a> DataSchema<'a> {
    /// Of a schema without mistakes.
    pub(super) fn new(schema: &'a Value) -> Self {
        let columns = schema["columns"].as_array().into_iter().flatten();
        let label = columns.clone().find(|column| column["name"] == schema["label"]);
        Self {
            columns: columns.filter_map(|column| Some((column["name"].as_str()?, column["type"].as_str()?))).collect(),
            task: schema["task"].as_str().unwrap_or(TASKS[0]),
            classes: label.and_then(|label| label["values"].as_array()).map_or(0, Vec::len),
        }
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    /// The type of a column, whatever the case of its name.
    pub(super) fn kind(&self, wanted: &str) -> Option<&'a str> {
        self.columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, kind)| *kind)
    }
}

#[derive(Default)]
struct Found(Vec<Mistake>);

type Fields = Map<String, Value>;

impl Found {
    fn add(&mut self, at: (&'static str, Option<String>), message: impl Into<String>) {
        self.0.push(Mistake { message: message.into(), at });
    }

    fn document(&mut self, schema: &Fields) {
        for name in unknown(schema, &SCHEMA) {
            let known = listed(&SCHEMA);
            self.add(
                ("", Some(name.clone())),
                format!("there is no field `{name}`; the fields of a schema are {known}"),
            );
        }
        let Some(entries) = schema.get("columns").and_then(Value::as_array).filter(|entries| !entries.is_empty())
        else {
            return self.add(("columns", None), "`columns` must be a list with at least one column");
        };
        let named = |field: &str| schema.get(field).and_then(Value::as_str);
        let mut columns: Vec<(&str, &Fields)> = Vec::new();
        let mut sources: Vec<&str> = Vec::new();
        for (entry, number) in entries.iter().zip(1..) {
            let fields = entry.as_object();
            let Some((name, fields)) = fields.and_then(|fields| Some((fields.get("name")?.as_str()?, fields))) else {
                self.add(("columns", None), format!("column {number} must have a `name`"));
                continue;
            };
            let has_role = named("label") == Some(name) || names_in(schema, "key").contains(&Some(name));
            self.column(name, fields, has_role);
            let is_new = !columns.iter().any(|(other, _)| *other == name);
            if columns.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                self.at_column(name, format!("there are two columns `{name}`"));
            }
            let source = fields.get("source").map_or(Some(name), Value::as_str);
            if let Some(source) = source.filter(|source| is_new && sources.contains(source)) {
                self.at_column(name, format!("two columns have the source `{source}`"));
            }
            sources.push(source.unwrap_or(name));
            if is_new {
                columns.push((name, fields));
            }
        }
        self.names(schema, &columns);
        self.order(schema, &columns);
        self.task(schema, &columns);
        self.format(schema);
    }

    fn at_column(&mut self, name: &str, message: impl Into<String>) {
        self.add(("name", Some(name.to_owned())), message);
    }

    fn column(&mut self, name: &str, fields: &Fields, has_role: bool) {
        if !is_name(name) {
            let instead = "must be letters, digits and underscores; the file's own name is its `source`";
            self.at_column(name, format!("the name of column `{name}` {instead}"));
        }
        for field in unknown(fields, &COLUMN) {
            let known = listed(&COLUMN);
            self.at_column(
                name,
                format!("there is no field `{field}` in column `{name}`; the fields of a column are {known}"),
            );
        }
        let kind = fields.get("type").and_then(Value::as_str).filter(|kind| TYPES.contains(kind));
        if kind.is_none() {
            self.at_column(name, format!("`type` of column `{name}` must be one of {}", TYPES.join(", ")));
        }
        let mut sound = Vec::new();
        for rule in COLUMN.iter().filter(|rule| !rule.meaning.is_empty()) {
            match fields.get(rule.name) {
                Some(value) if (rule.holds)(value) => sound.push(rule),
                Some(_) => self.at_column(name, format!("`{}` of column `{name}` must be {}", rule.name, rule.meaning)),
                None => {}
            }
        }
        for rule in &sound {
            let fits = rule.kinds.is_empty() || kind.is_none_or(|kind| rule.kinds.contains(&kind));
            if !fits {
                let kinds = rule.kinds_listed();
                self.at_column(name, format!("`{}` of column `{name}` is for {kinds} columns only", rule.name));
            }
        }
        let number = |field: &str| fields.get(field).filter(|value| is_number(value)).and_then(Value::as_f64);
        if let (Some(minimum), Some(maximum)) = (number("minimum"), number("maximum"))
            && minimum > maximum
        {
            self.at_column(name, format!("`minimum` of column `{name}` is above its `maximum`"));
        }
        let is_feature = fields.get("feature").is_none_or(|feature| *feature == Value::Bool(true));
        if kind == Some("string") && !has_role && is_feature && !fields.contains_key("values") {
            let instead = "give it `values`, or `\"feature\": false`";
            self.at_column(name, format!("column `{name}` holds texts: {instead}"));
        }
    }

    fn names(&mut self, schema: &Fields, columns: &[(&str, &Fields)]) {
        let mut named = vec![("label", schema.get("label").and_then(Value::as_str))];
        for field in ["key", "split_by"] {
            named.extend(names_in(schema, field).into_iter().map(|name| (field, name)));
        }
        for field in ["order_by", "split_time"] {
            named.extend(schema.get(field).map(|name| (field, name.as_str())));
        }
        for (field, name) in named {
            match name {
                None => self.add((field, None), format!("`{field}` must name a column")),
                Some(name) if columns.iter().any(|(known, _)| *known == name) => {}
                Some(name) => {
                    self.add((field, None), format!("`{field}` names `{name}`, and there is no such column"));
                }
            }
        }
        for field in ["key", "split_by"] {
            if schema.get(field).is_some_and(|names| !names.is_array()) {
                self.add((field, None), format!("`{field}` must be a list of columns"));
            }
        }
    }

    fn order(&mut self, schema: &Fields, columns: &[(&str, &Fields)]) {
        let filled =
            |field: &str| schema.get(field).is_some_and(|names| names.as_array().is_none_or(|n| !n.is_empty()));
        for field in ["order_by", "split_time"] {
            if type_of(schema, columns, field).is_some_and(|kind| ["boolean", "string"].contains(&kind)) {
                self.add((field, None), format!("`{field}` must name an integer, number or timestamp column"));
            }
        }
        if schema.contains_key("order_by") && !filled("key") {
            self.add(("order_by", None), "`order_by` decides between rows of one key: name the `key`");
        }
        if schema.contains_key("split_time") && filled("split_by") {
            self.add(("split_time", None), "`split_by` and `split_time` cannot both decide the split");
        }
    }

    fn task(&mut self, schema: &Fields, columns: &[(&str, &Fields)]) {
        let label = schema.get("label").and_then(Value::as_str);
        if label.is_some() && names_in(schema, "key").contains(&label) {
            self.add(("key", None), "the label cannot be in the `key`");
        }
        let task = schema.get("task").map_or(Some(TASKS[0]), Value::as_str);
        match task.filter(|task| TASKS.contains(task)) {
            None => self.add(("task", None), format!("`task` must be one of {}", TASKS.join(", "))),
            Some(task) => self.label(task, label, type_of(schema, columns, "label"), columns),
        }
        if schema.get("identical_rows").is_some_and(|rows| !["drop", "keep"].map(Value::from).contains(rows)) {
            self.add(("identical_rows", None), "`identical_rows` must be one of drop, keep");
        }
    }

    fn label(&mut self, task: &str, label: Option<&str>, kind: Option<&str>, columns: &[(&str, &Fields)]) {
        let (Some(label), Some(kind)) = (label, kind) else { return };
        let fields = columns.iter().find(|(name, _)| *name == label).map(|(_, fields)| *fields);
        let classes = fields.and_then(|fields| fields.get("values")?.as_array()).map_or(0, Vec::len);
        let (fits, must) = match task {
            "binary" => (
                if kind == "string" || classes > 0 { classes == 2 } else { kind != "timestamp" },
                format!(
                    "the label `{label}` of a binary task must be a boolean, a number that is 0 or 1, or have two `values`"
                ),
            ),
            "multiclass" => (
                classes >= 2 && ["string", "integer"].contains(&kind),
                format!(
                    "the label `{label}` of a multiclass task must be a string or an integer that has its classes as `values`"
                ),
            ),
            _ => (
                classes == 0 && ["integer", "number"].contains(&kind),
                format!("the label `{label}` of a regression must be an integer or a number, without `values`"),
            ),
        };
        if !fits {
            self.at_column(label, must);
        }
    }

    fn format(&mut self, schema: &Fields) {
        if schema.get("null_words").is_some_and(|words| !texts(words)) {
            self.add(("null_words", None), "`null_words` must be a list of texts");
        }
        let empty = Fields::new();
        let given = match schema.get("csv") {
            None => &empty,
            Some(Value::Object(given)) => given,
            Some(_) => return self.add(("csv", None), "`csv` must be an object"),
        };
        for field in unknown(given, &CSV) {
            let known = listed(&CSV);
            self.add(
                ("", Some(field.clone())),
                format!("there is no field `{field}` in `csv`; its fields are {known}"),
            );
        }
        let wrong = || CSV.iter().filter(|rule| given.get(rule.name).is_some_and(|value| !(rule.holds)(value)));
        for rule in wrong() {
            self.add((rule.name, None), format!("`{}` of `csv` must be {}", rule.name, rule.meaning));
        }
        let or = |field: &str, default: &'static str| given.get(field).cloned().unwrap_or_else(|| default.into());
        if wrong().next().is_none() && or("decimal", ".") == or("separator", ",") {
            self.add(("csv", None), "`separator` and `decimal` of `csv` must differ");
        }
    }
}

fn unknown<'a>(fields: &'a Fields, rules: &[fields::Rule]) -> Vec<&'a String> {
    let known = |name: &str| fields::NOTES.contains(&name) || rules.iter().any(|rule| rule.name == name);
    let mut unknown: Vec<&String> = fields.keys().filter(|name| !known(name)).collect();
    unknown.sort_unstable();
    unknown
}

fn listed(rules: &[fields::Rule]) -> String {
    let mut names: Vec<&str> = rules.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.join(", ")
}

/// The names in a field that is a list of them.
fn names_in<'a>(schema: &'a Fields, field: &str) -> Vec<Option<&'a str>> {
    match schema.get(field) {
        None => Vec::new(),
        Some(Value::Array(names)) => names.iter().map(Value::as_str).collect(),
        Some(name) => vec![name.as_str()],
    }
}

/// The type of the column that a field names, where both are sound.
fn type_of<'a>(schema: &Fields, columns: &[(&str, &'a Fields)], field: &str) -> Option<&'a str> {
    let wanted = schema.get(field)?.as_str()?;
    let (_, fields) = columns.iter().find(|(name, _)| *name == wanted)?;
    fields.get("type")?.as_str().filter(|kind| TYPES.contains(kind))
}

fn is_name(text: &str) -> bool {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_part)
}

/// The line in a schema's text of what a mistake is about; 1 where the text does not say.
pub(super) fn line(text: &str, (key, value): &(&'static str, Option<String>)) -> usize {
    let (wanted, follows) = match (key.is_empty(), value) {
        (true, Some(value)) => (value.as_str(), None),
        (_, value) => (*key, value.as_deref()),
    };
    let key = Value::from(wanted).to_string();
    let is_it = |at: &usize| {
        let Some(rest) = text[at + key.len()..].trim_start().strip_prefix(':') else { return false };
        follows.is_none_or(|value| rest.trim_start().starts_with(&Value::from(value).to_string()))
    };
    let found = text.match_indices(&key).map(|(at, _)| at).find(is_it);
    text[..found.unwrap_or_default()].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_schemas_are_those_that_the_etl_job_finds() {
        let cases = include_str!("../../../../../pipeline/tests/schemas.json");
        let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
        for case in cases {
            let found: Vec<Value> = mistakes(&case["schema"]).into_iter().map(|found| found.message.into()).collect();
            assert_eq!(Value::from(found), case["mistakes"], "{}", case["schema"]);
        }
    }

    #[test]
    fn mistakes_are_on_the_lines_of_their_columns_and_fields() {
        let text = "{\n  \"lable\": \"x\",\n  \"label\": \"y\",\n  \"task\": \"rank\",\n  \"columns\": [\n    {\"name\": \
                    \"name\", \"type\": \"text\"},\n    {\"type\": \"boolean\", \"name\" : \"y\", \"minimum\": \
                    1}\n  ]\n}\n";
        let found = mistakes(&serde_json::from_str(text).unwrap());
        let lines: Vec<usize> = found.iter().map(|found| line(text, &found.at)).collect();
        assert_eq!(lines, [2, 6, 7, 4], "{found:?}");
    }
}
