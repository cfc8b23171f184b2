//! What stands in the columns: tiles, and the places where an arrow passes through a column on its way to a later one.
//! Arrows from one tile share their way until they part: so there are at most as many places as tiles times columns,
//! whatever the arrows are.

use std::collections::BTreeMap;

use crate::fold::Folded;

/// A part of an arrow, between two columns that stand side by side.
#[derive(Debug)]
pub(crate) struct Part {
    /// The item that it leaves.
    pub(crate) from: usize,
    /// The item that it enters.
    pub(crate) to: usize,
    /// How many arrows it stands for.
    pub(crate) arrows: usize,
    /// The tile that it comes from.
    pub(crate) source: usize,
}

/// The columns.
#[derive(Debug)]
pub(crate) struct Items {
    /// How many tiles there are: the items from there on are places where arrows pass.
    pub(crate) tiles: usize,
    /// By column, from above: which items.
    pub(crate) columns: Vec<Vec<usize>>,
    /// By item: its column.
    pub(crate) column: Vec<usize>,
    pub(crate) parts: Vec<Part>,
    /// By item: those that its parts come from, and lead to.
    pub(crate) left: Vec<Vec<usize>>,
    pub(crate) right: Vec<Vec<usize>>,
}

impl Items {
    /// Tiles stand in the columns as they are given here; what passes through comes below them until it is ordered.
    pub(crate) fn of(folded: &Folded) -> Self {
        let tiles = folded.tiles.len();
        let width = folded.tiles.iter().map(|tile| tile.layer + 1).max().unwrap_or(0);
        let mut column: Vec<usize> = folded.tiles.iter().map(|tile| tile.layer).collect();
        let mut parts: Vec<Part> = Vec::new();
        // By source: the item that stands for it, column by column.
        let mut ways: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (&(from, to), &arrows) in &folded.links {
            let way = ways.entry(from).or_insert_with(|| vec![from]);
            let steps = folded.tiles[to].layer - folded.tiles[from].layer;
            while way.len() < steps {
                let before = way.last().copied().unwrap_or(from);
                let passing = column.len();
                column.push(folded.tiles[from].layer + way.len());
                parts.push(Part { from: before, to: passing, arrows: 1, source: from });
                way.push(passing);
            }
            let before = way.get(steps - 1).copied().unwrap_or(from);
            parts.push(Part { from: before, to, arrows, source: from });
        }
        let mut columns = vec![Vec::new(); width];
        for (item, &column) in column.iter().enumerate() {
            columns[column].push(item);
        }
        let mut items = Self {
            tiles,
            columns,
            left: vec![Vec::new(); column.len()],
            right: vec![Vec::new(); column.len()],
            column,
            parts,
        };
        for part in &items.parts {
            items.right[part.from].push(part.to);
            items.left[part.to].push(part.from);
        }
        items
    }

    /// Whether an item is a tile.
    pub(crate) fn is_tile(&self, item: usize) -> bool {
        item < self.tiles
    }
}
