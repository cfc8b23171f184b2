//! The tables as an interface description, for peers that read one.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A description that is being written: each type once, after what it needs.
#[derive(Debug, Default)]
pub struct Idl {
    known: BTreeSet<&'static str>,
    text: String,
}

impl Idl {
    /// Writes a type, unless it is there. `body` describes what it needs, and gives its lines.
    pub(super) fn define(
        &mut self,
        word: &'static str,
        name: &'static str,
        body: impl FnOnce(&mut Self) -> Vec<String>,
    ) -> String {
        if self.known.insert(name) {
            let lines = body(self);
            // Writing to a `String` cannot fail.
            let _ = writeln!(self.text, "{word} {name} {{");
            for line in lines {
                let _ = writeln!(self.text, "  {line}");
            }
            self.text.push_str("}\n\n");
        }
        name.to_owned()
    }

    /// What was written.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// The whole interface, as far as it is known here, in Thrift's language: one service with every method.
///
/// ```
/// assert!(aurora_client::wire::idl().contains("Response killTasks(4: JobKey job, 5: set<i32> instances, 6: string message)"));
/// ```
pub fn idl() -> String {
    let mut idl = Idl::default();
    let methods = super::method::describe_all(&mut idl);
    let mut text = idl.finish();
    text.push_str("service AuroraAdmin {\n");
    for method in methods {
        let _ = writeln!(text, "  {method}");
    }
    text.push_str("}\n");
    text
}
