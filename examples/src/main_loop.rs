//! What every recipe's program does: plan, show, approve, run, report.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use ops_plan::{
    Approval, Ask, Digest, Host, Plan, Recipe, Registry, Report, RunDir, Runner, Runs, TargetKind, Verdict, Watcher,
};
use serde_json::{Value, json};

use crate::bars::Bars;
use crate::connect::{Reach, Rights, connect};
use crate::drawing::{Draws, Nothing, Sketch};
use crate::exit::{Exit, Failure};
use crate::flags::{Answers, Manner, RecipeFlags};
use crate::notify::{Notifier, Subject, Watch};
use crate::resume::{Resume, context, resume};
use crate::screen::{Ending, Screen};
use crate::secrets::read_bounded;
use crate::text::count;
use crate::{approve, log, programs, show, signals, surroundings};

/// Runs a recipe's program. `question` makes the recipe, once the systems are known; it is not called where the plan of an
/// earlier run or of a file is meant. `input_taken` says that the standard input is read for it, so that nobody can be
/// asked there.
pub fn run<R: Recipe>(
    flags: &RecipeFlags,
    input_taken: bool,
    question: impl AsyncFnOnce(&Reach) -> Result<R, Failure>,
) -> ExitCode {
    let manner = &flags.common.manner;
    let screen = Screen::new(manner);
    screen.end(block_on(manner, go(flags, screen, input_taken, question, Nothing)))
}

/// The same, for a recipe whose plan can be drawn.
pub fn run_drawn<R: Recipe>(
    flags: &RecipeFlags,
    question: impl AsyncFnOnce(&Reach) -> Result<R, Failure>,
    draws: impl Draws,
) -> ExitCode {
    let manner = &flags.common.manner;
    let screen = Screen::new(manner);
    screen.end(block_on(manner, go(flags, screen, false, question, draws)))
}

/// Runs a program's asynchronous part, with its log.
///
/// # Errors
/// What the program ends with; or that threads cannot be had.
pub fn block_on(manner: &Manner, program: impl Future<Output = Result<Ending, Failure>>) -> Result<Ending, Failure> {
    log::start(manner.verbose);
    on_one_thread(program)
}

/// Runs a program's asynchronous part.
pub(crate) fn on_one_thread(program: impl Future<Output = Result<Ending, Failure>>) -> Result<Ending, Failure> {
    // One thread: a run waits for systems, and on several each answer would wake another (measured: a fifth more time).
    on(tokio::runtime::Builder::new_current_thread(), program)
}

/// Runs a program's asynchronous part on such threads.
pub(crate) fn on(
    mut threads: tokio::runtime::Builder,
    program: impl Future<Output = Result<Ending, Failure>>,
) -> Result<Ending, Failure> {
    let runtime = threads.enable_all().build().map_err(|error| Failure::refused(format!("no threads: {error}")))?;
    let ending = runtime.block_on(program);
    // Reading a secret may still hold a thread; the program is over all the same.
    runtime.shutdown_background();
    ending
}

