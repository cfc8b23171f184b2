//! A plan: shown, stored, approved; never changed.

use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use crate::deck::Deck;
use crate::head::BLOCK;
use crate::{Card, Digest, Error, Facts, Head, Part, Phase, Result};

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
    part: Option<(Part, [Phase; 1])>,
}

impl Plan {
    pub(crate) fn sealed(head: Head, deck: Arc<dyn Deck>, facts: Facts) -> Result<Self> {
        let digest = head.digest()?;
        Ok(Self { head: Arc::new(head), deck, facts, digest, part: None })
    }

    /// A part of a plan: its actions alone, one at a time. Head and digest are the whole plan's, so that it is approved by
    /// the same word.
    pub(crate) fn part_of(head: Head, part: Part, deck: Arc<dyn Deck>) -> Result<Self> {
        let name = head.phases.get(part.phase).map_or_else(String::new, |phase| phase.name.clone());
        let phase = Phase::new(name, 1, (0..deck.len()).map(|i| deck.rules(i).danger));
        let whole = Self::sealed(head, deck, Facts::Memory(Vec::new()))?;
        Ok(Self { part: Some((part, [phase])), ..whole })
    }

    /// Which part of a plan this is; none where it is the whole. A part can be approved, opened and walked; it cannot be
    /// undone, and what is written of it is no plan.
    pub fn part(&self) -> Option<Part> {
        self.part.as_ref().map(|(part, _)| *part)
    }

    /// The phases of its actions, in order.
    pub fn phases(&self) -> &[Phase] {
        self.part.as_ref().map_or(&self.head.phases, |(_, phase)| phase)
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

    /// Writes what a person would do instead of some actions, as Markdown with boxes to tick.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_by_hand(&self, which: impl IntoIterator<Item = usize>, out: &mut impl Write) -> std::io::Result<()> {
        let head = self.head();
        writeln!(out, "# {}\n", head.target.titled(&head.title))?;
        writeln!(
            out,
            "By hand, in this order. Recipe {} version {}, plan {}.\n",
            head.recipe,
            head.version,
            self.digest().short()
        )?;
        // Also what the calls' placeholders stand for: at night this file may be all that is read.
        for note in &head.notes {
            writeln!(out, "> {note}\n")?;
        }
        for i in which {
            if let (Some(card), Some(text)) = (self.card(i), self.by_hand(i)) {
                writeln!(out, "- [ ] {}\n\n      {}\n", card.text, text.trim_end().replace('\n', "\n      "))?;
            }
        }
        Ok(())
    }

    /// Block `n` of its actions, as JSON lines: what [`Host::load_part`](crate::Host::load_part) reads. Empty where there is
    /// no such block.
    ///
    /// # Errors
    /// When an action cannot be written as JSON.
    pub fn block(&self, n: usize) -> Result<Vec<u8>> {
        let from = n.saturating_mul(BLOCK).min(self.len());
        let mut lines = Vec::new();
        for i in from..from.saturating_add(BLOCK).min(self.len()) {
            self.deck.write(i, &mut lines)?;
            lines.push(b'\n');
        }
        Ok(lines)
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
