//! The flags that all recipes share.

use std::path::PathBuf;

use clap::Args;
use ops_plan::{Accepted, Expect};

use crate::place::Place;
use crate::surroundings;

/// What every program understands.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Where.
    #[command(flatten)]
    pub place: Place,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
}

/// How a program speaks, and for whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How")]
pub struct Manner {
    /// The folder of all runs
    #[arg(long, global = true, value_name = "DIR", env = "OPS_RUNS", default_value = "runs")]
    pub runs: PathBuf,
    /// Who you are, for the journal and for those who find your run [default: $USER]
    #[arg(long, global = true, value_name = "WHO")]
    operator: Option<String>,
    /// Print one JSON document and nothing else; asks nothing
    #[arg(long, global = true, conflicts_with = "quiet")]
    pub json: bool,
    /// Print exactly one line; asks nothing
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say on standard error what is called and how it went
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

impl Manner {
    /// Who this is.
    pub fn operator(&self) -> String {
        self.known_operator().unwrap_or_else(|| "somebody".into())
    }

    /// Who this is, where that is known.
    pub fn known_operator(&self) -> Option<String> {
        self.operator.clone().or_else(surroundings::user)
    }
}

/// What every recipe understands.
#[derive(Args, Clone, Debug)]
pub struct RecipeFlags {
    /// What every program understands.
    #[command(flatten)]
    pub common: Common,
    /// What is done with the plan.
    #[command(flatten)]
    pub planning: Planning,
    /// The answers.
    #[command(flatten)]
    pub answers: Answers,
    /// Earlier runs.
    #[command(flatten)]
    pub earlier: Earlier,
}

/// What is done with the plan.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The plan")]
pub struct Planning {
    /// Show the plan and end; needs no right to change anything
    #[arg(long)]
    pub plan_only: bool,
    /// Write the plan to a file (and what was so before to FILE.facts, its digest to FILE.digest), and end
    #[arg(long, value_name = "FILE")]
    pub plan_out: Option<PathBuf>,
    /// Run the plan of this file; refused when it is stale or was changed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan_only", "plan_out", "by_hand"])]
    pub apply: Option<PathBuf>,
    /// With --apply: plan again, show what changed since, and go on with the new plan
    #[arg(long, requires = "apply")]
    pub replan: bool,
    /// Print what a person would do instead, and end; needs no right to change anything, keeps no journal
    #[arg(long)]
    pub by_hand: bool,
}

/// The answers to what a plan asks.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Approval")]
pub struct Answers {
    /// Approve with the answers given here, without being asked
    #[arg(long, short)]
    pub yes: bool,
    /// How many objects will be changed: a number, or a range that includes both ends
    #[arg(long, value_name = "N|A..B")]
    pub expect: Option<Expect>,
    /// Answer a guard by its name, with a reason that is kept (may come several times)
    #[arg(long, value_name = "NAME=REASON", value_parser = accepted)]
    pub accept: Vec<Accepted>,
    /// Name an action that cannot be taken back, by its key (may come several times)
    #[arg(long, value_name = "KEY")]
    pub irreversible: Vec<String>,
    /// The name of the production environment once more
    #[arg(long, value_name = "NAME")]
    pub confirm_env: Option<String>,
}

/// What is done with an earlier run.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Earlier runs")]
pub struct Earlier {
    /// Take up a run where it stopped: looks first, does nothing twice
    #[arg(long, value_name = "DIR", conflicts_with_all = ["undo", "apply", "plan_only", "plan_out", "by_hand"])]
    pub resume: Option<PathBuf>,
    /// Plan to take back what a run changed
    #[arg(long, value_name = "DIR", conflicts_with = "apply")]
    pub undo: Option<PathBuf>,
    /// With --resume: take the run over from another machine whose process is surely gone
    #[arg(long, requires = "resume")]
    pub take_over: bool,
}

fn accepted(text: &str) -> Result<Accepted, String> {
    match text.split_once('=') {
        Some((guard, reason)) if !guard.trim().is_empty() && !reason.trim().is_empty() => {
            Ok(Accepted { guard: guard.trim().to_owned(), reason: reason.trim().to_owned() })
        }
        _ => Err("NAME=REASON belongs here: the guard's name as the plan has it, and why it is right".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_needs_a_reason() {
        assert_eq!(accepted("share=all of it is bad").unwrap().reason, "all of it is bad");
        for wrong in ["share", "share=", "=because", "share= "] {
            assert!(accepted(wrong).is_err(), "{wrong}");
        }
    }
}
