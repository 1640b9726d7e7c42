//! An order within each column in which few edges cross: each unit next to what it is joined to.

use super::grid::{Grid, Unit};

/// Left to right and back. Later sweeps find next to nothing.
const SWEEPS: usize = 12;

/// Orders the columns by the barycentre method, and keeps the best order seen.
pub(super) fn order(grid: &mut Grid) {
    let mut heights = stacked(grid);
    let mut best = (crossings(grid), grid.columns.clone());
    for sweep in 0..SWEEPS {
        let rightwards = sweep % 2 == 0;
        for step in 1..grid.columns.len() {
            let column = if rightwards { step } else { grid.columns.len() - 1 - step };
            let joined = if rightwards { &grid.left } else { &grid.right };
            arrange(&mut grid.columns[column], joined, &heights);
            stack(&grid.columns[column], &mut heights);
        }
        let crossings = crossings(grid);
        if crossings < best.0 {
            best = (crossings, grid.columns.clone());
        }
    }
    grid.columns = best.1;
}

/// The height of every item if each column were stacked around the same middle.
pub(super) fn stacked(grid: &Grid) -> Vec<f64> {
    let mut heights = vec![0.0; grid.layer.len()];
    grid.columns.iter().for_each(|column| stack(column, &mut heights));
    heights
}

fn stack(column: &[Unit], heights: &mut [f64]) {
    let mut tops = Vec::with_capacity(column.len());
    let mut bottom = 0.0;
    for (position, unit) in column.iter().enumerate() {
        let gap = position.checked_sub(1).map_or(0.0, |above| unit.gap(&column[above]));
        tops.push(bottom + gap);
        bottom += gap + unit.height();
    }
    for (unit, top) in column.iter().zip(tops) {
        for (position, &item) in unit.items.iter().enumerate() {
            heights[item] = top + unit.centre(position) - bottom / 2.0;
        }
    }
}

/// Sorts a column's units, and the nodes within each, by the mean height of what they are joined to.
fn arrange(column: &mut [Unit], joined: &[Vec<usize>], heights: &[f64]) {
    // A node without neighbours on this side stays at its height.
    let height = |item: usize| mean(joined[item].iter().map(|&other| heights[other])).unwrap_or(heights[item]);
    let mut keyed: Vec<(f64, Unit)> = Vec::with_capacity(column.len());
    for unit in column.iter() {
        let mut items: Vec<(f64, usize)> = unit.items.iter().map(|&item| (height(item), item)).collect();
        items.sort_by(|one, other| one.0.total_cmp(&other.0));
        let key = mean(items.iter().map(|(height, _)| *height)).unwrap_or(0.0);
        keyed.push((key, Unit { area: unit.area, items: items.into_iter().map(|(_, item)| item).collect() }));
    }
    keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
    column.iter_mut().zip(keyed).for_each(|(place, (_, unit))| *place = unit);
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The number of crossings of edges between neighbouring columns.
fn crossings(grid: &Grid) -> usize {
    let mut rank = vec![0; grid.layer.len()];
    for column in &grid.columns {
        column.iter().flat_map(|unit| &unit.items).enumerate().for_each(|(place, &item)| rank[item] = place);
    }
    let between = |column: &Vec<Unit>| {
        let mut ends = Vec::new();
        for &item in column.iter().flat_map(|unit| &unit.items) {
            let start = ends.len();
            ends.extend(grid.right[item].iter().map(|&other| rank[other]));
            ends[start..].sort_unstable();
        }
        inversions(&ends)
    };
    grid.columns.iter().map(between).sum()
}

/// The number of pairs in the wrong order, by a Fenwick tree of the ends already visited.
fn inversions(ends: &[usize]) -> usize {
    let size = ends.iter().max().map_or(0, |last| last + 1);
    let mut tree = vec![0_usize; size + 1];
    let mut found = 0;
    for (seen, &end) in ends.iter().enumerate() {
        let mut below = 0;
        let mut place = end + 1;
        while place > 0 {
            below += tree[place];
            place &= place - 1;
        }
        found += seen - below;
        place = end + 1;
        while place <= size {
            tree[place] += 1;
            place += place & place.wrapping_neg();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{areas::Areas, fixture::any, fixture::node, fixture::ready, layout::layers::layers, picture::Picture};
    use proptest::prelude::*;

    fn grid(picture: &Picture) -> Grid {
        Grid::new(&layers(picture, picture.edges()), picture.edges(), &Areas::new(picture))
    }

    #[test]
    fn edges_that_need_not_cross_do_not() {
        let nodes = (0..6).map(|position| node("a", &position.to_string())).collect();
        let picture = Picture::new("t", "s", nodes, vec![ready(0, 5), ready(1, 4), ready(2, 3)]).unwrap();
        let mut grid = grid(&picture);
        assert_eq!(crossings(&grid), 3);
        order(&mut grid);
        assert_eq!(crossings(&grid), 0);
    }

    proptest! {
        #[test]
        fn inversions_are_pairs_in_the_wrong_order(ends in proptest::collection::vec(0..20_usize, 0..40)) {
            let pairs = (0..ends.len()).flat_map(|later| (0..later).map(move |sooner| (sooner, later)));
            let wrong = pairs.filter(|&(sooner, later)| ends[sooner] > ends[later]).count();
            prop_assert_eq!(inversions(&ends), wrong);
        }

        #[test]
        fn ordering_never_makes_more_edges_cross(picture in any()) {
            let mut grid = grid(&picture);
            let before = crossings(&grid);
            order(&mut grid);
            prop_assert!(crossings(&grid) <= before);
        }

        #[test]
        fn ordering_loses_and_invents_nothing(picture in any()) {
            let mut grid = grid(&picture);
            order(&mut grid);
            let mut items: Vec<usize> = grid.units().flat_map(|unit| unit.items.clone()).collect();
            items.sort_unstable();
            prop_assert!(items.into_iter().eq(0..grid.layer.len()));
        }
    }
}
