//! A plan as the engine shows it: its head, and the cards that are needed to read and approve it.

use std::collections::{BTreeMap, BTreeSet};

use ops_client::Error;
use ops_plan::{BLOCK, Card, Digest, Head};
use ops_restate::Engine;

use crate::show::{Shown, shown};

/// A plan that lies with an engine.
#[derive(Clone, Debug)]
pub struct Pages {
    head: Head,
    digest: Digest,
    cards: BTreeMap<usize, Card>,
}

impl Pages {
    /// What is shown of a run's plan.
    ///
    /// # Errors
    /// Where there is no such run, or the engine does not answer.
    pub async fn read(engine: &Engine, run: &str) -> Result<Self, Error> {
        let mut pages = Self::first(engine, run).await?;
        let blocks: BTreeSet<usize> = shown(&pages.head).into_iter().map(|i| i / BLOCK).collect();
        pages.more(engine, run, blocks).await?;
        Ok(pages)
    }

    /// The same, with every action that cannot be taken back: a person has to name these.
    ///
    /// # Errors
    /// As [`Pages::read`].
    pub async fn read_lasting(engine: &Engine, run: &str) -> Result<Self, Error> {
        let mut pages = Self::read(engine, run).await?;
        let mut blocks = BTreeSet::new();
        let mut from = 0_usize;
        for phase in &pages.head.phases {
            let to = from.saturating_add(phase.len());
            if phase.irreversible > 0 {
                blocks.extend((from / BLOCK..to.div_ceil(BLOCK)).take(pages.head.blocks.len()));
            }
            from = to;
        }
        pages.more(engine, run, blocks).await?;
        Ok(pages)
    }

    async fn first(engine: &Engine, run: &str) -> Result<Self, Error> {
        let (head, cards) = engine.page(run, 0).await?;
        let digest = head.digest().map_err(|error| Error::invalid("engine.page", error.to_string()))?;
        Ok(Self { head, digest, cards: cards.into_iter().enumerate().collect() })
    }

    async fn more(&mut self, engine: &Engine, run: &str, blocks: BTreeSet<usize>) -> Result<(), Error> {
        for block in blocks {
            let from = block * BLOCK;
            if self.cards.contains_key(&from) {
                continue;
            }
            let (_, cards) = engine.page(run, block).await?;
            self.cards.extend(cards.into_iter().enumerate().map(|(i, card)| (from + i, card)));
        }
        Ok(())
    }
}

impl Shown for Pages {
    fn head(&self) -> &Head {
        &self.head
    }

    fn digest(&self) -> Digest {
        self.digest
    }

    fn card(&self, i: usize) -> Option<Card> {
        self.cards.get(&i).cloned()
    }

    /// What a person would do by hand stays with the engine's archive.
    fn by_hand(&self, _: usize) -> Option<String> {
        None
    }
}
