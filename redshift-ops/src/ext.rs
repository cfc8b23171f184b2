//! What follows from the ports' answers, for every implementation of them.

use std::time::Duration;

use async_trait::async_trait;
use ops_client::wait::Looks;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{Cluster, ClusterId, ClusterRead};

/// Between two looks. A reboot takes minutes.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// Conveniences over [`ClusterRead`].
#[async_trait]
pub trait ClusterReadExt: ClusterRead {
    /// The cluster of this identifier, or else the only one whose identifier begins so: what stacks are called, people know; what
    /// the service adds, they do not.
    ///
    /// # Errors
    /// `NotFound` where there is none, `Invalid` where more than one begins so, each with what there is; otherwise as
    /// [`ClusterRead::clusters`].
    async fn find_cluster(&self, name: &str) -> Result<Cluster> {
        const OP: &str = "redshift.find_cluster";
        let mut all = self.clusters().await?;
        let there = list(&all);
        if let Some(at) = all.iter().position(|cluster| cluster.id.as_str() == name) {
            return Ok(all.swap_remove(at));
        }
        all.retain(|cluster| !name.trim().is_empty() && cluster.id.as_str().starts_with(name));
        match <[Cluster; 1]>::try_from(all) {
            Ok([cluster]) => Ok(cluster),
            Err(none) if none.is_empty() => {
                let missing = Error::new(OP, ErrorKind::NotFound, Effect::None);
                let missing = missing.with_message(format!("no cluster is called {name:?}, or begins so"));
                Err(missing.with_remedy(if there.is_empty() {
                    "check the account and the region: there is no cluster at all".to_owned()
                } else {
                    format!("there are: {there}")
                }))
            }
            Err(many) => {
                let ambiguous = Error::invalid(OP, format!("{name:?} is not one cluster"));
                Err(ambiguous.with_remedy(format!("there are: {}", list(&many))))
            }
        }
    }

    /// Looks at a cluster, at once and then every 1 to 10 s, until it is as wanted. `seen` is told of every look.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use redshift_ops::{Cluster, ClusterId, ClusterRead, ClusterReadExt, ClusterWrite, Result};
    ///
    /// async fn restart<C: ClusterRead + ClusterWrite>(clusters: &C, id: &ClusterId) -> Result<Cluster> {
    ///     clusters.reboot(id).await?;
    ///     let seen = |cluster: &Cluster| println!("{}", cluster.status);
    ///     clusters.wait_for_cluster(id, Cluster::is_available, Duration::from_secs(20 * 60), seen).await
    /// }
    /// ```
    ///
    /// # Errors
    /// `Timeout` where it is not so before `deadline`, with what was seen last. Otherwise as [`ClusterRead::cluster`],
    /// but a failure that passes by itself is borne four times in a row.
    async fn wait_for_cluster<U, S>(&self, id: &ClusterId, until: U, deadline: Duration, mut seen: S) -> Result<Cluster>
    where
        U: Fn(&Cluster) -> bool + Send + Sync,
        S: FnMut(&Cluster) + Send,
    {
        let mut looks = Looks::new(deadline, SHORTEST, LONGEST);
        let mut last = None;
        loop {
            if let Some(found) = looks.bear(self.cluster(id).await)? {
                seen(&found);
                if until(&found) {
                    return Ok(found);
                }
                last = Some(found);
            }
            if !looks.pause().await {
                return Err(late(id, deadline, last.as_ref()));
            }
        }
    }
}

impl<T: ClusterRead + ?Sized> ClusterReadExt for T {}

fn list(clusters: &[Cluster]) -> String {
    clusters.iter().map(|cluster| cluster.id.as_str()).collect::<Vec<_>>().join(", ")
}

