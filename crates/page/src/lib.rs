//! The web page: a few files that are part of the program, and how they leave it.
//!
//! Every path that a browser opens is the one page, which reads its own address. The page may load scripts, styles, fonts
//! and data from this server and from nowhere else, and runs nothing that stands in a document or an answer
//! ([`POLICY`]).

mod encoding;
mod logo;

use std::collections::HashMap;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use trousseau_core::digest::Digest;

pub use logo::{Logo, LogoError};

use encoding::Encoding;

/// What the page may load and do (Content Security Policy, level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

/// The first segments that are never the page's own addresses: what is not found there is told as an error.
const NOT_PAGES: [&str; 3] = ["api", "v1", "assets"];

/// The element that says where the page's relative addresses begin, as the page's build writes it.
const BASE: &str = "<base href=\"/\" />";

/// The name of the one page.
const INDEX: &str = "index.html";

/// A file of the page's build.
struct Embedded {
    name: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// The build that this program was made with.
const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The files of the page, as they are served.
pub struct Page {
    files: HashMap<&'static str, File>,
}

/// One of them.
struct File {
    kind: HeaderValue,
    /// For how long it may be kept.
    kept: HeaderValue,
    /// Names this content, however it is compressed: a weak tag (RFC 9110, section 8.8.3).
    tag: Option<HeaderValue>,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Page {
    /// The page that is part of the program, below a base path.
    pub fn embedded(base_path: &str) -> Self {
        Self::new(EMBEDDED, base_path)
    }

    fn new(files: &[Embedded], base_path: &str) -> Self {
        let files = files.iter().map(|file| (file.name, File::new(file, base_path)));
        Self {
            files: files.collect(),
        }
    }

    /// The page itself; `None` in a program that was built without one.
    pub fn index(&self, headers: &HeaderMap) -> Option<Response> {
        self.file(INDEX, headers)
    }

    /// One of its files.
    pub fn file(&self, name: &str, headers: &HeaderMap) -> Option<Response> {
        Some(self.files.get(name)?.respond(headers))
    }

    /// What a browser that opens an address sees there: a file of the page, or the page, which then reads the address.
    /// `None` where a program calls, or where the address is none of the page's.
    pub fn at(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        if method != Method::GET && method != Method::HEAD {
            return None;
        }
        let path = uri.path().strip_prefix('/')?;
        let first = path.split('/').next().unwrap_or_default();
        if first.is_empty() || NOT_PAGES.contains(&first) {
            return None;
        }
        if let Some(file) = self.file(path, headers) {
            return Some(file);
        }
        let last = path.rsplit('/').next().unwrap_or_default();
        let opened = encoding::names(headers, &header::ACCEPT, "text/html");
        (opened && !last.contains('.')).then(|| self.index(headers))?
    }
}

impl File {
    fn new(file: &Embedded, base_path: &str) -> Self {
        let mut plain = Bytes::from_static(file.plain);
        let (mut brotli, mut gzip) = (
            file.brotli.map(Bytes::from_static),
            file.gzip.map(Bytes::from_static),
        );
        if file.name == INDEX && !base_path.is_empty() {
            let text = String::from_utf8_lossy(file.plain);
            plain = Bytes::from(text.replacen(BASE, &format!("<base href=\"{base_path}/\" />"), 1));
            (brotli, gzip) = (None, None);
        }
        // The names of assets change with their contents.
        let kept = match file.name.starts_with("assets/") {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        Self {
            kind: HeaderValue::from_static(file.kind),
            kept: HeaderValue::from_static(kept),
            tag: HeaderValue::from_str(&format!("W/\"{}\"", Digest::of(&plain))).ok(),
            plain,
            brotli,
            gzip,
        }
    }

    /// Whether the client has it (RFC 9110, section 13.1.2).
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let Some(tag) = self.tag.as_ref().and_then(|tag| tag.to_str().ok()) else {
            return false;
        };
        let lines = headers.get_all(header::IF_NONE_MATCH).into_iter();
        let mut known = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','));
        known.any(|known| opaque(known) == opaque(tag))
    }

