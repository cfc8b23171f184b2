//! What is drawn: nodes in their states, what follows what, and what is going to happen to them.

use std::fmt;

/// A colour, as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Black or white: whichever is easier to read on this colour (by the relative luminance of WCAG 2).
    pub fn ink(self) -> Self {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2);
        if luminance > 0.179 { Self(0, 0, 0) } else { Self(255, 255, 255) }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// What a state means to who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tone {
    /// Nothing has happened, or nothing will.
    Idle,
    /// It is well.
    Good,
    /// Something is going on.
    Busy,
    /// It is not well.
    Bad,
}

/// A state of a node. It is never told by its colour alone: a letter, a sign and a word go with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct State {
    /// What it is called.
    pub word: String,
    /// Its letter.
    pub letter: char,
    /// Its sign: one column wide.
    pub sign: char,
    /// Its colour.
    pub fill: Colour,
    /// What it means.
    pub tone: Tone,
}

impl State {
    /// A state.
    pub fn new(word: impl Into<String>, letter: char, sign: char, fill: Colour, tone: Tone) -> Self {
        Self { word: word.into(), letter, sign, fill, tone }
    }
}

/// The letter and the sign, as in `F ✗`.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.letter, self.sign)
    }
}

/// What a badge says about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// Something that is so: «try 2».
    Fact,
    /// It is left alone, although one might expect otherwise.
    Alone,
    /// It follows by itself from what is done elsewhere.
    Itself,
    /// It is what is done here.
    Ours,
}

/// A few words about a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Badge {
    /// Of what kind.
    pub mark: Mark,
    /// The words.
    pub text: String,
}

impl Badge {
    /// A few words of this kind.
    pub fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, text: text.into() }
    }
}

/// A node: a task of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// What it is known by. The first of several nodes with the same id is the one that counts.
    pub id: String,
    /// What is written; the id unless told.
    pub label: Option<String>,
    /// How it is.
    pub state: State,
    /// How it will be, where that is another state.
    pub after: Option<State>,
    /// What else there is to say.
    pub badges: Vec<Badge>,
    /// What it belongs to. Nodes of a group are drawn near one another, and folded together.
    pub group: Option<String>,
}

impl Node {
    /// A node in a state.
    pub fn new(id: impl Into<String>, state: State) -> Self {
        Self { id: id.into(), label: None, state, after: None, badges: Vec::new(), group: None }
    }

    /// Called so.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// In another state afterwards.
    #[must_use]
    pub fn becoming(mut self, after: State) -> Self {
        self.after = Some(after);
        self
    }

    /// With a few words about it.
    #[must_use]
    pub fn badge(mut self, mark: Mark, text: impl Into<String>) -> Self {
        self.badges.push(Badge::new(mark, text));
        self
    }

    /// Belonging to something.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    pub(crate) fn name(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }

    /// The state that it ends in.
    pub(crate) fn last(&self) -> &State {
        self.after.as_ref().unwrap_or(&self.state)
    }

    pub(crate) fn changes(&self) -> bool {
        self.after.as_ref().is_some_and(|after| *after != self.state)
    }

    /// The strongest of its marks.
    pub(crate) fn mark(&self) -> Mark {
        self.badges.iter().map(|badge| badge.mark).max().unwrap_or(Mark::Fact)
    }

    /// Whether a person looks for it: something happens to it, or it is not well.
    pub(crate) fn is_remarkable(&self) -> bool {
        self.changes() || self.mark() > Mark::Fact || self.state.tone >= Tone::Busy
    }
}

/// A picture of a run: what there is, what follows what, and what is written around it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Picture {
    /// What it shows, in one line.
    pub title: String,
    /// What else there is to know, a line each.
    pub notes: Vec<String>,
    /// The nodes. Their order is kept where nothing else decides.
    pub nodes: Vec<Node>,
    /// From which node to which an arrow goes, by id. An arrow from or to nowhere is not drawn, and counted.
    pub edges: Vec<(String, String)>,
    /// What the marks mean here.
    pub meanings: Vec<(Mark, String)>,
}

impl Picture {
    /// An empty picture.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// With a line below the title.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With a node.
    #[must_use]
    pub fn node(mut self, node: Node) -> Self {
        self.nodes.push(node);
        self
    }

    /// With an arrow from one node to another.
    #[must_use]
    pub fn edge(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.edges.push((from.into(), to.into()));
        self
    }

    /// With what a mark means here.
    #[must_use]
    pub fn meaning(mut self, mark: Mark, text: impl Into<String>) -> Self {
        self.meanings.push((mark, text.into()));
        self
    }

    /// What a mark means.
    pub(crate) fn meant(&self, mark: Mark) -> &str {
        let told = self.meanings.iter().find(|(of, _)| *of == mark).map(|(_, text)| &**text);
        told.unwrap_or(match mark {
            Mark::Fact => "so it is",
            Mark::Alone => "left alone",
            Mark::Itself => "follows by itself",
            Mark::Ours => "done here",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_can_be_read() {
        assert_eq!(Colour(0, 128, 0).ink(), Colour(255, 255, 255));
        assert_eq!(Colour(255, 215, 0).ink(), Colour(0, 0, 0));
        assert_eq!(Colour(255, 0, 10).to_string(), "#ff000a");
    }

    #[test]
    fn what_is_well_and_stays_is_not_remarkable() {
        let good = crate::airflow("success");
        let node = Node::new("a", good.clone());
        assert!(!node.clone().badge(Mark::Fact, "try 2").is_remarkable());
        assert!(!node.clone().becoming(good).is_remarkable());
        assert!(node.clone().badge(Mark::Alone, "stays").is_remarkable());
        assert!(node.becoming(crate::airflow("no_status")).is_remarkable());
    }
}
