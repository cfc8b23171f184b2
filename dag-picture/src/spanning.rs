//! Which node stands below which in a tree: each one once. A node that follows several others stands below the one that
//! explains it best: one that changes or is not well before one that is well, and the nearest one before one far away.

use crate::Tone;
use crate::graph::Graph;

/// Nodes as trees. Those that are not shown are passed over: what follows them stands below what comes before them.
#[derive(Debug)]
pub(crate) struct Spanning {
    /// What stands below nothing.
    pub(crate) roots: Vec<usize>,
    /// By node: what stands directly below it.
    pub(crate) below: Vec<Vec<usize>>,
    /// By node: what directly follows it, and stands elsewhere.
    pub(crate) elsewhere: Vec<Vec<usize>>,
}

impl Spanning {
    pub(crate) fn of(graph: &Graph<'_>, shown: &[bool]) -> Self {
        let all = graph.nodes.len();
        let explains = |&&above: &&usize| {
            let tone = graph.nodes[above].state.tone;
            (graph.nodes[above].changes(), tone == Tone::Bad, graph.layer[above], std::cmp::Reverse(above))
        };
        let mut downwards: Vec<usize> = (0..all).collect();
        downwards.sort_by_key(|&node| graph.layer[node]);
        let mut parent: Vec<Option<usize>> = vec![None; all];
        for &node in &downwards {
            let above = graph.into[node].iter().max_by_key(explains).copied();
            parent[node] = above.and_then(|above| if shown[above] { Some(above) } else { parent[above] });
        }
        let mut below = vec![Vec::new(); all];
        let mut roots = Vec::new();
        for node in (0..all).filter(|&node| shown[node]) {
            match parent[node] {
                Some(above) => below[above].push(node),
                None => roots.push(node),
            }
        }
        let elsewhere = |node: usize| {
            let next = graph.out[node].iter().copied();
            next.filter(|&next| shown[next] && parent[next] != Some(node)).collect()
        };
        Self { roots, below, elsewhere: (0..all).map(elsewhere).collect() }
    }

    /// A node and all that stands below it.
    pub(crate) fn whole(&self, node: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            all.push(node);
            open.extend(&self.below[node]);
        }
        all
    }
}
