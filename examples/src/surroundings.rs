//! What the process finds around itself: the one place where environment variables and the terminal are asked.
#![expect(clippy::disallowed_methods, reason = "this is the one place of the one crate that reads the environment")]

use std::io::IsTerminal;
use std::path::PathBuf;

/// An environment variable; an empty one counts as none.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Who is logged in.
pub fn user() -> Option<String> {
    variable("USER").or_else(|| variable("LOGNAME"))
}

/// Where a person's settings lie.
pub fn config_home() -> Option<PathBuf> {
    let absolute = |path: String| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let home = || variable("HOME").and_then(absolute).map(|home| home.join(".config"));
    variable("XDG_CONFIG_HOME").and_then(absolute).or_else(home)
}

/// Whether what goes to standard output may be coloured (<https://no-color.org>).
pub fn colours() -> bool {
    variable("NO_COLOR").is_none() && variable("TERM").as_deref() != Some("dumb") && std::io::stdout().is_terminal()
}

/// How many columns a line may have: the terminal's, within reason; 100 where there is none.
pub fn width() -> usize {
    let terminal = console::Term::stdout();
    let columns = if std::io::stdout().is_terminal() { terminal.size_checked() } else { None };
    columns.map_or(100, |(_, columns)| usize::from(columns).clamp(40, 120))
}

/// Whether a person reads what goes to standard output as it comes.
pub fn is_read() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether a person can be asked.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// Whether a moving bar would be seen.
pub fn can_draw() -> bool {
    std::io::stderr().is_terminal()
}
