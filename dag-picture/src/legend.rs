//! How many nodes are in which state, before and after: the legend of both pictures.

use crate::graph::Graph;
use crate::text::cut;
use crate::{Mark, State, Tone};

/// How many different states are listed at most; the others are counted together.
const LISTED: usize = 24;

/// A state, and how many nodes are in it.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) state: &'a State,
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Entry<'_> {
    /// `failed 1 → 0`.
    pub(crate) fn text(&self, changes: bool) -> String {
        let Self { state, before, after } = self;
        let word = cut(&state.word, 40);
        if changes && before != after { format!("{word} {before} → {after}") } else { format!("{word} {before}") }
    }
}

/// All states, the worst first, and how many nodes are in states that are not listed.
pub(crate) fn entries<'a>(graph: &Graph<'a>) -> (Vec<Entry<'a>>, usize) {
    let mut number: std::collections::HashMap<&State, usize> = std::collections::HashMap::new();
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut entry = |state: &'a State, entries: &mut Vec<Entry<'a>>| {
        *number.entry(state).or_insert_with(|| {
            entries.push(Entry { state, before: 0, after: 0 });
            entries.len() - 1
        })
    };
    for &node in &graph.nodes {
        let before = entry(&node.state, &mut entries);
        entries[before].before += 1;
        let after = entry(node.last(), &mut entries);
        entries[after].after += 1;
    }
    entries.sort_by_key(|entry| {
        let rank = match entry.state.tone {
            Tone::Bad => 0,
            Tone::Busy => 1,
            Tone::Idle => 2,
            Tone::Good => 3,
        };
        (rank, std::cmp::Reverse(entry.before.max(entry.after)))
    });
    let others = entries.iter().skip(LISTED).map(|entry| entry.before).sum();
    entries.truncate(LISTED);
    (entries, others)
}

/// Whether any node changes.
pub(crate) fn changes(graph: &Graph<'_>) -> bool {
    graph.nodes.iter().any(|node| node.changes())
}

/// The marks that are there, the strongest first; facts need no legend.
pub(crate) fn marks(graph: &Graph<'_>) -> Vec<Mark> {
    let there = |mark: &Mark| graph.nodes.iter().any(|node| node.mark() == *mark);
    [Mark::Ours, Mark::Itself, Mark::Alone].into_iter().filter(there).collect()
}
