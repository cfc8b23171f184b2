//! Where the files of datasets lie: in buckets, or in a folder that stands for them.

use std::sync::Arc;

use dataset_files::DatasetFiles;

use super::way::Way;
use crate::exit::Failure;

/// The files, where the configuration says where they are. No call is made.
pub(super) fn reach(way: &Way<'_>) -> Result<Option<Arc<DatasetFiles>>, Failure> {
    if let Some(folder) = &way.settings.buckets {
        let files = DatasetFiles::local(folder).map_err(|error| Failure::usage(format!("buckets: {error}")))?;
        return Ok(Some(Arc::new(files)));
    }
    #[cfg(feature = "aws")]
    if let Some(settings) = &way.settings.files {
        let mut s3 = DatasetFiles::s3(&settings.region);
        if let Some(endpoint) = &settings.endpoint {
            s3 = s3.endpoint(endpoint);
        }
        let files = s3.build().map_err(|error| Failure::usage(format!("files: {}", crate::exit::told(&error))))?;
        return Ok(Some(Arc::new(files)));
    }
    Ok(None)
}
