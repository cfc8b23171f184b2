//! Ids that look like the real ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::{Builder, Uuid};

use crate::rng::Rng;

/// A UUID whose first 32 bits are the second in which it was minted: dataset ids bear their transaction's start, partition
/// ids the commit (inferred from ids that were seen).
pub(crate) fn minted(rng: &mut Rng, at: Timestamp) -> Uuid {
    let mut bytes = rng.bytes();
    let second = u32::try_from(at.as_second()).unwrap_or(0);
    bytes[..4].copy_from_slice(&second.to_be_bytes());
    Builder::from_random_bytes(bytes).into_uuid()
}

/// The id of a scheduled transaction: version 5. What the real ones are made from is not known.
pub(crate) fn scheduled(rng: &mut Rng, target_date: Date) -> Uuid {
    let name = format!("https://example.com/runs/{target_date}/{}", rng.next());
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}

/// The name of a directory on S3: a UUID as 22 URL-safe characters.
pub(crate) fn directory(rng: &mut Rng) -> String {
    URL_SAFE_NO_PAD.encode(Builder::from_random_bytes(rng.bytes()).into_uuid().as_bytes())
}
