//! The areas of a picture, by name, each with a colour.

use crate::picture::Picture;

/// The number of colours; with more areas than that some share one.
pub(crate) const COLOURS: usize = 12;

pub(crate) struct Areas<'a> {
    names: Vec<&'a str>,
    colours: Vec<usize>,
    of: Vec<usize>,
}

impl<'a> Areas<'a> {
    pub(crate) fn new(picture: &'a Picture) -> Self {
        let mut names: Vec<&str> = picture.nodes().iter().map(|node| node.area.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let number = |area: &str| names.partition_point(|name| *name < area);
        let of = picture.nodes().iter().map(|node| number(&node.area)).collect();
        let colours = colours(&names);
        Self { names, colours, of }
    }

    /// The area of a node.
    pub(crate) fn number(&self, node: usize) -> usize {
        self.of[node]
    }

    /// The name of an area.
    pub(crate) fn name(&self, area: usize) -> &'a str {
        self.names[area]
    }

    /// The number of an area's colour.
    pub(crate) fn colour(&self, area: usize) -> usize {
        self.colours[area]
    }

    /// All areas with their nodes.
    pub(crate) fn members(&self) -> Vec<(&'a str, Vec<usize>)> {
        let mut members: Vec<_> = self.names.iter().map(|&name| (name, Vec::new())).collect();
        for (node, &area) in self.of.iter().enumerate() {
            members[area].1.push(node);
        }
        members
    }
}

/// Colours follow from names, so that an area looks the same in the pictures of all environments; where two names
/// ask for the same colour, the later one takes the next that is free.
fn colours(names: &[&str]) -> Vec<usize> {
    let mut taken = [false; COLOURS];
    let mut colours = Vec::with_capacity(names.len());
    for name in names {
        let wanted = hash(name) % COLOURS;
        let free = (0..COLOURS).map(|step| (wanted + step) % COLOURS).find(|&colour| !taken[colour]);
        let colour = free.unwrap_or(wanted);
        taken[colour] = true;
        colours.push(colour);
    }
    colours
}

/// The start and the factor are such that the areas of the platform all get colours of their own.
fn hash(name: &str) -> usize {
    name.bytes().fold(184, |sum, byte| (sum * 33 + usize::from(byte)) % 9973)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_area_keeps_its_colour_when_one_comes_that_asks_for_another() {
        let before = colours(&["network", "storage"]);
        let after = colours(&["catalog", "network", "storage"]);
        assert_eq!(before, after[1..]);
    }

    #[test]
    fn the_areas_of_the_platform_never_take_each_others_colours() {
        let all = ["catalog", "encryption", "functions", "identity", "monitoring", "network", "operations", "pipeline"];
        let wanted = all.iter().chain(&["registry", "storage", "studio"]).map(|name| hash(name) % COLOURS);
        assert_eq!(wanted.collect::<std::collections::BTreeSet<_>>().len(), 11);
    }

    proptest! {
        #[test]
        fn no_two_of_twelve_areas_look_alike(names in proptest::collection::btree_set("[a-z]{1,9}", 0..=COLOURS)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut colours = colours(&names);
            colours.sort_unstable();
            colours.dedup();
            prop_assert_eq!(colours.len(), names.len());
        }
    }
}
