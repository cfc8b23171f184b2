//! What many answers say together.

use std::fmt;

use super::prefix::same;
use super::{Answer, VersionPrefix};

/// How many reasons are shown.
const MOST_SHOWN: usize = 3;

/// Some answers of one address, each over a connection of its own. One answer proves nothing: behind a load balancer,
/// the next one may come from another instance.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Sample {
    /// The answers, in no particular order.
    pub answers: Vec<Answer>,
}

/// How often a version was told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// The version, as long as anybody told it.
    pub version: String,
    /// How many healthy answers told it.
    pub healthy: usize,
    /// How many answers told it and were not healthy.
    pub unhealthy: usize,
}

impl Count {
    /// How many answers told it.
    pub fn total(&self) -> usize {
        self.healthy + self.unhealthy
    }
}

impl Sample {
    /// Of these answers.
    pub fn new(answers: Vec<Answer>) -> Self {
        Self { answers }
    }

    /// How often each version was told, the most frequent first. A short and a long form of one version are one.
    pub fn counts(&self) -> Vec<Count> {
        // The longest forms first, so that each shorter one finds its own.
        let mut told: Vec<(&str, bool)> =
            self.answers.iter().filter_map(|answer| Some((answer.version.as_deref()?, answer.healthy))).collect();
        told.sort_by_key(|(version, _)| std::cmp::Reverse(version.len()));
        let mut counts: Vec<Count> = Vec::new();
        for (version, healthy) in told {
            let place = counts.iter().position(|count| count.version == version || same(&count.version, version));
            let place = place.unwrap_or_else(|| {
                counts.push(Count { version: version.to_owned(), healthy: 0, unhealthy: 0 });
                counts.len() - 1
            });
            let count = &mut counts[place];
            *(if healthy { &mut count.healthy } else { &mut count.unhealthy }) += 1;
        }
        counts.sort_by(|a, b| b.total().cmp(&a.total()).then_with(|| a.version.cmp(&b.version)));
        counts
    }

    /// How many answers told no version.
    pub fn without_version(&self) -> usize {
        self.answers.iter().filter(|answer| answer.version.is_none()).count()
    }

    /// The answers that are not healthy.
    pub fn unhealthy(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|answer| !answer.healthy)
    }

    /// Whether there are answers, and every one is healthy.
    pub fn all_healthy(&self) -> bool {
        !self.answers.is_empty() && self.unhealthy().next().is_none()
    }

    /// Whether there are answers, and every one told this version and no other. An answer without a version is another
    /// one.
    pub fn only(&self, version: &VersionPrefix) -> bool {
        let fits = |answer: &Answer| answer.version.as_deref().is_some_and(|told| version.fits(told));
        !self.answers.is_empty() && self.answers.iter().all(fits)
    }

    /// Whether an answer told this version.
    pub fn includes(&self, version: &VersionPrefix) -> bool {
        self.answers.iter().filter_map(|answer| answer.version.as_deref()).any(|told| version.fits(told))
    }
}

impl fmt::Display for Sample {
    /// `8 of 10 answer 6c957ed, 2 b4dc0de; all healthy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.answers.len();
        if all == 0 {
            return f.write_str("nobody was asked");
        }
        let mut parts: Vec<String> =
            self.counts().iter().map(|count| format!("{} {}", count.total(), short(&count.version))).collect();
        match parts.first_mut() {
            Some(first) => *first = first.replacen(' ', &format!(" of {all} answer "), 1),
            None => parts.push(format!("none of {all} answers a version")),
        }
        let without = self.without_version();
        if without > 0 && without < all {
            parts.push(format!("{without} without a version"));
        }
        f.write_str(&parts.join(", "))?;
        if self.all_healthy() {
            return f.write_str("; all healthy");
        }
        write!(f, "; {} unhealthy", self.unhealthy().count())?;
        let mut reasons: Vec<&str> = self.unhealthy().filter_map(|answer| answer.why.as_deref()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        match reasons.len() {
            0 => Ok(()),
            1..=MOST_SHOWN => write!(f, ": {}", reasons.join("; ")),
            more => write!(f, ": {}; and {} more", reasons[..MOST_SHOWN].join("; "), more - MOST_SHOWN),
        }
    }
}

