//! Rows from levels: what Dremel's paper calls assembly.

use super::leaf::Leaf;
use super::value::Tree;
use super::{Read, Refusal};
use crate::Value;
use crate::schema::shape::{Field, Shape};

/// Takes values from the leaf columns of one field, row by row.
pub(super) struct Assembly {
    /// The number of the first leaf column.
    first: usize,
    leaves: Vec<Leaf>,
    chars: usize,
}

impl Assembly {
    pub(super) fn new(first: usize, leaves: Vec<Leaf>, chars: usize) -> Self {
        Self { first, leaves, chars }
    }

    /// The field's values in so many rows.
    pub(super) fn column(mut self, field: &Field, rows: usize) -> Read<Vec<Value>> {
        let chars = self.chars;
        (0..rows).map(|_| Ok(self.field(field, true)?.into_value(chars))).collect()
    }

    fn leaf(&mut self, number: usize) -> Read<&mut Leaf> {
        let leaf = number.checked_sub(self.first).and_then(|at| self.leaves.get_mut(at));
        leaf.ok_or_else(|| Refusal::damaged("a column is missing"))
    }

    /// The levels of the next entry of what the field is made of: all of its leaves have the same as far as it counts here.
    fn peek(&mut self, field: &Field) -> Read<Option<(i16, i16)>> {
        let leaves = field.leaves();
        if leaves.is_empty() {
            return Err(Refusal::damaged("a part of the schema without a column"));
        }
        Ok(self.leaf(leaves.start)?.peek())
    }

    /// Goes past one entry in each of the field's leaves: it is not there.
    fn pass(&mut self, field: &Field) -> Read<()> {
        for number in field.leaves() {
            let chars = self.chars;
            self.leaf(number)?.take(false, chars)?;
        }
        Ok(())
    }

    fn definition(&mut self, field: &Field) -> Read<i16> {
        let levels = self.peek(field)?;
        levels.map(|(def, _)| def).ok_or_else(|| Refusal::damaged("a column ends before the others"))
    }

    fn field(&mut self, field: &Field, wanted: bool) -> Read<Tree> {
        if field.nullable && self.definition(field)? < field.def {
            self.pass(field)?;
            return Ok(Tree::Value(Value::Null));
        }
        match &field.shape {
            Shape::Leaf(number, _) => {
                let chars = self.chars;
                Ok(Tree::Value(self.leaf(*number)?.take(wanted, chars)?))
            }
            Shape::Struct(fields) => {
                let mut parts = Vec::new();
                for part in fields {
                    let tree = self.field(part, wanted)?;
                    if wanted {
                        parts.push((part.name.clone(), tree));
                    }
                }
                Ok(Tree::Struct(parts))
            }
            Shape::List(levels, element) => {
                let mut elements = Vec::new();
                if self.definition(element)? < levels.def {
                    self.pass(element)?;
                    return Ok(Tree::List(elements));
                }
                loop {
                    // No more than could be shown: each takes a character and a comma.
                    let wanted = wanted && elements.len() < self.chars;
                    let tree = self.field(element, wanted)?;
                    if wanted {
                        elements.push(tree);
                    }
                    if !self.goes_on(element, levels.rep)? {
                        return Ok(Tree::List(elements));
                    }
                }
            }
            Shape::Map(levels, key, value) => {
                let mut entries = Vec::new();
                if self.definition(key)? < levels.def {
                    self.pass(key)?;
                    self.pass(value)?;
                    return Ok(Tree::Map(entries));
                }
                loop {
                    let wanted = wanted && entries.len() < self.chars;
                    let entry = (self.field(key, wanted)?, self.field(value, wanted)?);
                    if wanted {
                        entries.push(entry);
                    }
                    if !self.goes_on(key, levels.rep)? {
                        return Ok(Tree::Map(entries));
                    }
                }
            }
        }
    }

    /// Whether the next entry is another element of what is repeated at this level.
    fn goes_on(&mut self, element: &Field, level: i16) -> Read<bool> {
        Ok(self.peek(element)?.is_some_and(|(_, rep)| rep >= level))
    }
}
