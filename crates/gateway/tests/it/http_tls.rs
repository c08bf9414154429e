//! TLS from files: renewed while the server runs, and kept when the new ones cannot be used.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use trousseau_core::error::Explain as _;
use trousseau_http::Settings;
use trousseau_http::tls::{Files, Tls};

use crate::scripted::Step;
use crate::stage::Stage;
use crate::wired::{Reply, Wired, question, request, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

/// A certificate with its key, written to a folder.
struct Written {
    files: Files,
    folder: PathBuf,
}

impl Written {
    fn new(stage: &Stage) -> (Self, CertificateDer<'static>) {
        let folder = stage.root().to_path_buf();
        let written = Self {
            files: Files {
                certificate: folder.join("server.pem"),
                key: folder.join("server.key"),
            },
            folder,
        };
        let certificate = written.renew();
        (written, certificate)
    }

    fn renew(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs_err::write(&self.files.certificate, certificate.pem()).unwrap();
        fs_err::write(&self.files.key, key.serialize_pem()).unwrap();
        certificate.der().clone()
    }
}

async fn handshake(
    wired: &Wired,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let socket = wired.connect().await;
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// A server with this certificate, which gives heads of requests and handshakes half a second.
async fn start(stage: &Stage, tls: Tls) -> (Wired, Arc<Tls>) {
    let (gateway, _) = staged(stage, &[("local", ANSWER)]).await;
    let tls = Arc::new(tls);
    let mut settings = Settings::default();
    settings.limits.head = Duration::from_millis(500);
    let wired = Wired::start_on(stage, gateway, settings, Some(Arc::clone(&tls))).await;
    (wired, tls)
}

#[tokio::test]
async fn questions_are_answered_over_tls() {
    let stage = Stage::new();
    let (written, certificate) = Written::new(&stage);
    let (wired, _) = start(&stage, Tls::open(written.files).unwrap()).await;
    let mut socket = handshake(&wired, &certificate).await.unwrap();
    let key = format!("authorization: Bearer {}", wired.key);
    let bytes = request(
        "POST",
        "/v1/chat/completions",
        &[&key],
        &question(false).to_string(),
    );
    socket.write_all(bytes.as_bytes()).await.unwrap();
    let reply = Reply::read(&mut socket).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    drop(socket);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let stage = Stage::new();
    let (written, first) = Written::new(&stage);
    let (wired, tls) = start(&stage, Tls::open(written.files.clone()).unwrap()).await;
    assert!(!tls.reload().unwrap());
    handshake(&wired, &first).await.unwrap();

    let second = written.renew();
    assert!(tls.reload().unwrap());
    handshake(&wired, &second).await.unwrap();
    assert!(handshake(&wired, &first).await.is_err());

    // A renewal that is half done: the certificate is new, its key is not.
    let old_key = fs_err::read(&written.files.key).unwrap();
    written.renew();
    fs_err::write(&written.files.key, old_key).unwrap();
    assert_eq!(tls.reload().unwrap_err().code(), "http-tls-key");
    handshake(&wired, &second).await.unwrap();

    for content in ["", "no PEM at all"] {
        fs_err::write(&written.files.certificate, content).unwrap();
        assert_eq!(tls.reload().unwrap_err().code(), "http-tls-pem");
    }
    fs_err::remove_file(&written.files.key).unwrap();
    assert_eq!(tls.reload().unwrap_err().code(), "http-tls-read");
    assert!(written.folder.exists());
    handshake(&wired, &second).await.unwrap();
}

#[tokio::test]
async fn a_server_takes_up_a_renewed_certificate_by_itself() {
    let stage = Stage::new();
    let (written, _first) = Written::new(&stage);
    let tls = Tls::open(written.files.clone()).unwrap();
    let (wired, _tls) = start(&stage, tls.looked_at_every(Duration::from_millis(20))).await;
    let second = written.renew();
    for _ in 0..500 {
        if handshake(&wired, &second).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the renewed certificate was never taken up");
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_is_closed() {
    let stage = Stage::new();
    let (written, certificate) = Written::new(&stage);
    let (wired, _) = start(&stage, Tls::open(written.files).unwrap()).await;
    let reply = wired.send("GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n").await;
    assert_eq!(reply.status, 0, "{reply:?}");
    // A handshake that is never finished.
    let reply = wired.send(b"\x16\x03\x01\x02\x00\x01").await;
    assert_eq!(reply.status, 0, "{reply:?}");
    handshake(&wired, &certificate).await.unwrap();
}