/// Seven digits of what looks like a commit; of anything else not more than forty characters.
fn short(version: &str) -> String {
    let digits = version.len() >= 7 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    version.chars().take(if digits { 7 } else { 40 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "6c957ed851d82103e2b151b04aa8a5ede042c3c5";
    const BAD: &str = "b4dc0de4b1a9c7e5d3f20681947a5bce8d60f1e2";

    fn prefix(text: &str) -> VersionPrefix {
        text.parse().unwrap()
    }

    fn sample(told: &[(&str, usize)]) -> Sample {
        let each = |&(version, times): &(&str, usize)| vec![Answer::healthy(version); times];
        Sample::new(told.iter().flat_map(each).collect())
    }

    #[test]
    fn two_versions_behind_one_address() {
        let sample = sample(&[(BAD, 2), (GOOD, 8)]);
        assert_eq!(sample.to_string(), "8 of 10 answer 6c957ed, 2 b4dc0de; all healthy");
        assert!(sample.includes(&prefix("6c957ed")) && sample.includes(&prefix("b4dc0de4")));
        assert!(!sample.only(&prefix("6c957ed")) && !sample.includes(&prefix("1a2b3c4")));
    }

    #[test]
    fn long_and_short_forms_are_one_version() {
        let sample = sample(&[("6c957ed", 1), (GOOD, 2), ("6C957ED8", 1)]);
        assert_eq!(sample.counts().len(), 1);
        assert_eq!((sample.counts()[0].version.as_str(), sample.counts()[0].total()), (GOOD, 4));
        for asked in ["6c957ed", "6c957ed8", GOOD] {
            assert!(sample.only(&prefix(asked)), "{asked}");
        }
    }

    #[test]
    fn who_is_ill_is_told_apart() {
        let mut sample = sample(&[(GOOD, 2)]);
        sample.answers.push(Answer::unhealthy("datomic is ill").with_version(GOOD).with_status(503));
        sample.answers.push(Answer::unhealthy("no connection"));
        let counts = sample.counts();
        assert_eq!((counts[0].healthy, counts[0].unhealthy, sample.without_version()), (2, 1, 1));
        assert!(!sample.all_healthy() && sample.includes(&prefix(GOOD)));
        assert!(!sample.only(&prefix(GOOD)), "who told nothing may be of another version");
        let told = "3 of 4 answer 6c957ed, 1 without a version; 2 unhealthy: datomic is ill; no connection";
        assert_eq!(sample.to_string(), told);
    }

    #[test]
    fn nothing_proves_nothing() {
        let none = Sample::default();
        assert!(!none.all_healthy() && !none.only(&prefix(GOOD)) && !none.includes(&prefix(GOOD)));
        assert_eq!(none.to_string(), "nobody was asked");
        let silent = Sample::new(vec![Answer::unhealthy("no connection"); 2]);
        assert_eq!(silent.to_string(), "none of 2 answers a version; 2 unhealthy: no connection");
    }

    #[test]
    fn a_version_that_is_no_commit() {
        let sample = sample(&[("MISSING", 1), ("1.2", 2)]);
        assert_eq!(sample.to_string(), "2 of 3 answer 1.2, 1 MISSING; all healthy");
        assert_eq!(sample.counts()[0].total(), 2);
    }

    #[test]
    fn many_reasons_are_not_all_shown() {
        let sample = Sample::new((0..9).map(|n| Answer::unhealthy(format!("reason {n}"))).collect());
        assert!(sample.to_string().ends_with("reason 0; reason 1; reason 2; and 6 more"), "{sample}");
    }
}
