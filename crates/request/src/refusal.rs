//! A request that is not answered as asked: which error, with which status, and what a client may do next.
//!
//! Handlers return it with `?`. It leaves as an empty response that carries it; the envelope puts it into words,
//! for only there the caller's language is known.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::model::ModelError;
use trousseau_limits::Refused;
use trousseau_plan::NoRoute;
use trousseau_policy::decide::{Denied, Rejection};
use trousseau_policy::reason::Reason;
use trousseau_wire::Fault;
use trousseau_wire::server::{anthropic, error_body, status};

use crate::error::HttpError;
use crate::language::{Language, Texts};
use crate::scim_error;
use trousseau_accounts::AccountError;
use trousseau_gateway::entry::Attempt;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::files::FileError;

/// After how many seconds a request may be tried again where nobody knows better.
const RETRY_AFTER: u64 = 5;

/// Where Anthropic's form is spoken, also of errors.
pub const MESSAGES: &str = "/v1/messages";

/// Where that form's tokens are counted.
pub const COUNT_TOKENS: &str = "/v1/messages/count_tokens";

/// Whether Anthropic's form is spoken at this path.
pub fn is_messages(path: &str) -> bool {
    matches!(path, MESSAGES | COUNT_TOKENS)
}

/// What OpenAI calls a budget that is spent.
const SPENT: &str = "insufficient_quota";

/// Whether a client is to try again by itself.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Why a request is refused.
#[derive(Debug)]
pub struct Refusal(Box<Parts>);

#[derive(Debug)]
struct Parts {
    error: Box<dyn Explain + Send + Sync>,
    status: StatusCode,
    code: &'static str,
    param: Option<String>,
    /// OpenAI's word for the kind of error, where the status does not tell.
    kind: Option<&'static str>,
    retry_after: Option<u64>,
    details: Map<String, Value>,
    rejected: Vec<Rejection>,
    faults: Vec<Box<dyn Explain + Send + Sync>>,
}

impl Refusal {
    /// A refusal with the status of the error's kind.
    pub fn new(error: impl Explain + Send + Sync + 'static) -> Self {
        Self::of(Box::new(error))
    }

