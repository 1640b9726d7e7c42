//! The data behind the page, as JSON that can stand in a `<script>` element.

use crate::{areas::Areas, picture::Need, picture::Picture};
use serde_json::{Value, json};

/// Everything a picture knows, with all its edges.
///
/// HTML ends a script at `</script` whatever is around it, and `<!--` changes how it looks for that; so there is no
/// `<` in the text, which in JSON occurs only within strings, where it can be escaped.
pub(crate) fn data(picture: &Picture) -> String {
    let areas = Areas::new(picture);
    let nodes = picture.nodes().iter().enumerate().map(|(position, node)| {
        json!({
            "address": node.address,
            "area": areas.number(position),
            "name": node.name,
            "kind": node.kind,
            "noun": node.noun,
            "status": node.status.class(),
            "words": node.status.words(),
            "drifted": node.is_drifted,
            "detail": node.detail,
        })
    });
    let edges = picture.edges().iter().map(
        |edge| json!({"dependency": edge.dependency, "dependant": edge.dependant, "ready": edge.need == Need::Ready}),
    );
    let (nodes, edges): (Vec<Value>, Vec<Value>) = (nodes.collect(), edges.collect());
    json!({"nodes": nodes, "edges": edges}).to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{HOSTILE, hostile};

    #[test]
    fn a_hostile_name_comes_back_as_it_was_and_ends_no_script() {
        let data = data(&hostile());
        assert!(!data.contains('<'));
        let back: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(back["nodes"][0]["name"], HOSTILE);
        assert_eq!(back["nodes"][0]["detail"][0][1], HOSTILE);
    }
}
