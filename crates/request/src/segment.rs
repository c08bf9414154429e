//! The named segments of a path. One that is not text names nothing.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::HttpError;
use crate::refusal::Refusal;

/// The segments of a path, as one text or a tuple of texts.
pub struct Segments<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => {
                let path = parts.uri.path().to_owned();
                Err(HttpError::NotFound { path }.into())
            }
        }
    }
}
