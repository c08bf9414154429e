//! What the configuration decides of the server, resolved and checked.

use std::path::PathBuf;
use std::time::Duration;

use super::language::Language;
use trousseau_connections::network::Network;

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The limits.
    pub limits: Limits,
    /// The path under which a reverse proxy shows the server, such as `/trousseau`, without a slash at its end;
    /// empty for none. Requests are taken with it and without it.
    pub base_path: String,
    /// The reverse proxies whose `Forwarded` and `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The origins whose web pages may call the API, such as `https://intranet.example`. None by default.
    pub allowed_origins: Vec<String>,
    /// The language of messages for callers that name none.
    pub language: Language,
    /// How the web page looks and what it says.
    pub page: PageSettings,
}

/// How the web page looks and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSettings {
    /// How the service is called.
    pub name: String,
    /// The file of the organisation's mark.
    pub logo: Option<PathBuf>,
    /// The organisation's colour on light ground, `#rrggbb`.
    pub accent: Option<String>,
    /// The same on dark ground.
    pub accent_dark: Option<String>,
    /// What the organisation declares of its accessibility, after an audit: `none`, `partial` or `full`.
    pub accessibility: String,
    /// To whom one writes who meets an obstacle: an address of mail or of a page, or words.
    pub accessibility_contact: Option<String>,
    /// How the identity provider is called at which people sign in, where there is one.
    pub provider: Option<String>,
    /// How the directory is called whose names and passwords are good here, where there is one.
    pub directory: Option<String>,
    /// How long questions and answers are kept, in days.
    pub retention_days: u32,
    /// Whether who asks may have a question not kept.
    pub incognito: bool,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self {
            name: "Trousseau".to_owned(),
            logo: None,
            accent: None,
            accent_dark: None,
            accessibility: "none".to_owned(),
            accessibility_contact: None,
            provider: None,
            directory: None,
            retention_days: 180,
            incognito: false,
        }
    }
}

/// Limits on what clients may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest JSON body, in bytes.
    pub body_bytes: usize,
    /// The most requests in flight; one more is answered with 503.
    pub requests: usize,
    /// The most open connections. When there are more, those that have been idle the longest are closed.
    pub connections: usize,
    /// How long a request's head, or a TLS handshake, may take.
    pub head: Duration,
    /// How long a JSON body may take. A file may take longer, at a pace of 16 KiB/s at least.
    pub body: Duration,
    /// The most files that one user may keep.
    pub files: u64,
    /// How long a client may make the server wait before it takes what is written to it. What it takes, counted at
    /// `pace`, makes up for what it made the server wait before.
    pub write: Duration,
    /// The pace at which a client must read, in bytes per second. Only what it makes the server wait for counts: not
    /// a model that thinks, and not what is on its way already.
    pub pace: u32,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
    /// How long a stream may say nothing before a comment is sent.
    pub quiet: Duration,
    /// How long requests in flight may still take when the server ends.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 4 << 20,
            requests: 512,
            connections: 12_000,
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            files: 10_000,
            write: Duration::from_secs(30),
            pace: 1024,
            // Longer than reverse proxies keep theirs (60 s): it is they who close, not this server under a
            // request that is on its way.
            idle: Duration::from_secs(75),
            quiet: Duration::from_secs(15),
            drain: Duration::from_secs(30),
        }
    }
}
