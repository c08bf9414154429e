//! A target: a process of its own that is a model's server, counts what reaches it, and goes wrong as its scripts say.
//!
//! It is handed a socket that listens as its standard input, so that the port outlives its crashes. It notes each connection when
//! it is accepted, each greeting of TLS, and each request before it answers: what is noted survives whatever comes then.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::{self, Journal};
use crate::says;
use crate::script::{OF_ANSWERS, Script, nonces};

#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    #[arg(long)]
    name: String,
    #[arg(long)]
    seed: u64,
    /// Where what reaches it is noted.
    #[arg(long)]
    journal: PathBuf,
    /// Its certificate and key, in PEM.
    #[arg(long)]
    certificate: PathBuf,
    #[arg(long)]
    key: PathBuf,
}

/// What reached a target.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(crate) enum Noted {
    /// A connection.
    Accepted { connection: String },
    /// A greeting of TLS, for this name.
    Hello {
        connection: String,
        name: Option<String>,
    },
    /// A request, whole.
    Request {
        connection: String,
        /// Which requests of the harness stand in it.
        nonces: Vec<String>,
        /// How often it had been here before.
        nth: usize,
        /// Whether it has something in it that only answers say.
        of_answers: bool,
    },
    /// The end of a connection; so many bytes had come on it, before anything was decrypted.
    Closed { connection: String, bytes: u64 },
}

/// What all connections share.
struct Shared {
    name: String,
    seed: u64,
    tls: Arc<ServerConfig>,
    journal: Mutex<Journal>,
    times: Mutex<BTreeMap<String, usize>>,
}

impl Shared {
    fn note(&self, noted: &Noted) -> Result<()> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.note(noted)
    }
}

pub(crate) fn serve(target: Target) -> Result<()> {
    let mut times = BTreeMap::new();
    for noted in journal::read::<Noted>(&target.journal)? {
        if let Noted::Request { nonces, nth, .. } = noted {
            times.extend(nonces.into_iter().map(|nonce| (nonce, nth + 1)));
        }
    }
    let shared = Arc::new(Shared {
        tls: tls(&target.certificate, &target.key)?,
        journal: Mutex::new(Journal::open(&target.journal)?),
        name: target.name,
        seed: target.seed,
        times: Mutex::new(times),
    });
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    crate::alone::end_with_parent();
    let process = std::process::id();
    for number in 0_u64.. {
        let (stream, _) = listener.accept()?;
        let connection = format!("{process}-{number}");
        shared.note(&Noted::Accepted {
            connection: connection.clone(),
        })?;
        let shared = Arc::clone(&shared);
        std::thread::spawn(move || {
            let bytes = Arc::new(AtomicU64::new(0));
            // A client that leaves is no fault of the target's.
            let _left = attend(&shared, stream, &connection, &bytes);
            let bytes = bytes.load(Ordering::Relaxed);
            let _noted = shared.note(&Noted::Closed { connection, bytes });
        });
    }
    Ok(())
}

fn tls(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = vec![CertificateDer::from_pem_slice(&fs_err::read(certificate)?)?];
    let key = PrivateKeyDer::from_pem_slice(&fs_err::read(key)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

/// A socket whose bytes are counted as they come.
struct Counted {
    stream: TcpStream,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn attend(shared: &Shared, stream: TcpStream, connection: &str, bytes: &Arc<AtomicU64>) -> Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let socket = stream.try_clone()?;
    let bytes = Arc::clone(bytes);
    let mut counted = Counted { stream, bytes };
    let mut server = ServerConnection::new(Arc::clone(&shared.tls))?;
    while server.is_handshaking() {
        server.complete_io(&mut counted)?;
    }
    shared.note(&Noted::Hello {
        connection: connection.to_owned(),
        name: server.server_name().map(str::to_owned),
    })?;
    let mut reader = BufReader::new(StreamOwned::new(server, counted));
    while let Some(body) = request(&mut reader)? {
        let text = String::from_utf8_lossy(&body).into_owned();
        let nonces = nonces(&text);
        let nonce = nonces.first().cloned().unwrap_or_default();
        let nth = {
            let mut times = shared.times.lock().unwrap_or_else(PoisonError::into_inner);
            let time = times.entry(nonce.clone()).or_default();
            *time += 1;
            *time - 1
        };
        shared.note(&Noted::Request {
            connection: connection.to_owned(),
            nonces,
            nth,
            of_answers: text.contains(OF_ANSWERS),
        })?;
        let script = Script::of(shared.seed, &shared.name, &nonce, nth);
        let body: Value = serde_json::from_slice(&body).context("a request that is no JSON")?;
        let streams = body["stream"] == true;
        if !says::answer(&script, streams, reader.get_mut(), &socket)? {
            break;
        }
    }
    let stream = reader.get_mut();
    stream.conn.send_close_notify();
    stream.flush()?;
    socket.shutdown(Shutdown::Both)?;
    Ok(())
}

/// Reads one request; its body, or nothing where the client has no more.
fn request(reader: &mut impl io::BufRead) -> Result<Option<Vec<u8>>> {
    let mut length = 0;
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}
