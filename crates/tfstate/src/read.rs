//! Reads the resources that a Terraform state manages.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The format that Terraform has written since 0.12, and OpenTofu writes.
const FORMAT: u64 = 4;

/// The reason why a text is no state of Terraform that can be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is something else.
    #[error("it is not a state of Terraform: {0}")]
    Other(String),
    /// It was written by a version of Terraform too old or too new.
    #[error("it has format {found}, and only format 4 (Terraform 0.12 and later) is known")]
    Format {
        /// The format it says it has.
        found: u64,
    },
    /// OpenTofu can encrypt states.
    #[error("it is encrypted: `tofu state pull` prints it in clear")]
    Encrypted,
}

/// The resources that a Terraform state records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tfstate {
    /// In the order of the file.
    pub resources: Vec<Managed>,
}

/// One thing that Terraform manages.
#[derive(Clone, Debug, PartialEq)]
pub struct Managed {
    /// As Terraform writes it: `module.network.aws_subnet.private[0]`.
    pub address: String,
    /// Terraform's type: `aws_subnet`.
    pub kind: String,
    /// The attributes that Terraform recorded last.
    pub attributes: Value,
}

#[derive(Deserialize)]
struct File {
    #[serde(default, deserialize_with = "list")]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    module: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default, deserialize_with = "list")]
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    index_key: Value,
    /// The deposed object of a replacement is about to be deleted.
    #[serde(default)]
    deposed: Option<String>,
    #[serde(default)]
    attributes: Value,
}

/// An empty list may be written as null.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Tfstate {
    /// Reads a state file, or what `terraform state pull` prints.
    ///
    /// # Errors
    /// When it is not one, or one of a format that is not known.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let other = |error: serde_json::Error| Error::Other(error.to_string());
        let value: Value = serde_json::from_slice(bytes).map_err(other)?;
        let Value::Object(fields) = &value else { return Err(Error::Other("it is not a JSON object".to_owned())) };
        match fields.get("version") {
            Some(version) => match version.as_u64() {
                Some(FORMAT) => {}
                Some(found) => return Err(Error::Format { found }),
                None => return Err(Error::Other("its version is not a number".to_owned())),
            },
            None if fields.contains_key("encrypted_data") => return Err(Error::Encrypted),
            None => return Err(Error::Other("it says no version".to_owned())),
        }
        if fields.contains_key("encrypted_data") {
            return Err(Error::Encrypted);
        }
        let file = File::deserialize(&value).map_err(other)?;
        let managed = file.resources.into_iter().filter(|resource| resource.mode == "managed");
        Ok(Self { resources: managed.flat_map(Resource::instances).collect() })
    }
}

impl Resource {
    fn instances(self) -> Vec<Managed> {
        let Self { module, kind, name, instances, .. } = self;
        let module = module.map(|module| format!("{module}.")).unwrap_or_default();
        let there = instances.into_iter().filter(|instance| instance.deposed.is_none());
        let managed = there.map(|instance| {
            let key = match &instance.index_key {
                Value::Null => String::new(),
                key => format!("[{key}]"),
            };
            Managed {
                address: format!("{module}{kind}.{name}{key}"),
                kind: kind.clone(),
                attributes: instance.attributes,
            }
        });
        managed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<Vec<String>, Error> {
        let state = Tfstate::read(value.to_string().as_bytes())?;
        Ok(state.resources.into_iter().map(|one| one.address).collect())
    }

    #[test]
    fn addresses_are_written_as_terraform_writes_them() {
        let instances = json!([
            {"index_key": 0, "attributes": {"id": "a"}},
            {"index_key": "b \"c\"", "attributes": {"id": "b"}},
            {"index_key": 0, "deposed": "1f2e", "attributes": {"id": "old"}},
        ]);
        let state = json!({"version": 4, "resources": [
            {"mode": "data", "type": "aws_caller_identity", "name": "me", "instances": [{"attributes": {}}]},
            {"mode": "managed", "type": "aws_vpc", "name": "main", "instances": [{"attributes": {"id": "v"}}]},
            {"module": "module.net[\"x\"]", "mode": "managed", "type": "aws_subnet", "name": "p", "instances": instances},
        ]});
        let expected =
            ["aws_vpc.main", "module.net[\"x\"].aws_subnet.p[0]", "module.net[\"x\"].aws_subnet.p[\"b \\\"c\\\"\"]"];
        assert_eq!(read(&state).unwrap(), expected);
    }

    #[test]
    fn an_empty_state_holds_nothing() {
        assert!(read(&json!({"version": 4, "resources": null})).unwrap().is_empty());
        assert!(read(&json!({"version": 4})).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_state_of_terraform_is_told_apart() {
        assert!(matches!(read(&json!({"version": 3, "modules": []})), Err(Error::Format { found: 3 })));
        assert!(matches!(read(&json!({"version": 4, "encrypted_data": "x"})), Err(Error::Encrypted)));
        assert!(matches!(read(&json!({"meta": {}, "encrypted_data": "x"})), Err(Error::Encrypted)));
        for other in [json!([]), json!({}), json!({"version": "4"}), json!({"version": 4, "resources": [{}]})] {
            assert!(matches!(read(&other), Err(Error::Other(_))), "{other}");
        }
        assert!(matches!(Tfstate::read(b"\xff\x00"), Err(Error::Other(_))));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Tfstate::read(&bytes);
        }
    }
}
