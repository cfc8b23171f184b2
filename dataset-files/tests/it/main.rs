//! Files of datasets.
