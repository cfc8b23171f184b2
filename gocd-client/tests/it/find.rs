//! Which build is meant: over histories of any kind, behind a port of our own.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use gocd_client::{
    Build, BuildsRead, BuildsReadExt, Cursor, Effect, Error, ErrorKind, HistoryPage, MaterialRevision, Modification,
    PipelineName, PipelineStatus, Probe, Result, Sha, ShaPrefix, Stage, StageResult,
};
use proptest::prelude::*;

use crate::metapod;

/// A history in pages.
#[derive(Default)]
struct Held {
    builds: Vec<Build>,
    page: usize,
    /// A server that goes in circles: its pages have no end.
    circles: bool,
    pages: AtomicUsize,
}

#[async_trait]
impl BuildsRead for Held {
    async fn probe(&self) -> Result<Probe> {
        Err(Error::invalid("test", "not needed here"))
    }

    async fn history(&self, _: &PipelineName, after: Option<Cursor>) -> Result<HistoryPage> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        let from = after.map_or(0, |after| after.get() as usize);
        let to = (from + self.page).min(self.builds.len());
        let next = if to < self.builds.len() { to } else { 0 };
        let next = (next > 0 || self.circles).then(|| Cursor::new(next as u64));
        Ok(HistoryPage::new(self.builds[from..to].to_vec(), next))
    }

    async fn status(&self, _: &PipelineName) -> Result<PipelineStatus> {
        Err(Error::invalid("test", "not needed here"))
    }
}

/// Builds of these commits, the newest first; what ends with `!` has failed, with `…` runs.
fn held(commits: &[&str]) -> Held {
    let count = commits.len() as u32;
    let builds = commits.iter().zip((1..=count).rev()).map(|(commit, counter)| {
        let digits = commit.trim_end_matches(['!', '…']);
        let label = format!("{counter}:{}", whole(digits));
        let stage = match commit.chars().last() {
            Some('!') => Stage::new("build", StageResult::Failed),
            Some('…') => Stage::building("build"),
            _ => Stage::new("build", StageResult::Passed),
        };
        Build::new(metapod(), counter, label).with_stages(vec![stage])
    });
    Held { builds: builds.collect(), page: 3, ..Held::default() }
}

/// A commit that begins so.
fn whole(digits: &str) -> Sha {
    format!("{digits:0<40}").parse().unwrap()
}

fn prefix(text: &str) -> ShaPrefix {
    text.parse().unwrap()
}

fn counter(build: &Build) -> u32 {
    build.counter
}

#[tokio::test]
async fn a_commit_that_was_never_built_says_how_far_was_looked() {
    let gocd = held(&["aaaaaaa", "bbbbbbb"]);
    let error = gocd.resolve(&metapod(), &prefix("ccccccc"), None).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::None));
    assert!(error.to_string().contains("ccccccc") && error.to_string().contains("all 2 builds of metapod"), "{error}");
    assert!(error.remedy().is_some());
    let error = held(&[]).resolve(&metapod(), &prefix("ccccccc"), None).await.unwrap_err();
    assert!(error.to_string().contains("metapod was never built"), "{error}");
}

#[tokio::test]
async fn no_look_goes_on_for_ever() {
    let commits: Vec<String> = (0..2500).map(|n| format!("{n:07x}!")).collect();
    let mut gocd = held(&commits.iter().map(String::as_str).collect::<Vec<_>>());
    gocd.page = 100;
    let pipeline = metapod();
    for error in [
        gocd.resolve(&pipeline, &prefix("fffffff"), None).await.unwrap_err(),
        gocd.last_good(&pipeline, None, None).await.unwrap_err(),
        gocd.between(&pipeline, &whole("fffffff"), &whole("0000001"), None).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error.to_string().contains("the newest 1000 builds of metapod were looked at, and no further"),
            "{error}"
        );
    }
    assert_eq!(gocd.builds(&pipeline, usize::MAX).await.unwrap().len(), 1000);

    let mut circles = held(&["aaaaaaa!", "bbbbbbb!"]);
    circles.circles = true;
    assert!(circles.resolve(&pipeline, &prefix("fffffff"), None).await.unwrap_err().is_not_found());
    assert!(circles.pages.load(Ordering::Relaxed) < 1000);
    let mut silent = held(&[]);
    silent.circles = true;
    assert!(silent.running(&pipeline).await.unwrap().is_none());
}

