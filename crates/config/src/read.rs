//! Holding a TOML document against the JSON Schema: all mistakes at once, each with its place.
//!
//! A wrong value is reported and replaced by its default, or by a stand-in if the key is required, so that the rest of
//! the file can still be judged.

mod shape;

use crate::check::Node;
use crate::formats::check_format;
use crate::problem::Finding;
use crate::suggest::{nearest, one_of};
use regex::Regex;
use serde_json::{Map, Value};
use shape::{Shape, shown};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use toml_edit::{Table, TableLike};

/// Reads values by their schemas and collects what is wrong.
#[derive(Default)]
pub(crate) struct Reader {
    findings: Vec<Finding>,
    patterns: HashMap<String, Option<Regex>>,
}

/// A value that could be used, or none, and what is known of its place.
type Reading = (Option<Value>, Node);

impl Reader {
    pub(crate) fn read_root(&mut self, table: &Table, schema: &Value) -> (Value, Node) {
        // The root table's own span is the whole file; what is missing there is missing at its beginning.
        let (value, mut node) = self.table("the file", table, 0..0, schema, Some(schema));
        node.faulty = false;
        (value.unwrap_or_default(), node)
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// True while another finding helps: people do not read thousands of them.
    fn still_helps(&self) -> bool {
        self.findings.len() < 100
    }

    fn report(&mut self, span: &Range<usize>, message: String, help: impl Into<Option<String>>) {
        self.findings.push(Finding { message, span: span.clone(), help: help.into() });
    }

    fn faulty(&mut self, span: &Range<usize>, message: String, help: impl Into<Option<String>>) -> Reading {
        self.report(span, message, help);
        (None, Node { span: span.clone(), faulty: true, ..Node::default() })
    }

    fn value(&mut self, name: &str, shape: &Shape<'_>, span: Range<usize>, schema: &Value) -> Reading {
        let choices = choices(schema);
        let types = types(schema, &choices);
        let Some(value) = shape.scalar(&types) else {
            return match shape {
                Shape::Table(table) if types.contains(&"object") => self.table(name, *table, span, schema, None),
                Shape::List(items) if types.contains(&"array") => self.list(name, items, span, schema),
                _ => {
                    let message = format!("{name} must be {}, not {}", shape::kinds(&types), shape.kind());
                    let hint = if schema["writeOnly"] == true { None } else { shape.hint(name, &types) };
                    self.faulty(&span, message, hint)
                }
            };
        };
        match self.scalar_problem(name, &value, schema, &choices) {
            Some((message, help)) => self.faulty(&span, message, help),
            None => (Some(value), Node { span, ..Node::default() }),
        }
    }

    fn scalar_problem(
        &mut self,
        name: &str,
        value: &Value,
        schema: &Value,
        choices: &[&Value],
    ) -> Option<(String, Option<String>)> {
        if !choices.is_empty() && !choices.contains(&value) {
            let written = plain(value);
            let names: Vec<String> = choices.iter().map(|choice| plain(choice)).collect();
            let allowed = || format!("use {}", one_of(names.iter().map(String::as_str)));
            let guess = value.is_string() && self.still_helps();
            let near = guess.then(|| nearest(&written, names.iter().map(String::as_str))).flatten();
            let help = near.map_or_else(allowed, |near| format!("did you mean `{near}`?"));
            return Some((format!("{name} cannot be `{}`", shown(&written)), Some(help)));
        }
        if let Some(number) = value.as_f64() {
            let below = schema["minimum"].as_f64().is_some_and(|minimum| number < minimum);
            let above = schema["maximum"].as_f64().is_some_and(|maximum| number > maximum);
            return (below || above).then(|| (format!("{name} must be {}, not {value}", range(schema)), None));
        }
        let text = value.as_str()?;
        let long = schema["maxLength"].as_u64().filter(|most| text.chars().count() as u64 > *most);
        if let Some(most) = long {
            return Some((format!("`{}` is too long: {name} holds at most {most} characters", shown(text)), None));
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && !self.matches(pattern, text)
        {
            let expected = schema["patternErrorMessage"].as_str().unwrap_or("must have another form");
            if schema["writeOnly"] == true {
                return Some((format!("{name} {expected}"), None));
            }
            return Some((format!("`{}` {expected}", shown(text)), self.pattern_hint(pattern, text)));
        }
        let format = schema["format"].as_str()?;
        check_format(format, text).err().map(|message| (message, None))
    }

    fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let compiled = self.patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// The most frequent slip is one of case or of a separator; the least visible, a letter of another script.
    fn pattern_hint(&mut self, pattern: &str, text: &str) -> Option<String> {
        if let Some(foreign) = text.chars().find(|c| !c.is_ascii()) {
            let (shown, code) = (foreign.escape_debug(), u32::from(foreign));
            return Some(format!("`{shown}` is U+{code:04X}: use plain letters, digits and signs"));
        }
        let lower = text.trim().to_lowercase();
        // `us-east1`, as other clouds write it.
        let name = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        let with_number = format!("{name}-{}", &lower[name.len()..]);
        [lower.clone(), lower.replace(['_', ' '], "-"), lower.replace(['-', ' '], "_"), with_number]
            .into_iter()
            .find(|candidate| candidate != text && self.matches(pattern, candidate))
            .map(|candidate| format!("did you mean `{candidate}`?"))
    }

    fn list(&mut self, name: &str, items: &[(Shape<'_>, Range<usize>)], span: Range<usize>, schema: &Value) -> Reading {
        let mut node = Node { span, ..Node::default() };
        let (mut values, mut seen) = (Vec::new(), HashSet::new());
        for (shape, span) in items {
            let (value, item) = self.value(&format!("one of {name}"), shape, span.clone(), &schema["items"]);
            let Some(value) = value else {
                node.faulty = true;
                continue;
            };
            if schema["uniqueItems"] == true && !seen.insert(value.to_string()) {
                self.report(span, format!("{} is listed twice in {name}", code(&value)), None);
            }
            values.push(value);
            node.items.push(item);
        }
        let few = schema["minItems"].as_u64().filter(|least| (items.len() as u64) < *least);
        let many = schema["maxItems"].as_u64().filter(|most| items.len() as u64 > *most);
        if let Some(least) = few {
            self.report(&node.span, format!("{name} must hold at least {least}, not {}", items.len()), None);
        }
        if let Some(most) = many {
            self.report(&node.span, format!("{name} can hold at most {most}, not {}", items.len()), None);
        }
        node.faulty |= few.is_some() || many.is_some();
        (Some(values.into()), node)
    }

    fn table(
        &mut self,
        name: &str,
        table: &dyn TableLike,
        span: Range<usize>,
        schema: &Value,
        root: Option<&Value>,
    ) -> Reading {
        let mut node = Node { span: span.clone(), ..Node::default() };
        let mut values = Map::new();
        let properties = schema["properties"].as_object();
        // The required settings that misspelt keys probably mean: one slip is one problem.
        let mut misspelt = HashSet::new();
        for (key, item) in table.iter() {
            let key_span = table.key(key).and_then(|key| key.span()).unwrap_or(span.clone());
            let Some(shape) = Shape::new(item) else { continue };
            let known = properties.and_then(|properties| properties.get(key));
            let any = Some(&schema["additionalProperties"]).filter(|any| any.is_object());
            let Some(expected) = known.or(any) else {
                let help = self.still_helps().then(|| unknown_key_help(key, schema)).flatten();
                self.report(&key_span, format!("unknown key `{}`", shown(key)), help);
                misspelt.extend(properties.and_then(|known| nearest(key, known.keys().map(String::as_str))));
                continue;
            };
            if known.is_none() && !self.key_is_right(key, &key_span, schema) {
                continue;
            }
            let value_span = item.span().unwrap_or(key_span);
            let (value, mut child) = self.value(&format!("`{key}`"), &shape, value_span, expected);
            child.faulty |= value.is_none();
            node.entries.insert(key.to_owned(), child);
            if let Some(value) = value {
                values.insert(key.to_owned(), value);
            }
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let Some(expected) = properties.and_then(|properties| properties.get(required)) else { continue };
            if !node.entries.contains_key(required) {
                let message = match root {
                    Some(_) if types(expected, &[]).contains(&"object") => {
                        format!("the section [{required}] is missing")
                    }
                    _ => format!("{name} lacks `{required}`"),
                };
                if !misspelt.contains(required) {
                    self.report(&span, message, example(required, expected));
                }
                node.entries.insert(required.to_owned(), Node { span: span.clone(), faulty: true, ..Node::default() });
            }
            values.entry(required).or_insert_with(|| stand_in(expected));
        }
        (Some(values.into()), node)
    }

    fn key_is_right(&mut self, key: &str, span: &Range<usize>, schema: &Value) -> bool {
        let names = &schema["propertyNames"];
        let Some(pattern) = names["pattern"].as_str() else { return true };
        let right = self.matches(pattern, key);
        if !right {
            let expected = names["patternErrorMessage"].as_str().unwrap_or("must have another form");
            self.report(span, format!("the key `{}` {expected}", shown(key)), None);
        }
        right
    }
}

/// The values a schema enumerates, with (`oneOf`) or without (`enum`) descriptions.
fn choices(schema: &Value) -> Vec<&Value> {
    let described = schema["oneOf"].as_array().into_iter().flatten();
    let described = described.flat_map(|branch| match branch.get("const") {
        Some(only) => vec![only],
        None => branch["enum"].as_array().into_iter().flatten().collect(),
    });
    described.chain(schema["enum"].as_array().into_iter().flatten()).collect()
}

fn types<'a>(schema: &'a Value, choices: &[&Value]) -> Vec<&'a str> {
    match &schema["type"] {
        Value::String(only) => vec![only.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ if choices.iter().all(|choice| choice.is_i64()) && !choices.is_empty() => vec!["integer"],
        _ => vec!["string"],
    }
}

fn range(schema: &Value) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, most) => format!("at most {most}"),
        (least, Value::Null) => format!("at least {least}"),
        (least, most) => format!("between {least} and {most}"),
    }
}

