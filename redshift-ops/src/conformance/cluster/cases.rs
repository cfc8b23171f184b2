//! The cases. What the service is known to do is asserted; where only a guess exists, every harmless behaviour passes.

mod changes;
mod faults;
mod reading;
mod support;

use changes::*;
use faults::*;
use ops_client::conformance::cases;
use reading::*;

use super::Stage;

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "clusters are listed by identifier, once each" => listed;
    "a cluster that was listed is found" => found;
    "an unknown cluster is not found" => unknown;
    #[needs(Prepare)] "every fact of every cluster arrives" => facts;
    #[needs(Prepare)] "only snapshots that are being made are told" => snapshots;
    #[needs(Prepare)] "a change of size that goes on is told" => resize;
    #[needs(Prepare)] "what happened is told from then on, the newest first" => events;
    #[needs(Prepare, Change)] "a reboot takes a cluster away, and gives it back" => reboot;
    #[needs(Prepare, Change)] "a reboot is told as an event, once" => reboot_events;
    #[needs(Prepare, Change)] "a second reboot is refused while one goes on" => reboot_twice;
    #[needs(Prepare, Change)] "a cluster is paused and comes back" => pause_and_resume;
    #[needs(Prepare, Change)] "a paused cluster is neither rebooted nor paused" => reboot_paused;
    #[needs(Prepare, Change)] "a cluster that works does not come back" => resume_available;
    #[needs(Prepare, Change)] "an unknown cluster is not changed" => change_unknown;
    #[needs(Prepare, Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Prepare, Fault)] "an expired token is Unauthenticated, and changes nothing" => expired;
    #[needs(Prepare, Fault)] "a page of HTML is no answer" => html;
    #[needs(Prepare, Change, Fault)] "a change whose answer is lost may have happened" => lost_answer;
}
