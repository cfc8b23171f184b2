//! What is written in a tile.

use crate::fold::Tile;
use crate::graph::Graph;
use crate::text::{count, cut};
use crate::{Mark, State};

/// How many columns a name may take.
const NAME: usize = 38;
/// How many columns the line below it may take.
const LINE: usize = 54;
/// How many members of a folded tile are named where the pointer rests on it.
const NAMED: usize = 20;

/// What a tile shows.
#[derive(Debug)]
pub(crate) struct Face<'a> {
    pub(crate) name: String,
    pub(crate) line: String,
    /// What is shown where the pointer rests on it: the whole name, among other things.
    pub(crate) hover: String,
    pub(crate) state: &'a State,
    pub(crate) after: Option<&'a State>,
    pub(crate) mark: Mark,
    /// Whether a person looks for it.
    pub(crate) remarkable: bool,
    /// How many nodes it stands for.
    pub(crate) members: usize,
}

impl<'a> Face<'a> {
    pub(crate) fn of(graph: &Graph<'a>, tile: &Tile) -> Option<Self> {
        let &first = tile.members.first()?;
        let node = graph.nodes[first];
        // What is drawn together, but not alike, shows the worst of it.
        let worst = tile.members.iter().map(|&member| graph.nodes[member]).max_by_key(|node| node.last().tone)?;
        let alike = tile
            .members
            .iter()
            .all(|&member| graph.nodes[member].state == node.state && graph.nodes[member].after == node.after);
        let shown = if alike { node } else { worst };
        let after = shown.after.as_ref().filter(|_| shown.changes());
        let words = match after {
            Some(after) => format!("{} → {}", shown.state.word, after.word),
            None => shown.state.word.clone(),
        };
        let words = if alike { words } else { format!("{words}, and others") };
        let mut badges: Vec<&str> = node.badges.iter().map(|badge| &*badge.text).collect();
        if !tile.members.iter().all(|&member| graph.nodes[member].badges == node.badges) {
            badges = Vec::new();
        }
        // Where something is done, that says more than the words of the states, which their letters tell, too.
        let done = after.is_some() || node.mark() > Mark::Fact;
        let line = match (badges.is_empty(), done) {
            (true, _) => words.clone(),
            (false, false) => format!("{words} · {}", badges.join(" · ")),
            (false, true) => badges.join(" · "),
        };
        let many = tile.members.len();
        let name = if many == 1 { cut(node.name(), NAME) } else { count(many, "task") };
        let named = tile.members.iter().take(NAMED).map(|&member| cut(graph.nodes[member].name(), 250));
        let mut hover = named.collect::<Vec<_>>().join(", ");
        if many > NAMED {
            hover.push_str(&format!(" and {} more", many - NAMED));
        }
        let badges: String = badges.iter().map(|text| format!("; {}", cut(text, 250))).collect();
        Some(Self {
            name,
            line: cut(&line, LINE),
            hover: format!("{hover}: {}{badges}", cut(&words, 120)),
            state: &shown.state,
            after,
            mark: node.mark(),
            remarkable: tile.members.iter().any(|&member| graph.nodes[member].is_remarkable()),
            members: many,
        })
    }
}
