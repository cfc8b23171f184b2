//! The evidence and the ladder, readable on 50 columns: a letter and a sign say it, colour is only on top.

use anstyle::Style;
use ops_recipes::recover::{Class, Evidence, Ladder, Rules, Rung, Step};

use crate::text::{BLUE, BOLD, Layout, ORANGE, age, count};

/// So many failures are shown with their words.
const SHOWN: usize = 8;

/// What was seen.
pub fn evidence(seen: &Evidence, ladder: &Ladder, layout: &Layout) -> String {
    let mut out =
        vec![layout.paint(BOLD, &layout.wrap("", &format!("{} · transaction {}", ladder.job, ladder.transaction)))];
    if let Some(run) = &seen.run {
        let states: Vec<String> = run.tasks.iter().map(|(state, number)| format!("{number} {state}")).collect();
        out.push(layout.wrap("  run    ", &format!("{} in Airflow: {} ({})", run.run, run.state, states.join(", "))));
    }
    if seen.failures.is_empty() {
        out.push(layout.wrap("  failed ", "nothing"));
    } else {
        let kinds = Class::ALL.into_iter().filter(|class| seen.number(*class) > 0);
        let kinds: Vec<String> = kinds.map(|class| format!("{} {class}", seen.number(class))).collect();
        out.push(layout.wrap("  failed ", &format!("{}: {}", count(seen.failures.len(), "task"), kinds.join(", "))));
    }
    for failure in seen.failures.iter().take(SHOWN) {
        let (mark, style) = match failure.class {
            Class::Generic => ("G ~ ", BLUE),
            Class::Resources => ("R ! ", ORANGE),
            Class::Code => ("C x ", ORANGE),
            _ => ("U ? ", ORANGE),
        };
        let version = failure.version.as_deref().map_or(String::new(), |version| format!(", {version}"));
        let text = format!("{}, {}{version}: {}", failure.what, age(failure.at, seen.now), failure.words);
        out.push(marked(layout, style, mark, &text));
    }
    if seen.failures.len() > SHOWN {
        out.push(layout.wrap("    ", &format!("and {} more", seen.failures.len() - SHOWN)));
    }
    if !seen.live.is_empty() {
        out.push(layout.wrap("  alive  ", &seen.live.join(", ")));
    }
    out.push(layout.wrap("  deploys ", &deploys(seen)));
    if let Some(nodes) = seen.nodes {
        out.push(layout.wrap("  cluster ", &format!("{}: {}", ladder.group, count(nodes as usize, "machine"))));
    }
    out.extend(seen.unknown.iter().map(|what| marked(layout, ORANGE, "? ? ", &format!("not known: {what}"))));
    out.join("\n")
}

fn deploys(seen: &Evidence) -> String {
    match seen.deploys.as_deref() {
        None => "nobody was asked".to_owned(),
        Some([]) => "none lately".to_owned(),
        Some(some) => {
            let told = some
                .iter()
                .map(|deploy| format!("{}, {}: {}", deploy.version, age(deploy.at, seen.now), deploy.subject));
            told.collect::<Vec<_>>().join("; ")
        }
    }
}

/// The ladder: what is done, what comes now, what would come later.
pub fn ladder(seen: &Evidence, rules: &Rules, step: &Step, layout: &Layout) -> String {
    let highest = seen.highest().map(|attempt| attempt.rung);
    let now = match step {
        Step::Rung(rung) => Some(*rung),
        Step::Resume(open) => Some(open.rung),
        _ => None,
    };
    let line = |rung: Rung| {
        let attempt = seen.attempts.iter().find(|attempt| attempt.rung == rung);
        let detail = match rung {
            Rung::ScaleUp => {
                rules.nodes.map_or(String::new(), |nodes| format!(" to {}", count(nodes as usize, "machine")))
            }
            Rung::RollBack => seen.worked_version.as_deref().map_or(String::new(), |version| format!(" ({version})")),
            _ => String::new(),
        };
        let text = format!("{} {rung}{detail}", rung.number());
        match (now == Some(rung), attempt, highest) {
            (true, ..) => marked(layout, BOLD, "N > ", &text),
            (_, Some(attempt), _) => {
                let by = attempt.run.as_deref().map_or("by hand".to_owned(), |run| format!("run {run}"));
                marked(layout, BLUE, "D + ", &format!("{text}: {}, {by}", age(attempt.at, seen.now)))
            }
            (_, None, Some(highest)) if highest > rung => marked(layout, BLUE, "P - ", &format!("{text}: passed over")),
            _ => layout.wrap("L . ", &text),
        }
    };
    let mut out = vec![layout.paint(BOLD, "The ladder")];
    out.extend(Rung::ALL.into_iter().map(line));
    out.join("\n")
}

fn marked(layout: &Layout, style: Style, mark: &str, text: &str) -> String {
    let wrapped = layout.wrap(mark, text);
    match wrapped.strip_prefix(mark) {
        Some(rest) => format!("{}{rest}", layout.paint(style, mark)),
        None => wrapped,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ops_recipes::recover::{Attempt, Failure};

    use super::*;

    const NARROW: Layout = Layout { width: 50, colours: false };

    fn seen() -> Evidence {
        let now: Timestamp = "2026-11-26T03:00:00Z".parse().unwrap();
        let mut seen = Evidence::none(now);
        let mut failure = Failure::new("itaipu-core", "2026-11-26T02:30:00Z".parse().unwrap(), Class::Generic);
        failure.words = "java.net.ConnectException: Connection refused\u{1b}[2J".into();
        seen.failures = vec![failure];
        seen.attempts =
            vec![Attempt::new(Rung::Create, "2026-11-26T02:40:00Z".parse().unwrap()).by("20261126T024000Z")];
        (seen.nodes, seen.worked_version) = (Some(3), Some("4945885".into()));
        seen
    }

    #[test]
    fn the_ladder_says_what_is_done_now_and_later() {
        let text = ladder(&seen(), &Rules::new().with_nodes(5), &Step::Rung(Rung::ScaleUp), &NARROW);
        assert_eq!(
            text,
            "The ladder\n\
             P - 1 cycle the machines: passed over\n\
             D + 2 create the job again: 20 min ago, run\n    20261126T024000Z\n\
             N > 3 scale up to 5 machines\n\
             L . 4 create it again, on more machines\n\
             L . 5 roll back: create it with the version that\n    worked (4945885)"
        );
    }

    #[test]
    fn the_evidence_fits_and_moves_no_cursor() {
        let ladder =
            Ladder::new("f7832a01-001b-56f7-a4fe-b3a417f8f654", "jobs/prod/dagao".parse().unwrap(), "machines");
        let text = evidence(&seen(), &ladder, &NARROW);
        assert!(text.contains("failed 1 task: 1 generic") && text.contains("Connection"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
    }
}
