//! The cases. What Aurora is known to do is asserted; where only a guess exists, every harmless behaviour passes.

mod changes;
mod faults;
mod hosts;
mod life;
mod reading;
mod rights;
mod support;

use changes::*;
use faults::*;
use hosts::*;
use life::*;
use ops_client::conformance::cases;
use reading::*;
use rights::*;

use super::{ORDER, Stage};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "every scheduler tells how it feels, and one leads" => schedulers;
    "a filter without a condition is refused" => no_filter;
    #[needs(Prepare)] "a job that is not there has no tasks" => no_tasks;
    #[needs(Prepare, Change, ORDER)] "tasks are told by job, by instance, by id and by host" => tasks;
    #[needs(Prepare, Change, ORDER)] "active tasks alone are told" => active;
    #[needs(Prepare, Change, ORDER)] "brief tasks say nothing of what their executor reads" => brief;
    #[needs(Prepare, Change, ORDER)] "jobs are listed by role, with how many of their tasks do what" => jobs;
    #[needs(Prepare, Change, ORDER)] "every fact of a created job arrives" => facts;
    #[needs(Prepare, Change, ORDER)] "a job lives until it has finished" => finishes;
    #[needs(Prepare, Change, ORDER)] "a job fails as often as it may, and then for good" => fails;
    #[needs(Prepare, Change)] "a job that finds no place says why it waits" => waits;
    #[needs(Prepare, Change, ORDER)] "a kill of one instance leaves the others" => kill_one;
    #[needs(Prepare, Change, ORDER)] "a kill of all ends all, and no other job" => kill_all;
    #[needs(Prepare, Change)] "a kill of nothing is no error" => kill_nothing;
    #[needs(Prepare, Change, ORDER)] "a restart gives a successor whose ancestor is the one before" => restart;
    #[needs(Prepare, Change, ORDER)] "a restart takes all that it names, or none" => restart_missing;
    #[needs(Prepare, Change, ORDER)] "a job is created once" => create_twice;
    #[needs(Prepare, Change, ORDER)] "a job can be created again when it has ended" => create_again;
    #[needs(Prepare)] "a good job is checked, and not created" => check_good;
    #[needs(Prepare)] "a job that no scheduler takes is refused by the check" => check_bad;
    #[needs(Prepare, Change)] "a job that no scheduler takes is not created" => create_bad;
    #[needs(Prepare, Change)] "a quota that was set is read" => quota;
    #[needs(Prepare)] "an unknown host has no mode" => unknown_host;
    #[needs(Prepare, Change, ORDER)] "a drained host is empty, and its tasks go on elsewhere" => drain;
    #[needs(Prepare, Change)] "a host takes tasks again after its maintenance" => maintenance;
    #[needs(Prepare)] "whether one may change is told" => may_change;
    #[needs(Prepare, Change, ORDER)] "a wrong password reads, and changes nothing" => stranger;
    #[needs(Prepare, Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Prepare, Fault)] "a page of HTML is no answer" => html;
    #[needs(Prepare, Change, Fault)] "a creation whose answer is lost may have happened, and its nonce is found" => lost_create;
    #[needs(Prepare, Change, ORDER, Fault)] "a kill whose answer is lost may have happened, and its tasks tell" => lost_kill;
}
