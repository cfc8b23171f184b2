//! A plan for people: what would be done, what speaks against it, and how it is done by hand.

use std::cmp::Reverse;
use std::collections::HashMap;

use anstyle::Style;
use jiff::Timestamp;
use ops_plan::{Card, Danger, Digest, Finding, Head, Limits, Phase, Plan, TargetKind, Verdict};
use ops_recipes::first::Overview;

use crate::text::{BLUE, BOLD, Layout, ORANGE, age, count};

/// How many actions of a phase are shown from its beginning; the last one is shown besides.
const SAMPLE: usize = 5;
/// How many characters of a command are shown.
const COMMAND: usize = 300;
/// How many differences between two plans are shown of each kind.
const DIFFERENCES: usize = 5;

/// What can be shown of a plan, whoever holds the whole of it.
pub trait Shown {
    /// What it is about.
    fn head(&self) -> &Head;
    /// Its digest: what an approval is for.
    fn digest(&self) -> Digest;
    /// Action `i`, where it is known here.
    fn card(&self, i: usize) -> Option<Card>;
    /// What a person would do instead of action `i`, where it is known here.
    fn by_hand(&self, i: usize) -> Option<String>;
}

impl Shown for Plan {
    fn head(&self) -> &Head {
        self.head()
    }

    fn digest(&self) -> Digest {
        self.digest()
    }

    fn card(&self, i: usize) -> Option<Card> {
        self.card(i)
    }

    fn by_hand(&self, i: usize) -> Option<String> {
        self.by_hand(i)
    }
}

/// The whole plan, as it is shown before it is approved.
pub fn plan(plan: &impl Shown, limits: &Limits, layout: &Layout, now: Timestamp) -> String {
    let mut out = body(plan, limits, layout, now);
    if let Some(by_hand) = plan.by_hand(0) {
        out.push(String::new());
        out.push(layout.wrap("", "By hand, the first of it (--by-hand prints it all):"));
        out.extend(by_hand.lines().map(|line| format!("  {}", cut(&crate::text::clean(line)))));
    }
    out.push(String::new());
    out.push(last(plan, layout));
    out.join("\n")
}

/// The same, where the commands to do it by hand are only counted.
pub fn plan_in_short(plan: &Plan, limits: &Limits, layout: &Layout, now: Timestamp) -> String {
    let mut out = body(plan, limits, layout, now);
    let lines = (0..plan.len()).filter_map(|i| plan.by_hand(i)).map(|text| text.lines().count()).sum();
    out.push(String::new());
    out.push(layout.wrap("", &format!("By hand: {}, left out here (--by-hand prints them).", count(lines, "line"))));
    out.push(last(plan, layout));
    out.join("\n")
}

fn last(plan: &impl Shown, layout: &Layout) -> String {
    layout.wrap("", &format!("plan {}: {}", plan.digest().short(), count(plan.head().changes(), "change")))
}

/// What a plan is about, what the guards say, and its phases.
fn body(plan: &impl Shown, limits: &Limits, layout: &Layout, now: Timestamp) -> Vec<String> {
    let head = plan.head();
    let mut out = vec![layout.paint(BOLD, &layout.wrap("", &head.title))];
    if let Some(run) = &head.undoes {
        out.push(layout.wrap("  ", &format!("takes back what run {run} changed")));
    }
    for line in &head.identity {
        out.push(layout.wrap("  asked  ", line));
    }
    let made = format!("{:.0} ({}), {} version {}", head.made_at, age(head.made_at, now), head.recipe, head.version);
    out.push(layout.wrap("  made   ", &made));
    for note in &head.notes {
        out.push(layout.wrap("  · ", note));
    }
    let findings = findings(plan, limits, layout);
    if !findings.is_empty() {
        out.extend([String::new(), findings]);
    }
    if !head.phases.is_empty() {
        out.push(String::new());
        out.push(phases(plan, layout));
    }
    out
}

