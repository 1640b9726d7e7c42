//! A stack: declared resources, their dependencies and outputs.

use crate::{Address, Asset, IgnoreRules, Resource, Tags};
use aws_client::{Failure, FailureKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashMap, marker::PhantomData, sync::Arc};

/// The need of a dependant for its dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// That it exists and its outputs are known.
    Identity,
    /// That it works, with every setting in place.
    Ready,
}

/// One dependency of a node, by the position of the other node in the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Position in [`Stack::nodes`]; always less than that of the dependant.
    pub node: usize,
    /// The need.
    pub edge: Edge,
}

/// Gives the outputs of a node: real ones, or placeholders.
pub trait Lookup {
    /// The outputs of the node at this position.
    ///
    /// # Errors
    /// When they are not known and the caller cannot do without.
    fn outputs(&self, node: usize) -> Result<Value>;
}

/// A reference to a declared resource. Copyable, and only [`Stack::add`] makes one, so a declared
/// graph cannot have a cycle. Using it plainly needs only the resource's identity.
pub struct Handle<R>(usize, PhantomData<fn() -> R>);

impl<R> Handle<R> {
    /// The same, but the dependant waits until the resource works.
    pub fn ready(self) -> Ready<R> {
        Ready(self)
    }

    /// Waits for the resource to be ready without using anything of it.
    pub fn first(self) -> Ordered {
        Ordered(vec![self.0])
    }

    /// Position in the stack.
    pub fn node(self) -> usize {
        self.0
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Handle<R> {}

/// A dependency on a working resource.
pub struct Ready<R>(Handle<R>);

impl<R> Clone for Ready<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Ready<R> {}

/// Dependencies without data: resources that must work before, in any order.
#[derive(Clone, Debug, Default)]
pub struct Ordered(Vec<usize>);

impl Ordered {
    /// Both.
    #[must_use]
    pub fn and(mut self, other: Ordered) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// The inputs of a declaration: handles, and tuples, options and lists of them.
pub trait Dependencies: Send + Sync + 'static {
    /// The outputs the building closure receives.
    type Resolved;
    /// The nodes it names.
    fn dependencies(&self) -> Vec<Dependency>;
    /// Looks the outputs up.
    ///
    /// # Errors
    /// When outputs are not known, or recorded in a form this version does not read.
    fn resolve(&self, outputs: &dyn Lookup) -> Result<Self::Resolved>;
}

impl<R: Resource> Dependencies for Handle<R> {
    type Resolved = R::Outputs;
    fn dependencies(&self) -> Vec<Dependency> {
        vec![Dependency { node: self.0, edge: Edge::Identity }]
    }
    fn resolve(&self, outputs: &dyn Lookup) -> Result<R::Outputs> {
        let value = outputs.outputs(self.0)?;
        R::Outputs::deserialize(value).map_err(|error| {
            Failure::new(
                FailureKind::Final,
                format!("the recorded outputs of a {} do not fit this version: {error}", R::KIND),
            )
        })
    }
}

impl<R: Resource> Dependencies for Ready<R> {
    type Resolved = R::Outputs;
    fn dependencies(&self) -> Vec<Dependency> {
        vec![Dependency { node: self.0.0, edge: Edge::Ready }]
    }
    fn resolve(&self, outputs: &dyn Lookup) -> Result<R::Outputs> {
        self.0.resolve(outputs)
    }
}

/// A resource that dependants refer to: one of the stack, or an existing one outside of it that nothing changes.
#[derive(Clone)]
pub enum Reference<R: Resource> {
    /// A resource of the stack.
    Declared(Handle<R>),
    /// A resource of the stack that must work before the dependant starts.
    Working(Ready<R>),
    /// An existing resource outside of the stack, by its outputs.
    Existing(R::Outputs),
}

impl<R: Resource> Reference<R> {
    /// The same reference, but the dependant waits until a resource of the stack works.
    #[must_use]
    pub fn ready(self) -> Self {
        match self {
            Self::Declared(handle) => Self::Working(handle.ready()),
            other => other,
        }
    }
}

impl<R: Resource> From<Handle<R>> for Reference<R> {
    fn from(handle: Handle<R>) -> Self {
        Self::Declared(handle)
    }
}

impl<R: Resource> Dependencies for Reference<R> {
    type Resolved = R::Outputs;
    fn dependencies(&self) -> Vec<Dependency> {
        match self {
            Self::Declared(handle) => handle.dependencies(),
            Self::Working(ready) => ready.dependencies(),
            Self::Existing(_) => Vec::new(),
        }
    }
    fn resolve(&self, outputs: &dyn Lookup) -> Result<R::Outputs> {
        match self {
            Self::Declared(handle) => handle.resolve(outputs),
            Self::Working(ready) => ready.resolve(outputs),
            Self::Existing(existing) => Ok(existing.clone()),
        }
    }
}

impl Dependencies for Ordered {
    type Resolved = ();
    fn dependencies(&self) -> Vec<Dependency> {
        self.0.iter().map(|node| Dependency { node: *node, edge: Edge::Ready }).collect()
    }
    fn resolve(&self, _: &dyn Lookup) -> Result<()> {
        Ok(())
    }
}

impl<D: Dependencies> Dependencies for Option<D> {
    type Resolved = Option<D::Resolved>;
    fn dependencies(&self) -> Vec<Dependency> {
        self.iter().flat_map(D::dependencies).collect()
    }
    fn resolve(&self, outputs: &dyn Lookup) -> Result<Self::Resolved> {
        self.as_ref().map(|one| one.resolve(outputs)).transpose()
    }
}

impl<D: Dependencies> Dependencies for Vec<D> {
    type Resolved = Vec<D::Resolved>;
    fn dependencies(&self) -> Vec<Dependency> {
        self.iter().flat_map(D::dependencies).collect()
    }
    fn resolve(&self, outputs: &dyn Lookup) -> Result<Self::Resolved> {
        self.iter().map(|one| one.resolve(outputs)).collect()
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),*))*) => { $(
        impl<$($name: Dependencies),*> Dependencies for ($($name,)*) {
            type Resolved = ($($name::Resolved,)*);
            fn dependencies(&self) -> Vec<Dependency> {
                let parts: Vec<Vec<Dependency>> = vec![$(self.$at.dependencies()),*];
                parts.concat()
            }
            fn resolve(&self, _outputs: &dyn Lookup) -> Result<Self::Resolved> {
                Ok(($(self.$at.resolve(_outputs)?,)*))
            }
        }
    )* };
}
tuples! { () (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5) (A 0, B 1, C 2, D 3, E 4, F 5, G 6) (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7) }

