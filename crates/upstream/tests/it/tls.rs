//! A private authority, and servers that it vouches for.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use trousseau_upstream::egress::ClientCertificate;

/// An authority of this test's own.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Autorité d’essai");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self {
            issuer,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file with its certificate.
    pub(crate) fn file(&self) -> PathBuf {
        let path = self.path("ca.pem");
        fs_err::write(&path, self.issuer.pem()).unwrap();
        path
    }

    /// A certificate for a name, and its key, in PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A client certificate in files.
    pub(crate) fn client(&self, name: &str) -> ClientCertificate {
        let files = ClientCertificate {
            certificate: self.path("client.pem"),
            key: self.path("client.key"),
        };
        let (certificate, key) = self.issue(name);
        fs_err::write(&files.certificate, certificate).unwrap();
        fs_err::write(&files.key, key).unwrap();
        files
    }

    /// What makes a connection into TLS for `name`, asking for a client certificate of `clients` where it is given.
    pub(crate) fn server(&self, name: &str, clients: Option<&Self>) -> Tls {
        let (certificate, key) = self.issue(name);
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.issuer.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
            None => builder.with_no_client_auth(),
        };
        Tls(Arc::new(builder.with_single_cert(chain, key).unwrap()))
    }
}

/// The server's side of TLS.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ServerConfig>);

impl Tls {
    pub(crate) fn wrap(&self, stream: TcpStream) -> Option<StreamOwned<ServerConnection, TcpStream>> {
        let connection = ServerConnection::new(Arc::clone(&self.0)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).ok()?;
        }
        Some(stream)
    }
}

/// Copies one way until it ends.
pub(crate) fn copy(mut from: impl Read, mut to: impl Write) {
    let _copied = std::io::copy(&mut from, &mut to);
}

pub(crate) fn write(path: &Path, text: &str) -> PathBuf {
    fs_err::write(path, text).unwrap();
    path.to_owned()
}
