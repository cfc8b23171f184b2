//! Lists that come in pages.

use crate::{Effect, Error, ErrorKind, Result};

/// No list is followed further than this: what operating a platform looks at has some hundred entries.
const MOST: usize = 100;

/// The pages of a list: each tells where the next one begins.
///
/// ```
/// use ops_aws::Pages;
///
/// let mut answers = vec![None, Some("2".to_owned())];
/// let mut pages = Pages::of("fleet.groups");
/// let mut seen = 0;
/// while let Some(token) = pages.due()? {
///     assert_eq!(token.is_some(), seen > 0);
///     pages.turn(answers.pop().flatten());
///     seen += 1;
/// }
/// assert_eq!(seen, 2);
/// # Ok::<(), ops_aws::Error>(())
/// ```
#[derive(Debug)]
pub struct Pages {
    op: &'static str,
    next: Option<Option<String>>,
    turned: usize,
}

impl Pages {
    /// The list that this operation reads.
    pub fn of(op: &'static str) -> Self {
        Self { op, next: Some(None), turned: 0 }
    }

    /// What to ask the next page with, if there is one: the first one is asked for with nothing.
    ///
    /// # Errors
    /// `Rejected` after a hundred pages.
    pub fn due(&mut self) -> Result<Option<Option<String>>> {
        if self.next.is_some() && self.turned >= MOST {
            let error = Error::new(self.op, ErrorKind::Rejected, Effect::None);
            return Err(error.with_message(format!("the list has no end after {MOST} pages")));
        }
        self.turned += 1;
        Ok(self.next.take())
    }

    /// Where the next page begins, as this one said.
    pub fn turn(&mut self, token: Option<String>) {
        self.next = token.filter(|token| !token.is_empty()).map(Some);
    }
}
