//! Tests of the SVG drawing: completeness, escaping and speed.

use super::*;
use crate::fixture::{any, hostile, large, small};
use proptest::prelude::*;

#[test]
fn a_picture_says_what_it_is_to_those_who_do_not_see_it() {
    let page = svg(&small());
    assert!(page.contains(r#"role="img" aria-labelledby="picture-title picture-description""#));
    assert!(page.contains("<title id=\"picture-title\">mlops-pipeline dev</title>"));
    assert!(page.contains("3 resources and the 2 dependencies between them"));
    assert!(page.contains("<title>studio.domain: subnet, ready</title>"));
}

#[test]
fn a_picture_needs_nothing_from_elsewhere() {
    let page = svg(&small());
    assert!(!page.contains("<script") && !page.contains("url(") && !page.contains("href"));
    assert_eq!(page.matches("http").count(), 1, "only the name of the namespace");
}

#[test]
fn what_needs_only_an_id_is_dashed() {
    let page = svg(&small());
    let drawn = |edge: &str| page.lines().find(|line| line.contains(edge)).unwrap();
    assert!(drawn(r#"data-dependency="0" data-dependant="1""#).contains("edge works"));
    assert!(drawn(r#"data-dependency="1" data-dependant="2""#).contains("edge identity"));
}

#[test]
fn a_hostile_name_is_only_text() {
    let page = svg(&hostile());
    assert!(!page.contains("<b>") && !page.contains("</script"));
    assert!(page.chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn five_thousand_nodes_can_be_drawn() {
    assert_eq!(svg(&large(5000, 400)).matches("data-node=").count(), 5000);
}

proptest! {
    #[test]
    fn every_resource_is_drawn_once_and_titled(picture in any()) {
        let page = svg(&picture);
        prop_assert_eq!(page.matches("data-node=").count(), picture.nodes().len());
        prop_assert_eq!(page.matches("<title>").count(), picture.nodes().len());
    }

    #[test]
    fn the_same_picture_is_drawn_the_same(picture in any()) {
        prop_assert_eq!(svg(&picture), svg(&picture));
    }
}
