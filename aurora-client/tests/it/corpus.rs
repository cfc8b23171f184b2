//! Every file of the corpus, fed to both decoders: whatever stands in it, they say so and go on.

use std::fs;
use std::path::{Path, PathBuf};

use aurora_client::wire::{
    ApplicationException, CreateJob, DecodeError, Encoding, GetTasksStatus, KillTasks, Message, ReplyBody, Value,
};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// What the bytes say, if they are this; `Debug` must not fail on it either.
fn read<T: Value + std::fmt::Debug>(encoding: Encoding, bytes: &[u8]) -> Result<usize, DecodeError> {
    let body: T = Message::open(encoding, bytes)?.body()?;
    Ok(format!("{body:?}").len())
}

#[test]
fn no_file_makes_a_decoder_panic() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), &mut all);
    assert!(all.len() >= 5, "the recorded bodies at least");
    for path in all {
        let bytes = fs::read(&path).unwrap();
        // A file may be one body, or one a line.
        for body in std::iter::once(&bytes[..]).chain(bytes.split(|byte| *byte == b'\n')) {
            for encoding in [Encoding::Json, Encoding::Binary] {
                let results = [
                    read::<ReplyBody>(encoding, body),
                    read::<ApplicationException>(encoding, body),
                    read::<GetTasksStatus>(encoding, body),
                    read::<CreateJob>(encoding, body),
                    read::<KillTasks>(encoding, body),
                ];
                let errors = results.into_iter().filter_map(Result::err);
                errors.for_each(|error| assert!(!error.to_string().is_empty()));
            }
        }
    }
}