type Build = Arc<dyn Fn(&dyn Lookup) -> Result<Value> + Send + Sync>;

/// A declared resource.
#[derive(Clone)]
pub struct Node {
    /// The place in the stack.
    pub address: Address,
    /// Its kind, see [`Resource::KIND`].
    pub kind: &'static str,
    /// The dependencies; their positions are less than its own.
    pub dependencies: Vec<Dependency>,
    /// The setting of the environment file that asks for it, `functions.0.name`; empty where it is none in particular.
    pub setting: String,
    build: Build,
}

impl Node {
    /// A node that is not built from typed handles, for example from a recorded spec. `build` gets the outputs of
    /// `dependencies` and gives the whole spec, its tags included.
    pub fn new(
        address: Address,
        kind: &'static str,
        dependencies: Vec<Dependency>,
        build: impl Fn(&dyn Lookup) -> Result<Value> + Send + Sync + 'static,
    ) -> Self {
        Self { address, kind, dependencies, setting: String::new(), build: Arc::new(build) }
    }

    /// The declaration, with the given outputs filled in and the stack's tags added.
    ///
    /// # Errors
    /// When outputs it needs are not known.
    pub fn spec(&self, outputs: &dyn Lookup) -> Result<Value> {
        (self.build)(outputs)
    }

    /// The same, with the tag of the state that will record it.
    ///
    /// # Errors
    /// When outputs it needs are not known.
    pub fn spec_of_lineage(&self, outputs: &dyn Lookup, lineage: &str) -> Result<Value> {
        let mut spec = self.spec(outputs)?;
        if let Some(Value::Object(tags)) = spec.get_mut("tags") {
            tags.insert(crate::LINEAGE_TAG.to_owned(), lineage.into());
        }
        Ok(spec)
    }
}

/// A value the platform gives back to people, for example `vpc_id`.
#[derive(Clone)]
pub struct OutputSpec {
    /// Its name.
    pub name: String,
    build: Build,
}

impl OutputSpec {
    /// The value.
    ///
    /// # Errors
    /// When outputs it needs are not known.
    pub fn value(&self, outputs: &dyn Lookup) -> Result<Value> {
        (self.build)(outputs)
    }
}

/// A declared platform: resources in an order in which each comes after what it depends on.
#[derive(Clone, Default)]
pub struct Stack {
    nodes: Vec<Node>,
    positions: HashMap<Address, usize>,
    outputs: Vec<OutputSpec>,
    assets: Vec<Asset>,
    identity: Tags,
    tags: Tags,
    protected: Vec<String>,
    ignored: IgnoreRules,
    moves: Vec<(Address, Address)>,
    prefix: Option<String>,
    ambiguous: Option<(Address, String)>,
    setting: String,
}

impl Stack {
    /// An empty stack. `identity` are the tags ownership is judged by; `tags` the environment's own.
    /// Both go onto everything that can be tagged, with the address.
    pub fn new(identity: Tags, tags: Tags) -> Self {
        Self { identity, tags, ..Self::default() }
    }

