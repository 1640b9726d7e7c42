//! Stacks at random, and what people do to them.

use super::{cloud::Form, process::identity, thing::Outputs, thing::Thing};
use aws_client::Result;
use fastrand::Rng;
use resource::{Dependencies, Dependency, Handle, Lookup, Stack, Tags};

const AREA: &str = "things";

/// The declaration of a thing. Others are named by their keys.
#[derive(Clone, Debug)]
struct Node {
    key: u32,
    named: bool,
    /// The number of renamings.
    renamed: u8,
    inside: Option<Needs>,
    uses: Vec<Needs>,
    size: u8,
    label: u8,
    extra: bool,
    /// True if it was of the other kind once.
    retyped: bool,
}

/// A need for another thing: that it works, or only that it exists.
#[derive(Clone, Copy, Debug)]
struct Needs {
    key: u32,
    working: bool,
}

/// A stack as its file has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    nodes: Vec<Node>,
    made: u32,
}

impl Node {
    fn address(key: u32) -> String {
        format!("{AREA}.t{key}")
    }

    fn name(&self) -> String {
        format!("{}{}", "x".repeat(self.key as usize % 3), self.key * 10 + u32::from(self.renamed))
    }

    fn form(&self) -> Form {
        Form {
            name: self.name(),
            named: self.named,
            inside: self.inside.map(|needs| Self::address(needs.key)),
            uses: self.uses.iter().map(|needs| Self::address(needs.key)).collect(),
            size: self.size,
            label: format!("label {}", self.label),
            extra: self.extra.then(|| "extra".to_owned()),
            tags: Tags::default(),
        }
    }
}

impl Declared {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let mut declared = Self::default();
        for _ in 0..rng.u8(2..10) {
            declared.add(rng);
        }
        declared.keep_to_what_is_possible();
        declared
    }

    fn add(&mut self, rng: &mut Rng) {
        self.made += 1;
        let needs =
            |rng: &mut Rng, nodes: &[Node]| rng.choice(nodes).map(|node| Needs { key: node.key, working: rng.bool() });
        let node = Node {
            key: self.made,
            named: rng.bool(),
            renamed: 0,
            inside: if rng.bool() { needs(rng, &self.nodes) } else { None },
            uses: (0..rng.u8(0..3)).filter_map(|_| needs(rng, &self.nodes)).collect(),
            size: rng.u8(0..2),
            label: rng.u8(1..4),
            extra: rng.bool(),
            retyped: false,
        };
        self.nodes.push(node);
    }

    /// Lets no named thing contain an unnamed one: for a new creation it would first have to be emptied of things that
    /// others may use.
    fn keep_to_what_is_possible(&mut self) {
        let named: Vec<u32> = self.nodes.iter().filter(|node| node.named).map(|node| node.key).collect();
        for node in self.nodes.iter_mut().filter(|node| !node.named) {
            node.inside = node.inside.filter(|needs| !named.contains(&needs.key));
        }
    }

    /// Edits the file.
    pub(crate) fn edit(&mut self, rng: &mut Rng) {
        for _ in 0..rng.u8(1..4) {
            let at = match self.nodes.len() {
                0 => {
                    self.add(rng);
                    continue;
                }
                count => rng.usize(0..count),
            };
            let before: Vec<u32> = self.nodes[..at].iter().map(|node| node.key).collect();
            let node = &mut self.nodes[at];
            match rng.u8(0..9) {
                0 => node.label = rng.u8(1..4),
                1 => node.size = rng.u8(0..2),
                2 => node.renamed = (node.renamed + 1) % 10,
                3 => node.extra = !node.extra,
                4 if !node.retyped => (node.named, node.retyped) = (!node.named, true),
                5 => node.inside = rng.choice(&before).map(|key| Needs { key: *key, working: rng.bool() }),
                6 => node.uses.truncate(1),
                7 => {
                    let gone = self.nodes.remove(at).key;
                    for node in &mut self.nodes {
                        node.inside = node.inside.filter(|needs| needs.key != gone);
                        node.uses.retain(|needs| needs.key != gone);
                    }
                }
                _ => self.add(rng),
            }
        }
        self.keep_to_what_is_possible();
    }

    /// The things that must exist in the end, by address.
    pub(crate) fn expected(&self) -> Vec<(String, Form)> {
        let mut expected: Vec<_> = self.nodes.iter().map(|node| (Node::address(node.key), node.form())).collect();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        expected
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        self.expected().into_iter().map(|(address, _)| address).collect()
    }

    pub(crate) fn stack(&self) -> Stack {
        let mut stack = Stack::new(identity(), Tags::default());
        let mut handles: Vec<(u32, Any)> = Vec::new();
        for node in &self.nodes {
            let handle_of = |needs: &Needs| {
                let (_, handle) = handles.iter().find(|(key, _)| *key == needs.key).unwrap();
                Needed { handle: *handle, working: needs.working }
            };
            let inside = node.inside.as_ref().map(handle_of);
            let uses: Vec<Needed> = node.uses.iter().map(handle_of).collect();
            let handle = match node.named {
                true => Any::Named(add(&mut stack, node, inside, uses)),
                false => Any::Assigned(add(&mut stack, node, inside, uses)),
            };
            handles.push((node.key, handle));
        }
        stack
    }
}

fn add<const NAMED: bool>(
    stack: &mut Stack,
    node: &Node,
    inside: Option<Needed>,
    uses: Vec<Needed>,
) -> Handle<Thing<NAMED>> {
    let form = node.form();
    stack.add(AREA, &format!("t{}", node.key), (inside, uses), move |(inside, uses)| Thing::<NAMED> {
        name: form.name.clone(),
        inside: inside.map(|outputs| outputs.id),
        uses: uses.into_iter().map(|outputs| outputs.id).collect(),
        size: form.size,
        label: form.label.clone(),
        extra: form.extra.clone(),
        tags: Tags::default(),
    })
}

/// A thing of either kind.
#[derive(Clone, Copy)]
enum Any {
    Named(Handle<Thing<true>>),
    Assigned(Handle<Thing<false>>),
}

/// A dependency on it.
#[derive(Clone, Copy)]
struct Needed {
    handle: Any,
    working: bool,
}

impl Needed {
    fn with<T>(self, of: impl FnOnce(&dyn Dependencies<Resolved = Outputs>) -> T) -> T {
        match (self.handle, self.working) {
            (Any::Named(handle), true) => of(&handle.ready()),
            (Any::Named(handle), false) => of(&handle),
            (Any::Assigned(handle), true) => of(&handle.ready()),
            (Any::Assigned(handle), false) => of(&handle),
        }
    }
}

impl Dependencies for Needed {
    type Resolved = Outputs;
    fn dependencies(&self) -> Vec<Dependency> {
        self.with(|needed| needed.dependencies())
    }
    fn resolve(&self, outputs: &dyn Lookup) -> Result<Outputs> {
        self.with(|needed| needed.resolve(outputs))
    }
}