    /// The same for an error of any kind.
    pub fn of(error: Box<dyn Explain + Send + Sync>) -> Self {
        let kind = error.kind();
        let status = StatusCode::from_u16(status(kind)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retries = matches!(kind, ErrorKind::Unavailable | ErrorKind::Throttled);
        Self(Box::new(Parts {
            code: error.code(),
            error,
            status,
            param: None,
            kind: None,
            retry_after: retries.then_some(RETRY_AFTER),
            details: Map::new(),
            rejected: Vec::new(),
            faults: Vec::new(),
        }))
    }

    /// The same with the field of the request that is at fault.
    #[must_use]
    pub fn about(mut self, param: &str) -> Self {
        self.0.param = Some(param.to_owned());
        self
    }

    /// The same with everything that is wrong, where it is several things at once.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Box<dyn Explain + Send + Sync>>) -> Self {
        self.0.faults = faults;
        self
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// The same under a code by which OpenAI's clients know it.
    #[must_use]
    fn known_as(mut self, code: &'static str) -> Self {
        self.0.code = code;
        self
    }

    /// The same with one thing more that it tells.
    #[must_use]
    pub fn detail(mut self, name: &str, value: Value) -> Self {
        self.0.details.insert(name.to_owned(), value);
        self
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code that it leaves under.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The body it is answered with, in OpenAI's form.
    pub fn body(&self, texts: &dyn Texts, language: Language, request_id: &str) -> Value {
        let (message, hint) = texts.explain(language, self.0.error.as_ref());
        let mut body = error_body(
            self.0.status.as_u16(),
            self.0.code,
            &message,
            self.0.param.as_deref(),
        );
        let mut details = self.0.details.clone();
        if !self.0.rejected.is_empty() {
            let rejected = self
                .0
                .rejected
                .iter()
                .map(|rejection| told(rejection, texts, language));
            details.insert("rejected".to_owned(), rejected.collect());
        }
        if !self.0.faults.is_empty() {
            let faults = self.0.faults.iter().map(|fault| {
                let (message, _) = texts.explain(language, fault.as_ref());
                json!({ "code": fault.code(), "message": message })
            });
            details.insert("faults".to_owned(), faults.collect());
        }
        if let Some(hint) = hint {
            details.insert("hint".to_owned(), hint.into());
        }
        details.insert("request_id".to_owned(), request_id.into());
        if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
            error.insert("trousseau".to_owned(), Value::Object(details));
            if let Some(kind) = self.0.kind {
                error.insert("type".to_owned(), kind.into());
            }
        }
        body
    }

    /// The whole response to a request for `path`, in the form of that path's API.
    pub fn respond(
        &self,
        path: &str,
        (texts, language): (&dyn Texts, Language),
        request_id: &str,
    ) -> Response {
        let mut body = self.body(texts, language, request_id);
        if is_messages(path) {
            body = anthropic::error(self.0.status.as_u16(), &body);
        }
        let is_scim = path.starts_with(scim_error::BASE);
        if is_scim {
            body = scim_error::body(self.0.status.as_u16(), &body);
        }
        let body = body.to_string();
        let mut response = (self.0.status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(
            header::CONTENT_TYPE,
            if is_scim { scim_error::content_type() } else { json },
        );
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.code()),
        );
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.kind == Some(SPENT) {
            // OpenAI's clients would try again at once otherwise.
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"trousseau\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }

    /// Its line in the log: faults of the service are for the operator, the rest is the client's.
    pub fn log(&self, request_id: &str) {
        let (code, error) = (self.0.code, &self.0.error);
        if self.0.status.is_server_error() {
            tracing::warn!(request_id, code, %error, "a request failed");
        } else {
            // Its words may repeat what the client sent.
            tracing::debug!(request_id, code, "a request was refused");
        }
    }
}

/// A refused target, with its reasons in words.
pub fn told(rejection: &Rejection, texts: &dyn Texts, language: Language) -> Value {
    let reasons = rejection.reasons.iter().map(|reason| {
        let (mut text, _) = texts.explain(language, &Told(reason.clone()));
        if reason.line > 0 {
            let (rule, _) = texts.explain(language, &ByRule(reason.clone()));
            text = format!("{text} ({rule})");
        }
        let mut told = serde_json::to_value(reason).unwrap_or_default();
        if let Some(told) = told.as_object_mut() {
            told.insert("text".to_owned(), text.into());
        }
        told
    });
    json!({ "target": rejection.target, "reasons": reasons.collect::<Value>() })
}

/// The rule of the organisation that a reason comes from, and its line.
#[derive(Debug, thiserror::Error)]
#[error("rule {}, line {}", .0.rule, .0.line)]
struct ByRule(Reason);

impl Explain for ByRule {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Forbidden
    }

    fn code(&self) -> &'static str {
        "reason-by-rule"
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        self.0.fields()
    }
}

/// A reason of the policy, as something that has words in the catalogue.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Told(Reason);

impl Explain for Told {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Forbidden
    }

    fn code(&self) -> &'static str {
        self.0.code.message()
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        self.0.fields()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<HttpError> for Refusal {
    fn from(error: HttpError) -> Self {
        let refusal = match &error {
            HttpError::Method { .. } => Some(StatusCode::METHOD_NOT_ALLOWED),
            HttpError::BodySlow { .. } => Some(StatusCode::REQUEST_TIMEOUT),
            _ => None,
        };
        let known = match &error {
            HttpError::NoModel { .. } => Some(("model_not_found", Some("model"))),
            HttpError::NoCredentials | HttpError::Ended => Some(("invalid_api_key", None)),
            _ => None,
        };
        let mut made = Self::new(error);
        if let Some(status) = refusal {
            made = made.with_status(status);
        }
        if let Some((code, param)) = known {
            made = made.known_as(code);
            made.0.param = param.map(str::to_owned);
        }
        made
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let param = fault.param().map(str::to_owned);
        // A body of too many or too deep values is malformed; 413 is about bytes.
        let mut made = Self::new(fault).with_status(StatusCode::BAD_REQUEST);
        made.0.param = param;
        made
    }
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        let known = match &error {
            AccountError::UnknownKey | AccountError::ExpiredKey { .. } => Some("invalid_api_key"),
            _ => None,
        };
        let wait = match &error {
            AccountError::Throttled { seconds } => u64::try_from(*seconds).ok(),
            _ => None,
        };
        let mut made = Self::new(error);
        made.0.retry_after = wait.or(made.0.retry_after);
        match known {
            Some(code) => made.known_as(code),
            None => made,
        }
    }
}

