//! What is around every request: its id, its client, its place among those in flight, the words of a refusal,
//! and one line in the log when it is over. The log names no content and nobody.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tower::Service as _;
use trousseau_connections::places::Link;

use super::refusal::Refusal;
use super::routes::Taken;
use super::{Client, HttpError, Language, Server, cross_origin, ratelimit};

/// Names a request, in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client or a proxy.
const ID_BYTES: usize = 128;

/// The paths that are answered even when there is no place for another request.
const ALWAYS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// What handlers may know of the request that is around theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Asking {
    /// Its id.
    pub(super) id: Arc<str>,
    /// The language of the messages.
    pub(super) language: Language,
}

/// The other end of a connection.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) tls: bool,
    pub(super) link: Arc<Link>,
}

/// Answers one request.
pub(super) async fn answer(
    server: Arc<Server>,
    mut router: Router,
    peer: Peer,
    mut request: Request<Incoming>,
) -> Result<Response<Exchange>, Infallible> {
    let mut line = Line::begin(&server, &peer, &request);
    let asking = Asking {
        id: Arc::clone(&line.id),
        language: Language::of(request.headers(), server.settings.language),
    };
    let origin = cross_origin::allowed(request.headers(), &server.settings.allowed_origins);
    if let Some(uri) = below(&server.settings.base_path, request.uri()) {
        *request.uri_mut() = uri;
    }
    let path = request.uri().path().to_owned();
    let mut response = match line.take_place(&path) {
        Err(refusal) => refusal.into_response(),
        Ok(()) if origin.is_some() && request.method() == Method::OPTIONS => cross_origin::preflight(),
        Ok(()) => {
            let extensions = request.extensions_mut();
            extensions.insert(asking.clone());
            extensions.insert(line.client);
            let Ok(response) = router.call(request.map(Body::new)).await;
            response
        }
    };
    if let Some(Taken(path)) = response.extensions_mut().remove() {
        line.path = path;
    }
    let refusal = response.extensions_mut().remove::<Arc<Refusal>>();
    let refusal = refusal.or_else(|| unreadable(&response));
    line.link.set_lingers(refusal.is_some());
    if let Some(refusal) = refusal {
        refusal.log(&asking.id);
        let kept = ratelimit::keep(response.headers_mut());
        let words = (server.texts.as_ref(), asking.language);
        response = refusal.respond(&path, words, &asking.id);
        response.headers_mut().extend(kept);
    }
    finish_headers(response.headers_mut(), &asking.id, origin);
    line.status = Some(response.status());
    Ok(response.map(|body| Exchange { body, line }))
}

/// The refusal of a request that no handler saw, because its path, query or form could not be taken apart.
fn unreadable(response: &Response) -> Option<Arc<Refusal>> {
    let kind = response.headers().get(header::CONTENT_TYPE)?;
    let told = response.status().is_client_error() && kind.as_bytes().starts_with(b"text/plain");
    told.then(|| Arc::new(Refusal::from(HttpError::Invalid).with_status(response.status())))
}

