//! Bodies of requests, with a limit on their size and on their time.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::error::HttpError;

/// The most that is set aside before it has come.
const FIRST: usize = 64 << 10;

/// Reads a whole body of at most `limit` bytes within `time`.
///
/// A body that says itself that it is larger is refused before any of it is read.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize, time: Duration) -> Result<Bytes, HttpError> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let reading = timeout(time, collect(body, limit));
    reading.await.unwrap_or_else(|_| {
        Err(HttpError::BodySlow {
            seconds: time.as_secs(),
        })
    })
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, HttpError> {
    let mut first: Option<Bytes> = None;
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| HttpError::BodyCut)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let came = first.as_ref().map_or(whole.len(), Bytes::len);
        if came + data.len() > limit {
            return Err(too_large(limit));
        }
        // Most bodies come in one piece, which is then not copied.
        if came == 0 {
            first = Some(data);
            continue;
        }
        if let Some(first) = first.take() {
            whole.reserve((first.len() + data.len()).max(FIRST.min(limit)));
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

const fn too_large(limit: usize) -> HttpError {
    HttpError::BodyTooLarge { limit: limit as u64 }
}
