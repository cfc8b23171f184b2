//! How high each item stands: near those it hangs together with, in the order of its column, and never over another.

use crate::items::Items;

/// How often heights are bettered.
const SWEEPS: usize = 14;

/// How much room an item takes, and how much it keeps to the next one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) tile: f64,
    pub(crate) between: f64,
    pub(crate) passing: f64,
}

/// By item: where its middle is, from 0 downwards.
pub(crate) fn place(items: &Items, room: Room) -> Vec<f64> {
    let height = |item: usize| if items.is_tile(item) { room.tile } else { room.passing };
    // How far each item is below the first of its column when they stand as near as they may.
    let stacked: Vec<Vec<f64>> = items
        .columns
        .iter()
        .map(|column| {
            let mut at = 0.0;
            let mut before: Option<usize> = None;
            let mut all = Vec::with_capacity(column.len());
            for &item in column {
                if let Some(before) = before {
                    let tiles = items.is_tile(before) || items.is_tile(item);
                    let between = if tiles { room.between } else { room.passing };
                    at += (height(before) + height(item)) / 2.0 + between;
                }
                all.push(at);
                before = Some(item);
            }
            all
        })
        .collect();
    let mut y = vec![0.0; items.column.len()];
    for (column, stacked) in items.columns.iter().zip(&stacked) {
        let middle = stacked.last().copied().unwrap_or(0.0) / 2.0;
        for (&item, at) in column.iter().zip(stacked) {
            y[item] = at - middle;
        }
    }
    let width = items.columns.len();
    for sweep in 0..SWEEPS {
        let last = sweep + 2 >= SWEEPS;
        for step in 0..width {
            let number = if sweep % 2 == 0 { step } else { width - 1 - step };
            let (Some(column), Some(stacked)) = (items.columns.get(number), stacked.get(number)) else { continue };
            let wishes: Vec<(f64, f64)> = column
                .iter()
                .map(|&item| {
                    let left = (sweep % 2 == 0 || last).then_some(&items.left[item]);
                    let right = (sweep % 2 == 1 || last).then_some(&items.right[item]);
                    wish(items, &y, item, left.into_iter().chain(right).flatten())
                })
                .collect();
            for (&item, at) in column.iter().zip(spread(&wishes, stacked)) {
                y[item] = at;
            }
        }
    }
    let top = (0..y.len()).map(|item| y[item] - height(item) / 2.0).fold(f64::INFINITY, f64::min);
    if top.is_finite() {
        y.iter_mut().for_each(|y| *y -= top);
    }
    y
}

/// Where an item would like to stand, and how much it matters. An arrow on its way matters most: it shall be straight.
fn wish<'a>(items: &Items, y: &[f64], item: usize, others: impl Iterator<Item = &'a usize>) -> (f64, f64) {
    let (mut sum, mut weights) = (0.0, 0.0);
    for &other in others {
        let weight = match (items.is_tile(item), items.is_tile(other)) {
            (true, true) => 1.0,
            (false, false) => 8.0,
            _ => 2.0,
        };
        sum += y[other] * weight;
        weights += weight;
    }
    if weights > 0.0 { (sum / weights, weights) } else { (y[item], 0.1) }
}

/// The heights nearest to the wishes (least squares) that keep the order and the distances: wishes that get in each other's
/// way are pooled. Takes time in proportion to their number.
fn spread(wishes: &[(f64, f64)], stacked: &[f64]) -> Vec<f64> {
    // Each pool: what its items would like their first one to be at, how much they matter, and how many they are.
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(wishes.len());
    for (&(at, weight), offset) in wishes.iter().zip(stacked) {
        let mut pool = (at - offset, weight, 1);
        while let Some(&(before, heavy, many)) = pools.last()
            && before >= pool.0
        {
            let together = heavy + pool.1;
            pool = ((before * heavy + pool.0 * pool.1) / together, together, many + pool.2);
            pools.pop();
        }
        pools.push(pool);
    }
    let firsts = pools.iter().flat_map(|&(at, _, many)| std::iter::repeat_n(at, many));
    firsts.zip(stacked).map(|(at, offset)| at + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_granted_where_there_is_room() {
        assert_eq!(spread(&[(0.0, 1.0), (50.0, 1.0)], &[0.0, 10.0]), [0.0, 50.0]);
        assert_eq!(spread(&[(5.0, 1.0), (5.0, 1.0)], &[0.0, 10.0]), [0.0, 10.0]);
        assert_eq!(spread(&[(5.0, 3.0), (5.0, 1.0)], &[0.0, 10.0]), [2.5, 12.5]);
    }
}
