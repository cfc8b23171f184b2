//! What follows what, without circles, and how far from the beginning each node is.

use std::collections::HashMap;

use crate::{Node, Picture};

/// The nodes of a picture by number, and the arrows between them. No arrow goes back.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    pub(crate) nodes: Vec<&'a Node>,
    /// Where arrows go to, sorted.
    pub(crate) out: Vec<Vec<usize>>,
    /// Where they come from, sorted.
    pub(crate) into: Vec<Vec<usize>>,
    /// Which column each node belongs in.
    pub(crate) layer: Vec<usize>,
    /// Arrows that close a circle: left out.
    pub(crate) back: usize,
    /// Arrows from or to nowhere: left out.
    pub(crate) nowhere: usize,
    /// Nodes whose id was there already: left out.
    pub(crate) twice: usize,
}

impl<'a> Graph<'a> {
    pub(crate) fn of(picture: &'a Picture) -> Self {
        let mut number: HashMap<&str, usize> = HashMap::new();
        let mut nodes: Vec<&Node> = Vec::new();
        for node in &picture.nodes {
            number.entry(&node.id).or_insert_with(|| {
                nodes.push(node);
                nodes.len() - 1
            });
        }
        let mut out = vec![Vec::new(); nodes.len()];
        let mut nowhere = 0;
        for (from, to) in &picture.edges {
            match (number.get(&**from), number.get(&**to)) {
                (Some(&from), Some(&to)) => out[from].push(to),
                _ => nowhere += 1,
            }
        }
        for next in &mut out {
            next.sort_unstable();
            next.dedup();
        }
        let back = open_circles(&mut out);
        let mut into = vec![Vec::new(); nodes.len()];
        for (from, next) in out.iter().enumerate() {
            for &to in next {
                into[to].push(from);
            }
        }
        let layer = layers(&out, &into);
        let twice = picture.nodes.len() - nodes.len();
        Self { nodes, out, into, layer, back, nowhere, twice }
    }

    /// What was left out, in words.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let mut said = Vec::new();
        for (number, one, many) in [
            (self.back, "arrow closes a circle, and is not drawn", "arrows close circles, and are not drawn"),
            (self.nowhere, "arrow goes from or to nowhere", "arrows go from or to nowhere"),
            (self.twice, "node bears an id that another one has", "nodes bear ids that others have"),
        ] {
            match number {
                0 => {}
                1 => said.push(format!("1 {one}")),
                number => said.push(format!("{number} {many}")),
            }
        }
        said
    }
}

/// Takes out the arrows that lead back to where they came from. Says how many these were.
fn open_circles(out: &mut [Vec<usize>]) -> usize {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Above,
        Done,
    }
    let mut has_parent = vec![false; out.len()];
    for &to in out.iter().flatten() {
        has_parent[to] = true;
    }
    // From the beginnings first, so that what is taken out is what leads back to them.
    let starts = (0..out.len()).filter(|&n| !has_parent[n]).chain((0..out.len()).filter(|&n| has_parent[n]));
    let mut seen = vec![Seen::Not; out.len()];
    let mut back = 0;
    for start in starts.collect::<Vec<_>>() {
        if seen[start] != Seen::Not {
            continue;
        }
        seen[start] = Seen::Above;
        // Not by recursion: a run may be a chain of thousands.
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            match out[node].get(*next).copied() {
                None => {
                    seen[node] = Seen::Done;
                    path.pop();
                }
                Some(to) if seen[to] == Seen::Above => {
                    out[node].remove(*next);
                    back += 1;
                }
                Some(to) => {
                    *next += 1;
                    if seen[to] == Seen::Not {
                        seen[to] = Seen::Above;
                        path.push((to, 0));
                    }
                }
            }
        }
    }
    back
}

/// Each node one column right of the last of those before it; what nothing comes before stands next to what follows it.
fn layers(out: &[Vec<usize>], into: &[Vec<usize>]) -> Vec<usize> {
    let mut layer = vec![0_usize; out.len()];
    let mut missing: Vec<usize> = into.iter().map(Vec::len).collect();
    let mut open: Vec<usize> = (0..out.len()).filter(|&node| missing[node] == 0).collect();
    while let Some(node) = open.pop() {
        for &to in &out[node] {
            layer[to] = layer[to].max(layer[node] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                open.push(to);
            }
        }
    }
    for node in 0..out.len() {
        if into[node].is_empty()
            && let Some(first) = out[node].iter().map(|&to| layer[to]).min()
        {
            layer[node] = first.saturating_sub(1);
        }
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(nodes: &str, edges: &[&str]) -> Picture {
        let mut picture = Picture::new("");
        for id in nodes.chars() {
            picture = picture.node(Node::new(id, crate::airflow("success")));
        }
        for edge in edges {
            picture = picture.edge(&edge[..1], &edge[1..]);
        }
        picture
    }

    #[test]
    fn longest_way_decides() {
        let picture = picture("abcdx", &["ab", "bc", "ac", "cd", "xd"]);
        let graph = Graph::of(&picture);
        assert_eq!(graph.layer, [0, 1, 2, 3, 2]);
        assert!(graph.left_out().is_empty());
    }

    #[test]
    fn bad_input_is_counted() {
        let picture = picture("abca", &["ab", "bc", "ca", "aa", "az"]);
        let graph = Graph::of(&picture);
        assert_eq!((graph.back, graph.nowhere, graph.twice), (2, 1, 1));
        assert_eq!(graph.layer, [0, 1, 2]);
        assert_eq!(graph.left_out().len(), 3);
    }
}
