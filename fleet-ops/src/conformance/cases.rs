//! The cases. What the service is known to do is asserted; where only a guess exists, every harmless behaviour passes.

mod changes;
mod faults;
mod reading;
mod refreshes;
mod support;

use changes::*;
use faults::*;
use ops_client::conformance::cases;
use reading::*;
use refreshes::*;

use super::Stage;

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "groups are listed by name, once each" => listed;
    "a group that was listed is found" => found;
    "an unknown group is not found" => unknown;
    #[needs(Prepare)] "every fact of every group arrives" => facts;
    #[needs(Prepare)] "only groups with all the tags are listed" => by_tags;
    #[needs(Prepare)] "a group that was never refreshed tells so" => never_refreshed;
    #[needs(Prepare, Change)] "a replaced machine goes, another one comes, the size stays" => replace;
    #[needs(Prepare, Change)] "a group of one has none in service until the other one has come" => replace_single;
    #[needs(Prepare, Change)] "an unknown machine is not replaced" => replace_unknown;
    #[needs(Prepare, Change)] "a group grows: machines come, none goes" => grow;
    #[needs(Prepare, Change)] "a group shrinks: machines go, none comes" => shrink;
    #[needs(Prepare, Change)] "a size can be set again" => same_size;
    #[needs(Prepare, Change)] "the limits of a group can be set" => limits;
    #[needs(Prepare, Change)] "a size outside of its limits is refused" => contradiction;
    #[needs(Prepare, Change)] "an unknown group is not changed" => change_unknown;
    #[needs(Prepare, Change)] "a refresh replaces every machine, and ends" => refresh;
    #[needs(Prepare, Change)] "a second refresh is refused while one goes on" => refresh_twice;
    #[needs(Prepare, Change)] "a cancelled refresh stops where it is" => cancel;
    #[needs(Prepare, Change)] "nothing is cancelled where no refresh goes on" => cancel_nothing;
    #[needs(Prepare, Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Prepare, Fault)] "an expired token is Unauthenticated, and changes nothing" => expired;
    #[needs(Prepare, Fault)] "a page of HTML is no answer" => html;
    #[needs(Prepare, Change, Fault)] "a change whose answer is lost may have happened" => lost_answer;
}
