//! Errors of provisioning in the form of RFC 7644, section 3.12.

use http::HeaderValue;
use serde_json::{Value, json};

/// What stands in front of every path of provisioning.
pub const BASE: &str = "/scim/v2/";

/// The detail of a refusal with the standard's word for it.
pub const WORD: &str = "scim_type";

/// The media type of everything below [`BASE`].
pub const fn content_type() -> HeaderValue {
    HeaderValue::from_static("application/scim+json")
}

/// The error, from one in OpenAI's form.
pub(crate) fn body(status: u16, body: &Value) -> Value {
    let told = &body["error"];
    let mut error = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": told["message"],
    });
    if let Some(word) = told["trousseau"][WORD].as_str() {
        error["scimType"] = word.into();
    }
    error
}