async fn go<R: Recipe>(
    flags: &RecipeFlags,
    screen: Screen,
    input_taken: bool,
    question: impl AsyncFnOnce(&Reach) -> Result<R, Failure>,
    draws: impl Draws,
) -> Result<Ending, Failure> {
    let manner = &flags.common.manner;
    let runs = Runs::at(&manner.runs);
    if let Some(run) = &flags.earlier.resume {
        let run = Resume { run: &run.to_string_lossy(), take_over: flags.earlier.take_over, yes: flags.answers.yes };
        return resume(run, &flags.common, screen).await;
    }
    let looking = flags.planning.plan_only || flags.planning.plan_out.is_some() || flags.planning.by_hand;
    let rights = if looking { Rights::Read } else { Rights::Write };
    let undo = match &flags.earlier.undo {
        Some(run) => Some(runs.find(&run.to_string_lossy())?),
        None => None,
    };
    let place = match &undo {
        Some(dir) => flags.common.place.clone().or(context(dir)?),
        None => flags.common.place.clone(),
    };
    let reach = connect(place, rights).await?.keeping_beside(&manner.runs);
    let registry = reach.registry_for::<R>()?;
    let runner = runner(&runs, &reach, manner)?;
    let spilled = Spilled::default();
    let plan = match (&undo, &flags.planning.apply) {
        (Some(dir), _) => runner.plan_undo(&registry, dir).await?,
        (None, Some(file)) => {
            let stored = import::<R>(&registry, &reach, file)?;
            if flags.planning.replan {
                let head = stored.head();
                let target = head.target.clone();
                let ask = Ask::raw(head.recipe.clone(), head.question.clone(), target, Timestamp::now());
                let fresh = registry.plan(spilled.ask(ask, &runs, looking)?).await?;
                screen.say(&show::changes(&stored, &fresh, &screen.layout));
                screen.say("");
                fresh
            } else {
                stored
            }
        }
        (None, None) => {
            let ask = Ask::new(&question(&reach).await?, reach.target.clone(), Timestamp::now())?;
            registry.plan(spilled.ask(ask, &runs, looking)?).await?
        }
    };
    if flags.planning.by_hand {
        screen.say(&show::by_hand(&plan));
        let line = format!("{} by hand; nothing was changed", count(plan.len(), "step"));
        return Ok(Ending::new(Exit::Done, line).shown().with("by_hand", by_hand(&plan)).with("plan", summary(&plan)));
    }
    screen.say(&show::plan(&plan, &reach.settings.limits, &screen.layout, Timestamp::now()));
    let sketch = Sketch::of(draws, &reach, &plan, screen).await;
    if let Some(file) = &flags.planning.plan_out {
        export(&plan, file)?;
        screen.say(&format!(
            "\nThe plan lies in {}; run it within {} minutes with --apply.",
            file.display(),
            reach.settings.limits.freshness_seconds / 60
        ));
    }
    if let Some(ending) = nothing_to_run(&plan, looking, &reach) {
        return ending;
    }
    let input_taken = input_taken || !screen.can_ask();
    let program = Program { manner, answers: &flags.answers, screen, reach: &reach, registry: &registry };
    program.approved(runner, plan, input_taken, sketch).await
}

/// What a program of several plans offers each with.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// How it speaks, and for whom.
    pub manner: &'a Manner,
    /// The answers that were given beforehand: they are for every plan.
    pub answers: &'a Answers,
    /// Where it speaks.
    pub screen: Screen,
    /// The systems.
    pub reach: &'a Reach,
    /// The recipes.
    pub registry: &'a Registry,
    /// Whether plans are only shown.
    pub looking: bool,
}

/// Shows a plan, has it approved, and runs it.
///
/// # Errors
/// Where it is refused, not approved, or never begins.
pub async fn offer(offer: Offer<'_>, plan: Plan) -> Result<Ending, Failure> {
    let Offer { manner, answers, screen, reach, registry, looking } = offer;
    let runner = runner(&Runs::at(&manner.runs), reach, manner)?;
    screen.say(&show::plan(&plan, &reach.settings.limits, &screen.layout, Timestamp::now()));
    let sketch = Sketch::of(Nothing, reach, &plan, screen).await;
    if let Some(ending) = nothing_to_run(&plan, looking, reach) {
        return ending;
    }
    let program = Program { manner, answers, screen, reach, registry };
    program.approved(runner, plan, !screen.can_ask(), sketch).await
}

/// How it ends where there is nothing to run, or nothing may be run.
fn nothing_to_run(plan: &Plan, looking: bool, reach: &Reach) -> Option<Result<Ending, Failure>> {
    let changes = plan.head().changes();
    let blocked: Vec<_> = plan
        .head()
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Block)
        .map(ToString::to_string)
        .collect();
    if !blocked.is_empty() {
        return Some(Err(Failure::refused(format!("refused, nothing was changed\n{}", blocked.join("\n")))));
    }
    let title = &plan.head().title;
    if changes == 0 {
        let line = format!("nothing to do — {title}");
        return Some(Ok(Ending::new(Exit::Done, line).with("plan", summary(plan))));
    }
    if looking {
        let limits = &reach.settings.limits;
        let asks = show::asked(plan, limits).iter().filter(|finding| finding.verdict == Verdict::Ask).count();
        let asked = if asks > 0 { format!(", {}", count(asks, "question")) } else { String::new() };
        let line = format!("planned {}{asked}; nothing was changed — {title}", count(changes, "change"));
        return Some(Ok(Ending::new(Exit::Done, line).with("plan", summary(plan)).with("actions", actions(plan))));
    }
    None
}

/// What a program goes on with once its plan is shown.
struct Program<'a> {
    manner: &'a Manner,
    answers: &'a Answers,
    screen: Screen,
    reach: &'a Reach,
    registry: &'a Registry,
}

