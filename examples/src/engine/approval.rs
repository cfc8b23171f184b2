//! A person's word for a run that waits at the engine.

use jiff::Timestamp;
use ops_plan::{Limits, TargetKind, Verdict};
use ops_restate::Stage;

use super::desk::{Desk, limits, no_such, refuse_blocked};
use super::pages::Pages;
use crate::exit::{Exit, Failure};
use crate::flags::{Answers, Manner};
use crate::screen::Ending;
use crate::show::Shown;
use crate::text::count;
use crate::{approve, show};

/// Shows a run's plan, asks what has to be asked, and gives the word. The handlers check it against the whole plan.
///
/// # Errors
/// Where there is no such run, it does not wait, nobody can be asked, or the word is refused: then nothing was changed.
pub async fn give(desk: &Desk<'_>, run: &str, answers: &Answers, manner: &Manner) -> Result<Ending, Failure> {
    let Desk { way, engine, config, screen } = *desk;
    let trouble = |error| way.trouble(error);
    let status = engine.status(run).await.map_err(trouble)?.ok_or_else(|| no_such(run))?;
    if status.stage != Stage::Waiting {
        let text = format!("run {run} does not wait for an approval: {}", super::watch::said(&status));
        return Err(Failure::refused(text));
    }
    let pages = Pages::read_lasting(engine, run).await.map_err(trouble)?;
    let limits = limits(config, pages.head());
    screen.say(&show::plan(&pages, &limits, &screen.layout, Timestamp::now()));
    refuse_blocked(pages.head())?;
    if pages.head().target.kind == TargetKind::Production && manner.known_operator().is_none() {
        return Err(Failure::usage("this is production: say who you are with --operator WHO; nothing was changed"));
    }
    let word = approve::from_flags(&pages, answers, &limits, &manner.operator(), Timestamp::now());
    let word = if answers.yes {
        word
    } else if screen.can_ask() {
        let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
        let asked = approve::ask(&pages, word, &screen.layout, &mut input, &mut output)
            .map_err(|error| Failure::refused(format!("cannot ask: {error}")))?;
        let not = || Failure::refused(format!("not approved, nothing was changed; run {run} waits on"));
        asked.ok_or_else(not)?
    } else {
        return Err(unasked(&pages, answers, &limits));
    };
    engine.approve(run, &word).await.map_err(trouble)?;
    let line = format!("approved: {} — next: engine watch {run}", count(pages.head().changes(), "change"));
    Ok(Ending::new(Exit::Done, line).with("run", run.into()).with("digest", pages.digest().to_string().into()))
}

/// What to add where nobody can be asked.
fn unasked(pages: &Pages, answers: &Answers, limits: &Limits) -> Failure {
    let mut text = "nobody can be asked here, so nothing was changed; to go on, add\n--yes".to_owned();
    let asks = show::asked(pages, limits).into_iter().filter(|finding| finding.verdict == Verdict::Ask);
    for ask in asks.filter(|ask| answers.accept.iter().all(|accepted| accepted.guard != ask.guard)) {
        text.push_str(&format!("\n{}: {}\n  → --accept {}=REASON", ask.guard, ask.text, ask.guard));
    }
    let head = pages.head();
    if answers.expect.is_none() && head.changes() > 1 && head.target.kind != TargetKind::Sandbox {
        text.push_str(&format!("\n--expect {}, if that is right", head.changes()));
    }
    if head.target.kind == TargetKind::Production && answers.confirm_env.is_none() {
        text.push_str(&format!("\nthis is production\n  → --confirm-env {}", head.target.environment));
    }
    Failure::refused(text)
}
