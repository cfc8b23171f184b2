//! Which build is meant: by a commit, by what runs, by what has passed.
//!
//! History is read page by page, to a bound. A build that tells no commit of the material is passed over; where none
//! does, the first one's reason is the answer.

use std::collections::{BTreeMap, HashSet, VecDeque};

use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{Build, BuildsRead, Cursor, PipelineName, Sha, ShaPrefix};

pub(crate) const MOST_BUILDS: usize = 1000;
pub(crate) const RECENT_BUILDS: usize = 50;
/// Old servers give ten builds a page; more pages than this only come from a server that goes in circles.
const MOST_PAGES: usize = 2 * MOST_BUILDS / 10;
/// How many candidates an error lists.
const MOST_LISTED: usize = 10;

/// A pipeline's builds one by one, the newest first, each once.
struct Walk<'a, P: ?Sized> {
    port: &'a P,
    pipeline: &'a PipelineName,
    most: usize,
    page: VecDeque<Build>,
    next: Option<Cursor>,
    pages: usize,
    seen: HashSet<u32>,
    /// Whether the history ended before the bound.
    ended: bool,
}

impl<'a, P: BuildsRead + ?Sized> Walk<'a, P> {
    fn new(port: &'a P, pipeline: &'a PipelineName, most: usize) -> Self {
        let (page, seen) = (VecDeque::new(), HashSet::new());
        Self { port, pipeline, most, page, next: None, pages: 0, seen, ended: false }
    }

    /// The next older build; none where the history or the bound ends.
    async fn build(&mut self) -> Result<Option<Build>> {
        loop {
            if self.seen.len() >= self.most {
                self.ended |= self.page.is_empty() && self.next.is_none();
                return Ok(None);
            }
            // While builds begin, a page of an older server begins with the end of the last one.
            while let Some(build) = self.page.pop_front() {
                if self.seen.insert(build.counter) {
                    return Ok(Some(build));
                }
            }
            if self.ended || (self.pages > 0 && self.next.is_none()) {
                self.ended = true;
                return Ok(None);
            }
            if self.pages == MOST_PAGES {
                return Ok(None);
            }
            let page = self.port.history(self.pipeline, self.next).await?;
            self.pages += 1;
            self.ended = page.builds.is_empty();
            self.next = page.next;
            self.page = page.builds.into();
        }
    }

    /// How far was looked, for an error.
    fn extent(&self) -> String {
        match (self.ended, self.seen.len()) {
            (true, 0) => format!("{} was never built", self.pipeline),
            (true, seen) => format!("all {seen} builds of {} were looked at", self.pipeline),
            (false, seen) => format!("the newest {seen} builds of {} were looked at, and no further", self.pipeline),
        }
    }
}

/// The commits of builds: what tells none is passed over, unless all are.
struct Shas<'a> {
    material: Option<&'a str>,
    told: bool,
    first: Option<Error>,
}

impl<'a> Shas<'a> {
    fn new(material: Option<&'a str>) -> Self {
        Self { material, told: false, first: None }
    }