#[tokio::test]
async fn no_more_pages_are_read_than_needed() {
    let gocd = held(&["aaaaaaa", "bbbbbbb", "ccccccc", "ddddddd"]);
    gocd.builds(&metapod(), 3).await.unwrap();
    gocd.last_good(&metapod(), None, None).await.unwrap();
    gocd.resolve(&metapod(), &ShaPrefix::from(&whole("bbbbbbb")), None).await.unwrap();
    assert_eq!(gocd.pages.load(Ordering::Relaxed), 3, "a whole commit cannot be another one's beginning");
}

#[tokio::test]
async fn candidates_are_listed_with_who_and_why() {
    let mut gocd = held(&["aaaaaaa1", "aaaaaaa2"]);
    let change = Modification::new("x").with_author("Ana", "2018-01-18T04:02:00Z".parse().unwrap(), "Tidy\nmore");
    let revision = MaterialRevision::new("Git", "URL: x", "f").with_modifications(vec![change]);
    gocd.builds[0].revisions = vec![revision];
    let error = gocd.resolve(&metapod(), &prefix("AAAAAAA"), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    for part in ["aaaaaaa1", "aaaaaaa2", "by Ana, 2018-01-18T04:02:00Z: Tidy)"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    let many: Vec<String> = (0..30).map(|n| format!("aaaaaaa{n:02}")).collect();
    let many = held(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let error = many.resolve(&metapod(), &prefix("aaaaaaa"), None).await.unwrap_err();
    assert!(error.to_string().contains("fits 30 commits") && error.to_string().contains("and 20 more"), "{error}");
}

#[tokio::test]
async fn what_is_good_before_another_one() {
    let (good, bad) = (whole("aaaaaaa"), whole("bbbbbbb"));
    let found = async |commits: &[&str]| held(commits).last_good(&metapod(), Some(&bad), None).await;
    let told = async |commits: &[&str]| found(commits).await.unwrap().as_ref().map(counter);
    assert_eq!(told(&["bbbbbbb", "aaaaaaa"]).await, Some(1));
    assert_eq!(told(&["ccccccc", "bbbbbbb", "ddddddd!", "aaaaaaa"]).await, Some(1), "not what came after it");
    assert_eq!(told(&["bbbbbbb", "bbbbbbb!", "aaaaaaa"]).await, Some(1), "built twice");
    assert_eq!(told(&["bbbbbbb", "ccccccc", "bbbbbbb", "aaaaaaa"]).await, Some(1), "built again later");
    assert_eq!(told(&["bbbbbbb", "aaaaaaa!"]).await, None);
    let error = found(&["ccccccc", "aaaaaaa"]).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("bbbbbbb"), "{error}");
    let error = held(&["aaaaaaa", "bbbbbbb"]).between(&metapod(), &good, &bad, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(error.to_string().contains("give the older one first"), "{error}");
}

#[tokio::test]
async fn a_commit_again_does_not_end_what_is_between() {
    let gocd = held(&["ccccccc", "bbbbbbb", "bbbbbbb", "ddddddd", "aaaaaaa", "aaaaaaa"]);
    let found = gocd.between(&metapod(), &whole("aaaaaaa"), &whole("bbbbbbb"), None).await.unwrap();
    assert_eq!(found.iter().map(counter).collect::<Vec<_>>(), [5, 4, 3]);
}

#[tokio::test]
async fn builds_without_the_material_are_passed_over() {
    let git = |description: &str, commit: &str| {
        MaterialRevision::new("Git", description, format!("f{description}"))
            .with_modifications(vec![Modification::new(whole(commit))])
    };
    let build = |counter: u32, revisions| {
        Build::new(metapod(), counter, counter.to_string())
            .with_revisions(revisions)
            .with_stages(vec![Stage::new("build", StageResult::Passed)])
    };
    let builds = vec![
        build(3, vec![git("URL: code", "aaaaaaa"), git("URL: config", "bbbbbbb")]),
        build(2, vec![git("URL: config", "ccccccc")]),
        build(1, vec![git("URL: code", "ddddddd"), git("URL: config", "ccccccc")]),
    ];
    let gocd = Held { builds, page: 2, ..Held::default() };
    let found = gocd.resolve(&metapod(), &prefix("ddddddd"), Some("code")).await.unwrap();
    assert_eq!(found.counter, 1);
    let error = gocd.resolve(&metapod(), &prefix("aaaaaaa"), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("\"URL: code\", \"URL: config\""), "{error}");
    let error = gocd.resolve(&metapod(), &prefix("aaaaaaa"), Some("cod3")).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("no git material"), "a name that is none: {error}");
    let error = gocd.resolve(&metapod(), &prefix("aaaaaaa"), Some("URL")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "a part that fits both: {error}");
}

#[test]
fn what_has_passed() {
    let passed = |name: &str| Stage::new(name, StageResult::Passed);
    let build = |stages: &[Stage]| Build::new(metapod(), 1, "1").with_stages(stages.to_vec());
    let by_hand = Stage::not_begun("publish").by_hand();
    assert!(build(&[passed("a"), passed("b")]).has_passed());
    assert!(build(&[passed("a"), by_hand.clone(), Stage::not_begun("c")]).has_passed());
    for not in [
        &[][..],
        std::slice::from_ref(&by_hand),
        &[passed("a"), Stage::not_begun("b")],
        &[passed("a"), Stage::building("b")],
        &[passed("a"), Stage::new("b", StageResult::Cancelled)],
        &[passed("a"), Stage::new("b", StageResult::told("Odd"))],
        &[passed("a"), Stage::new("publish", StageResult::Failed).by_hand()],
    ] {
        assert!(!build(not).has_passed(), "{not:?}");
    }
}

fn sha() -> impl Strategy<Value = Sha> {
    // Eight commits, so that they begin alike, and some are built twice.
    "aaaaaa[ab]{3}".prop_map(|digits| whole(&digits))
}

proptest! {
    /// Whatever was built: what is found begins so, is the only commit that does, and is missed only where none does.
    #[test]
    fn a_prefix_finds_the_only_commit_that_begins_so(
        built in prop::collection::vec((sha(), any::<bool>()), 0..30),
        asked in "[aA]{6}[abAB]{1,3}",
        page in 1..9_usize,
    ) {
        let count = built.len() as u32;
        let builds = built.iter().zip((1..=count).rev()).map(|((sha, passed), counter)| {
            let result = if *passed { StageResult::Passed } else { StageResult::Failed };
            Build::new(metapod(), counter, format!("{counter}:{sha}")).with_stages(vec![Stage::new("build", result)])
        });
        let gocd = Held { builds: builds.collect(), page, ..Held::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let asked = prefix(&asked);
        let fitting: BTreeSet<&Sha> = built.iter().map(|(sha, _)| sha).filter(|sha| asked.fits(sha)).collect();
        match runtime.block_on(gocd.resolve(&metapod(), &asked, None)) {
            Ok(found) => {
                let sha = found.sha(None).unwrap();
                prop_assert_eq!(fitting.iter().collect::<Vec<_>>(), [&&sha]);
                let of_it: Vec<&Build> = gocd.builds.iter().filter(|build| build.sha(None).unwrap() == sha).collect();
                let best = of_it.iter().find(|build| build.has_passed()).unwrap_or(&of_it[0]);
                prop_assert_eq!(found.counter, best.counter);
            }
            Err(error) if error.kind() == ErrorKind::Invalid => {
                prop_assert!(fitting.len() > 1);
                let message = error.to_string();
                prop_assert!(fitting.iter().take(10).all(|sha| message.contains(sha.as_str())));
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::NotFound);
                prop_assert!(fitting.is_empty());
            }
        }
    }

    /// No text makes a parser panic, and what it takes it gives back.
    #[test]
    fn any_text_is_parsed_or_refused(text in r"[0-9a-fA-F]{0,45}|\PC{0,45}") {
        if let Ok(sha) = text.parse::<Sha>() {
            prop_assert_eq!(sha.as_str(), text.to_lowercase());
            prop_assert!(prefix(&text[..7]).fits(&sha));
        }
        if let Ok(prefix) = text.parse::<ShaPrefix>() {
            prop_assert!((7..=40).contains(&prefix.as_str().len()));
        }
        if let Ok(name) = text.parse::<PipelineName>() {
            prop_assert_eq!(name.as_str(), text);
        }
    }
}
