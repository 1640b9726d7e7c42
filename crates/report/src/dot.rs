//! A picture for Graphviz: `mlopsctl graph dev --format dot | dot -Tsvg`.

use crate::{
    areas::Areas,
    essential::essential,
    picture::{Need, Node, Picture, Status},
};

/// The picture in Graphviz's language, with a cluster for each area. Implied edges are left out, see [`essential`].
#[must_use]
pub fn dot(picture: &Picture) -> String {
    let mut lines = vec![
        "digraph stack {".to_owned(),
        format!("  graph [rankdir=LR, labelloc=t, fontname=\"Helvetica\", label={}];", heading(picture)),
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", fontsize=11];".into(),
        "  edge [color=\"#64748b\", arrowsize=0.6];".into(),
    ];
    for (number, (area, members)) in Areas::new(picture).members().iter().enumerate() {
        lines.push(format!("  subgraph cluster_{number} {{"));
        lines.push(format!("    label={}; style=rounded; color=\"#94a3b8\";", quoted(area)));
        lines.extend(members.iter().map(|&position| format!("    {}", entry(position, &picture.nodes()[position]))));
        lines.push("  }".into());
    }
    for edge in essential(picture) {
        let style = if edge.need == Need::Identity { " [style=dashed]" } else { "" };
        lines.push(format!("  n{} -> n{}{style};", edge.dependency, edge.dependant));
    }
    lines.push("}\n".into());
    lines.join("\n")
}

fn heading(picture: &Picture) -> String {
    quoted(&format!("{}\n{}", picture.title(), picture.subtitle()))
}

fn entry(position: usize, node: &Node) -> String {
    let label = quoted(&format!("{}\n{}", node.name, node.noun));
    let tooltip = quoted(&format!("{} ({}), {}", node.address, node.kind, node.status.words()));
    format!("n{position} [label={label}, tooltip={tooltip}{}];", style(node.status))
}

fn style(status: Status) -> &'static str {
    match status {
        Status::Ready => "",
        Status::Planned => ", style=\"rounded,filled,dashed\", color=\"#2e7d4f\"",
        Status::Settling => ", color=\"#3d6fb4\"",
        Status::Update => ", color=\"#a8760b\", penwidth=2",
        Status::Replace => ", color=\"#b4532a\", penwidth=2",
        Status::Delete => ", style=\"rounded,filled,dashed\", color=\"#b3261e\", penwidth=2",
    }
}

/// A string in quotes, as Graphviz reads labels: a backslash starts an escape, and `&` one of HTML's entities.
fn quoted(text: &str) -> String {
    let mut safe = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => safe.push_str("\\\""),
            '\\' => safe.push_str("\\\\"),
            '\n' => safe.push_str("\\n"),
            '&' => safe.push_str("&amp;"),
            letter if letter.is_control() => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe.push('"');
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{any, hostile, small};
    use proptest::prelude::*;

    #[test]
    fn a_picture_has_a_cluster_for_each_area_and_dashes_where_only_an_id_is_needed() {
        let expected = r##"digraph stack {
  graph [rankdir=LR, labelloc=t, fontname="Helvetica", label="mlops-pipeline dev\n3 resources"];
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11];
  edge [color="#64748b", arrowsize=0.6];
  subgraph cluster_0 {
    label="network"; style=rounded; color="#94a3b8";
    n0 [label="vpc\nsubnet", tooltip="network.vpc (ec2:subnet), ready"];
    n1 [label="private-1\nsubnet", tooltip="network.private-1 (ec2:subnet), ready"];
  }
  subgraph cluster_1 {
    label="studio"; style=rounded; color="#94a3b8";
    n2 [label="domain\nsubnet", tooltip="studio.domain (ec2:subnet), ready"];
  }
  n0 -> n1;
  n1 -> n2 [style=dashed];
}
"##;
        assert_eq!(dot(&small()), expected);
    }

    #[test]
    fn a_hostile_name_stays_in_its_quotes() {
        assert_eq!(quoted("a\"b\\"), r#""a\"b\\""#);
        let page = dot(&hostile());
        assert!(!page.contains('\0'));
        assert_eq!(page.lines().count(), dot(&small()).lines().count() - 2);
    }

    proptest! {
        #[test]
        fn quotes_end_where_the_text_ends(text in proptest::prelude::any::<String>()) {
            let quoted = quoted(&text);
            let mut letters = quoted[1..].chars();
            let mut length = 1;
            while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
                let skipped = if letter == '\\' { letters.next() } else { None };
                length += letter.len_utf8() + skipped.map_or(0, char::len_utf8);
            }
            prop_assert_eq!(length + 1, quoted.len());
        }

        #[test]
        fn every_node_has_one_line(picture in any()) {
            let page = dot(&picture);
            prop_assert_eq!(page.matches("tooltip=").count(), picture.nodes().len());
        }
    }
}
