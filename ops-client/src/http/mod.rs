//! The one HTTP path of all clients: where a system is, who calls it, and what one careful call does.
//!
//! A call is sent in this order, and the order is a promise:
//!
//! 1. the path is joined segment by segment, each one encoded: an id can never become another path;
//! 2. the credential is asked for its header, which is marked sensitive;
//! 3. the request is sent, and the body is read whole, bounded by [`Limits`], *before* it is judged;
//! 4. a 401 refreshes the token once, where the credential can do that, and sends again; a [`Login`] says itself which
//!    refusals mean that its pass has ended;
//! 5. a passing failure is sent again as [`Idempotency`] and [`RetryPolicy`] allow, and as `Retry-After` wishes;
//! 6. the observer and the tracing span are told how it went.
//!
//! What fails is an [`Error`](crate::Error) that says what the call may have done: the worst over all attempts.
//!
//! | what happened | kind | effect of a write | sent again |
//! |---|---|---|---|
//! | name, port or TLS failed | `Connect` | `None` | yes |
//! | no whole answer in time | `Timeout` | `Possible` | reads, idempotent writes |
//! | the connection broke after sending | `Unavailable` | `Possible` | reads, idempotent writes |
//! | 301, 302, 303 | `Rejected` | `Possible` | no; redirects are never followed |
//! | other 3xx | `Rejected` | `None` | no |
//! | 400, 422 | `Invalid` | `None` | no |
//! | 401 | `Unauthenticated` | `None` | once, with a new token |
//! | 403 | `Forbidden` | `None` | no; once, where a login says that its pass has ended |
//! | 404 | `NotFound` | `None` | no |
//! | 408 | `Timeout` | `Possible` | reads, idempotent writes |
//! | 409, 412 | `Conflict` | `None` | no |
//! | 429 | `RateLimited` | `None` | yes |
//! | other 4xx | `Rejected` | `None` | no |
//! | 500 | `Unavailable` | `Possible` | reads |
//! | 502, 503, 504 | `Unavailable` | `Possible` | reads, idempotent writes |
//! | other 5xx | `Unavailable` | `Possible` | no |
//! | 2xx with a body over the limit | `Decode` | `Certain` | no |
//! | 2xx that is not the JSON that was expected | `Decode` | `Certain` | no |
//! | 2xx with an HTML page where JSON was expected | `Decode` | `Possible` | no |
//!
//! A read never has an effect. What [`Call::lines`] reads line by line is bounded by its own [`LineLimits`], and a failure
//! after the answer began is not sent again.

mod builder;
mod call;
mod credential;
mod endpoint;
mod graphql;
mod judge;
mod lines;
mod observe;
mod pass;
mod reply;
mod retry;
mod send;

pub use builder::ClientBuilder;
pub use call::Call;
pub use credential::{Credential, CredentialInfo, TokenSource};
pub use endpoint::{Endpoint, Limits};
pub use lines::{LineLimits, Lines};
pub use observe::{CallObserver, CallRecord};
pub use pass::{Login, Pass};
pub use reply::Reply;
pub use retry::{Idempotency, RetryPolicy};
/// A text that is wiped when it is dropped and never printed.
pub use secrecy::{ExposeSecret, SecretSlice, SecretString};
