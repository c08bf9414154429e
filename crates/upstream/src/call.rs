//! One HTTP call to a server: what is sent, how long each part may take, and what of the answer is read.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{Request, Response, Url};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use trousseau_core::model::{ModelError, Phase};
use trousseau_wire::client;
use zeroize::Zeroizing;

use crate::egress::{Clients, EgressError, address};
use crate::failure::{Blame, Sent, closed_early};
use crate::secret::Revealed;
use crate::server::Server;

/// How much of a failed call's body is read, in bytes, and for how long.
const ERROR_BODY: usize = 64 << 10;
const ERROR_TIME: Duration = Duration::from_secs(5);
/// A connection that was closed within this time after a request was sent had been idle for too long.
const CLOSED_AT_ONCE: Duration = Duration::from_secs(1);

/// One path of a server.
pub(crate) struct Endpoint {
    pub server: Server,
    clients: Clients,
    url: Url,
    /// The values of the headers that are marked as sensitive.
    sensitive: Vec<Revealed>,
}

/// In which form an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One JSON text.
    Whole,
    /// Server-sent events.
    Events,
}

/// An answer whose head has come.
pub(crate) struct Answer {
    pub form: Form,
    response: Response,
    secrets: Vec<Revealed>,
    /// When the request was sent.
    began: Instant,
    /// How many bytes of its body have come.
    received: usize,
}

impl Endpoint {
    pub(crate) fn new(server: Server, clients: Clients, path: &str) -> Result<Self, EgressError> {
        let mut url = address(&server.url)?;
        let joined = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
        let values = server.headers.values().filter(|value| value.is_sensitive());
        let sensitive = values
            .filter_map(|value| Some(Arc::new(Zeroizing::new(value.to_str().ok()?.to_owned()))))
            .collect();
        Ok(Self {
            server,
            clients,
            url,
            sensitive,
        })
    }

    /// Sends `body` and returns the answer once its head has come with status 200. The caller has checked the permit.
    ///
    /// A call is made a second time, for the same content on the same target, when its connection turns out to have
    /// been closed meanwhile, or when the server refuses a secret that has just been renewed.
    pub(crate) async fn post(
        &self,
        body: Vec<u8>,
        sent: &dyn Sent,
        form: Form,
    ) -> Result<Answer, ModelError> {
        let began = Instant::now();
        let body = Bytes::from(body);
        let mut again = true;
        loop {
            let secret = self
                .server
                .secret
                .as_ref()
                .map(|secret| (secret, secret.reveal()));
            let request = self.request(body.clone(), secret.as_ref().map(|(_, text)| text), form)?;
            let key = secret.iter().map(|(_, text)| text);
            let secrets: Vec<Revealed> = self.sensitive.iter().chain(key).cloned().collect();
            let blame = self.blame(&secrets, sent);
            let (phase, limit) = self.head_limit(form);
            let sent_at = Instant::now();
            let response = match timeout_at(began + limit, self.clients.here().execute(request)).await {
                Err(_) => return Err(blame.timed_out(phase, limit)),
                Ok(Ok(response)) => response,
                Ok(Err(error)) => {
                    if again && closed_early(&error) && sent_at.elapsed() < CLOSED_AT_ONCE {
                        again = false;
                        continue;
                    }
                    return Err(blame.unreached(&error, self.server.timeouts.connect));
                }
            };
            let refused = response.status() == StatusCode::UNAUTHORIZED;
            let renewed = || {
                secret
                    .as_ref()
                    .is_some_and(|(secret, tried)| secret.renewed(tried))
            };
            if refused && again && renewed() {
                again = false;
                continue;
            }
            if response.status() != StatusCode::OK {
                return Err(self.failure(response, &blame).await);
            }
            let form = form_of(response.headers(), &blame)?;
            return Ok(Answer {
                form,
                response,
                secrets,
                began,
                received: 0,
            });
        }
    }

    /// Sends `body` as JSON and returns the whole answer, and the secrets that must not stand in an error on it.
    pub(crate) async fn exchange(
        &self,
        body: &impl Serialize,
        sent: &dyn Sent,
    ) -> Result<(Bytes, Vec<Revealed>), ModelError> {
        let body = self.written(body)?;
        let answer = self.post(body, sent, Form::Whole).await?;
        let secrets = answer.secrets.clone();
        if answer.form != Form::Whole {
            return Err(self
                .blame(&secrets, sent)
                .malformed("it is a stream, which was not asked for"));
        }
        Ok((answer.body(self, sent).await?, secrets))
    }

    /// A request's body.
    pub(crate) fn written(&self, body: &impl Serialize) -> Result<Vec<u8>, ModelError> {
        serde_json::to_vec(body).map_err(|error| ModelError::Malformed {
            target: self.server.target.clone(),
            reason: error.to_string(),
        })
    }

