//! Sonar: the list of all transactions, which has their dates.

use jiff::civil::Date;
use metapod_model::{Transaction, TransactionId};
use ops_client::Result;
use sonar_client::SonarRead;

use super::{Outcome, Said, Source, Told};

/// All transactions that Sonar lists.
#[derive(Debug, Default)]
pub(super) struct List(Vec<Transaction>);

impl List {
    pub(super) async fn of(sonar: &dyn SonarRead) -> Result<Self> {
        sonar.transactions().await.map(Self)
    }

    pub(super) fn get(&self, id: TransactionId) -> Option<&Transaction> {
        self.0.iter().find(|one| one.id == id)
    }
}

/// Those of a day.
pub(super) fn told(list: &std::result::Result<List, String>, day: Date) -> Told {
    let of_day = |list: &List| {
        let fits = list.0.iter().filter(|one| one.target_date == Some(day));
        let said: Vec<Said> = fits.map(|one| Said::new(one.id, "started").since(one.started_at)).collect();
        let none = said.is_empty();
        let outcome = Outcome::new(said);
        if none {
            outcome.noting(format!("it lists {} transactions, none of that date", list.0.len()))
        } else {
            outcome
        }
    };
    Told::new(Source::Sonar, list.as_ref().map(of_day).map_err(Clone::clone))
}
