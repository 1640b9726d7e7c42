//! The marks of a picture: frames, edges and nodes, where the layout puts them.

use crate::{
    areas::Areas,
    essential::essential,
    layout::{Frame, HEAD, INSET, Layout, Level, Rect, Route},
    picture::{DRIFTED, Need, Node, Picture},
    text::{fit, width},
    xml::escaped,
};

const NAME: f64 = 12.0;
const NOUN: f64 = 10.0;
/// From a node's left side to its name: the sign of its status.
const INDENT: f64 = 24.0;
const BETWEEN: f64 = 8.0;
const WIDEST_NAME: f64 = 190.0;
const WIDEST_NOUN: f64 = 110.0;

pub(crate) struct Drawing<'a> {
    picture: &'a Picture,
    areas: Areas<'a>,
    layout: Layout,
    /// True for each node that an edge leads to: these show an arrow head, one for all their edges.
    reached: Vec<bool>,
}

impl<'a> Drawing<'a> {
    pub(crate) fn new(picture: &'a Picture) -> Self {
        let widths: Vec<f64> = picture.nodes().iter().map(room).collect();
        let layout = Layout::new(picture, &essential(picture), &widths);
        let mut reached = vec![false; widths.len()];
        layout.routes.iter().for_each(|route| reached[route.edge.dependant] = true);
        Self { picture, areas: Areas::new(picture), layout, reached }
    }

    pub(crate) fn width(&self) -> f64 {
        self.layout.width
    }

    pub(crate) fn height(&self) -> f64 {
        self.layout.height
    }

    /// All marks, from back to front.
    pub(crate) fn marks(&self) -> String {
        let mut lines = vec![r#"<g class="frames">"#.to_owned()];
        lines.extend(self.layout.frames.iter().map(|frame| self.frame(frame)));
        lines.push("</g>\n<g class=\"edges\">".into());
        lines.extend(self.layout.routes.iter().map(|route| self.edge(route)));
        lines.push("</g>\n<g class=\"nodes\">".into());
        lines.extend((0..self.layout.nodes.len()).map(|position| self.node(position)));
        lines.push("</g>".into());
        lines.join("\n")
    }

    fn frame(&self, Frame { area, rect }: &Frame) -> String {
        let name = self.areas.name(*area).to_uppercase();
        let label = fit(&name, NOUN, rect.width - 2.0 * (INSET + 2.0));
        format!(
            r#"<g class="frame c{}" data-area="{area}"><rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="8"/><text x="{:.1}" y="{:.1}">{}</text></g>"#,
            self.areas.colour(*area),
            rect.x,
            rect.y,
            rect.width,
            rect.height,
            rect.x + INSET + 2.0,
            rect.y + HEAD - 6.0,
            escaped(&label)
        )
    }

    fn edge(&self, route: &Route) -> String {
        let edge = route.edge;
        let need = if edge.need == Need::Identity { "identity" } else { "works" };
        format!(
            r#"<path class="edge {need} c{}" data-dependency="{}" data-dependant="{}" d="{}"/>"#,
            self.areas.colour(self.areas.number(edge.dependency)),
            edge.dependency,
            edge.dependant,
            path(&route.levels)
        )
    }

    fn node(&self, position: usize) -> String {
        let node = &self.picture.nodes()[position];
        let Rect { x, y, width, height } = self.layout.nodes[position];
        let (name, noun) = texts(node, width);
        let colour = self.areas.colour(self.areas.number(position));
        let status = node.status;
        let flag = if node.is_drifted { flag(width) } else { String::new() };
        let arrow = if self.reached[position] { r#"<path class="arrow" d="M-6 9l6 4l-6 4z"/>"# } else { "" };
        format!(
            r#"<g class="node c{colour} {}" data-node="{position}" transform="translate({x:.1} {y:.1})"><title>{}</title>{arrow}<rect class="box" width="{width:.1}" height="{height:.1}" rx="5"/><circle cx="12" cy="13" r="6.5"/><text class="sign" x="12" y="16.5">{}</text><text class="name" x="{INDENT}" y="17">{}</text>{noun}{flag}</g>"#,
            status.class(),
            escaped(&words(node)),
            status.sign(),
            escaped(&name)
        )
    }
}

/// The corner that marks a node which was changed outside of mlopsctl.
fn flag(width: f64) -> String {
    format!(r#"<path class="flag" d="M{:.1} 0h11v11z"/>"#, width - 11.0)
}

/// The text for a pointer that rests on a node.
fn words(node: &Node) -> String {
    let drift = if node.is_drifted { format!(", {DRIFTED}") } else { String::new() };
    format!("{}: {}, {}{drift}", node.address, node.noun, node.status.words())
}

/// The preferred width of a node.
fn room(node: &Node) -> f64 {
    let name = width(&node.name, NAME).min(WIDEST_NAME);
    let noun = if says_more(node) { BETWEEN + width(&node.noun, NOUN).min(WIDEST_NOUN) } else { 0.0 };
    // A pixel more, so that no rounding shortens a text that fits.
    INDENT + name + noun + BETWEEN + 1.0
}

/// True if the noun adds to the name: `vpc (VPC)` says nothing twice.
fn says_more(node: &Node) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
    !plain(&node.name).ends_with(&plain(&node.noun))
}

/// A node's name, and its noun at the right side, as far as there is room.
fn texts(node: &Node, box_width: f64) -> (String, String) {
    let room = box_width - INDENT - BETWEEN;
    let name = fit(&node.name, NAME, room.min(WIDEST_NAME));
    let left = room - width(&name, NAME) - BETWEEN;
    if !says_more(node) || left < NOUN {
        return (name, String::new());
    }
    let noun = escaped(&fit(&node.noun, NOUN, left));
    (name, format!(r#"<text class="noun" x="{:.1}" y="17">{noun}</text>"#, box_width - BETWEEN))
}

/// Level through columns, in curves between them.
fn path(levels: &[Level]) -> String {
    let mut path = String::new();
    for (position, level) in levels.iter().enumerate() {
        match position.checked_sub(1).map(|before| levels[before]) {
            None => path.push_str(&format!("M{:.1} {:.1}", level.from, level.y)),
            Some(Level { to, y, .. }) => {
                let middle = f64::midpoint(to, level.from);
                path.push_str(&format!(
                    "C{middle:.1} {y:.1} {middle:.1} {:.1} {:.1} {:.1}",
                    level.y, level.from, level.y
                ));
            }
        }
        path.push_str(&format!("H{:.1}", level.to));
    }
    path
}
