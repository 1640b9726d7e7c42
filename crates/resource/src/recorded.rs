//! Reads specs of earlier versions in the form of this one.
//!
//! A spec is recorded as the JSON of its type, and types grow. A new field has a serde default, which is what AWS does
//! without the setting. A field that is renamed or takes another form is moved by [`Resource::upgrade`].

use crate::{As, Resource};
use aws_client::{Failure, FailureKind, Result};
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use vocabulary::Place;

/// A recorded spec in the form of this version.
///
/// A setting that the recorded spec does not have stays absent, because it was never applied: comparing it with the cloud
/// would make drift of it. Within lists it gets its default, since lists are compared whole. So does a setting that AWS
/// does not give back, since only the recorded spec tells what was applied.
///
/// # Errors
/// When the spec lacks what this version needs, or has a field that this version does not know.
pub(crate) fn spec<R: Resource>(recorded: &Value) -> Result<Value> {
    let recorded = R::upgrade(recorded.clone());
    let unreadable = |what: String| {
        Failure::new(
            FailureKind::Final,
            format!("this version cannot read the recorded spec of the {}: {what}", R::NOUN),
        )
    };
    let known = R::deserialize(&recorded).map_err(|error| unreadable(error.to_string()))?;
    let known = to_json(R::KIND, &known)?;
    if let Some(path) = unknown_field(&recorded, &known) {
        return Err(unreadable(format!("it does not know the field `{path}`")));
    }
    let mut spec = recorded_part(&recorded, &known);
    let not_given_back = R::COMPARE.iter().filter(|(_, how)| *how == As::WriteOnly);
    for (field, _) in not_given_back {
        if let (Some(fields), Some(default)) = (spec.as_object_mut(), known.get(field)) {
            fields.entry(*field).or_insert_with(|| default.clone());
        }
    }
    Ok(spec)
}

/// Recorded outputs in the form of this version. An output that an earlier version did not record is filled in from
/// the spec, or is a placeholder.
pub(crate) fn outputs<R: Resource>(recorded: &Value, spec: &Value, address: &str, place: &Place) -> Result<Value> {
    if let Ok(outputs) = R::Outputs::deserialize(recorded) {
        return to_json(R::KIND, &outputs);
    }
    let unreadable = |what: String| {
        Failure::new(
            FailureKind::Final,
            format!("this version cannot read the recorded outputs of the {}: {what}", R::NOUN),
        )
    };
    let blank = vocabulary::unknown(address).map_err(&unreadable)?;
    let spec = R::deserialize(spec).map_err(|error| unreadable(error.to_string()))?;
    let mut filled = to_json(R::KIND, &spec.predict_outputs(place, blank))?;
    if let (Some(filled), Some(recorded)) = (filled.as_object_mut(), recorded.as_object()) {
        for (name, output) in filled {
            if let Some(value) = recorded.get(name) {
                output.clone_from(value);
            }
        }
    }
    R::Outputs::deserialize(&filled).map_err(|error| unreadable(error.to_string()))?;
    Ok(filled)
}

/// The path of the first field that is set in the recorded value and gets lost when this version reads it.
fn unknown_field(recorded: &Value, known: &Value) -> Option<String> {
    match (recorded, known) {
        (Value::Object(recorded), Value::Object(known)) => {
            recorded.iter().find_map(|(key, value)| match (known.get(key), value) {
                (Some(known), value) => unknown_field(value, known).map(|inner| format!("{key}.{inner}")),
                (None, Value::Null) => None,
                (None, _) => Some(key.clone()),
            })
        }
        (Value::Array(recorded), Value::Array(known)) => recorded
            .iter()
            .zip(known)
            .enumerate()
            .find_map(|(at, (recorded, known))| Some(format!("{at}.{}", unknown_field(recorded, known)?))),
        _ => None,
    }
}

/// The part of a recorded value that this version reads, without the fields of objects that it does not have.
fn recorded_part(recorded: &Value, known: &Value) -> Value {
    match (recorded, known) {
        (Value::Object(recorded), Value::Object(known)) => known
            .iter()
            .filter_map(|(key, known)| Some((key.clone(), recorded_part(recorded.get(key)?, known))))
            .collect(),
        _ => known.clone(),
    }
}

