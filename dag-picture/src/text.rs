//! Texts: how wide they are, how they are cut, and how they get into XML.

/// How many columns a character takes. What is wide in some fonts counts as wide: too much room does no harm.
pub(crate) fn columns_of(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// A text on one line, without control characters and without those that turn the direction of writing: what a server says
/// must neither move a cursor nor rearrange what stands beside it.
pub(crate) fn clean(text: &str) -> String {
    let plain = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ if c.is_control() => '\u{fffd}',
        _ => c,
    };
    text.chars().map(plain).collect()
}

/// A clean text of at most so many columns. It is cut in the middle: names differ at their ends as well as at their
/// beginnings.
pub(crate) fn cut(text: &str, most: usize) -> String {
    // What is far too long is not even cleaned whole.
    let whole = text.chars().nth(most.saturating_mul(4).max(64)).is_none();
    if whole {
        let text = clean(text);
        if columns(&text) <= most {
            return text;
        }
    }
    let room = most.saturating_sub(1);
    let take = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let mut taken = Vec::new();
        let mut used = 0;
        for c in chars {
            used += columns_of(c);
            if used > room || taken.len() > room * 2 {
                break;
            }
            taken.push(c);
        }
        taken
    };
    let head: String = take(&mut text.chars(), room - room / 3).into_iter().collect();
    let tail: String = take(&mut text.chars().rev(), room / 3).into_iter().rev().collect();
    clean(&format!("{head}…{tail}"))
}

/// A text as it stands in XML, between tags or in quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A text on lines of at most so many columns, broken at blanks. A word that is too long stays whole.
pub(crate) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in clean(text).split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > most {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// `1 task`, `12 tasks`.
pub(crate) fn count(number: usize, one: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {one}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_name_are_kept() {
        assert_eq!(cut("databricks_load-models", 30), "databricks_load-models");
        assert_eq!(cut("scale-ec2-policy-model", 12), "scale-ec…del");
        assert_eq!(cut("ab", 1), "…");
        assert!(columns(&cut(&"漢".repeat(100_000), 20)) <= 20);
    }

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(escape("a<b>&\"'\u{1b}\u{202e}"), "a&lt;b&gt;&amp;&quot;&#39;\u{fffd}\u{fffd}");
        assert_eq!(clean("a\nb"), "a b");
    }

    #[test]
    fn lines_are_broken_at_blanks() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), Vec::<String>::new());
    }
}