impl Program<'_> {
    async fn approved(
        &self,
        runner: Runner,
        plan: Plan,
        input_taken: bool,
        sketch: Sketch<impl Draws>,
    ) -> Result<Ending, Failure> {
        let Self { manner, screen, reach, .. } = *self;
        let who = manner.operator();
        if plan.head().target.kind == TargetKind::Production && manner.known_operator().is_none() {
            return Err(Failure::usage("this is production: say who you are with --operator WHO; nothing was changed"));
        }
        let limits = &reach.settings.limits;
        let answers = approve::from_flags(&plan, self.answers, limits, &who, Timestamp::now());
        if self.answers.yes {
            // Refused before anything is written: a script that is not allowed leaves no folder behind.
            plan.clone().approve(answers.clone()).map_err(|(_, error)| error)?;
            let (dir, plan) = runner.prepare(plan)?;
            return self.start(runner, &dir, plan, answers, sketch).await;
        }
        if input_taken {
            return Err(how_to_go_on(plan, answers));
        }
        // A person may take long, or decide to do it by hand: what to do lies in the run's folder from now on.
        let (dir, plan) = runner.prepare(plan)?;
        screen.say(&screen.layout.wrap("", &format!("by hand: {}", dir.by_hand().display())));
        let asked =
            approve::ask(&plan, answers, &screen.layout, &mut std::io::stdin().lock(), &mut std::io::stdout().lock())
                .map_err(|error| Failure::refused(format!("cannot ask: {error}")))?;
        let Some(approval) = asked else {
            return Err(Failure::refused(format!(
                "not approved, nothing was changed; the plan lies in {}",
                dir.path().display()
            )));
        };
        self.start(runner, &dir, plan, approval, sketch).await
    }

    async fn start(
        &self,
        runner: Runner,
        dir: &RunDir,
        plan: Plan,
        approval: Approval,
        mut sketch: Sketch<impl Draws>,
    ) -> Result<Ending, Failure> {
        let Self { screen, reach, registry, .. } = *self;
        let info = dir.info()?;
        let who = approval.who.clone();
        let approved = plan.approve(approval).map_err(|(_, error)| error)?;
        sketch.keep(dir, screen);
        let subject = Subject::of(approved.plan(), &info.id, &who);
        let watched = Watched::begin(screen, reach, subject, approved.plan().len(), runner);
        let report = watched.runner.run(registry, dir, approved).await;
        watched.end();
        if report.is_err() {
            // Where it never began (somebody else holds the transaction), nothing needs to be kept; a journal stays.
            let _ = dir.clone().discard();
        }
        let report = report?;
        let drawn = sketch.after(reach, dir, screen).await;
        Ok(reported(screen, reach, dir, &report).with_some("pictures", drawn))
    }
}

/// What to add where nobody can be asked.
fn how_to_go_on(plan: Plan, answers: Approval) -> Failure {
    let mut text = "nobody can be asked here, so nothing was changed; to go on, add\n--yes".to_owned();
    if let Err((_, ops_plan::Error::Refused(refusal))) = plan.approve(answers) {
        for problem in refusal.problems {
            text.push_str(&format!("\n{}: {}\n  → {}", problem.guard, problem.text, problem.remedy));
        }
    }
    Failure::refused(text)
}

/// A runner with everybody who watches it, and who hears its signals.
pub(crate) struct Watched {
    pub(crate) runner: Runner,
    notifier: Option<Arc<Notifier>>,
}

impl Watched {
    pub(crate) fn begin(screen: Screen, reach: &Reach, subject: Subject, actions: usize, runner: Runner) -> Self {
        let tokens = signals::listen();
        let mut runner = runner.stopping_on(tokens.stop).aborting_on(tokens.abort);
        if screen.is_full() && surroundings::can_draw() {
            runner = runner.watched_by(Arc::new(Bars::new(actions)) as Arc<dyn Watcher>);
        }
        let notifier = Notifier::start(&reach.settings.notify).map(Arc::new);
        if let Some(notifier) = &notifier {
            let watch = Watch { notifier: Arc::clone(notifier), subject };
            runner = runner.watched_by(Arc::new(watch));
        }
        Self { runner, notifier }
    }

    pub(crate) fn end(&self) {
        if let Some(notifier) = &self.notifier {
            notifier.finish();
        }
    }
}