fn late(id: &ClusterId, deadline: Duration, last: Option<&Cluster>) -> Error {
    let seen = last.map_or_else(|| "nothing was seen of it".to_owned(), |cluster| format!("it is {}", cluster.status));
    Error::new("redshift.wait", ErrorKind::Timeout, Effect::None)
        .with_message(format!("{id} is not as wanted after {} s: {seen}", deadline.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::Timestamp;
    use tokio::time::Instant;

    use super::*;
    use crate::{ClusterEvent, ClusterStatus, Probe, Resize, Snapshot};

    /// Answers one look after the other; the last answer stays.
    struct Answers(Mutex<Vec<Result<Cluster>>>);

    #[async_trait]
    impl ClusterRead for Answers {
        async fn cluster(&self, _: &ClusterId) -> Result<Cluster> {
            let mut left = self.0.lock().unwrap();
            if left.len() > 1 { left.pop().unwrap() } else { left[0].as_ref().map(Clone::clone).map_err(again) }
        }

        async fn probe(&self) -> Result<Probe> {
            unreachable!("nobody asks")
        }

        async fn clusters(&self) -> Result<Vec<Cluster>> {
            unreachable!("nobody asks")
        }

        async fn events(&self, _: &ClusterId, _: Timestamp) -> Result<Vec<ClusterEvent>> {
            unreachable!("nobody asks")
        }

        async fn snapshots_in_progress(&self, _: &ClusterId) -> Result<Vec<Snapshot>> {
            unreachable!("nobody asks")
        }

        async fn resize(&self, _: &ClusterId) -> Result<Option<Resize>> {
            unreachable!("nobody asks")
        }
    }

    fn again(error: &Error) -> Error {
        Error::new(error.op(), error.kind(), error.effect())
    }

    fn id() -> ClusterId {
        ClusterId::new("stable")
    }

    fn cluster(status: ClusterStatus) -> Result<Cluster> {
        Ok(Cluster::new(id(), status))
    }

    fn failing(kind: ErrorKind) -> Result<Cluster> {
        Err(Error::new("redshift.cluster", kind, Effect::None))
    }

    async fn wait(mut answers: Vec<Result<Cluster>>, deadline: Duration) -> (Result<Cluster>, usize, Duration) {
        answers.reverse();
        let (began, mut looks) = (Instant::now(), 0);
        let clusters: &dyn ClusterRead = &Answers(Mutex::new(answers));
        let result = clusters.wait_for_cluster(&id(), Cluster::is_available, deadline, |_| looks += 1).await;
        (result, looks, began.elapsed())
    }

    const TEN_MINUTES: Duration = Duration::from_secs(600);

    #[tokio::test(start_paused = true)]
    async fn what_is_so_already_is_not_waited_for() {
        let (result, looks, time) = wait(vec![cluster(ClusterStatus::Available)], Duration::ZERO).await;
        assert_eq!((result.unwrap().id, looks, time), (id(), 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_deadline_and_tells_what_was_seen() {
        let (result, looks, time) = wait(vec![cluster(ClusterStatus::Rebooting)], TEN_MINUTES).await;
        let words = "redshift.wait: Timeout: stable is not as wanted after 600 s: it is rebooting";
        assert_eq!(result.unwrap_err().to_string(), words);
        assert!((TEN_MINUTES..TEN_MINUTES + Duration::from_secs(1)).contains(&time), "{time:?}");
        assert!((60..90).contains(&looks), "every 10 s in the end, more often at first: {looks}");
        // There is no end of time to count to.
        let answers = vec![cluster(ClusterStatus::Rebooting), cluster(ClusterStatus::Available)];
        assert!(wait(answers, Duration::MAX).await.0.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_passes_is_borne() {
        let away = || (0..4).map(|_| failing(ErrorKind::Unavailable));
        let answers = away().chain([cluster(ClusterStatus::Rebooting)]).chain(away());
        let answers = answers.chain([cluster(ClusterStatus::Available)]).collect();
        let (result, looks, _) = wait(answers, TEN_MINUTES).await;
        assert_eq!((result.is_ok(), looks), (true, 2));

        let (result, ..) = wait(vec![failing(ErrorKind::Unavailable)], TEN_MINUTES).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
        let (result, _, time) = wait(vec![failing(ErrorKind::NotFound)], TEN_MINUTES).await;
        assert_eq!((result.unwrap_err().kind(), time), (ErrorKind::NotFound, Duration::ZERO));
    }
}
