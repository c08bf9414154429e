//! The organisation's mark on the page: one small picture, read when the server starts.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, header};
use trousseau_core::error::{ErrorKind, Explain};

use super::guard;

/// The largest file of a logo, in bytes.
const LARGEST: u64 = 512 << 10;

/// The kinds of pictures, by how their names end.
const KINDS: [(&str, &str); 5] = [
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
];

/// What a picture may do where it is opened by itself: show itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

/// The picture.
pub struct Logo {
    kind: &'static str,
    bytes: Bytes,
}

/// Why a logo cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is larger than a logo may be.
    #[error("{path}: more than {limit} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Its name does not end as a picture's.
    #[error("{path}: none of {known}")]
    Kind {
        /// The file.
        path: PathBuf,
        /// How names end.
        known: String,
    },
}

impl Explain for LogoError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } => ErrorKind::Unavailable,
            Self::TooLarge { .. } | Self::Kind { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "http-logo-read",
            Self::TooLarge { .. } => "http-logo-too-large",
            Self::Kind { .. } => "http-logo-kind",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let named = |path: &Path| ("path", path.display().to_string());
        match self {
            Self::Read { path, error } => vec![named(path), ("reason", error.to_string())],
            Self::TooLarge { path, limit } => vec![named(path), ("limit", limit.to_string())],
            Self::Kind { path, known } => vec![named(path), ("known", known.clone())],
        }
    }
}

impl Logo {
    /// Reads a logo.
    pub fn open(path: &Path) -> Result<Self, LogoError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let known = KINDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&ending));
        let path = path.to_path_buf();
        let Some((_, kind)) = known else {
            let known = KINDS.map(|(known, _)| known).join(", ");
            return Err(LogoError::Kind { path, known });
        };
        let mut bytes = Vec::new();
        let read = fs_err::File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            return Err(LogoError::Read { path, error });
        }
        if bytes.len() as u64 > LARGEST {
            let limit = LARGEST;
            return Err(LogoError::TooLarge { path, limit });
        }
        let bytes = Bytes::from(bytes);
        Ok(Self { kind, bytes })
    }

    /// The picture, which stays the same as long as the server runs.
    pub fn respond(&self) -> Response {
        let mut response = Response::new(Body::from(self.bytes.clone()));
        let headers = response.headers_mut();
        guard(headers);
        for (name, value) in [
            (header::CONTENT_TYPE, self.kind),
            (header::CACHE_CONTROL, "max-age=3600"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_pictures_are_logos() {
        let folder = tempfile::tempdir().unwrap();
        let code = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs_err::write(&path, bytes).unwrap();
            Logo::open(&path).err().map(|error| error.code())
        };
        assert_eq!(code("a.SVG", b"<svg/>"), None);
        assert_eq!(code("a.exe", b"MZ"), Some("http-logo-kind"));
        assert_eq!(
            code("a.png", &vec![0; (512 << 10) + 1]),
            Some("http-logo-too-large")
        );
        let none = Logo::open(&folder.path().join("none.png")).err().unwrap();
        assert_eq!(none.code(), "http-logo-read");
    }
}
