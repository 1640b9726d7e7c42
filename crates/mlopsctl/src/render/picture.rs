//! A stack as something to draw: declared resources, recorded resources, and the planned actions.

use super::{
    value::{change, short},
    versioned::Versioned,
};
use app::Session;
use engine::{Action, ChangeDrift, PlannedChange};
use report::{Edge, Error, Need, Node, Picture, Status};
use resource::{Address, Declaration, KindRegistry, Stack};
use serde::Serialize;
use serde_json::Value;
use state::{Entry, Phase, State};
use std::collections::{BTreeMap, HashMap};

/// The picture of the declared resources, and of recorded ones that are no longer declared. Without a plan it shows the
/// state alone.
pub(crate) fn draw(
    session: &Session,
    stack: &Stack,
    state: &State,
    declarations: &[Declaration],
    changes: Option<&[PlannedChange]>,
) -> Result<Picture, Error> {
    let changes: Option<HashMap<&Address, &PlannedChange>> =
        changes.map(|changes| changes.iter().map(|change| (&change.address, change)).collect());
    let left: BTreeMap<&Address, &Entry> =
        state.resources.iter().filter(|(address, _)| stack.position(address).is_none()).collect();
    let mut nodes = Vec::with_capacity(declarations.len() + left.len());
    for one in declarations {
        let entry = state.resources.get(&one.address);
        let status = match &changes {
            Some(changes) => planned(changes.get(&one.address).map(|change| change.action)),
            None => remembered(entry),
        };
        let mut node = node(&session.registry, &one.address, one.kind, &one.spec, entry, status);
        if let Some(change) = changes.as_ref().and_then(|changes| changes.get(&one.address)) {
            add_change(change, &mut node);
        }
        nodes.push(node);
    }
    for (address, entry) in &left {
        nodes.push(node(&session.registry, address, &entry.kind, &entry.spec, Some(entry), Status::Delete));
    }
    let positions: HashMap<String, usize> =
        nodes.iter().enumerate().map(|(position, node)| (node.address.clone(), position)).collect();
    let mut edges = Vec::new();
    for (dependant, node) in stack.nodes().iter().enumerate() {
        edges.extend(node.dependencies.iter().map(|needed| Edge {
            dependency: needed.node,
            dependant,
            need: need(needed.edge),
        }));
    }
    for (address, entry) in &left {
        let dependant = positions[address.as_str()];
        // Its dependencies may be deleted already.
        let there =
            entry.depends_on.iter().filter_map(|needed| Some((*positions.get(needed.address.as_str())?, needed)));
        edges.extend(there.map(|(dependency, needed)| Edge { dependency, dependant, need: need(needed.edge) }));
    }
    add_costs(session, declarations, &mut nodes);
    let place = session.cloud.place();
    let title = format!("{} {}", session.project, session.name);
    let subtitle = format!("{} resources · account {} · {}", nodes.len(), place.account, place.region);
    Picture::new(title, subtitle, nodes, edges)
}

/// Adds to a resource what a plan would change about it, and what was changed outside of mlopsctl.
fn add_change(planned: &PlannedChange, node: &mut Node) {
    node.is_drifted = !planned.drift.is_none();
    let mut rows: Vec<(String, String)> =
        planned.cause.iter().map(|cause| ("because".to_owned(), cause.clone())).collect();
    if planned.drift == ChangeDrift::Missing {
        rows.push(("outside".to_owned(), "deleted outside of mlopsctl".to_owned()));
    }
    // All settings of a creation are among the details already.
    for field in planned.fields.iter().filter(|_| planned.action != Action::Create) {
        rows.push(("change".to_owned(), format!("{}: {}", field.path, change(&field.before, &field.after))));
        if let Some(applied) = planned.drift.applied(&field.path) {
            let outside = change(applied, &field.before);
            rows.push(("outside".to_owned(), format!("{}: {outside}, changed outside of mlopsctl", field.path)));
        }
    }
    node.detail.splice(0..0, rows);
}

