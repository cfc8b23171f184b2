//! The climb: look, propose, ask, run, wait, look again. Nothing is kept between rungs but what lies in the folder of runs.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use ops_client::wait::Looks;
use ops_plan::{Registry, Runs};
use ops_recipes::recover::{Evidence, Past, RecoverReads, RecoverRun, Rung, Step, gather, next};
use serde_json::{Value, json};

use super::{Goal, show};
use crate::connect::Reach;
use crate::exit::{Exit, Failure};
use crate::flags::{Answers, Common};
use crate::main_loop::{Offer, offer};
use crate::resume::{Resume, resume};
use crate::screen::{Ending, Screen};
use crate::show::by_hand;
use crate::signals::{Tokens, listen};
use crate::text::count;

/// Between two looks at a job that works.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// While nothing changes, so often a sign of life.
const STILL: Duration = Duration::from_secs(60);

/// Who climbs, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Climber<'a> {
    /// Where, and how it speaks.
    pub common: &'a Common,
    /// The answers that were given beforehand.
    pub answers: &'a Answers,
    /// Where it speaks.
    pub screen: Screen,
    /// The systems.
    pub reach: &'a Reach,
    /// What for, and how.
    pub goal: &'a Goal,
    /// Whether the first plan is only shown.
    pub looking: bool,
    /// Whether of the first plan only that is shown what a person would do instead.
    pub by_hand: bool,
    /// Whether one rung is enough.
    pub one: bool,
    /// How long the job may take.
    pub wait: Duration,
}

/// Climbs as far as the evidence asks, and as a person approves.
///
/// # Errors
/// Where a system does not answer, or a plan is refused.
pub async fn climb(climber: Climber<'_>) -> Result<Ending, Failure> {
    let registry = climber.reach.registry_for::<RecoverRun>()?;
    let reads = climber.reach.recover_reads(climber.goal.pipelines.clone())?;
    let mut ascent = Ascent { climber, registry, reads, began: Timestamp::now(), rungs: Vec::new(), tokens: None };
    let ending = ascent.go().await?;
    Ok(ending.with("rungs", Value::Array(ascent.rungs)))
}

struct Ascent<'a> {
    climber: Climber<'a>,
    registry: Registry,
    reads: RecoverReads,
    began: Timestamp,
    /// What was climbed by this process, for the JSON document.
    rungs: Vec<Value>,
    /// Once a run has listened to signals, they no longer end the process by themselves.
    tokens: Option<Tokens>,
}

