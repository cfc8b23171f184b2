//! Folders as buckets. The store of the object crate follows links wherever they lead; this looks first.

use std::io::ErrorKind as Io;
use std::path::{Path as File, PathBuf};
use std::sync::Arc;

use metapod_model::S3Path;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use ops_client::{Effect, Error, ErrorKind, Result};

use super::failed;

/// The folder of a bucket, without links.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) async fn open(op: &'static str, root: PathBuf, path: S3Path) -> Result<(Self, Arc<dyn ObjectStore>)> {
        aside(op, move || {
            let bucket = path.bucket();
            let plain = !matches!(bucket, "." | "..") && !bucket.contains(['/', '\\', ':']);
            if !plain {
                return Err(Error::invalid(op, "a bucket's name is the name of a folder").with_target(path.as_str()));
            }
            let missing = |what: &str, error: &std::io::Error| {
                Error::new(op, kind(error), Effect::None)
                    .with_target(path.as_str())
                    .with_message(format!("{what}: {error}"))
            };
            let root = root.canonicalize().map_err(|error| missing("the folder of the buckets", &error))?;
            let folder =
                root.join(bucket).canonicalize().map_err(|error| missing("there is no such bucket", &error))?;
            if !folder.starts_with(&root) {
                return Err(outside(op, &path));
            }
            let store =
                LocalFileSystem::new_with_prefix(&folder).map_err(|error| failed(op, &path, error, Effect::None))?;
            Ok((Self(folder), Arc::new(store) as Arc<dyn ObjectStore>))
        })
        .await
    }

    /// Whether something is there, and within the folder.
    pub(super) async fn holds(&self, op: &'static str, path: &S3Path, key: &Path) -> Result<bool> {
        let (folder, file, path) = (self.0.clone(), self.file(key), path.clone());
        aside(op, move || match file.canonicalize() {
            Ok(real) if real.starts_with(&folder) => Ok(true),
            Ok(_) => Err(outside(op, &path)),
            Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => Ok(false),
            Err(error) => Err(unreachable(op, &path, &error)),
        })
        .await
    }

    /// That a new file would lie within the folder.
    pub(super) async fn admits(&self, op: &'static str, path: &S3Path, key: &Path) -> Result<()> {
        let (folder, file, path) = (self.0.clone(), self.file(key), path.clone());
        aside(op, move || {
            // The file itself, too: a link that leads nowhere would become what it leads to.
            let there = file.ancestors().find(|part| part.symlink_metadata().is_ok()).unwrap_or(&folder);
            match there.canonicalize() {
                Ok(real) if real.starts_with(&folder) => Ok(()),
                Ok(_) => Err(outside(op, &path)),
                Err(error) if error.kind() == Io::NotFound => Err(outside(op, &path)),
                Err(error) => Err(unreachable(op, &path, &error)),
            }
        })
        .await
    }

    fn file(&self, key: &Path) -> PathBuf {
        // Its segments are names: neither `.` nor `..` is one.
        key.parts().fold(self.0.clone(), |file, part| file.join(File::new(part.as_ref())))
    }
}

fn kind(error: &std::io::Error) -> ErrorKind {
    match error.kind() {
        Io::NotFound | Io::NotADirectory => ErrorKind::NotFound,
        Io::PermissionDenied => ErrorKind::Forbidden,
        _ => ErrorKind::Other,
    }
}

fn outside(op: &'static str, path: &S3Path) -> Error {
    Error::new(op, ErrorKind::Forbidden, Effect::None)
        .with_target(path.as_str())
        .with_message("a link leads out of the bucket's folder, and is not followed")
}

fn unreachable(op: &'static str, path: &S3Path, error: &std::io::Error) -> Error {
    Error::new(op, kind(error), Effect::None).with_target(path.as_str()).with_message(error.to_string())
}

async fn aside<T: Send + 'static>(op: &'static str, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(Error::new(op, ErrorKind::Other, Effect::None).with_message("the program ends")))
}
