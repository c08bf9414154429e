//! Why there is no way out as the configuration describes it.

use std::path::PathBuf;

use trousseau_core::error::{ErrorKind, Explain};

/// What is wrong with the way out. All of it is found at the start.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// An address is none that can be called.
    #[error("{url} is not an http or https address")]
    Url {
        /// The address.
        url: String,
    },
    /// A password stands in an address, where it would be shown.
    #[error("the address {url} holds a password")]
    PasswordInUrl {
        /// The address, without the password.
        url: String,
    },
    /// A plain `http` address would be called through the proxy, which would read what is sent.
    #[error("{url} is not encrypted, and goes through a proxy")]
    PlainThroughProxy {
        /// The address.
        url: String,
    },
    /// An exception is neither a name nor an address nor a network.
    #[error("{entry:?} is not a host, an address or a network")]
    Exception {
        /// As it was written.
        entry: String,
    },
    /// A file with certificates or a key cannot be read.
    #[error("cannot read a certificate or key")]
    Read(#[source] std::io::Error),
    /// A file does not hold what it should, in PEM.
    #[error("{}: {reason}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A client certificate and its key cannot be used together.
    #[error("the certificate {} cannot be used with its key", path.display())]
    ClientCertificate {
        /// The certificate's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
}

impl Explain for EgressError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Tls(_) | Self::Client(_) | Self::Random(_) => ErrorKind::Internal,
            Self::Url { .. }
            | Self::PasswordInUrl { .. }
            | Self::PlainThroughProxy { .. }
            | Self::Exception { .. }
            | Self::Read(_)
            | Self::Pem { .. }
            | Self::ClientCertificate { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "egress-url",
            Self::PasswordInUrl { .. } => "egress-password-in-url",
            Self::PlainThroughProxy { .. } => "egress-plain-through-proxy",
            Self::Exception { .. } => "egress-exception",
            Self::Read(_) => "egress-read",
            Self::Pem { .. } => "egress-pem",
            Self::ClientCertificate { .. } => "egress-client-certificate",
            Self::Tls(_) => "egress-tls",
            Self::Client(_) => "egress-client",
            Self::Random(_) => "egress-random",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Url { url } | Self::PasswordInUrl { url } | Self::PlainThroughProxy { url } => {
                vec![("url", url.clone())]
            }
            Self::Exception { entry } => vec![("entry", entry.clone())],
            Self::Read(error) => vec![("reason", error.to_string())],
            Self::Pem { path, reason } => {
                vec![("path", path.display().to_string()), ("reason", reason.clone())]
            }
            Self::ClientCertificate { path, source } => {
                vec![
                    ("path", path.display().to_string()),
                    ("reason", source.to_string()),
                ]
            }
            Self::Tls(error) => vec![("reason", error.to_string())],
            Self::Client(error) => vec![("reason", error.to_string())],
            Self::Random(error) => vec![("reason", error.to_string())],
        }
    }
}
