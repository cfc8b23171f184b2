//! The picture as a tree in a terminal.

use std::collections::{BTreeMap, HashMap};

use crate::graph::Graph;
use crate::legend;
use crate::spanning::Spanning;
use crate::text::{clean, columns, count, cut, wrap};
use crate::{Mark, Node, Picture, State, Tone};

/// How many nodes that are alike and stand side by side become one line.
const ALIKE: usize = 4;
/// How many nodes that stand elsewhere are named.
const ELSEWHERE: usize = 4;

/// How the tree is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeOptions {
    /// Columns. Only a name that is longer by itself takes more: names are there to be copied.
    pub width: usize,
    /// Whether colours are put on top of letters and signs.
    pub colours: bool,
    /// How many lines the tree may have before it is folded: the legend not counted.
    pub lines: usize,
}

impl Default for TreeOptions {
    /// 80 columns, no colours, 60 lines.
    fn default() -> Self {
        Self { width: 80, colours: false, lines: 60 }
    }
}

impl TreeOptions {
    /// So many columns; 30 at least.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns;
        self
    }

    /// With colours: orange for what is not well, blue for what goes on or is done, which nearly all eyes tell apart.
    #[must_use]
    pub fn colours(mut self, colours: bool) -> Self {
        self.colours = colours;
        self
    }

    /// Up to so many lines; 10 at least.
    #[must_use]
    pub fn lines(mut self, lines: usize) -> Self {
        self.lines = lines;
        self
    }
}

impl Picture {
    /// The picture as a tree: each node once, below one of those that it follows. What follows a node and stands elsewhere
    /// is named behind `↪`. What would be too much is folded into lines that say how many nodes they are.
    pub fn tree(&self, options: &TreeOptions) -> String {
        let graph = Graph::of(self);
        let room = options.lines.max(10);
        let shown = shown(&graph, room);
        let spanning = Spanning::of(&graph, &shown);
        let mut writer = Writer {
            graph: &graph,
            spanning: &spanning,
            room,
            width: options.width.max(30),
            colours: options.colours,
            lines: Vec::new(),
        };
        writer.head(self);
        let from = writer.lines.len();
        writer.trees(&shown, room);
        if writer.lines.len() == from {
            writer.lines.push("there is nothing to draw".into());
        }
        for said in graph.left_out() {
            writer.lines.extend(wrap(&said, writer.width));
        }
        let mut out = writer.lines.join("\n");
        out.push('\n');
        out
    }
}

/// Which nodes get a line: all, where there is room; otherwise those that a person looks for.
fn shown(graph: &Graph<'_>, lines: usize) -> Vec<bool> {
    if graph.nodes.len() <= lines {
        return vec![true; graph.nodes.len()];
    }
    let acts = |node: &Node| node.changes() || node.mark() > Mark::Fact;
    let wanted: [&dyn Fn(&Node) -> bool; 4] =
        [&Node::is_remarkable, &|node| acts(node) || node.state.tone == Tone::Bad, &acts, &|node| {
            node.mark() == Mark::Ours
        }];
    let number = |wants: &dyn Fn(&Node) -> bool| graph.nodes.iter().filter(|node| wants(node)).count();
    let fits = wanted.iter().find(|wants| (1..=lines).contains(&number(wants)));
    let last = || wanted.iter().rev().find(|wants| number(wants) > 0);
    match fits.or_else(last) {
        Some(wants) => graph.nodes.iter().map(|node| wants(node)).collect(),
        None => vec![false; graph.nodes.len()],
    }
}

struct Writer<'a> {
    graph: &'a Graph<'a>,
    spanning: &'a Spanning,
    room: usize,
    width: usize,
    colours: bool,
    lines: Vec<String>,
}

/// What is still to be written, and with what before it: on its first line, and on those that follow.
struct Open {
    what: What,
    first: String,
    rest: String,
}

enum What {
    Node(usize),
    /// Several that are alike.
    Alike(Vec<usize>),
}