pub(crate) fn to_json<T: Serialize>(kind: &str, value: &T) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Failure::new(FailureKind::Final, format!("{kind} cannot be written as JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Deletion, Diff, Found, IdForm, KindRegistry, Observed, ReplaceOrder};
    use serde::Serialize;
    use serde_json::json;
    use std::collections::BTreeMap;
    use vocabulary::Permission;

    /// A lamp as a later version knows it. The first one knew a name, a colour, a place as one text, and bulbs without
    /// a socket.
    #[derive(Clone, Serialize, Deserialize)]
    struct Lamp {
        name: String,
        color: String,
        area: String,
        room: String,
        #[serde(default)]
        bulbs: Vec<Bulb>,
        #[serde(default)]
        labels: BTreeMap<String, String>,
        #[serde(default)]
        dimmed: bool,
        #[serde(default = "standard")]
        code: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    #[derive(Clone, Serialize, Deserialize)]
    struct Bulb {
        watts: u32,
        #[serde(default = "standard")]
        socket: String,
    }

    fn standard() -> String {
        "E27".to_owned()
    }

    #[derive(Clone, Serialize, Deserialize)]
    struct LampOutputs {
        name: String,
        serial: String,
        address: String,
    }

    impl Resource for Lamp {
        const KIND: &'static str = "test:lamp";
        const NOUN: &'static str = "lamp";
        const TERRAFORM: Option<crate::Terraform> = None;
        const REPLACE_ON: &'static [&'static str] = &["dimmed", "code"];
        const COMPARE: &'static [(&'static str, As)] = &[("code", As::WriteOnly)];
        const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
        type Outputs = LampOutputs;

        fn id_form(&self, _: &Place) -> IdForm {
            IdForm::Is(self.name.clone())
        }

        fn upgrade(mut recorded: Value) -> Value {
            let Some(fields) = recorded.as_object_mut() else { return recorded };
            if let Some(color) = fields.remove("colour") {
                fields.insert("color".to_owned(), color);
            }
            let place = fields.remove("place");
            if let Some((area, room)) = place.as_ref().and_then(Value::as_str).and_then(|text| text.split_once('/')) {
                fields.insert("area".to_owned(), area.into());
                fields.insert("room".to_owned(), room.into());
            }
            recorded
        }
        fn predict_outputs(&self, _: &Place, outputs: LampOutputs) -> LampOutputs {
            LampOutputs { name: self.name.clone(), address: format!("lamps/{}", self.name), ..outputs }
        }
        async fn find(&self, _: &Context) -> Result<Option<Found>> {
            Ok(None)
        }
        async fn create(&self, _: &Context) -> Result<String> {
            Ok(self.name.clone())
        }
        async fn observe(&self, _: &str, _: &Context) -> Result<Observed<Self>> {
            Ok(Observed::Absent)
        }
        async fn update(&self, _: &str, _: &Self, _: &Diff, _: &Context) -> Result<()> {
            Ok(())
        }
        async fn delete(&self, _: &str, _: &Context) -> Result<Deletion> {
            Ok(Deletion::Gone)
        }
        fn permissions(&self, _: &Place) -> Vec<Permission> {
            Vec::new()
        }

        fn usage(&self) -> usage::Usage {
            usage::Usage::free("nothing")
        }
    }

    fn recorded_by_the_first_version() -> Value {
        json!({"name": "desk", "colour": "red", "place": "attic/study", "bulbs": [{"watts": 5}], "labels": {"a": "b"}})
    }

    fn declared() -> Value {
        json!({"name": "desk", "color": "red", "area": "attic", "room": "study", "dimmed": false, "code": "E27",
               "bulbs": [{"watts": 5, "socket": "E27"}], "labels": {"a": "b"}})
    }

    #[test]
    fn recorded_spec_of_an_earlier_version_is_read_in_the_form_of_this_one() {
        let spec = spec::<Lamp>(&recorded_by_the_first_version()).unwrap();
        let mut expected = declared();
        expected.as_object_mut().unwrap().remove("dimmed");
        assert_eq!(spec, expected, "a list has its defaults, and nobody has applied the new setting");
        assert_eq!(super::spec::<Lamp>(&spec).unwrap(), spec);
        assert_eq!(super::spec::<Lamp>(&declared()).unwrap(), declared());
    }

    #[test]
    fn recorded_spec_without_a_new_field_makes_no_drift_and_no_replacement() {
        let registry = KindRegistry::default().with::<Lamp>();
        let lamp = registry.get(Lamp::KIND).unwrap();
        let recorded = lamp.recorded_spec(&recorded_by_the_first_version()).unwrap();
        // The live resource: a user has dimmed it, which the first version ignored.
        let mut live = declared();
        live["dimmed"] = json!(true);
        live.as_object_mut().unwrap().remove("code");
        assert!(lamp.compare(&recorded, Some(&recorded), &live).is_empty());
        live["dimmed"] = json!(false);
        assert!(lamp.compare(&declared(), Some(&recorded), &live).is_empty());
    }

    #[test]
    fn recorded_spec_with_a_field_of_a_later_version_is_told_and_not_cut() {
        for (change, path) in [
            (json!({"switch": {"side": "left"}}), "switch"),
            (json!({"bulbs": [{"watts": 5, "socket": "E27", "hue": 3}]}), "bulbs.0.hue"),
        ] {
            let mut later = declared();
            later.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let failure = spec::<Lamp>(&later).unwrap_err();
            assert!(failure.message.contains(&format!("does not know the field `{path}`")), "{failure}");
        }
        let mut cleared = declared();
        cleared["switch"] = Value::Null;
        assert_eq!(spec::<Lamp>(&cleared).unwrap(), declared());
    }

    #[test]
    fn recorded_outputs_of_an_earlier_version_get_what_follows_from_the_spec() {
        let place = Place::new("123456789012", "eu-west-1");
        let read = |recorded: Value| outputs::<Lamp>(&recorded, &declared(), "lamps.desk", &place).unwrap();
        let filled = read(json!({"serial": "7", "old": true}));
        assert_eq!(filled, json!({"name": "desk", "serial": "7", "address": "lamps/desk"}));
        let unknown = read(json!({"name": "desk"}));
        assert_eq!(unknown["serial"], "⟦lamps.desk.serial⟧");
        let complete = json!({"name": "desk", "serial": "7", "address": "lamps/desk"});
        assert_eq!(read(complete.clone()), complete);
    }
}
