//! The journal on the disk: cut anywhere it is folded or refused; changed anywhere it is refused.

use std::fs;
use std::path::Path;

use ops_plan::{Error, Follower, Outcome, RunDir, RunState, Runs};

use crate::lab::{Lab, approve};
use crate::world::{Paint, Reply};

/// A run of twenty, and its journal.
async fn twenty(lab: &Lab) -> (RunDir, Vec<u8>) {
    let (dir, report) = lab.run(&Paint::alike(20, 4, |spec| spec)).await;
    assert_eq!(report.unwrap().outcome, Outcome::Done);
    let bytes = fs::read(dir.journal()).unwrap();
    (dir, bytes)
}

/// Where each line ends, its end included.
fn ends(bytes: &[u8]) -> Vec<usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(i, _)| i + 1).collect()
}

fn fold(path: &Path, bytes: &[u8]) -> Result<usize, Error> {
    fs::write(path, bytes).unwrap();
    Follower::new(path).poll().map(|entries| entries.len())
}

#[tokio::test(start_paused = true)]
async fn cut_at_any_byte_it_is_folded() {
    let lab = Lab::new();
    let (_, bytes) = twenty(&lab).await;
    let ends = ends(&bytes);
    assert!(ends.len() > 20, "{} lines", ends.len());
    let path = lab.path().join("cut.jsonl");
    for length in 0..=bytes.len() {
        let whole = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(fold(&path, &bytes[..length]).unwrap(), whole, "cut at {length}");
    }
}

/// Cut at the end of each line, one byte before and one after: the run is taken up, or refused with a reason.
#[tokio::test(start_paused = true)]
async fn cut_at_any_line_it_is_resumed() {
    let lab = Lab::new();
    let (dir, bytes) = twenty(&lab).await;
    let ends = ends(&bytes);
    let mut resumed = 0;
    for end in ends.iter().copied().chain([0]) {
        for length in [end.saturating_sub(1), end, end + 1] {
            let length = length.min(bytes.len());
            fs::write(dir.journal(), &bytes[..length]).unwrap();
            let result = lab.runner().resume(&lab.registry, &dir, false).await;
            let text = match &result {
                Ok(report) => report.text(),
                Err(error) => error.to_string(),
            };
            if length < ends[0] {
                assert!(text.contains("was never approved: plan again"), "cut at {length}: {text}");
            } else if length == bytes.len() {
                assert!(text.contains("there is nothing to resume"), "cut at {length}: {text}");
            } else {
                let report = result.unwrap();
                assert_eq!(report.outcome, Outcome::Done, "cut at {length}: {text}");
                assert_eq!(report.changed + report.already, 20);
                resumed += 1;
                // What was written is whole again.
                assert_eq!(Runs::summary(dir.clone()).unwrap().state, RunState::Ended(Outcome::Done));
            }
        }
    }
    assert!(resumed > 60, "{resumed}");
    let effects = lab.world.state().effects.clone();
    assert_eq!(effects.len(), 20);
    assert!(effects.values().all(|count| *count == 1), "{effects:?}");
}

/// A run that died before its approval was on the disk starts anew in its folder.
#[tokio::test(start_paused = true)]
async fn before_the_approval_nothing_has_happened() {
    let lab = Lab::new();
    let (dir, approved) = lab.prepared(&Paint::alike(2, 1, |spec| spec)).await;
    fs::write(dir.journal(), b"{\"seq\":1,\"at\":\"2026-11-").unwrap();
    assert_eq!(Runs::summary(dir.clone()).unwrap().state, RunState::Planned);
    let report = lab.runner().run(&lab.registry, &dir, approved.clone()).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done);
    let error = lab.runner().run(&lab.registry, &dir, approved).await.unwrap_err();
    assert!(error.to_string().contains("resume it"), "{error}");
    assert_eq!(lab.world.calls(), 2);
}