/// Adds what each resource costs every month to its details.
fn add_costs(session: &Session, declarations: &[Declaration], nodes: &mut [Node]) {
    let Ok(prices) = app::costs::builtin() else { return };
    let resources = app::costs::declared(declarations, &session.registry);
    let estimate = ::cost::estimate(&resources, &session.cloud.place().region, &prices);
    let costs: HashMap<&str, String> = estimate
        .areas
        .iter()
        .flat_map(|area| &area.resources)
        .map(|one| (one.address.as_str(), format!("{} USD a month", one.monthly)))
        .collect();
    for node in nodes {
        if let Some(cost) = costs.get(node.address.as_str()) {
            node.detail.insert(0, ("cost".to_owned(), cost.clone()));
        }
    }
}

/// The same for a program.
#[derive(Serialize)]
struct Document<'a> {
    nodes: Vec<NodeDocument<'a>>,
    edges: Vec<EdgeDocument<'a>>,
}

#[derive(Serialize)]
struct NodeDocument<'a> {
    address: &'a str,
    kind: &'a str,
    status: &'static str,
    id: Option<&'a str>,
}

#[derive(Serialize)]
struct EdgeDocument<'a> {
    from: &'a str,
    to: &'a str,
    needs: &'static str,
}

pub(crate) fn document(picture: &Picture) -> impl Serialize {
    let address = |position: usize| picture.nodes()[position].address.as_str();
    let nodes = picture.nodes().iter().map(|node| NodeDocument {
        address: &node.address,
        kind: &node.kind,
        status: word(node.status),
        id: node.detail.iter().find(|(name, _)| name == "id").map(|(_, id)| id.as_str()),
    });
    let edges = picture.edges().iter().map(|edge| EdgeDocument {
        from: address(edge.dependant),
        to: address(edge.dependency),
        needs: match edge.need {
            Need::Identity => "identity",
            Need::Ready => "ready",
        },
    });
    Versioned::new(Document { nodes: nodes.collect(), edges: edges.collect() })
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Planned => "create",
        Status::Settling => "settling",
        Status::Ready => "ready",
        Status::Update => "update",
        Status::Replace => "replace",
        Status::Delete => "delete",
    }
}

fn need(edge: resource::Edge) -> Need {
    match edge {
        resource::Edge::Identity => Need::Identity,
        resource::Edge::Ready => Need::Ready,
    }
}

fn planned(action: Option<Action>) -> Status {
    match action {
        None => Status::Ready,
        Some(Action::Create) => Status::Planned,
        Some(Action::Update) => Status::Update,
        Some(Action::Replace) => Status::Replace,
        Some(Action::Delete) => Status::Delete,
    }
}

fn remembered(entry: Option<&Entry>) -> Status {
    match entry.map(|entry| entry.phase) {
        None | Some(Phase::Intent) => Status::Planned,
        Some(Phase::Identified) => Status::Settling,
        Some(Phase::Ready) => Status::Ready,
        Some(Phase::Deleting) => Status::Delete,
    }
}

fn node(
    registry: &KindRegistry,
    address: &Address,
    kind: &str,
    spec: &Value,
    entry: Option<&Entry>,
    status: Status,
) -> Node {
    let name = address.as_str().split_once('.').map_or("", |(_, name)| name);
    // An applied spec has no placeholders.
    let mut spec = entry.filter(|entry| entry.phase == Phase::Ready).map_or(spec, |entry| &entry.spec).clone();
    if let Ok(reconciler) = registry.get(kind) {
        reconciler.hide("", &mut spec);
    }
    let noun = registry.get(kind).map_or(kind, |reconciler| reconciler.noun());
    Node {
        address: address.to_string(),
        area: address.area().to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        noun: noun.to_owned(),
        status,
        is_drifted: false,
        detail: detail(&spec, entry),
    }
}

/// The id, and the settings that fit on a line.
fn detail(spec: &Value, entry: Option<&Entry>) -> Vec<(String, String)> {
    let id = entry.and_then(|entry| entry.id.clone()).map(|id| ("id".to_owned(), id));
    let fields = spec.as_object().into_iter().flatten();
    let plain = fields.filter(|(_, value)| value.is_string() || value.is_number() || value.is_boolean());
    id.into_iter().chain(plain.map(|(name, value)| (name.clone(), short(value)))).collect()
}