    /// What is held against the server, for errors.
    pub(crate) fn blame<'a>(&'a self, secrets: &'a [Revealed], sent: &'a dyn Sent) -> Blame<'a> {
        Blame {
            target: &self.server.target,
            secrets,
            sent,
        }
    }

    /// Asks for what lies at the path, which says nothing of anybody, and returns the whole answer.
    pub(crate) async fn get(&self, sent: &dyn Sent) -> Result<Bytes, ModelError> {
        let secret = self.server.secret.as_ref().map(|secret| secret.reveal());
        let mut request = self.request(Bytes::new(), secret.as_ref(), Form::Whole)?;
        *request.method_mut() = Method::GET;
        *request.body_mut() = None;
        request.headers_mut().remove(header::CONTENT_TYPE);
        let secrets: Vec<Revealed> = self.sensitive.iter().chain(&secret).cloned().collect();
        let blame = self.blame(&secrets, sent);
        let (began, limit) = (Instant::now(), self.server.timeouts.first_byte);
        let response = match timeout_at(began + limit, self.clients.here().execute(request)).await {
            Err(_) => return Err(blame.timed_out(Phase::FirstByte, limit)),
            Ok(Err(error)) => return Err(blame.unreached(&error, self.server.timeouts.connect)),
            Ok(Ok(response)) => response,
        };
        if response.status() != StatusCode::OK {
            return Err(self.failure(response, &blame).await);
        }
        let answer = Answer {
            form: form_of(response.headers(), &blame)?,
            response,
            secrets: secrets.clone(),
            began,
            received: 0,
        };
        answer.body(self, sent).await
    }

    /// How long the head of an answer may take.
    const fn head_limit(&self, form: Form) -> (Phase, Duration) {
        match form {
            Form::Events => (Phase::FirstByte, self.server.timeouts.first_byte),
            Form::Whole => (Phase::Total, self.server.timeouts.total),
        }
    }

    fn request(&self, body: Bytes, secret: Option<&Revealed>, form: Form) -> Result<Request, ModelError> {
        let mut request = Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.clone_from(&self.server.headers);
        let accepted = match form {
            Form::Events => "text/event-stream",
            Form::Whole => "application/json",
        };
        headers.insert(header::ACCEPT, HeaderValue::from_static(accepted));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(secret) = secret {
            let (name, value) = match &self.server.key_header {
                None => (
                    header::AUTHORIZATION,
                    HeaderValue::try_from(format!("Bearer {}", secret.as_str())),
                ),
                Some(name) => (name.clone(), HeaderValue::try_from(secret.as_str())),
            };
            let mut value = value.map_err(|_| ModelError::Unavailable {
                target: self.server.target.clone(),
                reason: "its key cannot be sent in a header".to_owned(),
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    /// The error of an answer that is none.
    async fn failure(&self, response: Response, blame: &Blame<'_>) -> ModelError {
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_redirection() {
            let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
            let words = format!(
                "it redirects to {}; redirects are not followed",
                to.unwrap_or("nowhere")
            );
            return blame.status(status, &headers, &words);
        }
        let body = error_body(response).await;
        let words = client::error(status.as_u16(), &body);
        if status == StatusCode::BAD_REQUEST && client::blames_setup(&body) {
            return blame.misconfigured(status, &words);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE && client::tells_of_loading(&body) {
            return ModelError::Loading {
                target: self.server.target.clone(),
            };
        }
        blame.status(status, &headers, &words)
    }
}

impl Answer {
    /// The next piece of the body; `None` at its end.
    pub(crate) async fn piece(
        &mut self,
        endpoint: &Endpoint,
        sent: &dyn Sent,
    ) -> Result<Option<Bytes>, ModelError> {
        let (timeouts, limits) = (&endpoint.server.timeouts, &endpoint.server.limits);
        let (phase, limit, until) = self.next_limit(endpoint);
        let total = self.began + timeouts.total;
        let piece = match timeout_at(until.min(total), self.response.chunk()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(_)) => return Err(endpoint.blame(&self.secrets, sent).cut()),
            Err(_) => {
                let blame = endpoint.blame(&self.secrets, sent);
                return Err(if until < total {
                    blame.timed_out(phase, limit)
                } else {
                    blame.timed_out(Phase::Total, timeouts.total)
                });
            }
        };
        self.received += piece.as_ref().map_or(0, Bytes::len);
        let most = match self.form {
            Form::Whole => limits.whole,
            Form::Events => limits.stream,
        };
        if self.received > most {
            let reason = format!("more than {most} bytes");
            return Err(endpoint.blame(&self.secrets, sent).malformed(&reason));
        }
        Ok(piece)
    }

    /// The whole body.
    pub(crate) async fn body(mut self, endpoint: &Endpoint, sent: &dyn Sent) -> Result<Bytes, ModelError> {
        let most = endpoint.server.limits.whole;
        let announced = self.response.content_length().unwrap_or(0);
        if announced > most as u64 {
            let reason = format!("{announced} bytes announced, more than {most}");
            return Err(endpoint.blame(&self.secrets, sent).malformed(&reason));
        }
        let Some(first) = self.piece(endpoint, sent).await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.piece(endpoint, sent).await? else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
        while let Some(piece) = self.piece(endpoint, sent).await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// The secrets that the call was made with.
    pub(crate) fn secrets(&self) -> &[Revealed] {
        &self.secrets
    }

    /// What the next piece is waited for, for how long, and until when.
    fn next_limit(&self, endpoint: &Endpoint) -> (Phase, Duration, Instant) {
        let timeouts = &endpoint.server.timeouts;
        match (self.form, self.received) {
            (Form::Events, 0) => (
                Phase::FirstByte,
                timeouts.first_byte,
                self.began + timeouts.first_byte,
            ),
            (Form::Events | Form::Whole, _) => (Phase::Idle, timeouts.idle, Instant::now() + timeouts.idle),
        }
    }
}

/// In which form an answer comes; fails unless it is one of the two that are read.
fn form_of(headers: &HeaderMap, blame: &Blame<'_>) -> Result<Form, ModelError> {
    let coding = headers.get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(blame.malformed("it is compressed, which was not asked for"));
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .unwrap_or("none")
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if kind.eq_ignore_ascii_case("text/event-stream") {
        return Ok(Form::Events);
    }
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(Form::Whole);
    }
    Err(blame.malformed(&format!("its content type is {kind}")))
}

/// The beginning of a failed call's body, as far as it comes soon.
async fn error_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let until = Instant::now() + ERROR_TIME;
    while let Ok(Ok(Some(piece))) = timeout_at(until, response.chunk()).await {
        let room = ERROR_BODY - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if body.len() == ERROR_BODY {
            break;
        }
    }
    body
}
