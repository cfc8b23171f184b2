//! Lines for people: wrapped to the terminal, coloured where that is wanted, free of control characters.

use anstyle::{Ansi256Color, Color, Style};
use jiff::Timestamp;

/// What changes nothing, or can be taken back.
pub const BLUE: Style = Style::new().fg_color(Some(Color::Ansi256(Ansi256Color(33))));
/// What others notice, or cannot be taken back. Blue and orange are told apart by nearly all eyes.
pub const ORANGE: Style = Style::new().fg_color(Some(Color::Ansi256(Ansi256Color(208))));
/// What to read first.
pub const BOLD: Style = Style::new().bold();

/// How texts are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns.
    pub width: usize,
    /// Whether colours are used.
    pub colours: bool,
}

impl Layout {
    /// As this terminal is.
    pub fn of_terminal() -> Self {
        Self { width: crate::surroundings::width(), colours: crate::surroundings::colours() }
    }

    /// A text in a colour, where colours are used.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Wraps a text at spaces. The first line begins with `mark`, the others are set in as far. A word that is too long
    /// stays whole: ids and addresses are there to be copied.
    pub fn wrap(&self, mark: &str, text: &str) -> String {
        let indent = mark.chars().count();
        let room = self.width.saturating_sub(indent).max(20);
        let mut out = String::new();
        for (number, paragraph) in clean(text).lines().enumerate() {
            let mut line = String::new();
            let mut lines = Vec::new();
            for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
                let length = line.chars().count();
                if length > 0 && length + 1 + word.chars().count() > room {
                    lines.push(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            lines.push(line);
            for (i, line) in lines.iter().enumerate() {
                if number == 0 && i == 0 {
                    out.push_str(mark);
                } else {
                    out.push('\n');
                    out.push_str(&" ".repeat(indent));
                }
                out.push_str(line);
            }
        }
        if out.is_empty() { mark.trim_end().to_owned() } else { out }
    }
}

/// A text without control characters: what a server says must not move the cursor or repaint the screen.
pub fn clean(text: &str) -> String {
    let plain = |c: char| match c {
        '\n' => c,
        '\t' => ' ',
        _ if c.is_control() => '\u{fffd}',
        _ => c,
    };
    text.chars().map(plain).collect()
}

/// A text as one line.
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How long ago that was.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at).as_secs().max(0) {
        0..2 => "just now".into(),
        seconds @ 2..120 => format!("{seconds} s ago"),
        seconds @ 120..7_200 => format!("{} min ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// `1 change`, `40 changes`.
pub fn count(number: usize, one: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {one}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Layout = Layout { width: 30, colours: false };

    #[test]
    fn lines_are_wrapped_and_set_in() {
        assert_eq!(
            NARROW.wrap("A ? ", "one two three four five six seven"),
            "A ? one two three four five\n    six seven"
        );
        let id = "f7832a01-001b-56f7-a4fe-b3a417f8f654";
        assert_eq!(NARROW.wrap("", &format!("see {id} now")), format!("see\n{id}\nnow"));
        assert_eq!(NARROW.wrap("- ", "a\nb"), "- a\n  b");
        assert_eq!(NARROW.wrap("- ", ""), "-");
    }

    #[test]
    fn a_server_cannot_repaint_the_screen() {
        assert_eq!(clean("a\u{1b}[2Jb\r\nc"), "a\u{fffd}[2Jb\u{fffd}\nc");
        assert_eq!(one_line("a\n  b\tc"), "a b c");
    }

    #[test]
    fn colour_is_only_on_top() {
        let plain = NARROW.paint(ORANGE, "D !");
        let painted = Layout { colours: true, ..NARROW }.paint(ORANGE, "D !");
        assert_eq!(plain, "D !");
        assert!(painted.contains("D !") && painted.len() > plain.len());
    }
}