    fn of(&mut self, build: &Build) -> Result<Option<Sha>> {
        match build.sha(self.material) {
            Ok(sha) => {
                self.told = true;
                Ok(Some(sha))
            }
            Err(error) if error.is_not_found() => {
                self.first.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The error of a look that found nothing.
    fn not_found(self, op: &'static str, what: String) -> Error {
        match self.first {
            Some(first) if !self.told => first,
            _ => Error::new(op, ErrorKind::NotFound, Effect::None).with_message(what),
        }
    }
}

pub(crate) async fn newest<P: BuildsRead + ?Sized>(
    port: &P,
    pipeline: &PipelineName,
    limit: usize,
) -> Result<Vec<Build>> {
    let mut walk = Walk::new(port, pipeline, limit);
    let mut builds = Vec::new();
    while let Some(build) = walk.build().await? {
        builds.push(build);
    }
    Ok(builds)
}

pub(crate) async fn running<P: BuildsRead + ?Sized>(port: &P, pipeline: &PipelineName) -> Result<Option<Build>> {
    let mut walk = Walk::new(port, pipeline, RECENT_BUILDS);
    while let Some(build) = walk.build().await? {
        if build.is_running() {
            return Ok(Some(build));
        }
    }
    Ok(None)
}

pub(crate) async fn between<P: BuildsRead + ?Sized>(
    port: &P,
    pipeline: &PipelineName,
    from: &Sha,
    to: &Sha,
    material: Option<&str>,
) -> Result<Vec<Build>> {
    let op = "gocd.between";
    let mut walk = Walk::new(port, pipeline, MOST_BUILDS);
    let mut shas = Shas::new(material);
    let mut builds = Vec::new();
    let mut inside = false;
    while let Some(build) = walk.build().await? {
        let sha = shas.of(&build)?;
        let is = |wanted: &Sha| sha.as_ref() == Some(wanted);
        inside |= is(to);
        if is(from) {
            if inside {
                return Ok(builds);
            }
            // It is the newer one, unless the other one was never built.
            let mut older = false;
            while let (false, Some(build)) = (older, walk.build().await?) {
                older = shas.of(&build)?.as_ref() == Some(to);
            }
            return Err(if older {
                let message = format!("{} was built after {}, not before it", from.short(), to.short());
                Error::invalid(op, message).with_remedy("give the older one first")
            } else {
                shas.not_found(op, format!("{to} was not built: {}", walk.extent()))
            });
        }
        if inside {
            builds.push(build);
        }
    }
    let missing = if inside { from } else { to };
    Err(shas.not_found(op, format!("{missing} was not built: {}", walk.extent())))
}

pub(crate) async fn resolve<P: BuildsRead + ?Sized>(
    port: &P,
    pipeline: &PipelineName,
    commit: &ShaPrefix,
    material: Option<&str>,
) -> Result<Build> {
    let op = "gocd.resolve";
    let mut walk = Walk::new(port, pipeline, MOST_BUILDS);
    let mut shas = Shas::new(material);
    let mut found: BTreeMap<Sha, Build> = BTreeMap::new();
    while let Some(build) = walk.build().await? {
        let Some(sha) = shas.of(&build)?.filter(|sha| commit.fits(sha)) else { continue };
        if commit.is_full() && build.has_passed() {
            return Ok(build);
        }
        match found.get(&sha) {
            Some(newer) if newer.has_passed() || !build.has_passed() => {}
            _ => drop(found.insert(sha, build)),
        }
    }
    if found.len() > 1 {
        let candidates: Vec<String> =
            found.iter().take(MOST_LISTED).map(|(sha, build)| format!("{sha} ({build})")).collect();
        let more = found.len() - candidates.len();
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        let message = format!("{commit} fits {} commits that were built: {}{more}", found.len(), candidates.join(", "));
        return Err(Error::invalid(op, message).with_remedy("give more digits of the one that is meant"));
    }
    match found.into_values().next() {
        Some(build) => Ok(build),
        None => Err(shas
            .not_found(op, format!("no build of a commit {commit}… was found: {}", walk.extent()))
            .with_remedy("only what was built can be deployed: check the commit and the pipeline")),
    }
}

pub(crate) async fn last_good<P: BuildsRead + ?Sized>(
    port: &P,
    pipeline: &PipelineName,
    before: Option<&Sha>,
    material: Option<&str>,
) -> Result<Option<Build>> {
    let op = "gocd.last_good";
    let mut walk = Walk::new(port, pipeline, MOST_BUILDS);
    let mut shas = Shas::new(material);
    let mut reached = before.is_none();
    let mut good: Option<Build> = None;
    let mut since = 0;
    // Once one was found, a little further: the commit may have been built twice, with others in between.
    while since <= RECENT_BUILDS
        && let Some(build) = walk.build().await?
    {
        since += usize::from(good.is_some());
        let Some(before) = before else {
            if build.has_passed() {
                return Ok(Some(build));
            }
            continue;
        };
        let Some(sha) = shas.of(&build)? else { continue };
        if sha == *before {
            (reached, good, since) = (true, None, 0);
        } else if reached && good.is_none() && build.has_passed() {
            good = Some(build);
        }
    }
    match (good, before) {
        (Some(build), _) => Ok(Some(build)),
        (None, Some(before)) if !reached => {
            Err(shas.not_found(op, format!("{before} was not built: {}", walk.extent())))
        }
        (None, _) if walk.ended => Ok(None),
        (None, _) => Err(shas.not_found(op, format!("no build that has passed was found: {}", walk.extent()))),
    }
}