    fn respond(&self, headers: &HeaderMap) -> Response {
        let (encoding, bytes) = match encoding::best(headers) {
            Encoding::Brotli if self.brotli.is_some() => (Some("br"), self.brotli.clone()),
            Encoding::Brotli | Encoding::Gzip if self.gzip.is_some() => (Some("gzip"), self.gzip.clone()),
            Encoding::Brotli | Encoding::Gzip | Encoding::Plain => (None, None),
        };
        let fresh = self.is_known(headers);
        let mut response = Response::new(Body::empty());
        if fresh {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = Body::from(bytes.unwrap_or_else(|| self.plain.clone()));
        }
        let told = response.headers_mut();
        told.insert(header::CONTENT_TYPE, self.kind.clone());
        told.insert(header::CACHE_CONTROL, self.kept.clone());
        told.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(tag) = &self.tag {
            told.insert(header::ETAG, tag.clone());
        }
        if let Some(encoding) = encoding.filter(|_| !fresh) {
            told.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        guard(told);
        response
    }
}

/// The part of an entity tag that is compared.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The headers that keep the page to itself.
fn guard(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [Embedded; 3] = [
        Embedded {
            name: INDEX,
            kind: "text/html; charset=utf-8",
            plain: b"<head><base href=\"/\" /></head>",
            brotli: Some(b"br"),
            gzip: Some(b"gz"),
        },
        Embedded {
            name: "assets/a-1.js",
            kind: "text/javascript; charset=utf-8",
            plain: b"plain",
            brotli: Some(b"br"),
            gzip: Some(b"gz"),
        },
        Embedded {
            name: "key.svg",
            kind: "image/svg+xml",
            plain: b"<svg/>",
            brotli: None,
            gzip: None,
        },
    ];

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    async fn body(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 10).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_file_is_served_in_the_best_form_that_is_taken() {
        let page = Page::new(&FILES, "");
        for (accepted, encoding, text) in [
            ("gzip, deflate, br", Some("br"), "br"),
            ("gzip", Some("gzip"), "gz"),
            ("br;q=0, gzip;q=0.5", Some("gzip"), "gz"),
            ("identity", None, "plain"),
        ] {
            let asked = headers(&[(header::ACCEPT_ENCODING, accepted)]);
            let response = page.file("assets/a-1.js", &asked).unwrap();
            let told = response.headers();
            let found = told
                .get(header::CONTENT_ENCODING)
                .map(|value| value.to_str().unwrap());
            assert_eq!(found, encoding, "{accepted}");
            assert_eq!(told[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert_eq!(body(response).await, text, "{accepted}");
        }
        let asked = headers(&[(header::ACCEPT_ENCODING, "br")]);
        assert_eq!(body(page.file("key.svg", &asked).unwrap()).await, "<svg/>");
    }

    #[tokio::test]
    async fn the_page_knows_its_base_path_and_is_asked_for_again() {
        let page = Page::new(&FILES, "/trousseau");
        let response = page.index(&headers(&[(header::ACCEPT_ENCODING, "br")])).unwrap();
        let tag = response.headers()[header::ETAG].clone();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(body(response).await, "<head><base href=\"/trousseau/\" /></head>");
        let mut asked = HeaderMap::new();
        // A proxy may have added others, or made a strong tag of it.
        let strong = tag.to_str().unwrap().trim_start_matches("W/");
        let known = HeaderValue::from_str(&format!("\"a\", {strong}")).unwrap();
        asked.insert(header::IF_NONE_MATCH, known);
        let response = page.index(&asked).unwrap();
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        let other = Page::new(&FILES, "").index(&asked).unwrap();
        assert_eq!(
            other.status(),
            StatusCode::OK,
            "another base path is another page"
        );
    }

    #[test]
    fn a_browser_gets_the_page_and_a_program_does_not() {
        let page = Page::new(&FILES, "");
        let at = |method: Method, path: &str, accepted: &'static str| {
            let uri: Uri = path.parse().unwrap();
            let found = page.at(&method, &uri, &headers(&[(header::ACCEPT, accepted)]));
            found.map(|found| found.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned())
        };
        let (html, browser) = (Some("text/html; charset=utf-8".to_owned()), "text/html,*/*;q=0.8");
        for path in ["/login", "/c/0123", "/admin/keys", "/nowhere"] {
            assert_eq!(at(Method::GET, path, browser), html, "{path}");
            assert_eq!(at(Method::GET, path, "*/*"), None, "{path}");
            assert_eq!(at(Method::POST, path, browser), None, "{path}");
        }
        assert_eq!(
            at(Method::GET, "/key.svg", "*/*"),
            Some("image/svg+xml".to_owned())
        );
        for path in [
            "/api/nowhere",
            "/v1/nowhere",
            "/assets/none.js",
            "/none.svg",
            "//c",
            "/../key.svg",
        ] {
            assert_eq!(at(Method::GET, path, browser), None, "{path}");
        }
    }
}
