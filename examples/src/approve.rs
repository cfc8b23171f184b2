//! The questions before a plan may run. They are asked of a person, or answered by flags; never answered by themselves.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;
use ops_plan::{Approval, Danger, Limits, TargetKind, Verdict};

use crate::flags::Answers;
use crate::show::{self, Shown};
use crate::text::{Layout, count};

/// A person is not asked to name more actions than this one by one.
const NAMED_AT_MOST: usize = 50;

/// What the flags say about a plan.
pub fn from_flags(plan: &impl Shown, answers: &Answers, limits: &Limits, who: &str, now: Timestamp) -> Approval {
    let mut approval = Approval::new(plan.digest(), who, now).within(limits.clone());
    approval.expect = answers.expect;
    approval.accepted.clone_from(&answers.accept);
    approval.irreversible.clone_from(&answers.irreversible);
    approval.echo.clone_from(&answers.confirm_env);
    approval
}

/// Asks a person what the flags left open. `None`: the person does not want it.
///
/// # Errors
/// Where nothing can be read or written.
pub fn ask(
    plan: &impl Shown,
    mut approval: Approval,
    layout: &Layout,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> io::Result<Option<Approval>> {
    let head = plan.head();
    let mut question = |output: &mut dyn Write, mark: &str, text: &str| -> io::Result<Option<String>> {
        write!(output, "{} ", layout.wrap(mark, text))?;
        output.flush()?;
        let mut line = String::new();
        let read = io::Read::take(&mut *input, 4096).read_line(&mut line)?;
        let answer = line.trim().to_owned();
        Ok((read > 0 && !answer.is_empty()).then_some(answer))
    };
    writeln!(output, "\n{}", layout.wrap("", "Nothing was changed yet. An empty answer ends it."))?;
    let mut asks = head.findings.clone();
    // Here the question of the share is asked in the sandbox, too: that is what it is there to show.
    asks.extend(head.share(&approval.limits));
    for finding in asks.iter().filter(|finding| finding.verdict == Verdict::Ask) {
        if approval.accepted.iter().any(|accepted| accepted.guard == finding.guard) {
            continue;
        }
        writeln!(output, "{}", show::finding(finding, layout))?;
        let Some(reason) = question(output, "  ", "Why is it right?")? else { return Ok(None) };
        approval = approval.accepting(finding.guard.clone(), reason);
    }
    let lasting: Vec<_> = (0..head.len())
        .filter_map(|i| plan.card(i))
        .filter(|card| card.danger == Danger::Irreversible && !approval.irreversible.contains(&card.key))
        .take(NAMED_AT_MOST + 1)
        .collect();
    if lasting.len() > NAMED_AT_MOST {
        let text = format!("More than {NAMED_AT_MOST} actions cannot be taken back: name each with --irreversible.");
        writeln!(output, "{}", layout.wrap("", &text))?;
        return Ok(None);
    }
    for card in lasting {
        let text = format!("This cannot be taken back: {}. Type its key, {}:", card.text, card.key);
        match question(output, "I x ", &text)? {
            Some(key) if key == card.key => approval = approval.naming(key),
            _ => return Ok(None),
        }
    }
    let changes = head.changes();
    if approval.expect.is_none() {
        if changes == 1 {
            match question(output, "", &format!("One object will be changed in {}. Go on? Type yes:", head.target))? {
                Some(answer) if answer == "yes" => {}
                _ => return Ok(None),
            }
        } else {
            let text = format!("How many objects of {} will be changed? Type the number:", head.target);
            let Some(answer) = question(output, "", &text)? else { return Ok(None) };
            match answer.parse() {
                Ok(expect) => approval = approval.expecting(expect),
                Err(wrong) => {
                    writeln!(output, "{wrong}")?;
                    return Ok(None);
                }
            }
        }
    }
    if head.target.kind == TargetKind::Production && approval.echo.is_none() {
        let text = format!("This is production: {} there. Type the environment's name:", count(changes, "change"));
        let Some(name) = question(output, "", &text)? else { return Ok(None) };
        approval = approval.echoing(name);
    }
    approval.at = Timestamp::now();
    Ok(Some(approval))
}
