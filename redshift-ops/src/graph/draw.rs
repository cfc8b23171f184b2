//! The graph as a small tree for a terminal: who blocks stands above who waits.

use std::collections::BTreeSet;
use std::fmt;

use super::{LockGraph, LockWait};
use crate::{LockMode, Pid, Relation};

/// As wide as it shall be.
const WIDTH: usize = 50;
/// Of the waiters of one session so many are drawn, and so many one below the other.
const WAITERS: usize = 12;
const DEPTH: usize = 16;
/// The longest name of a user that is written out.
const USER: usize = 14;

impl fmt::Display for LockGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tree = Tree { graph: self, drawn: BTreeSet::new() };
        for root in self.roots() {
            writeln!(f, "{}", tree.name(root))?;
            tree.waiters(f, root, "", None, 0)?;
        }
        for cycle in self.cycles() {
            tree.drawn.extend(&cycle);
            writeln!(f, "deadlock, each waits for another one:")?;
            for pid in cycle {
                let wait = self.waits.iter().find(|wait| wait.waiter == pid);
                tree.node(f, pid, "- ", "  ", wait, None, 0)?;
            }
        }
        for pid in &self.unexplained {
            writeln!(f, "{} waits; for whom is not seen", tree.name(*pid))?;
            tree.waiters(f, *pid, "", None, 0)?;
        }
        Ok(())
    }
}

struct Tree<'a> {
    graph: &'a LockGraph,
    drawn: BTreeSet<Pid>,
}

impl<'a> Tree<'a> {
    fn name(&self, pid: Pid) -> String {
        format!("{pid} {}", cut(self.graph.user(pid).unwrap_or("-"), USER))
    }

    /// Those who wait for this session.
    fn waiters(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        holder: Pid,
        indent: &str,
        table: Option<&Relation>,
        depth: usize,
    ) -> fmt::Result {
        let Some(above) = self.graph.above.get(&holder) else { return Ok(()) };
        let drawn: Vec<Pid> = above.iter().copied().filter(|pid| !self.drawn.contains(pid)).collect();
        if depth >= DEPTH && !drawn.is_empty() {
            return writeln!(f, "{indent}└ …");
        }
        let shown = drawn.len().min(WAITERS);
        let is_whole = shown == above.len();
        for (at, pid) in drawn.into_iter().take(shown).enumerate() {
            let (branch, below) = if at + 1 == shown && is_whole { ("└ ", "  ") } else { ("├ ", "│ ") };
            let wait = self.graph.waits.iter().find(|wait| wait.waiter == pid && wait.holder == holder);
            // Another branch may have drawn it meanwhile.
            if self.drawn.insert(pid) {
                self.node(f, pid, &format!("{indent}{branch}"), &format!("{indent}{below}"), wait, table, depth)?;
            } else {
                writeln!(f, "{indent}{branch}{} (above)", self.name(pid))?;
            }
        }
        match above.len() - shown {
            0 => Ok(()),
            left => writeln!(f, "{indent}└ and {left} more, or drawn above"),
        }
    }

    /// A session that waits, and those who wait for it.
    #[expect(clippy::too_many_arguments, reason = "a place in the tree is many small things")]
    fn node(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        pid: Pid,
        branch: &str,
        indent: &str,
        wait: Option<&'a LockWait>,
        table: Option<&Relation>,
        depth: usize,
    ) -> fmt::Result {
        let Some(wait) = wait else { return writeln!(f, "{branch}{}", self.name(pid)) };
        let verb = if wait.queued { "queues for" } else { "wants" };
        writeln!(f, "{branch}{} {verb} {}", self.name(pid), short(&wait.wanted))?;
        if table != Some(&wait.relation) {
            let room = WIDTH.saturating_sub(indent.chars().count() + 3);
            writeln!(f, "{indent}of {}", cut(&wait.relation.to_string(), room.max(USER)))?;
        }
        self.waiters(f, pid, indent, Some(&wait.relation), depth + 1)
    }
}

/// A mode without the word that all of them end with.
fn short(mode: &LockMode) -> String {
    let word = mode.to_string();
    word.strip_suffix("Lock").map_or_else(|| cut(&word, USER), str::to_owned)
}

/// A text on one line, not longer than this.
fn cut(text: &str, room: usize) -> String {
    let mut chars = text.chars().map(|char| if char.is_control() { '?' } else { char });
    let mut kept: String = chars.by_ref().take(room).collect();
    if chars.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}
