//! XML, written: elements one after the other.

use std::fmt;

/// What lies in an element.
#[derive(Clone, Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// A document.
    pub(crate) fn root(name: &str, namespace: &str, content: Self) -> Self {
        Self(format!("<{name} xmlns=\"{namespace}\">{}</{name}>\n", content.0))
    }

    /// A text.
    pub(crate) fn text(text: impl fmt::Display) -> Self {
        Self(text.to_string().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
    }

    /// And an element with this in it.
    pub(crate) fn node(mut self, name: &str, content: Self) -> Self {
        self.0.push_str(&format!("<{name}>{}</{name}>", content.0));
        self
    }

    /// And an element with this text in it.
    pub(crate) fn leaf(self, name: &str, text: impl fmt::Display) -> Self {
        self.node(name, Self::text(text))
    }

    /// And a list: each in an element `member`.
    pub(crate) fn list(self, name: &str, members: impl IntoIterator<Item = Self>) -> Self {
        self.list_of(name, "member", members)
    }

    /// And a list: each in an element of this name.
    pub(crate) fn list_of(self, name: &str, each: &str, members: impl IntoIterator<Item = Self>) -> Self {
        self.node(name, members.into_iter().fold(Self::default(), |list, member| list.node(each, member)))
    }
}

impl fmt::Display for Xml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