impl Writer<'_> {
    fn head(&mut self, picture: &Picture) {
        self.lines.extend(wrap(&cut(&picture.title, 300), self.width));
        for note in &picture.notes {
            self.lines.extend(wrap(&cut(note, 600), self.width));
        }
        let changes = legend::changes(self.graph);
        let (entries, others) = legend::entries(self.graph);
        let mut line = format!("{}:", count(self.graph.nodes.len(), "task"));
        let mut taken = columns(&line);
        let others = (others > 0).then(|| format!("in other states {others}"));
        let parts = entries.iter().map(|entry| (Some(entry.state), entry.text(changes)));
        for (state, text) in parts.chain(others.map(|text| (None, text))) {
            let wide = 1 + state.map_or(0, |_| 4) + columns(&text) + 1;
            if taken + wide > self.width {
                self.lines.push(std::mem::take(&mut line));
                taken = 1;
                line.push(' ');
            }
            line.push(' ');
            if let Some(state) = state {
                line.push_str(&self.sign(state));
                line.push(' ');
            }
            line.push_str(&text);
            line.push(',');
            taken += wide;
        }
        self.lines.push(line.trim_end_matches([',', ':']).to_owned());
    }

    fn trees(&mut self, shown: &[bool], most: usize) {
        let mut open = Vec::new();
        self.below(&mut open, &self.spanning.roots, "", true);
        let until = self.lines.len() + most + most / 2;
        while let Some(next) = open.pop() {
            if self.lines.len() >= until {
                open.push(next);
                break;
            }
            let (first, rest) = (self.short(&next.first), self.short(&next.rest));
            match next.what {
                What::Node(node) => {
                    self.node(node, &first, &rest);
                    self.elsewhere(node, &rest);
                    self.below(&mut open, &self.spanning.below[node], &next.rest, false);
                }
                What::Alike(nodes) => self.alike(&nodes, &first, &rest),
            }
        }
        let mut left: Vec<usize> = Vec::new();
        for next in open {
            match next.what {
                What::Node(node) => left.extend(self.spanning.whole(node)),
                What::Alike(nodes) => left.extend(nodes),
            }
        }
        self.folded(&left, "not shown");
        let hidden: Vec<usize> = (0..shown.len()).filter(|&node| !shown[node]).collect();
        self.folded(&hidden, if hidden.len() == shown.len() { "alike" } else { "more" });
    }

    fn elsewhere(&mut self, node: usize, rest: &str) {
        let all = &self.spanning.elsewhere[node];
        if all.is_empty() {
            return;
        }
        let names = all.iter().take(ELSEWHERE).map(|&next| cut(self.graph.nodes[next].name(), 60));
        let mut names = names.collect::<Vec<_>>().join(", ");
        if all.len() > ELSEWHERE {
            names.push_str(&format!(" and {} more", all.len() - ELSEWHERE));
        }
        let on = if self.spanning.below[node].len() > 1 { "│" } else { " " };
        self.wrapped(&format!("{rest}↪ "), &format!("{rest}{on} "), &names);
    }

    /// Opens what stands side by side, the last one first: it is a stack.
    fn below(&self, open: &mut Vec<Open>, nodes: &[usize], rest: &str, top: bool) {
        let all = self.gathered(nodes);
        // What is alone below another one goes on in the same column: a run is mostly chains.
        let branches = !top && all.len() > 1;
        let last = all.len().saturating_sub(1);
        for (number, what) in all.into_iter().enumerate().rev() {
            let (first, rest) = match (branches, number == last) {
                (false, _) => (rest.to_owned(), rest.to_owned()),
                (true, false) => (format!("{rest}├ "), format!("{rest}│ ")),
                (true, true) => (format!("{rest}└ "), format!("{rest}  ")),
            };
            open.push(Open { what, first, rest });
        }
    }

    /// Where there is no room for all, those that are alike and that nothing hangs on are taken together.
    fn gathered(&self, nodes: &[usize]) -> Vec<What> {
        if self.graph.nodes.len() <= self.room {
            return nodes.iter().map(|&node| What::Node(node)).collect();
        }
        let (mut all, mut looks): (Vec<What>, HashMap<_, usize>) = (Vec::new(), HashMap::new());
        for &number in nodes {
            if !self.spanning.below[number].is_empty() || !self.spanning.elsewhere[number].is_empty() {
                all.push(What::Node(number));
                continue;
            }
            let node = self.graph.nodes[number];
            let at = *looks.entry((&node.state, &node.after, &node.badges)).or_insert_with(|| {
                all.push(What::Alike(Vec::new()));
                all.len() - 1
            });
            if let Some(What::Alike(those)) = all.get_mut(at) {
                those.push(number);
            }
        }
        let split = |what| match what {
            What::Alike(those) if those.len() < ALIKE => those.into_iter().map(What::Node).collect(),
            other => vec![other],
        };
        all.into_iter().flat_map(split).collect()
    }

    fn node(&mut self, number: usize, first: &str, rest: &str) {
        let node = self.graph.nodes[number];
        let on = if self.spanning.below[number].len() > 1 { "│" } else { " " };
        self.line(node, &clean(node.name()), first, &format!("{rest}{on}   "));
    }

    fn alike(&mut self, nodes: &[usize], first: &str, rest: &str) {
        let (Some(&one), Some(&last)) = (nodes.first(), nodes.last()) else { return };
        let name = |number: usize| cut(self.graph.nodes[number].name(), 40);
        let names = format!("{} alike: {} … {}", nodes.len(), name(one), name(last));
        self.line(self.graph.nodes[one], &names, first, &format!("{rest}    "));
    }

    /// Signs, name and badges: on one line where there is room.
    fn line(&mut self, node: &Node, name: &str, first: &str, hang: &str) {
        let (signs, wide) = match node.after.as_ref().filter(|_| node.changes()) {
            Some(after) => (format!("{} → {}", self.sign(&node.state), self.sign(after)), 9),
            None => (self.sign(&node.state), 3),
        };
        let badges: Vec<String> = node.badges.iter().map(|badge| cut(&badge.text, 200)).collect();
        let badges = badges.join(" · ");
        let code = (node.mark() == Mark::Ours).then_some("38;5;33");
        if badges.is_empty() {
            self.lines.push(format!("{first}{signs} {name}"));
        } else if columns(first) + wide + 1 + columns(name) + 2 + columns(&badges) <= self.width {
            self.lines.push(format!("{first}{signs} {name}  {}", self.paint(code, &badges)));
        } else {
            self.lines.push(format!("{first}{signs} {name}"));
            for line in wrap(&badges, self.width.saturating_sub(columns(hang)).max(20)) {
                self.lines.push(format!("{hang}{}", self.paint(code, &line)));
            }
        }
    }

    /// Those that get no line of their own, by state.
    fn folded(&mut self, nodes: &[usize], what: &str) {
        if nodes.is_empty() {
            return;
        }
        let mut counts: BTreeMap<String, (std::cmp::Reverse<Tone>, usize)> = BTreeMap::new();
        for &number in nodes {
            let node = self.graph.nodes[number];
            let signs = match node.after.as_ref().filter(|_| node.changes()) {
                Some(after) => format!("{} → {after}", node.state),
                None => node.state.to_string(),
            };
            counts.entry(signs).or_insert((std::cmp::Reverse(node.state.tone), 0)).1 += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, (tone, number))| (*tone, std::cmp::Reverse(*number)));
        let told: Vec<String> = counts.iter().take(6).map(|(signs, (_, number))| format!("{number} {signs}")).collect();
        let others = if counts.len() > 6 { ", …" } else { "" };
        let text = format!("… {} {what}: {}{others}", nodes.len(), told.join(", "));
        self.wrapped("", "  ", &text);
    }

    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let room = self.width.saturating_sub(columns(first)).max(16);
        for (number, line) in wrap(text, room).into_iter().enumerate() {
            let before = if number == 0 { first } else { rest };
            self.lines.push(format!("{before}{line}"));
        }
    }

    /// What stands before a line, where it would leave no room: only how deep it is.
    fn short(&self, before: &str) -> String {
        let wide = columns(before);
        if wide <= self.width / 2 { before.to_owned() } else { format!("({} deep) ", wide / 2) }
    }

    fn sign(&self, state: &State) -> String {
        let code = match state.tone {
            Tone::Bad => Some("38;5;208"),
            Tone::Busy => Some("38;5;33"),
            Tone::Good | Tone::Idle => None,
        };
        self.paint(code, &state.to_string())
    }

    fn paint(&self, code: Option<&str>, text: &str) -> String {
        match code {
            Some(code) if self.colours && !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}
