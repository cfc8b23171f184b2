//! What both targets do with bytes.

use std::sync::Once;

use dataset_files::{DatasetFiles, FilesRead, FilesWrite, S3Path};

/// Looks at bytes as a file.
pub fn look(bytes: Vec<u8>) {
    static ONCE: Once = Once::new();
    // The decoders run on threads of their own, where a panic is an error of the call.
    ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let files = DatasetFiles::memory();
        let path: S3Path = "s3://lake/x".parse().unwrap();
        files.put_new(&path, bytes).await.unwrap();
        let _ = files.describe(&path).await;
        let _ = files.first_rows(&path, 20).await;
    });
}
