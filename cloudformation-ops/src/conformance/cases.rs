//! The cases. What the service is known to do is asserted; where only a guess exists, every harmless behaviour passes.

mod changes;
mod failures;
mod faults;
mod previews;
mod reading;
mod support;

use changes::*;
use failures::*;
use faults::*;
use ops_client::conformance::cases;
use previews::*;
use reading::*;

use super::{HIDE, Stage};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "an unknown stack is not found" => unknown;
    #[needs(Prepare)] "every fact of every stack arrives" => facts;
    #[needs(Prepare)] "a hidden value is never shown" => hidden;
    #[needs(Prepare)] "only stacks of the family are listed, by name" => families;
    #[needs(Prepare)] "an unknown change set is not found" => unknown_change_set;
    #[needs(Prepare)] "events tell how a stack was created, the oldest first" => created;
    #[needs(Prepare)] "events after the last one seen are none" => no_news;
    #[needs(Prepare)] "a stack that nobody touched has not drifted" => drift;
    #[needs(Prepare, Change)] "a change set tells what would change, and changes nothing" => preview;
    #[needs(Prepare, Change, HIDE)] "a hidden value is not shown in a change set" => hidden_in_set;
    #[needs(Prepare, Change)] "a change that changes nothing says so, and is not executed" => nothing_new;
    #[needs(Prepare, Change)] "a change set's name is taken once" => name_taken;
    #[needs(Prepare, Change)] "a deleted change set is gone, and can be deleted again" => deleted;
    #[needs(Prepare, Change)] "a value that the template refuses is refused" => refused_value;
    #[needs(Prepare, Change)] "an unknown stack is not changed" => change_unknown;
    #[needs(Prepare, Change)] "an update changes what was set, and nothing else" => update;
    #[needs(Prepare, Change)] "one update follows another: the sides are exchanged" => exchanged;
    #[needs(Prepare, Change)] "an update lists every parameter: one with a default keeps its value" => default_kept;
    #[needs(Prepare, Change)] "an update keeps tags, and hidden values hidden" => tags_kept;
    #[needs(Prepare, Change)] "events since the last one seen are those of the order, and bear its token" => news;
    #[needs(Prepare, Change)] "a change set is executed once" => once;
    #[needs(Prepare, Change)] "a colleague was faster: the change set is not executed, and nothing is lost" => obsolete;
    #[needs(Prepare, Change)] "a stack that is being updated takes no other order" => busy;
    #[needs(Prepare, Change)] "a cancelled update goes back" => cancel;
    #[needs(Prepare, Change)] "nothing is taken back where nothing goes on and nothing failed" => nothing_to_undo;
    #[needs(Prepare, Change)] "a version that does not start is rolled back, and the first failure is told" => broken;
    #[needs(Prepare, Change)] "a rollback that failed is continued past what cannot be brought back" => stuck;
    #[needs(Prepare, Change)] "a resource that did not fail is not skipped" => skip_unknown;
    #[needs(Prepare, Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Prepare, Fault)] "an expired token is Unauthenticated, and changes nothing" => expired;
    #[needs(Prepare, Fault)] "a page of HTML is no answer" => html;
    #[needs(Prepare, Change, Fault)] "an order whose answer is lost may have happened" => lost_answer;
}
