//! The cases.

mod clears;
mod faults;
mod looking;
mod marks;
mod previews;
mod reading;
mod rights;
mod runs;
mod support;

use clears::*;
use faults::*;
use looking::*;
use marks::*;
use ops_client::conformance::cases;
use previews::*;
use reading::*;
use rights::*;
use runs::*;

use super::{EXPIRY, RESTART, STRANGER, Stage, VIEWER};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "health names its parts" => health;
    #[needs(Prepare)] "every DAG is listed" => dags_listed;
    #[needs(Prepare)] "tags and pauses restrict" => dags_restricted;
    #[needs(Prepare)] "every task and every arrow of a DAG arrives" => graphs;
    "an unknown DAG is not found" => unknown_dag;
    #[needs(Change)] "an unknown run is not found" => unknown_run;
    #[needs(Change)] "an unknown task is not found" => unknown_task;
    #[needs(Change)] "every fact of a run arrives" => run_facts;
    #[needs(Change)] "state, date and number restrict runs, the newest first" => runs_restricted;
    #[needs(Change)] "every task instance of a run arrives" => tasks_listed;
    #[needs(Change)] "states and tasks restrict task instances" => tasks_restricted;
    #[needs(Change)] "a mapped task has an instance for each element" => mapped;
    #[needs(Change)] "a thousand task instances arrive" => thousand;
    #[needs(Change)] "a task tells its tries" => tries;
    #[needs(Change)] "a log arrives line by line" => logs;
    #[needs(Change)] "a task's fields arrive as they were rendered" => rendered;
    #[needs(Change)] "what a task left for others arrives" => xcom;
    "the default pool is listed" => pools;
    #[needs(Prepare)] "a file that cannot be imported is listed" => import_errors;
    #[needs(Change)] "a mark's preview names the task, and no other" => preview_mark;
    #[needs(Change)] "a clear's preview names what it would clear" => preview_clear;
    #[needs(Change)] "a clear without tasks, or of unknown ones, is refused" => clear_unknown;
    #[needs(Change)] "previews change nothing" => previews_change_nothing;
    "whoever may change runs is told so" => may_change;
    #[needs(Change)] "a failed task marked success: what follows is cleared and runs" => mark_failed;
    #[needs(Change)] "a task marked success that was never reached: what follows runs" => mark_upstream_failed;
    #[needs(Change)] "with another failure before it, what follows is not reached again" => mark_one_of_two;
    #[needs(Change)] "a task that waits for its next try, marked success, is not tried again" => mark_up_for_retry;
    #[needs(Change)] "a running task marked success: what follows runs" => mark_running_success;
    #[needs(Change)] "a running task marked failed: what follows is not reached" => mark_running_failed;
    #[needs(Change)] "a task marked before its turn keeps its state" => mark_before_its_turn;
    #[needs(Change)] "what failed is cleared, and runs again" => clear_failed;
    #[needs(Change)] "what is well is cleared only where that is asked for" => clear_well;
    #[needs(Change)] "what is running is not cleared" => clear_running;
    #[needs(Change, RESTART)] "what is running is restarted where that is asked for" => clear_restarts;
    #[needs(Change)] "a run set failed: what runs fails, what has not run is skipped" => run_failed;
    #[needs(Change)] "a run has the state that it was given, and goes on when it is queued" => run_states;
    #[needs(Change)] "a run that is cleared runs anew" => run_cleared;
    #[needs(Change)] "a run that is deleted is gone, and one that runs is not deleted" => run_deleted;
    #[needs(Change)] "no more runs go than may" => run_slots;
    #[needs(Change)] "a run's id is given once" => run_twice;
    #[needs(Change)] "a paused DAG starts nothing" => paused;
    #[needs(Change)] "a variable is set, set again and deleted" => variables;
    #[needs(Change)] "events tell who did what" => events;
    #[needs(Change, VIEWER)] "one who may only read, reads and changes nothing" => viewer;
    #[needs(Change, STRANGER)] "a stranger is Unauthenticated" => stranger;
    #[needs(Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Fault, EXPIRY)] "an expired token is Unauthenticated" => expired;
    #[needs(Fault)] "a page of HTML is no answer" => html;
    #[needs(Change, Fault)] "a change whose answer is lost may have happened" => lost_answer;
}