impl From<GatewayError> for Refusal {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::NoRoute { name, .. } => HttpError::NoModel { name }.into(),
            GatewayError::Limited(refused) => (*refused).into(),
            GatewayError::Denied { denied, entry } => denial(*denied, entry.to_string()),
            GatewayError::Exhausted {
                ref attempts,
                ref entry,
                retry_after,
            } => {
                let (entry, attempts, status) =
                    (entry.to_string(), told_attempts(attempts), exhausted(attempts));
                let mut made = Self::new(error)
                    .with_status(status)
                    .detail("entry", entry.into())
                    .detail("attempts", attempts);
                made.0.retry_after = retry_after.or(made.0.retry_after);
                if status == StatusCode::TOO_MANY_REQUESTS {
                    made = made.known_as("rate_limit_exceeded");
                }
                made
            }
            GatewayError::Declined {
                error: ref model,
                ref entry,
            }
            | GatewayError::Broken {
                error: ref model,
                ref entry,
            } => {
                let (entry, status) = (entry.to_string(), failed(model));
                Self::new(error).with_status(status).detail("entry", entry.into())
            }
            error => Self::new(error),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (kind, wait) = (refused.kind_of_limit(), refused.wait);
        let told = |amount| refused.what.told(amount).parse::<f64>().unwrap_or_default();
        let limit = json!({
            "name": refused.name,
            "of": refused.whose.to_string(),
            "each": refused.each,
            "what": refused.what,
            "most": told(refused.most),
            "used": told(refused.used),
            "reserved": told(refused.reserved),
            "free": refused.free,
        });
        let mut made = Self::new(refused).detail("limit", limit);
        made.0.kind = Some(kind);
        made.0.retry_after = Some(wait);
        made
    }
}

impl From<NoRoute> for Refusal {
    fn from(missing: NoRoute) -> Self {
        HttpError::NoModel { name: missing.name }.into()
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Gateway(error) => error.into(),
            error => Self::new(error),
        }
    }
}

fn denial(denied: Denied, entry: String) -> Refusal {
    let rejected = denied.rejected.clone();
    let label = serde_json::to_value(&denied.label).unwrap_or_default();
    let mut made = Refusal::new(denied)
        .detail("entry", entry.into())
        .detail("label", label);
    made.0.rejected = rejected;
    made
}

fn told_attempts(attempts: &[Attempt]) -> Value {
    serde_json::to_value(attempts).unwrap_or_default()
}

/// The status when every target failed: of one kind of failure its own, of a mixture "unavailable".
fn exhausted(attempts: &[Attempt]) -> StatusCode {
    let all = |code: &str| !attempts.is_empty() && attempts.iter().all(|attempt| attempt.error == code);
    if all("model-timed-out") {
        StatusCode::GATEWAY_TIMEOUT
    } else if all("model-rate-limited") {
        StatusCode::TOO_MANY_REQUESTS
    } else if attempts.iter().any(|attempt| {
        matches!(
            attempt.error.as_str(),
            "model-unavailable" | "model-loading" | "model-withdrawn" | "target-busy" | "target-resting"
        )
    }) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_GATEWAY
    }
}

/// The status when one target ended it: its own where it refused the request, else that of a bad gateway.
fn failed(error: &ModelError) -> StatusCode {
    match error {
        ModelError::Refused { status, .. } => match status {
            413 | 422 => StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST),
            _ => StatusCode::BAD_REQUEST,
        },
        ModelError::Unsupported { .. } => StatusCode::BAD_REQUEST,
        ModelError::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
        ModelError::NotPermitted { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        ModelError::Unavailable { .. }
        | ModelError::Loading { .. }
        | ModelError::Withdrawn { .. }
        | ModelError::RateLimited { .. }
        | ModelError::Misconfigured { .. }
        | ModelError::Malformed { .. }
        | ModelError::Cut { .. } => StatusCode::BAD_GATEWAY,
    }
}
