//! The cases. What the warehouse is known to do is asserted; where only a guess exists, every harmless behaviour
//! passes.

mod ending;
mod faults;
mod loads;
mod locks;
mod reading;
mod rights;
mod support;

use ending::*;
use faults::*;
use loads::*;
use locks::*;
use ops_client::conformance::cases;
use reading::*;
use rights::*;

use super::{KEEP_A_SESSION, Stage, WRITE_LOAD_ERRORS};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "sessions are listed by their keys, once each" => listed;
    #[needs(Prepare)] "each is told who asks, and what that user sees" => me;
    #[needs(Prepare)] "schemas are listed by name" => schemas;
    #[needs(Prepare, KEEP_A_SESSION)] "who asks has a session" => own_session;
    #[needs(Prepare, Change)] "a session is there from its beginning to its end" => comes_and_goes;
    #[needs(Prepare, Change)] "an idle reader has done its query, and a waiting loader does its own" => last_queries;
    #[needs(Prepare, Change)] "what runs is told, and an idle session runs nothing" => running;
    #[needs(Prepare, Change)] "an idle reader and the loader that waits for it are seen" => contended;
    #[needs(Prepare, Change)] "a table that nobody waits for is not contended" => uncontended;
    #[needs(Prepare, Change)] "a session has its locks until its transaction ends" => locks_of;
    #[needs(Prepare, Change)] "a monitor and an operator see what a superuser sees" => all_see;
    #[needs(Prepare, Change)] "who has no role sees their own only" => own_only;
    #[needs(Prepare, Change)] "with its blocker the wait of a loader ends" => terminate_reader;
    #[needs(Prepare, Change)] "a cancel of an idle session frees nothing" => cancel_idle;
    #[needs(Prepare, Change)] "a cancel ends what runs" => cancel_running;
    #[needs(Prepare, Change)] "an operator ends a reader's session" => operator_ends;
    #[needs(Prepare, Change)] "everybody ends their own sessions" => own_ends;
    #[needs(Prepare, Change)] "a session that has ended is not found" => ended;
    #[needs(Prepare, Change)] "another session of the same process is left alone" => another_of_pid;
    #[needs(Prepare, Change, KEEP_A_SESSION)] "nobody ends the session that asks" => own_protected;
    #[needs(Prepare, Change)] "a session of rdsdb is left alone" => rdsdb;
    #[needs(Prepare, Change)] "without the right no session is ended" => no_right;
    #[needs(Prepare, Change)] "no load is told where there is none" => no_loads;
    #[needs(Prepare, Change)] "loads are told by table and transaction, the newest first" => loads;
    #[needs(Prepare, Change)] "names with quotes find nothing, and break nothing" => quotes;
    #[needs(Prepare, Change, WRITE_LOAD_ERRORS)] "what could not be loaded is told, the newest first" => load_errors;
    #[needs(Prepare, Fault)] "a warehouse that is away tells nothing" => unavailable;
    #[needs(Prepare, Change, Fault)] "a session whose end was not answered may have ended" => lost_answer;
}
