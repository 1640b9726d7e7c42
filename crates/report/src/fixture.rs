//! Pictures for tests: small ones that can be seen, any that proptest thinks of, and large ones.

use crate::picture::{Edge, Need, Node, Picture, Status};
use proptest::prelude::*;

/// A text that breaks careless quoting.
pub(crate) const HOSTILE: &str = "a\"b'c\\d\n</script><!--<b>&amp;]]>\u{0}\u{7}`#;|{}[]()%é漢\u{2028}\\";

pub(crate) fn node(area: &str, name: &str) -> Node {
    Node {
        address: format!("{area}.{name}"),
        area: area.into(),
        name: name.into(),
        kind: "ec2:subnet".into(),
        noun: "subnet".into(),
        status: Status::Ready,
        is_drifted: false,
        detail: vec![("id".into(), "subnet-1".into())],
    }
}

pub(crate) fn ready(dependency: usize, dependant: usize) -> Edge {
    Edge { dependency, dependant, need: Need::Ready }
}

pub(crate) fn small() -> Picture {
    let nodes = vec![node("network", "vpc"), node("network", "private-1"), node("studio", "domain")];
    let edges = vec![ready(0, 1), Edge { dependency: 1, dependant: 2, need: Need::Identity }];
    Picture::new("mlops-pipeline dev", "3 resources", nodes, edges).unwrap()
}

/// One resource in which every text is hostile, needed by another.
pub(crate) fn hostile() -> Picture {
    let text = || HOSTILE.to_owned();
    let detail = vec![(text(), text())];
    let bad = Node { address: text(), area: text(), name: text(), kind: text(), noun: text(), detail, ..node("", "") };
    Picture::new(HOSTILE, HOSTILE, vec![bad, node("network", "vpc")], vec![ready(0, 1)]).unwrap()
}

/// Any picture of up to 40 nodes in five areas, with every status.
pub(crate) fn any() -> impl Strategy<Value = Picture> {
    (1..40_usize).prop_flat_map(|count| {
        let nodes = proptest::collection::vec((0..5_usize, 0..Status::ALL.len()), count);
        let edges = proptest::collection::vec((0..count, 0..count, proptest::bool::ANY), 0..count * 3);
        (nodes, edges).prop_map(|(nodes, edges)| {
            let nodes = nodes.into_iter().enumerate().map(|(position, (area, status))| Node {
                status: Status::ALL[status],
                ..node(["network", "storage", "identity", "catalog", "studio"][area], &format!("node-{position}"))
            });
            let edges = edges.into_iter().filter(|(a, b, _)| a != b).map(|(a, b, ready)| Edge {
                dependency: a.min(b),
                dependant: a.max(b),
                need: if ready { Need::Ready } else { Need::Identity },
            });
            Picture::new("any", "", nodes.collect(), edges.collect()).unwrap()
        })
    })
}

/// As many nodes as asked for, each of which needs three others among the `reach` before it.
pub(crate) fn large(count: usize, reach: usize) -> Picture {
    let nodes = (0..count).map(|position| node(&format!("area-{}", position % 9), &format!("node-{position}")));
    let mut random = 1_usize;
    let mut edges = Vec::new();
    for dependant in 1..count {
        for _ in 0..3 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            edges.push(ready(dependant - 1 - (random >> 33) % reach.min(dependant), dependant));
        }
    }
    Picture::new("large", "", nodes.collect(), edges).unwrap()
}
