//! A picture for Mermaid, which code forges and wikis draw by themselves.

use crate::{
    areas::Areas,
    essential::essential,
    picture::{Need, Picture, Status},
};

/// The picture as a Mermaid flowchart, with a subgraph for each area. Implied edges are left out, see [`essential`].
///
/// Mermaid draws at most 500 edges unless the page that shows them allows more (`maxEdges`).
#[must_use]
pub fn mermaid(picture: &Picture) -> String {
    let mut lines = vec![
        "flowchart LR".to_owned(),
        format!("  accTitle: {}", escaped(picture.title())),
        format!("  accDescr: {}", escaped(picture.subtitle())),
    ];
    for (number, (area, members)) in Areas::new(picture).members().iter().enumerate() {
        lines.push(format!("  subgraph area{number}[\"{}\"]", escaped(area)));
        for &position in members {
            let node = &picture.nodes()[position];
            let label = format!("{}<br/>{}", escaped(&node.name), escaped(&node.noun));
            lines.push(format!("    n{position}[\"{label}\"]"));
        }
        lines.push("  end".into());
    }
    for edge in essential(picture) {
        let arrow = if edge.need == Need::Identity { "-.->" } else { "-->" };
        lines.push(format!("  n{} {arrow} n{}", edge.dependency, edge.dependant));
    }
    lines.extend(Status::ALL.iter().filter_map(|&status| class(picture, status)).flatten());
    lines.push(String::new());
    lines.join("\n")
}

/// The class for the nodes of a status, if they do not look as usual.
fn class(picture: &Picture, status: Status) -> Option<[String; 2]> {
    let style = match status {
        Status::Ready => return None,
        Status::Planned => "stroke:#2e7d4f,stroke-dasharray:4 3",
        Status::Settling => "stroke:#3d6fb4",
        Status::Update => "stroke:#a8760b,stroke-width:2px",
        Status::Replace => "stroke:#b4532a,stroke-width:3px",
        Status::Delete => "stroke:#b3261e,stroke-width:2px,stroke-dasharray:4 3",
    };
    let nodes = picture.nodes().iter().enumerate().filter(|(_, node)| node.status == status);
    let ids: Vec<String> = nodes.map(|(position, _)| format!("n{position}")).collect();
    let name = status.class();
    (!ids.is_empty()).then(|| [format!("  classDef {name} {style}"), format!("  class {} {name}", ids.join(","))])
}

/// Anything but letters, digits and what is harmless everywhere, by its number: Mermaid has no quoting, only `#34;`.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if letter.is_alphanumeric() || " -_.,/·".contains(letter) => safe.push(letter),
            letter if letter.is_whitespace() => safe.push(' '),
            letter if letter.is_control() => safe.push('\u{fffd}'),
            letter => safe.push_str(&format!("#{};", u32::from(letter))),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{any, hostile, node, small};
    use crate::picture::Node;
    use proptest::prelude::*;

    #[test]
    fn a_picture_has_a_subgraph_for_each_area_and_dots_where_only_an_id_is_needed() {
        let expected = r#"flowchart LR
  accTitle: mlops-pipeline dev
  accDescr: 3 resources
  subgraph area0["network"]
    n0["vpc<br/>subnet"]
    n1["private-1<br/>subnet"]
  end
  subgraph area1["studio"]
    n2["domain<br/>subnet"]
  end
  n0 --> n1
  n1 -.-> n2
"#;
        assert_eq!(mermaid(&small()), expected);
    }

    #[test]
    fn node_of_a_deletion_has_its_own_style() {
        let gone = Node { status: Status::Delete, ..node("network", "vpc") };
        let page = mermaid(&Picture::new("t", "s", vec![gone], vec![]).unwrap());
        assert!(page.contains("  class n0 delete"), "{page}");
    }

    #[test]
    fn a_hostile_name_stays_in_its_brackets() {
        let page = mermaid(&hostile());
        let labels = page.lines().filter(|line| line.trim_start().starts_with("n0[\""));
        assert_eq!(labels.map(|line| line.matches('"').count()).collect::<Vec<_>>(), [2]);
        assert!(!page.contains("</script"));
    }

    proptest! {
        #[test]
        fn no_text_has_a_meaning(text in proptest::prelude::any::<String>()) {
            let meaningful = ['"', '<', '>', '`', '\n', '[', ']', '{', '}', '%', '&'];
            prop_assert!(!escaped(&text).contains(meaningful));
        }

        #[test]
        fn every_node_is_in_one_subgraph(picture in any()) {
            let page = mermaid(&picture);
            prop_assert_eq!(page.matches("<br/>").count(), picture.nodes().len());
        }
    }
}
