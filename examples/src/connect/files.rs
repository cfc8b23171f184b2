//! Where the files of datasets lie: in buckets, or in a folder that stands for them.

use std::sync::Arc;

use dataset_files::DatasetFiles;

use super::way::Way;

/// The files, where the configuration says where they are. No call is made.
pub(super) fn reach(way: &Way<'_>) -> Option<Arc<DatasetFiles>> {
    if let Some(folder) = &way.settings.buckets {
        return Some(Arc::new(DatasetFiles::local(folder)));
    }
    #[cfg(feature = "aws")]
    if let Some(settings) = &way.settings.files {
        let mut s3 = dataset_files::S3Builder::from_env().region(&settings.region);
        if let Some(endpoint) = &settings.endpoint {
            s3 = s3.endpoint(endpoint);
        }
        if way.settings.allow_plain_http {
            s3 = s3.plain_http();
        }
        return Some(Arc::new(DatasetFiles::s3(s3)));
    }
    None
}
