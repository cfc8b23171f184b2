//! What the codes of refusals mean that services have in common.
//!
//! The names are those of the services' documentation («Common errors») and of the SDK's own lists. A service may spell one
//! with `Exception` or `Fault` at its end.

use crate::ErrorKind;

/// The kind of a refusal.
pub(super) fn kind(code: &str, status: u16) -> ErrorKind {
    let name = bare(code);
    match name {
        _ if name.contains("Throttl") => ErrorKind::RateLimited,
        "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "ProvisionedThroughputExceeded"
        | "TooManyRequests"
        | "SlowDown"
        | "PriorRequestNotComplete" => ErrorKind::RateLimited,

        "ExpiredToken"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "InvalidClientTokenId"
        | "InvalidToken"
        | "InvalidAccessKeyId"
        | "UnrecognizedClient"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
        | "SignatureDoesNotMatch"
        | "InvalidSignature"
        | "AuthFailure"
        | "TokenRefreshRequired" => ErrorKind::Unauthenticated,

        "AccessDenied" | "UnauthorizedOperation" | "Unauthorized" | "OptInRequired" | "NotAuthorized" | "Forbidden" => {
            ErrorKind::Forbidden
        }

        "ServiceUnavailable"
        | "InternalFailure"
        | "InternalError"
        | "InternalServer"
        | "InternalService"
        | "InternalServerError"
        | "InternalServiceError" => ErrorKind::Unavailable,

        "RequestTimeout" => ErrorKind::Timeout,

        _ if name.ends_with("NotFound") || name.starts_with("NoSuch") => ErrorKind::NotFound,

        "ResourceInUse"
        | "ResourceContention"
        | "Conflict"
        | "ResourceConflict"
        | "ConditionalCheckFailed"
        | "OperationAborted"
        | "InvalidState" => ErrorKind::Conflict,
        _ if name.ends_with("InProgress") || name.ends_with("AlreadyExists") => ErrorKind::Conflict,

        "Validation"
        | "ValidationError"
        | "MissingParameter"
        | "MissingAction"
        | "MalformedQueryString"
        | "MalformedInput"
        | "InvalidAction"
        | "InvalidQueryParameter"
        | "Serialization"
        | "InvalidRequest" => ErrorKind::Invalid,
        _ if name.starts_with("InvalidParameter") => ErrorKind::Invalid,

        _ => by_status(status),
    }
}

fn by_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 | 412 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        300..=499 => ErrorKind::Rejected,
        500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

/// Without the endings that services put on or leave off.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.strip_suffix("Exception").or_else(|| code.strip_suffix("Fault")).unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_means_the_same_however_a_service_spells_it() {
        for (code, status, wanted) in [
            ("Throttling", 400, ErrorKind::RateLimited),
            ("ThrottlingException", 400, ErrorKind::RateLimited),
            ("RequestLimitExceeded", 503, ErrorKind::RateLimited),
            ("ExpiredTokenException", 400, ErrorKind::Unauthenticated),
            ("InvalidClientTokenId", 403, ErrorKind::Unauthenticated),
            ("AccessDenied", 403, ErrorKind::Forbidden),
            ("AccessDeniedException", 400, ErrorKind::Forbidden),
            ("ValidationError", 400, ErrorKind::Invalid),
            ("ValidationException", 400, ErrorKind::Invalid),
            ("InvalidParameterValue", 400, ErrorKind::Invalid),
            ("ResourceInUse", 400, ErrorKind::Conflict),
            ("ScalingActivityInProgressFault", 400, ErrorKind::Conflict),
            ("InstanceRefreshInProgress", 400, ErrorKind::Conflict),
            ("com.example#ResourceNotFoundException", 400, ErrorKind::NotFound),
            ("ActiveInstanceRefreshNotFound", 400, ErrorKind::NotFound),
            ("InternalServerError", 500, ErrorKind::Unavailable),
            ("LimitExceeded", 400, ErrorKind::Rejected),
            ("Whatever", 418, ErrorKind::Rejected),
            ("Whatever", 500, ErrorKind::Unavailable),
        ] {
            assert_eq!(kind(code, status), wanted, "{code}");
        }
    }
}
