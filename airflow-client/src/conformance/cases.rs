//! The cases.

mod changing;
mod looking;
mod previews;
mod reading;
mod support;

use changing::*;
use looking::*;
use ops_client::conformance::cases;
use previews::*;
use reading::*;

use super::Stage;

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
}