/// The headers that every response has.
fn finish_headers(headers: &mut HeaderMap, id: &str, origin: Option<HeaderValue>) {
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(origin) = origin {
        cross_origin::allow(headers, origin);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// The id that the client or a proxy gave the request where it is short and plain, else a new one.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    let given = headers.get(&REQUEST_ID).map(HeaderValue::as_bytes);
    let given = given.filter(|id| (1..=ID_BYTES).contains(&id.len()) && id.iter().all(plain));
    match given.and_then(|id| std::str::from_utf8(id).ok()) {
        Some(id) => id.into(),
        None => new_id().into(),
    }
}

fn new_id() -> String {
    let mut bytes = [0; 12];
    // Where the system gives no random bytes, nothing else works either; the id then is not unique.
    let _filled = getrandom::fill(&mut bytes);
    bytes.iter().fold(String::from("req_"), |mut id, byte| {
        for digit in [byte >> 4, byte & 15] {
            id.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        id
    })
}

/// The address without the base path, where it has it.
fn below(base: &str, uri: &Uri) -> Option<Uri> {
    if base.is_empty() {
        return None;
    }
    let rest = uri.path_and_query()?.as_str().strip_prefix(base)?;
    let rest = match rest.bytes().next() {
        None => "/".to_owned(),
        Some(b'/') => rest.to_owned(),
        Some(b'?') => format!("/{rest}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

/// The body of an answer, counted on its way.
pub(super) struct Exchange {
    body: Body,
    line: Line,
}

/// The line in the log; written when the answer is out or its client is gone.
struct Line {
    server: Arc<Server>,
    link: Arc<Link>,
    began: Instant,
    method: Method,
    path: &'static str,
    /// `None` while nothing is answered.
    status: Option<StatusCode>,
    client: Client,
    id: Arc<str>,
    bytes: u64,
    whole: bool,
    /// Its place among the requests in flight.
    place: Option<OwnedSemaphorePermit>,
}

impl Line {
    fn begin<B>(server: &Arc<Server>, peer: &Peer, request: &Request<B>) -> Self {
        peer.link.set_busy(true);
        let (headers, trusted) = (request.headers(), &server.settings.trusted_proxies);
        Self {
            server: Arc::clone(server),
            link: Arc::clone(&peer.link),
            began: Instant::now(),
            method: request.method().clone(),
            path: "other",
            status: None,
            client: Client::of(peer.address, peer.tls, headers, trusted),
            id: request_id(headers),
            bytes: 0,
            whole: false,
            place: None,
        }
    }

    /// Takes a place among the requests in flight; health and metrics need none.
    fn take_place(&mut self, path: &str) -> Result<(), Refusal> {
        if ALWAYS.contains(&path) {
            return Ok(());
        }
        let limit = self.server.settings.limits.requests;
        let place = Arc::clone(&self.server.slots).try_acquire_owned();
        self.place = Some(place.map_err(|_| HttpError::Busy { limit })?);
        Ok(())
    }
}

impl HttpBody for Exchange {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Ready(None) => self.line.whole = true,
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.line.bytes += bytes as u64;
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.line.whole |= self.body.is_end_stream();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.link.set_busy(false);
        let took = self.began.elapsed();
        // As nginx logs clients that left before they were answered.
        let status = self.status.map_or(499, |status| status.as_u16());
        self.server.metrics.request(self.path, &self.method, status, took);
        tracing::info!(
            request_id = &*self.id,
            method = self.method.as_str(),
            path = self.path,
            status,
            bytes = self.bytes,
            ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            client = %self.client.address,
            whole = self.whole,
            "request"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_is_taken_off_whole_segments_only() {
        let taken = |uri: &str| {
            let uri: Uri = uri.parse().unwrap();
            below("/trousseau", &uri).map(|uri| uri.to_string())
        };
        assert_eq!(
            taken("/trousseau/v1/models?a=/trousseau"),
            Some("/v1/models?a=/trousseau".to_owned())
        );
        assert_eq!(taken("/trousseau"), Some("/".to_owned()));
        assert_eq!(taken("/trousseau?a"), Some("/?a".to_owned()));
        assert_eq!(taken("/trousseaux/v1"), None);
        assert_eq!(taken("/v1/models"), None);
        assert_eq!(below("", &"/v1".parse().unwrap()), None);
    }

    #[test]
    fn only_plain_ids_are_taken_from_clients() {
        let id = |given: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
            request_id(&headers).to_string()
        };
        assert_eq!(id("abc-1.2:3_4"), "abc-1.2:3_4");
        for bad in ["", "a b", "é", &"a".repeat(129), "a\"b"] {
            assert!(id(bad).starts_with("req_"), "{bad}");
        }
        assert_ne!(id(""), id(""));
    }
}
