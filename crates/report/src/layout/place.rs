//! The height of everything, so that edges are as level as the order in each column allows.

use super::{
    grid::{Grid, Unit},
    order::stacked,
};

/// Sweeps over the columns; the last look at both sides at once.
const SWEEPS: usize = 14;
/// A waypoint between two waypoints holds its line against this many edges: long edges that bend are hard to follow.
const STRAIGHT: f64 = 5.0;

/// The middle of every item, from 0 downwards.
pub(super) fn centres(grid: &Grid) -> Vec<f64> {
    let mut centres = stacked(grid);
    let last = grid.columns.len().saturating_sub(1);
    for sweep in 0..SWEEPS {
        let both = sweep + 4 >= SWEEPS;
        for step in 0..=last {
            let column = if sweep % 2 == 0 { step } else { last - step };
            let Some(units) = grid.columns.get(column) else { continue };
            let sides = match (both, sweep % 2 == 0) {
                (true, _) => vec![&grid.left, &grid.right],
                (false, true) => vec![&grid.left],
                (false, false) => vec![&grid.right],
            };
            let wishes: Vec<Wish> = units.iter().map(|unit| wish(grid, unit, &sides, &centres)).collect();
            for (unit, top) in units.iter().zip(tops(units, &wishes)) {
                let items = unit.items.iter().enumerate();
                items.for_each(|(position, &item)| centres[item] = top + unit.centre(position));
            }
        }
    }
    from_zero(grid, centres)
}

/// The best top of a unit, and its weight.
struct Wish {
    top: f64,
    weight: f64,
}

fn wish(grid: &Grid, unit: &Unit, sides: &[&Vec<Vec<usize>>], centres: &[f64]) -> Wish {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (position, &item) in unit.items.iter().enumerate() {
        for &other in sides.iter().flat_map(|side| &side[item]) {
            let pull = if grid.is_waypoint(item) && grid.is_waypoint(other) { STRAIGHT } else { 1.0 };
            sum += pull * (centres[other] - unit.centre(position));
            weight += pull;
        }
    }
    if weight > 0.0 {
        return Wish { top: sum / weight, weight };
    }
    // Joined to nothing on this side: gives way to everything, and otherwise stays.
    Wish { top: centres[unit.items[0]] - unit.centre(0), weight: 0.01 }
}

/// The tops that are as near as possible, by least squares, to those wished for, with no unit on another.
///
/// Without the room that the units above it take, each top must only not be less than the one before: an isotonic
/// regression, solved in linear time by pooling neighbours that are in each other's way.
fn tops(units: &[Unit], wishes: &[Wish]) -> Vec<f64> {
    let mut taken = Vec::with_capacity(units.len());
    let mut room = 0.0;
    for (position, unit) in units.iter().enumerate() {
        if let Some(above) = position.checked_sub(1).map(|above| &units[above]) {
            room += above.height() + unit.gap(above);
        }
        taken.push(room);
    }
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (wish, room) in wishes.iter().zip(&taken) {
        let mut pool = (wish.top - room, wish.weight, 1);
        while let Some(above) = pools.pop_if(|above| above.0 > pool.0) {
            let weight = above.1 + pool.1;
            pool = ((above.0 * above.1 + pool.0 * pool.1) / weight, weight, above.2 + pool.2);
        }
        pools.push(pool);
    }
    let pooled = pools.iter().flat_map(|&(top, _, count)| std::iter::repeat_n(top, count));
    pooled.zip(taken).map(|(top, room)| top + room).collect()
}

fn from_zero(grid: &Grid, mut centres: Vec<f64>) -> Vec<f64> {
    let firsts = grid.columns.iter().filter_map(|column| column.first());
    let highest = firsts.map(|unit| centres[unit.items[0]] - unit.centre(0)).fold(f64::INFINITY, f64::min);
    centres.iter_mut().for_each(|centre| *centre -= highest);
    centres
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waypoints(count: usize) -> Vec<Unit> {
        (0..count).map(|item| Unit { area: None, items: vec![item] }).collect()
    }

    fn wished(all: &[f64]) -> Vec<Wish> {
        all.iter().map(|&top| Wish { top, weight: 1.0 }).collect()
    }

    #[test]
    fn wishes_that_agree_come_true() {
        assert_eq!(tops(&waypoints(3), &wished(&[0.0, 50.0, 100.0])), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn two_that_want_the_same_place_share_it_evenly() {
        let found = tops(&waypoints(2), &wished(&[100.0, 100.0]));
        assert_eq!((found[0] + found[1]) / 2.0, 100.0);
        assert_eq!(found[1] - found[0], waypoints(1)[0].height() + 2.0);
    }
}