    /// The same stack with a prefix that the names of its resources begin with.
    #[must_use]
    pub fn named_by(self, prefix: impl Into<String>) -> Self {
        Self { prefix: Some(prefix.into()), ..self }
    }

    /// The prefix of the names of its resources, if known.
    pub fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// Declares a resource, built from the outputs of others. One at an address that is taken makes the whole
    /// stack [`ambiguous`](Self::ambiguous).
    pub fn add<R: Resource, D: Dependencies>(
        &mut self,
        area: &str,
        name: &str,
        needs: D,
        build: impl Fn(D::Resolved) -> R + Send + Sync + 'static,
    ) -> Handle<R> {
        let address = Address::new(area, name);
        if self.positions.insert(address.clone(), self.nodes.len()).is_some() {
            self.ambiguous.get_or_insert((address.clone(), self.setting.clone()));
        }
        let dependencies = needs.dependencies();
        let mut standard = self.tags.clone();
        standard.0.extend(self.identity.0.clone());
        standard.0.insert(crate::ADDRESS_TAG.to_owned(), address.to_string());
        let build = move |outputs: &dyn Lookup| {
            let mut spec = serde_json::to_value(build(needs.resolve(outputs)?)).map_err(|error| {
                Failure::new(FailureKind::Final, format!("{} cannot be written as JSON: {error}", R::KIND))
            })?;
            if let Some(Value::Object(own)) = spec.get_mut("tags") {
                own.extend(standard.iter().map(|(key, value)| (key.to_owned(), value.into())));
            }
            Ok(spec)
        };
        let setting = self.setting.clone();
        self.nodes.push(Node { address, kind: R::KIND, dependencies, setting, build: Arc::new(build) });
        Handle(self.nodes.len() - 1, PhantomData)
    }

    /// Adds a node whose dependencies are in the stack already. Gives its position.
    pub fn add_node(&mut self, node: Node) -> usize {
        self.positions.insert(node.address.clone(), self.nodes.len());
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Adds an output that is not built from typed handles; see [`Node::new`].
    pub fn add_output(&mut self, name: &str, build: impl Fn(&dyn Lookup) -> Result<Value> + Send + Sync + 'static) {
        self.outputs.push(OutputSpec { name: name.to_owned(), build: Arc::new(build) });
    }

    /// Adds the resources of a setting of the environment file, so that errors in them name the setting's line.
    pub fn for_setting<T>(&mut self, setting: impl Into<String>, add: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.setting, setting.into());
        let added = add(self);
        self.setting = outer;
        added
    }

    /// An address at which there are two resources, with the setting that asks for the second: names that people choose
    /// may meet. Such a stack is not to be used.
    pub fn ambiguous(&self) -> Option<(&Address, &str)> {
        self.ambiguous.as_ref().map(|(address, setting)| (address, setting.as_str()))
    }

    /// Declares something the platform gives back.
    pub fn output<D: Dependencies, T: Serialize>(
        &mut self,
        name: &str,
        needs: D,
        build: impl Fn(D::Resolved) -> T + Send + Sync + 'static,
    ) {
        let build = move |outputs: &dyn Lookup| {
            serde_json::to_value(build(needs.resolve(outputs)?))
                .map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
        };
        self.outputs.push(OutputSpec { name: name.to_owned(), build: Arc::new(build) });
    }

    /// Adds content to ship; specifications refer to it by the digest this returns.
    pub fn ship(&mut self, asset: Asset) -> String {
        let digest = crate::sha256_hex(&asset.bytes);
        self.assets.push(asset);
        digest
    }

    /// Protects resources that match the glob from deletion and replacement.
    pub fn protect(&mut self, glob: impl Into<String>) {
        self.protected.push(glob.into());
    }

    /// True if an address is protected.
    pub fn protects(&self, address: &Address) -> bool {
        self.protected.iter().any(|glob| address.matches(glob))
    }

    /// Ignores fields: their live values stay.
    pub fn ignore(&mut self, rules: IgnoreRules) {
        self.ignored = rules;
    }

    /// The ignored fields.
    pub fn ignored(&self) -> &IgnoreRules {
        &self.ignored
    }

    /// Adds moves: earlier addresses of resources and their current ones, `(from, to)`.
    pub fn rename(&mut self, moves: impl IntoIterator<Item = (Address, Address)>) {
        self.moves.extend(moves);
    }

    /// The moves: earlier addresses of resources, and their current ones.
    pub fn moves(&self) -> &[(Address, Address)] {
        &self.moves
    }

    /// The declared resources, each after what it depends on.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The position of an address in [`Stack::nodes`].
    pub fn position(&self, address: &Address) -> Option<usize> {
        self.positions.get(address).copied()
    }

    /// The outputs of the platform.
    pub fn outputs(&self) -> &[OutputSpec] {
        &self.outputs
    }

    /// The content that the platform ships.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// The tags ownership is judged by, without the address.
    pub fn identity(&self) -> &Tags {
        &self.identity
    }
}