/// A command is there to be copied, so it is not wrapped; one that fills the screen is not shown whole.
fn cut(line: &str) -> String {
    match line.char_indices().nth(COMMAND) {
        Some((end, _)) => format!("{} …", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}

/// What the guards say, worst first.
fn findings(plan: &impl Shown, limits: &Limits, layout: &Layout) -> String {
    let mut findings = asked(plan, limits);
    if plan.head().target.kind == TargetKind::Sandbox
        && let Some(share) = plan.head().share(limits)
    {
        let said = "here --yes lets it pass; elsewhere it must be answered";
        findings.push(Finding::warn(share.guard, share.text).with_advice(said));
    }
    findings.sort_by_key(|finding| Reverse(finding.verdict));
    let lines = findings.iter().map(|found| finding(found, layout));
    lines.collect::<Vec<_>>().join("\n")
}

/// All findings that an approval of this plan meets, the share among them.
pub fn asked(plan: &impl Shown, limits: &Limits) -> Vec<Finding> {
    let share = plan.head().share(limits).filter(|_| plan.head().target.kind != TargetKind::Sandbox);
    plan.head().findings.iter().cloned().chain(share).collect()
}

/// One finding.
pub fn finding(finding: &Finding, layout: &Layout) -> String {
    let (mark, style) = match finding.verdict {
        Verdict::Pass => ("P + ", BLUE),
        Verdict::Warn => ("W ! ", ORANGE),
        Verdict::Ask => ("A ? ", ORANGE),
        Verdict::Block => ("B x ", ORANGE.bold()),
    };
    let mut lines = vec![marked(layout, mark, style, &format!("{}: {}", finding.guard, finding.text))];
    if let Some(advice) = &finding.advice {
        lines.push(layout.wrap("    → ", advice));
    }
    if finding.verdict == Verdict::Ask {
        lines.push(layout.wrap("    → ", &format!("--accept {}=REASON", finding.guard)));
    }
    lines.join("\n")
}

fn phases(plan: &impl Shown, layout: &Layout) -> String {
    let all = plan.head().phases.len();
    let mut lines = Vec::new();
    let mut from = 0;
    for (number, phase) in plan.head().phases.iter().enumerate() {
        lines.push(layout.wrap("", &heading(number + 1, all, phase)));
        let to = from + phase.len();
        for i in sample(from, to) {
            match i {
                Sampled::Action(i) => lines.extend(plan.card(i).map(|shown| card(&shown, layout))),
                Sampled::More(n) => lines.push(format!("      … {n} more …")),
            }
        }
        from = to;
    }
    lines.extend(legend(plan).map(|text| layout.wrap("  ", &text)));
    lines.join("\n")
}

fn heading(number: usize, all: usize, phase: &Phase) -> String {
    let of = if all > 1 { format!(" {number} of {all}") } else { String::new() };
    let waits = if phase.waits > 0 { format!(", {}", count(phase.waits, "wait")) } else { String::new() };
    let width = if phase.len() > 1 { format!(", at most {} at once", phase.width) } else { String::new() };
    format!("Phase{of} «{}»: {}{waits}{width}", phase.name, count(phase.changes(), "change"))
}

enum Sampled {
    Action(usize),
    More(usize),
}

/// The actions of a plan that are shown.
#[cfg(feature = "engine")]
pub(crate) fn shown(head: &Head) -> Vec<usize> {
    let mut from = 0_usize;
    let mut all = Vec::new();
    for phase in &head.phases {
        let to = from.saturating_add(phase.len());
        all.extend(sample(from, to).into_iter().filter_map(|sampled| match sampled {
            Sampled::Action(i) => Some(i),
            Sampled::More(_) => None,
        }));
        from = to;
    }
    all
}

/// The first few of a phase, how many are left out, and the last.
fn sample(from: usize, to: usize) -> Vec<Sampled> {
    if to - from <= SAMPLE + 2 {
        return (from..to).map(Sampled::Action).collect();
    }
    let first = (from..from + SAMPLE).map(Sampled::Action);
    first.chain([Sampled::More(to - from - SAMPLE - 1), Sampled::Action(to - 1)]).collect()
}

fn card(card: &Card, layout: &Layout) -> String {
    let (mark, style) = sign(card.danger);
    marked(layout, &format!("  {mark} "), style, &card.text)
}

fn sign(danger: Danger) -> (&'static str, Style) {
    match danger {
        Danger::Nothing => ("N .", BLUE),
        Danger::Reversible => ("R ~", BLUE),
        Danger::Disruptive => ("D !", ORANGE),
        Danger::Irreversible => ("I x", ORANGE.bold()),
    }
}

/// What the signs of this plan mean.
fn legend(plan: &impl Shown) -> Option<String> {
    let sum = |of: fn(&Phase) -> usize| plan.head().phases.iter().map(of).sum::<usize>();
    let meant = [
        ("N . a wait", sum(|phase| phase.waits)),
        ("R ~ leaves no trace when taken back", sum(|phase| phase.reversible)),
        ("D ! others notice it, even when it is taken back", sum(|phase| phase.disruptive)),
        ("I x cannot be taken back", sum(|phase| phase.irreversible)),
    ];
    let used: Vec<&str> = meant.iter().filter(|(_, number)| *number > 0).map(|(text, _)| *text).collect();
    (!used.is_empty()).then(|| used.join("; "))
}

fn marked(layout: &Layout, mark: &str, style: Style, text: &str) -> String {
    let wrapped = layout.wrap(mark, text);
    match wrapped.strip_prefix(mark) {
        Some(rest) => format!("{}{rest}", layout.paint(style, mark)),
        None => wrapped,
    }
}

/// What is wrong, a sign after the other.
pub fn overview(overview: &Overview, layout: &Layout) -> String {
    let line = |line: &str| {
        // A sign begins with its mark of four columns; what belongs to it is set in as far.
        let (mark, text) = line.char_indices().nth(4).map_or((line, ""), |(at, _)| line.split_at(at));
        layout.wrap(mark, text)
    };
    overview.to_string().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What a person would do instead, all of it.
pub fn by_hand(plan: &Plan) -> String {
    let mut out = vec![format!("# {}", crate::text::one_line(&plan.head().title))];
    out.extend(plan.head().notes.iter().map(|note| format!("# {}", crate::text::one_line(note))));
    for (i, card) in plan.cards().enumerate() {
        out.push(format!("\n# {}", crate::text::one_line(&card.text)));
        out.extend(plan.by_hand(i).map(|text| crate::text::clean(text.trim_end())));
    }
    out.join("\n")
}

/// What a new plan has and an old one had not, and the other way round.
pub fn changes(old: &Plan, new: &Plan, layout: &Layout) -> String {
    let cards = |plan: &Plan| plan.cards().map(|card| (card.key, card.text)).collect::<HashMap<_, _>>();
    let (before, after) = (cards(old), cards(new));
    let only = |these: &HashMap<String, String>, those: &HashMap<String, String>| {
        let mut texts: Vec<String> =
            these.iter().filter(|(key, _)| !those.contains_key(*key)).map(|(_, text)| text.clone()).collect();
        texts.sort_unstable();
        texts
    };
    let mut other: Vec<String> = after
        .iter()
        .filter(|(key, text)| before.get(*key).is_some_and(|old| old != *text))
        .map(|(_, text)| text.clone())
        .collect();
    other.sort_unstable();
    let said = |plan: &Plan| plan.head().findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (said_before, said_now) = (said(old), said(new));
    let findings: Vec<String> = said_now.iter().filter(|text| !said_before.contains(text)).cloned().collect();
    let title = format!("Since plan {} of {:.0}:", old.digest().short(), old.head().made_at);
    let mut lines = vec![layout.wrap("", &title)];
    let before_lines = lines.len();
    for (mark, what, texts) in [
        ("  - ", "no longer planned", only(&before, &after)),
        ("  + ", "new", only(&after, &before)),
        ("  ~ ", "not as it was", other),
        ("  ? ", "the guards say now", findings),
    ] {
        if texts.is_empty() {
            continue;
        }
        lines.push(layout.wrap("  ", &format!("{what}: {}", texts.len())));
        lines.extend(texts.iter().take(DIFFERENCES).map(|text| layout.wrap(mark, text)));
        if texts.len() > DIFFERENCES {
            lines.push(format!("{mark}… {} more", texts.len() - DIFFERENCES));
        }
    }
    if lines.len() == before_lines {
        lines.push("  nothing changed".into());
    }
    lines.join("\n")
}
