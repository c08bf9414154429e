//! Whom this program believes, and how it proves who it is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SignatureScheme};

use super::{ClientCertificate, EgressError};

/// Where systems keep the certificates of the authorities they trust; the first that is there is read.
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The authorities of `files`, and those of the system where `system` says so.
pub(super) fn authorities(files: &[PathBuf], system: bool) -> Result<RootCertStore, EgressError> {
    let mut store = RootCertStore::empty();
    let bundle = SYSTEM_BUNDLES.iter().map(Path::new).find(|path| path.is_file());
    match bundle.filter(|_| system) {
        Some(bundle) => {
            let (_, left_out) = store.add_parsable_certificates(certificates(bundle)?);
            if left_out > 0 {
                tracing::debug!(left_out, path = %bundle.display(), "authorities that cannot be read");
            }
        }
        None if system => tracing::warn!("this system has no list of certificate authorities"),
        None => {}
    }
    for path in files {
        for certificate in certificates(path)? {
            store.add(certificate).map_err(|error| pem(path, error))?;
        }
    }
    Ok(store)
}

/// The certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, EgressError> {
    let bytes = fs_err::read(path).map_err(EgressError::Read)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| pem(path, error))?;
    if found.is_empty() {
        return Err(pem(path, "holds no certificate"));
    }
    Ok(found)
}

fn pem(path: &Path, reason: impl fmt::Display) -> EgressError {
    EgressError::Pem {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// A client certificate that is read again when its files have changed.
pub(super) struct Identity {
    files: ClientCertificate,
    provider: Arc<CryptoProvider>,
    read: Mutex<Read>,
}

struct Read {
    stamp: Stamp,
    key: Arc<CertifiedKey>,
}

/// Size and time of the last change, of certificate and key.
type Stamp = [Option<(u64, std::time::Duration)>; 2];

impl Identity {
    pub(super) fn open(
        files: &ClientCertificate,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, EgressError> {
        let stamp = stamp(files);
        let key = Arc::new(read(files, &provider)?);
        Ok(Self {
            files: files.clone(),
            provider,
            read: Mutex::new(Read { stamp, key }),
        })
    }

    /// The certificate for the next handshake; the last good one while its files cannot be used.
    fn current(&self) -> Arc<CertifiedKey> {
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.files);
        if stamp != last.stamp {
            match read(&self.files, &self.provider) {
                Ok(key) => {
                    *last = Read {
                        stamp,
                        key: Arc::new(key),
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a client certificate cannot be renewed; the last one stays in use");
                }
            }
        }
        Arc::clone(&last.key)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.files.certificate.display())
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn read(files: &ClientCertificate, provider: &CryptoProvider) -> Result<CertifiedKey, EgressError> {
    let chain = certificates(&files.certificate)?;
    let bytes = zeroize::Zeroizing::new(fs_err::read(&files.key).map_err(EgressError::Read)?);
    let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| pem(&files.key, error))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|source| EgressError::ClientCertificate {
        path: files.certificate.clone(),
        source,
    })
}

fn stamp(files: &ClientCertificate) -> Stamp {
    [&files.certificate, &files.key].map(|path| {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs_err::metadata(path).ok()?;
        let (seconds, nanoseconds) = (metadata.ctime(), metadata.ctime_nsec());
        let changed = std::time::Duration::new(seconds.try_into().ok()?, nanoseconds.try_into().ok()?);
        Some((metadata.len(), changed))
    })
}