fn unknown_key_help(key: &str, schema: &Value) -> Option<String> {
    let properties = schema["properties"].as_object()?;
    if let Some(near) = nearest(key, properties.keys().map(String::as_str)) {
        return Some(format!("did you mean `{near}`?"));
    }
    let everything = crate::schema::shared()["properties"].as_object()?;
    let elsewhere = everything.iter().find(|(_, section)| section["properties"].get(key).is_some());
    if let Some((section, _)) = elsewhere {
        return Some(format!("`{key}` belongs in [{section}]"));
    }
    Some(format!("the keys here are {}", one_of(properties.keys().map(String::as_str)).replace(" or ", " and ")))
}

fn example(key: &str, schema: &Value) -> Option<String> {
    match (&schema["examples"][0], choices(schema).as_slice()) {
        (Value::Null, []) => schema["description"].as_str().and_then(|text| text.lines().next()).map(str::to_owned),
        (Value::Null, choices) => {
            let names: Vec<String> = choices.iter().map(|choice| plain(choice)).collect();
            Some(format!("use {}", one_of(names.iter().map(String::as_str))))
        }
        (example, _) => Some(format!("for example `{key} = {example}`")),
    }
}

/// Something of the right type where the file has nothing usable.
fn stand_in(schema: &Value) -> Value {
    if let Some(example) = schema["examples"].get(0).or(choices(schema).first().copied()) {
        return example.clone();
    }
    match types(schema, &[]).first().copied() {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(0.into()),
        Some("boolean") => false.into(),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            required.map(|key| (key.to_owned(), stand_in(&schema["properties"][key]))).collect::<Map<_, _>>().into()
        }
        _ => "".into(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn code(value: &Value) -> String {
    format!("`{}`", plain(value))
}
