//! The cases. What the service is known to do is asserted; where only a guess exists, every harmless behaviour passes.

mod changes;
mod faults;
mod reading;
mod scaling;
mod support;
mod usage;

use changes::*;
use faults::*;
use ops_client::conformance::cases;
use reading::*;
use scaling::*;
use usage::*;

use super::Stage;

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "an unknown table is not found" => unknown;
    "an unknown table has no use, and nothing scales it" => unknown_has_nothing;
    "a time that ends before it begins, or is longer than a day, is not looked at" => bad_window;
    "a table may have less than the account" => limits;
    #[needs(Prepare)] "every fact of every table arrives" => facts;
    #[needs(Prepare)] "tables are found by the beginning of their names, in order" => listed;
    #[needs(Prepare)] "the table behind a service is found" => found;
    #[needs(Prepare)] "what was consumed is told by the minute, in units a second, the oldest first" => consumed;
    #[needs(Prepare)] "what was refused is told by cause, of table and index apart" => refused_by_cause;
    #[needs(Prepare)] "only minutes of the time that is looked at are told" => only_the_window;
    #[needs(Prepare)] "the units that were there are told, but of no table that is paid by request" => provisioned;
    #[needs(Prepare)] "what scales by itself is told" => targets;
    #[needs(Prepare)] "the diagnosis finds what throttles, and nothing else" => diagnosed;
    #[needs(Prepare, Change)] "a raise is there after a while, and changes nothing else" => raise;
    #[needs(Prepare, Change)] "an index is raised, and its table is not" => raise_index;
    #[needs(Prepare, Change)] "what is lowered is counted, also where the other unit is raised" => lower;
    #[needs(Prepare, Change)] "what was lowered too often today is not lowered, but raised" => lowered_too_often;
    #[needs(Prepare, Change)] "a table that is changed takes no other change" => busy;
    #[needs(Prepare, Change)] "a colleague was faster: nothing is changed, and nothing is lost" => faster;
    #[needs(Prepare, Change)] "the same units again, none, or more than there may be are refused" => bad_units;
    #[needs(Prepare, Change)] "a table that is paid by request has no units to set" => no_units;
    #[needs(Prepare, Change)] "an unknown table or index is not changed" => change_unknown;
    #[needs(Prepare, Change)] "other bounds are there at once, and change no units" => bounds;
    #[needs(Prepare, Change)] "the bounds of an index are set" => bounds_of_an_index;
    #[needs(Prepare, Change)] "bounds that are not as seen are not set" => bounds_not_as_seen;
    #[needs(Prepare, Change)] "bounds that are none are refused" => bad_bounds;
    #[needs(Prepare, Change)] "what does not scale by itself gets no bounds" => scales_not;
    #[needs(Prepare, Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Prepare, Fault)] "an expired token is Unauthenticated, and changes nothing" => expired;
    #[needs(Prepare, Fault)] "a page of HTML is no answer" => html;
    #[needs(Prepare, Change, Fault)] "a change whose answer is lost may have happened, or was not sent" => lost_answer;
}