impl Ascent<'_> {
    async fn go(&mut self) -> Result<Ending, Failure> {
        let Climber { screen, goal, looking, one, .. } = self.climber;
        loop {
            let seen = self.look().await?;
            let step = next(&goal.rules, &seen);
            // What the ladder created is merely waited for.
            let waits = matches!(step, Step::Wait(_)) && !looking && self.is_ours(&seen);
            if !waits {
                screen.say("");
                screen.say(&show::evidence(&seen, &goal.ladder, &screen.layout));
                screen.say("");
                screen.say(&show::ladder(&seen, &goal.rules, &step, &screen.layout));
                screen.say("");
            }
            let done = match &step {
                Step::Rung(rung) => self.rung(*rung, &seen).await?,
                Step::Resume(open) if looking => {
                    let line = format!(
                        "{} was begun and has not come to its end: it is resumed first ({})",
                        open.rung, open.run
                    );
                    return Ok(self.said(Exit::Found, line, &step, &seen));
                }
                Step::Resume(open) => self.resumed(open.rung, &open.run).await?,
                Step::Wait(why) if !waits => {
                    return Ok(self.said(Exit::Done, format!("nothing to do now — {why}"), &step, &seen));
                }
                Step::Wait(_) => match self.wait(&seen).await? {
                    None => continue,
                    Some(ending) => ending,
                },
                Step::Done(why) => {
                    let line = format!("done — {why}{}", scaled(&seen));
                    return Ok(self.said(Exit::Done, line, &step, &seen));
                }
                Step::Look(advice) => return Ok(self.said(Exit::Found, format!("no rung — {advice}"), &step, &seen)),
                Step::Exhausted(why) => {
                    let owner = "the failures above are for whoever owns the jobs";
                    let line = format!("no rung is left — {why}; {owner}{}", scaled(&seen));
                    return Ok(self.said(Exit::Unverified, line, &step, &seen));
                }
                // A step that is new to this program is at least no reason to change anything.
                _ => return Ok(self.said(Exit::Found, "this program does not know what comes next", &step, &seen)),
            };
            if looking || one || done.exit != Exit::Done {
                return Ok(done);
            }
        }
    }

    async fn look(&self) -> Result<Evidence, Failure> {
        Ok(self.gather(&self.past()?).await?)
    }

    fn past(&self) -> Result<Past, Failure> {
        let Climber { common, reach, goal, .. } = self.climber;
        let past = Past::read(&Runs::at(&common.manner.runs), &reach.target, &goal.ladder)?;
        Ok(if reach.sandbox.is_some() { past.since(self.began) } else { past })
    }

    async fn gather(&self, past: &Past) -> ops_client::Result<Evidence> {
        let goal = self.climber.goal;
        gather(&self.reads, &goal.ladder, &goal.rules, past, Timestamp::now()).await
    }

    /// Whether what works is what the ladder created: then it is waited for.
    fn is_ours(&self, seen: &Evidence) -> bool {
        seen.opens.is_empty() && seen.highest().is_some_and(|attempt| attempt.rung.creates())
    }

    fn said(&self, exit: Exit, line: impl Into<String>, step: &Step, seen: &Evidence) -> Ending {
        let step = match step {
            Step::Done(_) => "done".to_owned(),
            Step::Wait(_) => "wait".to_owned(),
            Step::Resume(open) => format!("resume {}", open.run),
            Step::Exhausted(_) => "exhausted".to_owned(),
            _ => "look".to_owned(),
        };
        Ending::new(exit, line)
            .with("step", step.into())
            .with("evidence", serde_json::to_value(seen).unwrap_or(Value::Null))
    }

    async fn rung(&mut self, rung: Rung, seen: &Evidence) -> Result<Ending, Failure> {
        let Climber { common, answers, screen, reach, goal, looking, .. } = self.climber;
        let recipe = goal.ways.climb(&goal.ladder, &goal.rules, seen, rung);
        let plan = self.registry.propose(&recipe, reach.target.clone()).await?;
        if self.climber.by_hand {
            screen.say(&by_hand(&plan));
            let line = format!("{} by hand; nothing was changed", count(plan.len(), "step"));
            return Ok(Ending::new(Exit::Done, line).shown());
        }
        let empty = plan.head().changes() == 0;
        let offered = Offer { manner: &common.manner, answers, screen, reach, registry: &self.registry, looking };
        let ending = offer(offered, plan).await?;
        if empty {
            // To propose it once more would find the same.
            return Ok(Ending { exit: Exit::Found, ..ending });
        }
        self.rungs.push(json!({ "rung": rung, "text": ending.line, "run": ending.fields.get("run") }));
        Ok(ending)
    }

    async fn resumed(&mut self, rung: Rung, run: &str) -> Result<Ending, Failure> {
        let Climber { common, answers, screen, .. } = self.climber;
        let ending = resume(Resume { run, take_over: false, yes: answers.yes }, common, screen).await?;
        self.rungs.push(json!({ "rung": rung, "text": ending.line, "run": run, "resumed": true }));
        Ok(ending)
    }

    /// Waits until nothing works any more. An ending where that is not to be waited for.
    async fn wait(&mut self, seen: &Evidence) -> Result<Option<Ending>, Failure> {
        let Climber { screen, goal, wait, .. } = self.climber;
        let tokens = self.tokens.get_or_insert_with(listen).clone();
        let mut looks = Looks::new(wait, SHORTEST, LONGEST);
        let (mut shown, mut last) = (String::new(), Instant::now());
        loop {
            let past = self.past()?;
            let look = self.gather(&past).await;
            if let Some(now) = looks.bear(look)? {
                let Step::Wait(why) = next(&goal.rules, &now) else { return Ok(None) };
                if why != shown || last.elapsed() >= STILL {
                    screen.say(&screen.layout.wrap("  ", &why));
                    (shown, last) = (why, Instant::now());
                }
            }
            let going_on = tokio::select! {
                going_on = looks.pause() => going_on,
                () = tokens.stop.cancelled() => {
                    let line = "cancelled while the job works; the same command takes the ladder up again";
                    return Ok(Some(Ending::new(Exit::Cancelled, line)));
                }
            };
            if !going_on {
                let line = format!(
                    "{} still works after {} min; the same command takes the ladder up again",
                    goal.ladder.job,
                    wait.as_secs() / 60
                );
                return Ok(Some(self.said(Exit::Stopped, line, &Step::Wait(shown), seen)));
            }
        }
    }
}

/// What is owed after a scale-up.
fn scaled(seen: &Evidence) -> &'static str {
    let scaled = seen.attempts.iter().any(|attempt| attempt.rung == Rung::ScaleUp && attempt.run.is_some());
    if scaled { "; the cluster is still scaled up: `runs due` says how it is scaled back" } else { "" }
}
