//! Errors in OpenAI's form: `{"error": {"message", "type", "param", "code"}}`.

use serde_json::{Value, json};
use trousseau_core::error::ErrorKind;

/// The HTTP status and the body of an error of this kind. `code` is the stable code of the error, `message` what it
/// says to people, `param` the field of the request that is at fault.
pub fn error(kind: ErrorKind, code: &str, message: &str, param: Option<&str>) -> (u16, Value) {
    let status = status(kind);
    (status, error_body(status, code, message, param))
}

/// The HTTP status of an error of this kind.
pub const fn status(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidInput => 400,
        ErrorKind::Unauthenticated => 401,
        ErrorKind::Forbidden => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::Conflict => 409,
        ErrorKind::TooLarge => 413,
        ErrorKind::Throttled => 429,
        ErrorKind::Unavailable => 503,
        ErrorKind::Timeout => 504,
        ErrorKind::Corrupt | ErrorKind::Internal => 500,
    }
}

/// The body of an error that is answered with this HTTP status; its `type` follows from the status.
pub fn error_body(status: u16, code: &str, message: &str, param: Option<&str>) -> Value {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        504 => "timeout_error",
        _ => "server_error",
    };
    json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
}
