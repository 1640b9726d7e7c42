//! The column of each node.

use crate::picture::{Edge, Picture};
use std::cmp::Reverse;

/// So many nodes below each other are no trouble in any picture.
const FEW: usize = 28;

/// Columns such that every edge leads to the right: behind the longest path to a node, but no more nodes in a
/// column than suits the shape of the picture. The start of the longest chain goes first, so that it is
/// what nobody waits for that moves on.
///
/// A node with more dependants than dependencies then moves to the right, towards its nearest dependant, if a column
/// has room: a log group belongs beside its function, not at the far left.
pub(super) fn layers(picture: &Picture, edges: &[Edge]) -> Vec<usize> {
    let count = picture.nodes().len();
    let (mut needs, mut dependants) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for edge in edges {
        needs[edge.dependant].push(edge.dependency);
        dependants[edge.dependency].push(edge.dependant);
    }
    let (mut layers, mut filled) = fill(picture, &needs, &dependants, fullest(count));
    let most = filled.iter().copied().max().unwrap_or(0);
    for &node in picture.order().iter().rev() {
        let nearest = dependants[node].iter().map(|&dependant| layers[dependant]).min();
        let Some(last) = nearest.filter(|_| dependants[node].len() > needs[node].len()) else { continue };
        let room = (layers[node] + 1..last).rev().find(|&layer| filled[layer] < most);
        // A node alone in its column stays there: no column may become empty.
        if let Some(layer) = room.filter(|_| filled[layers[node]] > 1) {
            filled[layers[node]] -= 1;
            filled[layer] += 1;
            layers[node] = layer;
        }
    }
    layers
}

/// The number of nodes to a column that makes a picture as wide as screens are, 1.7 times as wide as high: a column is
/// about seven times as wide as a node and the space around it are high.
fn fullest(count: usize) -> usize {
    (count * 4).isqrt().max(FEW)
}

/// Fills one column after another with what can stand there; also says how many nodes each column got.
fn fill(picture: &Picture, needs: &[Vec<usize>], dependants: &[Vec<usize>], most: usize) -> (Vec<usize>, Vec<usize>) {
    let mut behind = vec![0_usize; needs.len()];
    for &node in picture.order().iter().rev() {
        behind[node] = dependants[node].iter().map(|&dependant| behind[dependant] + 1).max().unwrap_or(0);
    }
    let urgency = |&node: &usize| (Reverse(behind[node]), &picture.nodes()[node].area, node);
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut free: Vec<usize> = (0..needs.len()).filter(|&node| open[node] == 0).collect();
    let (mut layers, mut filled) = (vec![0; needs.len()], Vec::new());
    while !free.is_empty() {
        free.sort_by_key(urgency);
        let later = free.split_off(most.min(free.len()));
        filled.push(free.len());
        for node in std::mem::replace(&mut free, later) {
            layers[node] = filled.len() - 1;
            for &dependant in &dependants[node] {
                open[dependant] -= 1;
                if open[dependant] == 0 {
                    free.push(dependant);
                }
            }
        }
    }
    (layers, filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{any, large, node, ready};
    use proptest::prelude::*;

    fn of(count: usize, edges: Vec<Edge>) -> Vec<usize> {
        let nodes = (0..count).map(|position| node("a", &position.to_string())).collect();
        let picture = Picture::new("t", "s", nodes, edges).unwrap();
        layers(&picture, picture.edges())
    }

    #[test]
    fn a_node_stands_behind_the_longest_path_to_it() {
        assert_eq!(of(4, vec![ready(0, 1), ready(1, 2), ready(0, 3), ready(2, 3)]), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_needed_late_stands_beside_what_needs_it() {
        assert_eq!(of(5, vec![ready(0, 1), ready(1, 2), ready(2, 3), ready(4, 3)]), [0, 1, 2, 3, 2]);
    }

    #[test]
    fn what_nobody_waits_for_moves_on_when_a_column_is_full() {
        let leaves = (2..40).map(|leaf| ready(0, leaf));
        let layers = of(42, leaves.chain([ready(0, 1), ready(1, 40), ready(0, 41)]).collect());
        assert_eq!((layers[1], layers[40]), (1, 2));
        assert_eq!(layers.iter().filter(|&&layer| layer == 1).count(), FEW);
        assert_eq!(layers.iter().filter(|&&layer| layer == 2).count(), 41 - FEW);
    }

    #[test]
    fn a_large_picture_is_no_tower() {
        let picture = large(5000, 5000);
        let layers = layers(&picture, picture.edges());
        let last = layers.iter().copied().max().unwrap();
        let most = (0..=last).map(|layer| layers.iter().filter(|&&other| other == layer).count()).max();
        assert!(most <= Some(fullest(5000)));
    }

    proptest! {
        #[test]
        fn every_edge_leads_from_a_lower_layer_to_a_higher_one(picture in any()) {
            let layers = layers(&picture, picture.edges());
            for edge in picture.edges() {
                prop_assert!(layers[edge.dependency] < layers[edge.dependant]);
            }
        }

        #[test]
        fn no_column_is_empty(picture in any()) {
            let layers = layers(&picture, picture.edges());
            let last = layers.iter().copied().max().unwrap_or(0);
            prop_assert!((0..=last).all(|layer| layers.contains(&layer)));
        }
    }
}
