//! TLS from a certificate file and a key file, read again when they change.
//!
//! A renewed certificate is taken up without a restart. One that cannot be used leaves the earlier one in its
//! place, and the log says why.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// A file is no PEM file, or has nothing of what is looked for.
    #[error("{path}: {reason}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key is of no known kind, or not the certificate's.
    #[error("{path}: {error}")]
    Key {
        /// The file of the key.
        path: PathBuf,
        /// What is wrong with it.
        error: rustls::Error,
    },
}

impl trousseau_core::error::Explain for TlsError {
    fn kind(&self) -> trousseau_core::error::ErrorKind {
        trousseau_core::error::ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "http-tls-read",
            Self::Pem { .. } => "http-tls-pem",
            Self::Key { .. } => "http-tls-key",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Read(error) => vec![("reason", error.to_string())],
            Self::Pem { path, reason } => {
                vec![("path", path.display().to_string()), ("reason", reason.clone())]
            }
            Self::Key { path, error } => {
                vec![
                    ("path", path.display().to_string()),
                    ("reason", error.to_string()),
                ]
            }
        }
    }
}

/// A certificate that may be renewed.
pub struct Tls {
    files: Files,
    provider: Arc<CryptoProvider>,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
    round: Duration,
}

/// How often a server looks at the files.
const ROUND: Duration = Duration::from_secs(5);

/// Where the certificate with its chain, and its key, are. Both are PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate, then the chain up to its authority.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The certificate in use, with the files it was read from.
struct Current(RwLock<(Arc<CertifiedKey>, Read)>);

/// The bytes of both files, to see whether they have changed: times of files cannot be relied on, and files
/// behind a symbolic link are swapped without theirs changing.
#[derive(PartialEq, Eq)]
struct Read {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Read {
    fn new(files: &Files) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: fs_err::read(&files.certificate)?,
            key: fs_err::read(&files.key)?,
        })
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current.0))
    }
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or do not belong together.
    pub fn open(files: Files) -> Result<Self, TlsError> {
        let provider = Arc::new(default_provider());
        let read = Read::new(&files)?;
        let certified = certified(&files, &read, &provider)?;
        let current = Arc::new(Current(RwLock::new((Arc::new(certified), read))));
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&current) as _;
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Key {
                path: files.key.clone(),
                error,
            })?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            files,
            provider,
            current,
            round: ROUND,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    /// Takes up the files where they have changed; whether they had. Reads files: not for a task that others wait for.
    ///
    /// # Errors
    ///
    /// As [`Tls::open`]; the certificate in use is then still the earlier one.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let read = Read::new(&self.files)?;
        let hold = |current: &Current| {
            let current = current.0.read().unwrap_or_else(PoisonError::into_inner);
            current.1 == read
        };
        if hold(&self.current) {
            return Ok(false);
        }
        let certified = certified(&self.files, &read, &self.provider)?;
        let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = (Arc::new(certified), read);
        Ok(true)
    }

    /// The same, whose files a server looks at so often.
    #[must_use]
    pub const fn looked_at_every(mut self, round: Duration) -> Self {
        self.round = round;
        self
    }

    /// How often the files are to be looked at.
    pub const fn round(&self) -> Duration {
        self.round
    }

    /// What begins a client's TLS.
    pub const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }
}

fn certified(files: &Files, read: &Read, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let pem = |path: &Path, reason: String| TlsError::Pem {
        path: path.to_path_buf(),
        reason,
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read.certificate).collect();
    let chain = chain.map_err(|error| pem(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(pem(&files.certificate, "no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&read.key);
    let key = key.map_err(|error| pem(&files.key, error.to_string()))?;
    let wrong = |error| TlsError::Key {
        path: files.key.clone(),
        error,
    };
    let certified = CertifiedKey::from_der(chain, key, provider).map_err(wrong)?;
    certified.keys_match().map_err(wrong)?;
    Ok(certified)
}
