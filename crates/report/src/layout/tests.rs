//! Tests of the layout: overlaps, order and speed.

use super::*;
use crate::fixture::{any, large, small};
use proptest::prelude::*;

fn laid_out(picture: &Picture) -> Layout {
    Layout::new(picture, picture.edges(), &vec![100.0; picture.nodes().len()])
}

fn overlap(one: Rect, other: Rect) -> bool {
    one.x < other.right() && other.x < one.right() && one.y < other.bottom() && other.y < one.bottom()
}

fn pairs(frames: &[Frame]) -> impl Iterator<Item = (Rect, Rect)> {
    let later = |first: usize| frames[first + 1..].iter().map(move |frame| frame.rect);
    (0..frames.len()).flat_map(move |first| later(first).map(move |second| (frames[first].rect, second)))
}

#[test]
fn a_picture_of_nothing_takes_no_room() {
    let nothing = laid_out(&Picture::new("t", "s", vec![], vec![]).unwrap());
    assert_eq!((nothing.width, nothing.height), (0.0, 0.0));
}

#[test]
fn what_is_needed_stands_on_the_left() {
    let layout = laid_out(&small());
    assert!(layout.nodes[0].right() < layout.nodes[1].x);
    assert!(layout.nodes[1].right() < layout.nodes[2].x);
}

#[test]
fn nodes_of_one_area_in_one_column_share_a_frame() {
    let layout = laid_out(&large(60, 60));
    assert!(layout.frames.len() < 60);
    for node in layout.nodes {
        let around = layout.frames.iter().filter(|frame| overlap(frame.rect, node));
        assert_eq!(around.count(), 1);
    }
}

#[test]
fn five_thousand_nodes_in_many_columns_are_no_trouble() {
    let layout = laid_out(&large(5000, 400));
    assert_eq!(layout.nodes.len(), 5000);
    let passed: usize = layout.routes.iter().map(|route| route.levels.len()).sum();
    assert!(passed < 40 * layout.routes.len());
}

#[test]
fn five_thousand_nodes_in_a_row_are_no_trouble_either() {
    let layout = laid_out(&large(5000, 3));
    assert!(layout.nodes[0].right() < layout.nodes[4999].x);
}

proptest! {
    #[test]
    fn no_frame_is_on_another(picture in any()) {
        for (one, other) in pairs(&laid_out(&picture).frames) {
            prop_assert!(!overlap(one, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn no_node_is_on_another(picture in any()) {
        let nodes = laid_out(&picture).nodes;
        for (position, one) in nodes.iter().enumerate() {
            prop_assert!(nodes[position + 1..].iter().all(|other| !overlap(*one, *other)));
        }
    }

    #[test]
    fn everything_is_inside_the_picture(picture in any()) {
        let layout = laid_out(&picture);
        for Frame { rect, .. } in &layout.frames {
            prop_assert!(rect.x > -0.001 && rect.y > -0.001);
            prop_assert!(rect.right() < layout.width + 0.001 && rect.bottom() < layout.height + 0.001);
        }
        for level in layout.routes.iter().flat_map(|route| &route.levels) {
            prop_assert!(level.y > 0.0 && level.y < layout.height);
        }
    }

    #[test]
    fn edges_lead_to_the_right_and_pass_between_the_frames(picture in any()) {
        let layout = laid_out(&picture);
        for route in &layout.routes {
            prop_assert!(route.levels.windows(2).all(|pair| pair[0].to < pair[1].from));
            for level in &route.levels[1..route.levels.len() - 1] {
                let line = Rect { x: level.from, y: level.y, width: level.to - level.from, height: 0.0 };
                prop_assert!(layout.frames.iter().all(|frame| !overlap(frame.rect, line)));
            }
        }
    }

    #[test]
    fn the_same_picture_is_laid_out_the_same(picture in any()) {
        let (one, other) = (laid_out(&picture), laid_out(&picture));
        prop_assert_eq!(one.nodes, other.nodes);
        prop_assert_eq!(one.routes, other.routes);
    }
}
