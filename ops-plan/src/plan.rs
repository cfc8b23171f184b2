//! A plan: shown, stored, approved; never changed.

use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use crate::deck::Deck;
use crate::{Card, Digest, Error, Facts, Head, Result};

/// One line of a plan's file may not be longer.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// What would be done, and why: made by a recipe that could only read. It can be shown, stored and approved; it cannot
/// run, and it cannot be changed.
#[derive(Clone, Debug)]
pub struct Plan {
    head: Arc<Head>,
    deck: Arc<dyn Deck>,
    facts: Facts,
    digest: Digest,
}

impl Plan {
    pub(crate) fn sealed(head: Head, deck: Arc<dyn Deck>, facts: Facts) -> Result<Self> {
        let digest = head.digest()?;
        Ok(Self { head: Arc::new(head), deck, facts, digest })
    }

    /// What it is about.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Its digest: what an approval is for.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many actions it has, waits included.
    pub fn len(&self) -> usize {
        self.deck.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Action `i`, where there is one.
    pub fn card(&self, i: usize) -> Option<Card> {
        (i < self.len()).then(|| self.deck.card(i))
    }

    /// The key of action `i`, where there is one: cheaper than its card.
    pub fn key(&self, i: usize) -> Option<String> {
        (i < self.len()).then(|| self.deck.key(i))
    }

    /// All its actions, in order; each card is made as it is asked for.
    pub fn cards(&self) -> impl Iterator<Item = Card> + '_ {
        (0..self.len()).map(|i| self.deck.card(i))
    }

    /// What a person would do instead of action `i`.
    pub fn by_hand(&self, i: usize) -> Option<String> {
        (i < self.len()).then(|| self.deck.by_hand(i))
    }

    /// What was kept about the world before.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn deck(&self) -> &dyn Deck {
        &*self.deck
    }

    /// The same plan with its facts elsewhere.
    #[cfg(feature = "local")]
    pub(crate) fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// Writes the plan as JSON lines: the head, then the actions. The facts travel apart ([`Plan::facts`]).
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut impl Write) -> Result<()> {
        let failed = |e| Error::io("cannot write the plan", e);
        serde_json::to_writer(&mut *out, self.head()).map_err(Error::unwritable)?;
        out.write_all(b"\n").map_err(failed)?;
        for i in 0..self.len() {
            self.deck.write(i, out)?;
            out.write_all(b"\n").map_err(failed)?;
        }
        out.flush().map_err(failed)
    }

    /// Reads the head of a stored plan; the actions follow in `from`.
    ///
    /// # Errors
    /// When there is no head, it is of another format, or it is not as this version writes it.
    pub fn read_head(from: &mut impl BufRead, name: &str) -> Result<Head> {
        let line =
            read_line(from, name, 1)?.ok_or_else(|| Error::corrupt(name, "empty; the plan's head belongs here"))?;
        let head: Head = serde_json::from_slice(&line)
            .map_err(|e| Error::corrupt(format!("{name}, line 1"), format!("no head of a plan: {e}")))?;
        if head.format != crate::draft::FORMAT {
            let text = format!("a plan of format {}; this version reads format {}", head.format, crate::draft::FORMAT);
            return Err(Error::corrupt(name, text));
        }
        if serde_json::to_vec(&head).map_err(Error::unwritable)? != line {
            return Err(Error::corrupt(format!("{name}, line 1"), "changed after the plan was made"));
        }
        Ok(head)
    }
}

/// The next line without its end; `None` at the end.
pub(crate) fn read_line(from: &mut impl BufRead, name: &str, number: usize) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    from.by_ref()
        .take(MAX_LINE)
        .read_until(b'\n', &mut line)
        .map_err(|e| Error::io(format!("cannot read {name}"), e))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(Error::corrupt(format!("{name}, line {number}"), "cut off, or longer than 64 MiB"));
    }
    Ok(Some(line))
}
