//! What a test does to Metabase behind everybody's back: no fault hits it, nothing is logged.

use metabase_client::{CardId, Cell, TableId};
use ops_client::Result;

use super::port::MetabasePort;
use super::spec::{QuestionSpec, Source, TableSpec};
use super::state::fits;
use crate::World;

/// Metabase: what is put there.
impl World {
    /// Metabase's port.
    pub fn metabase(&self) -> MetabasePort {
        MetabasePort::new(self.clone())
    }

    /// Puts a table there, and its database where it is new; or another one in the place of that with its name. What keeps its
    /// name keeps its id.
    ///
    /// # Errors
    /// `Invalid`, where a row has not as many cells as there are columns.
    pub fn put_metabase_table(&self, spec: TableSpec) -> Result<TableId> {
        self.state().metabase.put(spec).map_err(|refusal| refusal.directly())
    }

    /// One more row in a table, whose rows are its own from then on.
    ///
    /// # Errors
    /// `NotFound` for an unknown table, `Invalid` where the row has not as many cells as there are columns.
    pub fn add_metabase_row(&self, table: TableId, row: impl IntoIterator<Item = Cell>) -> Result<()> {
        let mut state = self.state();
        let held = state.metabase.held_mut(table).map_err(|refusal| refusal.directly())?;
        let row: Vec<Cell> = row.into_iter().collect();
        fits(std::slice::from_ref(&row), held.table.fields.len()).map_err(|refusal| refusal.directly())?;
        match &mut held.source {
            Source::Held(rows) => rows.push(row),
            Source::Seen(_) => held.source = Source::Held(vec![row]),
        }
        Ok(())
    }

    /// Puts a saved question there.
    ///
    /// # Errors
    /// `NotFound`, where its table or one of its columns is not there.
    pub fn put_metabase_question(&self, spec: QuestionSpec) -> Result<CardId> {
        self.state().metabase.ask(spec).map_err(|refusal| refusal.directly())
    }
}