/// The end of a run, for people and for programs.
pub(crate) fn reported(screen: Screen, reach: &Reach, dir: &RunDir, report: &Report) -> Ending {
    let exit = Exit::from(report.outcome);
    screen.say("");
    for line in report.text().lines() {
        screen.say(&screen.layout.wrap("", line));
    }
    for link in reach.settings.later.get(&report.recipe).into_iter().flatten() {
        screen.say(&screen.layout.wrap("", &format!("later: {link}")));
    }
    let folder = dir.path().display();
    screen.say(&screen.layout.wrap("", &format!("for the channel: {folder}/report.md")));
    if report.left > 0 {
        screen.say(&screen.layout.wrap("", &format!("by hand, what is left: {folder}/by-hand-left.md")));
    }
    if report.outcome.is_resumable() && reach.sandbox.is_some() {
        screen.say("The sandbox ends with this program: this run cannot be resumed.");
    } else if report.outcome.is_resumable() {
        screen.say(&screen.layout.wrap("", &format!("resume: runs resume {folder}")));
    } else if report.changed > 0 && reach.sandbox.is_none() && programs::undoes(&report.recipe) {
        screen.say(&screen.layout.wrap("", &programs::undo(&report.recipe, &folder)));
    }
    let document = serde_json::to_value(report).unwrap_or(Value::Null);
    Ending::new(exit, report.line()).shown().with("run", folder.to_string().into()).with("report", document)
}

/// A runner whose runs tell how their systems are reached.
pub(crate) fn runner(runs: &Runs, reach: &Reach, manner: &Manner) -> Result<Runner, Failure> {
    let context = serde_json::value::to_raw_value(&reach.place)
        .map_err(|error| Failure::refused(format!("the way to the systems cannot be kept: {error}")))?;
    Ok(Runner::new(runs.clone(), manner.operator()).in_context(context))
}

/// What a plan keeps about the world before lies in a file, unless the plan is only looked at; it goes with the program
/// where no run took it.
#[derive(Default)]
struct Spilled(OnceLock<PathBuf>);

impl Spilled {
    fn ask(&self, ask: Ask, runs: &Runs, looking: bool) -> Result<Ask, Failure> {
        if looking {
            return Ok(ask);
        }
        let file = runs.spill()?;
        let _ = self.0.set(file.clone());
        Ok(ask.spilling_to(file))
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        if let Some(file) = self.0.get() {
            // A run has it, or nobody needs it. Folders go only where they are empty.
            let _ = std::fs::remove_file(file);
            for folder in file.ancestors().skip(1).take(2) {
                let _ = std::fs::remove_dir(folder);
            }
        }
    }
}

/// Writes a plan and its digest: without the digest, a head that was changed could not be told from the true one.
fn export(plan: &Plan, file: &Path) -> Result<(), Failure> {
    Runs::export(plan, file)?;
    let beside = digest_beside(file);
    std::fs::write(&beside, format!("{}\n", plan.digest()))
        .map_err(|error| Failure::refused(format!("cannot write {}: {error}", beside.display())))
}

fn import<R: Recipe>(registry: &Registry, reach: &Reach, file: &Path) -> Result<Plan, Failure> {
    let plan = Runs::import(registry, file)?;
    let head = plan.head();
    let name = file.display();
    let beside = digest_beside(file);
    let digest = read_bounded(&beside, 1024)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.trim().parse::<Digest>().ok());
    match digest {
        None => {
            let text = format!("{}: no digest; {name} travels together with its .digest and .facts", beside.display());
            return Err(Failure::refused(text));
        }
        Some(digest) if digest != plan.digest() => {
            let text = format!(
                "{name} was changed after the plan was made: it is plan {}, its digest is of plan {}",
                plan.digest().short(),
                digest.short()
            );
            return Err(Failure::refused(text));
        }
        Some(_) => {}
    }
    if head.recipe != R::ID {
        return Err(Failure::refused(format!("{name} is a plan of {}; run it with that program", head.recipe)));
    }
    if head.target.kind == TargetKind::Sandbox {
        return Err(Failure::refused(format!("{name} was made in a sandbox that ended with its program; plan again")));
    }
    if head.target != reach.target {
        return Err(Failure::refused(format!("{name} is a plan for {}, and --env says {}", head.target, reach.target)));
    }
    Ok(plan)
}

fn digest_beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".digest");
    file.with_file_name(name)
}

fn summary(plan: &Plan) -> Value {
    json!({ "digest": plan.digest().to_string(), "changes": plan.head().changes(), "head": plan.head() })
}

fn actions(plan: &Plan) -> Value {
    plan.cards().map(|card| json!({ "key": card.key, "text": card.text, "danger": card.danger })).collect()
}

fn by_hand(plan: &Plan) -> Value {
    (0..plan.len()).filter_map(|i| plan.by_hand(i)).map(Value::from).collect()
}
