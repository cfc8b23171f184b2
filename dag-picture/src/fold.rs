//! What is too much for one picture is folded: many nodes become one tile that says how many they are. Nothing is left out
//! silently: each tile counts its members, and the picture says what was folded, and why.

use std::collections::{BTreeMap, HashMap};

use crate::graph::Graph;
use crate::{Badge, Mark, State};

/// How high a column may become before its nodes are folded.
const TALLEST: usize = 60;
/// How many columns there are at most where columns must be drawn together.
const BANDS: usize = 24;

/// What is drawn as one: usually a single node.
#[derive(Debug)]
pub(crate) struct Tile {
    /// Which nodes, in their order; at least one.
    pub(crate) members: Vec<usize>,
    /// Its column.
    pub(crate) layer: usize,
}

/// The tiles, and the arrows between them: each from a column to a later one.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) tiles: Vec<Tile>,
    /// From which tile to which, and how many arrows that stands for.
    pub(crate) links: BTreeMap<(usize, usize), usize>,
    /// What was folded, in words; nothing where every node is drawn.
    pub(crate) said: Option<String>,
}

/// How much is folded, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Nothing,
    /// Nodes that are alike in everything, what comes before and after them included.
    Twins,
    /// Nodes of a column and a group that are alike, and to which nothing happens.
    Calm,
    /// Nodes of a column that are alike, whatever happens to them.
    Alike,
    /// The same, with several columns taken together.
    Bands,
    /// All nodes of several columns.
    Everything,
}

impl Level {
    const ALL: [Self; 6] = [Self::Nothing, Self::Twins, Self::Calm, Self::Alike, Self::Bands, Self::Everything];

    fn said(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Twins => "tasks that stay as they are, and share all arrows, are drawn as one",
            Self::Calm => "tasks of a column that stay as they are, and are alike, are drawn as one",
            Self::Alike => "tasks of a column that are alike are drawn as one",
            Self::Bands => {
                "tasks that are alike are drawn as one, several columns of them together; arrows within are not drawn"
            }
            Self::Everything => "all tasks of several columns are drawn as one; arrows within are not drawn",
        }
    }
}

/// By what nodes are told apart.
#[derive(PartialEq, Eq, Hash, Default)]
struct Key<'a> {
    layer: usize,
    alone: Option<usize>,
    state: Option<(&'a State, Option<&'a State>, Mark)>,
    badges: Option<&'a [Badge]>,
    group: Option<&'a str>,
    arrows: Option<(&'a [usize], &'a [usize])>,
}

/// Folds until there are at most so many tiles, and no column is too high.
pub(crate) fn fold(graph: &Graph<'_>, most: usize) -> Folded {
    let most = most.max(BANDS * 2);
    let columns = graph.layer.iter().max().map_or(0, |last| last + 1);
    let mut folded = None;
    for level in Level::ALL {
        let width =
            if level == Level::Bands || level == Level::Everything { columns.div_ceil(BANDS).max(1) } else { 1 };
        let tiles = tiles(graph, level, width);
        let mut heights = vec![0; columns];
        for tile in &tiles {
            heights[tile.layer] += 1;
        }
        let fits = tiles.len() <= most && heights.iter().all(|&height| height <= TALLEST);
        if fits || level == Level::Everything {
            folded = Some((level, tiles));
            break;
        }
    }
    let (level, tiles) = folded.unwrap_or((Level::Nothing, Vec::new()));
    let mut tile_of = vec![0; graph.nodes.len()];
    for (number, tile) in tiles.iter().enumerate() {
        for &member in &tile.members {
            tile_of[member] = number;
        }
    }
    let mut links = BTreeMap::new();
    for (from, next) in graph.out.iter().enumerate() {
        for &to in next {
            let (from, to) = (tile_of[from], tile_of[to]);
            if tiles[from].layer < tiles[to].layer {
                *links.entry((from, to)).or_insert(0) += 1;
            }
        }
    }
    let said = (level != Level::Nothing)
        .then(|| format!("{} tasks in {} boxes: {}", graph.nodes.len(), tiles.len(), level.said()));
    Folded { tiles, links, said }
}

fn tiles(graph: &Graph<'_>, level: Level, width: usize) -> Vec<Tile> {
    let mut known: HashMap<Key<'_>, usize> = HashMap::new();
    let mut tiles: Vec<Tile> = Vec::new();
    for number in 0..graph.nodes.len() {
        let key = key(graph, number, level, width);
        let layer = key.layer;
        let tile = *known.entry(key).or_insert_with(|| {
            tiles.push(Tile { members: Vec::new(), layer });
            tiles.len() - 1
        });
        tiles[tile].members.push(number);
    }
    tiles
}

fn key<'a>(graph: &'a Graph<'_>, number: usize, level: Level, width: usize) -> Key<'a> {
    let node = graph.nodes[number];
    let layer = graph.layer[number] / width;
    let state = Some((&node.state, node.after.as_ref(), node.mark()));
    let alone = Key { layer, alone: Some(number), ..Key::default() };
    match level {
        Level::Nothing => alone,
        Level::Twins | Level::Calm if node.is_remarkable() => alone,
        Level::Twins => Key {
            layer,
            state,
            badges: Some(&node.badges),
            group: node.group.as_deref(),
            arrows: Some((&graph.into[number], &graph.out[number])),
            alone: None,
        },
        Level::Calm => Key { layer, state, group: node.group.as_deref(), ..Key::default() },
        Level::Alike | Level::Bands => Key { layer, state, ..Key::default() },
        Level::Everything => Key { layer, ..Key::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Node, Picture, airflow};

    /// So many chains of so many tasks, the middle one of which failed in the middle.
    fn chains(width: usize, length: usize) -> Picture {
        let mut picture = Picture::new("");
        for chain in 0..width {
            for place in 0..length {
                let failed = chain == width / 2 && place == length / 2;
                let state = airflow(if failed { "failed" } else { "success" });
                picture = picture.node(Node::new(format!("{chain}.{place}"), state));
                if place > 0 {
                    picture = picture.edge(format!("{chain}.{}", place - 1), format!("{chain}.{place}"));
                }
            }
        }
        picture
    }

    fn folded(picture: &Picture, most: usize) -> (usize, Option<String>) {
        let graph = Graph::of(picture);
        let folded = fold(&graph, most);
        let members: usize = folded.tiles.iter().map(|tile| tile.members.len()).sum();
        assert_eq!(members, picture.nodes.len(), "a task is in no tile, or in two");
        (folded.tiles.len(), folded.said)
    }

    #[test]
    fn what_fits_is_not_folded() {
        assert_eq!(folded(&chains(10, 10), 300), (100, None));
        assert_eq!(folded(&Picture::new(""), 300), (0, None));
    }

    #[test]
    fn what_failed_is_still_named() {
        let (tiles, said) = folded(&chains(100, 10), 300);
        assert_eq!(tiles, 11);
        assert!(said.unwrap().starts_with("1000 tasks in 11 boxes"));
    }

    #[test]
    fn a_chain_of_thousands_is_folded_by_columns() {
        let (tiles, said) = folded(&chains(1, 5000), 300);
        assert_eq!(tiles, 25);
        assert!(said.unwrap().contains("arrows within are not drawn"));
    }
}