fn refused_at(path: &Path, bytes: &[u8], line: usize, context: &str) {
    match fold(path, bytes) {
        Err(Error::Corrupt { file, .. }) => {
            assert!(file.ends_with(&format!(", line {line}")), "{context}: {file}, expected line {line}");
        }
        other => panic!("{context}: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_byte_is_found_and_its_line_named() {
    let lab = Lab::new();
    let (_, bytes) = twenty(&lab).await;
    let ends = ends(&bytes);
    let path = lab.path().join("changed.jsonl");
    // The last end of line makes the last line whole; without it that line is a torn one.
    for place in 0..bytes.len() - 1 {
        let line = ends.iter().filter(|end| **end <= place).count() + 1;
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (place % 7);
        refused_at(&path, &changed, line, &format!("byte {place}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_taken_out_put_in_or_moved_is_found() {
    let lab = Lab::new();
    let (dir, bytes) = twenty(&lab).await;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let path = lab.path().join("moved.jsonl");
    for k in 0..lines.len() - 1 {
        let mut out = lines.clone();
        out.remove(k);
        refused_at(&path, &out.concat(), k + 1, &format!("line {} taken out", k + 1));
        let mut swapped = lines.clone();
        swapped.swap(k, k + 1);
        refused_at(&path, &swapped.concat(), k + 1, &format!("lines {} swapped", k + 1));
        let mut twice = lines.clone();
        twice.insert(k, lines[k]);
        refused_at(&path, &twice.concat(), k + 2, &format!("line {} twice", k + 1));
    }
    // And the runner refuses it too.
    let mut out = lines.clone();
    out.remove(4);
    fs::write(dir.journal(), out.concat()).unwrap();
    let error = lab.runner().resume(&lab.registry, &dir, false).await.unwrap_err();
    assert!(matches!(&error, Error::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("line 5"), "{error}");
    let listed = lab.runs().list().unwrap();
    assert!(listed.len() == 1 && listed[0].is_err(), "the list says so");
}

/// Who changes a line and knows how to make its checksum fit is found out by the line after it.
#[tokio::test(start_paused = true)]
async fn a_forged_line_breaks_the_chain() {
    let lab = Lab::new();
    let (_, bytes) = twenty(&lab).await;
    let text = String::from_utf8(bytes).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let path = lab.path().join("forged.jsonl");
    for k in 0..lines.len() - 1 {
        let honest = lines[k].clone();
        let (body, _) = honest.split_at(honest.len() - 18);
        let body = body.replacen("\"at\":\"20", "\"at\":\"19", 1);
        lines[k] = format!("{body},\"crc\":\"{:08x}\"}}", crc32fast::hash(body.as_bytes()));
        assert_ne!(lines[k], honest);
        refused_at(&path, (lines.join("\n") + "\n").as_bytes(), k + 2, &format!("line {} forged", k + 1));
        lines[k] = honest;
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_byte_of_plan_or_facts_is_refused() {
    let lab = Lab::new();
    let (dir, approved) = lab.prepared(&Paint::alike(4, 2, |spec| spec)).await;
    for file in ["plan.jsonl", "facts.jsonl"] {
        let path = dir.path().join(file);
        let bytes = fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            fs::write(&path, &changed).unwrap();
            let error = dir.plan(&lab.registry).err();
            assert!(error.is_some(), "{file}, byte {place}: {}", String::from_utf8_lossy(&changed));
        }
        for changed in [[&bytes[..], b"\n"].concat(), [&bytes[..], b"{}\n"].concat(), bytes[..bytes.len() - 1].to_vec()]
        {
            fs::write(&path, changed).unwrap();
            assert!(dir.plan(&lab.registry).is_err(), "{file}");
        }
        fs::write(&path, &bytes).unwrap();
        dir.plan(&lab.registry).unwrap();
    }
    // A change that reads the same is a change.
    let path = dir.path().join("plan.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    for changed in [text.replacen("\"to\":1", "\"to\": 1", 1), text.replacen("\"population\"", "\"populatiom\"", 1)] {
        assert_ne!(changed, text);
        fs::write(&path, changed).unwrap();
        assert!(dir.plan(&lab.registry).is_err());
    }
    fs::write(&path, text).unwrap();
    assert_eq!(lab.runner().run(&lab.registry, &dir, approved).await.unwrap().outcome, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_plan_travels_in_a_file() {
    let lab = Lab::new();
    let plan = lab.plan(&Paint::alike(300, 2, |spec| spec)).await;
    let path = lab.path().join("plan-out.jsonl");
    Runs::export(&plan, &path).unwrap();
    let back = Runs::import(&lab.registry, &path).unwrap();
    assert_eq!(back.digest(), plan.digest());
    assert_eq!(back.head().blocks.len(), 2, "250 and 50");
    let report = lab.runner().start(&lab.registry, approve(back)).await.unwrap();
    assert_eq!(report.changed, 300);
    fs::remove_file(lab.path().join("plan-out.jsonl.facts")).unwrap();
    assert!(Runs::import(&lab.registry, &path).is_err(), "its facts are gone");
}

/// Who follows from another place sees every line, whole and in order, while it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_reads_while_another_writes() {
    let lab = Lab::new();
    lab.world.state().usual = Some(Reply::good().taking(2));
    let (dir, approved) = lab.prepared(&Paint::alike(400, 8, |spec| spec)).await;
    let mut follower = Follower::new(dir.journal());
    assert!(follower.poll().unwrap().is_empty(), "there is no journal yet");
    let (registry, runner, at) = (Paint::registry(&lab.world), lab.runner(), dir.clone());
    let life = tokio::spawn(async move { runner.run(&registry, &at, approved).await });
    let (mut entries, mut polls) = (Vec::new(), 0);
    while !life.is_finished() {
        let news = follower.poll().unwrap();
        polls += usize::from(!news.is_empty());
        entries.extend(news);
        tokio::task::yield_now().await;
    }
    assert_eq!(life.await.unwrap().unwrap().outcome, Outcome::Done);
    entries.extend(follower.poll().unwrap());
    assert!(polls > 5, "it came in {polls} pieces");
    let lines = fs::read_to_string(dir.journal()).unwrap().lines().count();
    assert_eq!(entries.len(), lines);
    assert!(entries.iter().zip(1..).all(|(entry, seq)| entry.seq == seq));
}
