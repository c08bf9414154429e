//! Accepts connections, answers them, and ends: what is in flight is finished, what waits is closed.

use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trousseau_connections::places::{Link, Place};
use trousseau_connections::tls::Tls;
use trousseau_connections::watched::{Times, Watched};
use trousseau_connections::workers::{Load, Workers};
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_retrieval::library::blocking;

use super::envelope::{self, Peer};
use super::settings::Limits;
use super::{Server, router};

/// How often metrics are tidied where there is no certificate to look at.
const ROUND: Duration = Duration::from_secs(5);

/// How long is waited after the system refused another connection.
const REFUSED: Duration = Duration::from_millis(100);

/// How long outcomes may still take once their clients are gone.
const OUTCOMES: Duration = Duration::from_secs(10);

/// The most bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;

/// Where requests come in.
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// The certificate, where the listener itself speaks TLS.
    pub tls: Option<Arc<Tls>>,
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("{address}: {error}")]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// The threads that attend to connections cannot be started.
    #[error("no threads to attend to connections: {0}")]
    Workers(#[source] io::Error),
}

impl Explain for ServeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Listen { .. } | Self::Workers(_) => ErrorKind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "http-listen",
            Self::Workers(_) => "http-workers",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Listen { address, error } => {
                vec![("address", address.clone()), ("reason", error.to_string())]
            }
            Self::Workers(error) => vec![("reason", error.to_string())],
        }
    }
}

impl Listener {
    /// Listens on an address, such as `127.0.0.1:8080`.
    pub async fn bind(address: &str, tls: Option<Arc<Tls>>) -> Result<Self, ServeError> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|error| ServeError::Listen {
                address: address.to_owned(),
                error,
            })?;
        Ok(Self { socket, tls })
    }

    /// The address that is listened on.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// Serves until `shutdown` is cancelled, then lets what is in flight end, as long as the settings allow. When it
/// returns, no task of the server is left, and every answer that was begun has its outcome.
pub async fn serve(
    server: Arc<Server>,
    listener: Listener,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let router = router(&server);
    let workers = Workers::start().map_err(ServeError::Workers)?;
    let tasks = TaskTracker::new();
    server.intake.begin(&server.gateway).await;
    // Ends connections that are still open when the time to drain is over.
    let cut = CancellationToken::new();
    tasks.spawn(rounds(
        Arc::clone(&server),
        listener.tls.clone(),
        shutdown.clone(),
    ));
    while let Some((socket, address)) = accept(&listener.socket, &shutdown).await {
        let Some(place) = server.connections.place(&shutdown).await else {
            tracing::warn!("a connection was closed: there are too many");
            continue;
        };
        let (worker, load) = workers.idlest();
        let accepted = Accepted {
            socket,
            address,
            tls: listener.tls.clone(),
            place,
            load,
        };
        let attending = Box::pin(attend(Arc::clone(&server), router.clone(), accepted));
        let cut = cut.clone();
        tasks.spawn_on(async move { cut.run_until_cancelled(attending).await }, worker);
    }
    server.health.drain();
    drop(listener);
    tasks.close();
    let drained = async {
        tasks.wait().await;
        // Those that nobody listens to have the rest of the time.
        server.live.wait().await;
    };
    if timeout(server.settings.limits.drain, drained).await.is_err() {
        tracing::warn!(
            connections = server.connections.count(),
            "closing what has not ended"
        );
        cut.cancel();
        server.live.stop();
        tasks.wait().await;
    }
    server.intake.close().await;
    server.answers.close();
    let outcomes = async { tokio::join!(server.live.wait(), server.answers.wait()) };
    if timeout(OUTCOMES, outcomes).await.is_err() {
        tracing::error!("answers without an outcome are left; the next start closes them as interrupted");
    }
    if let Err(error) = blocking(move || drop(workers)).await {
        tracing::error!(%error, "the threads that attend to connections did not end");
    }
    Ok(())
}

/// The next connection; `None` when the server ends.
async fn accept(socket: &TcpListener, shutdown: &CancellationToken) -> Option<(net::TcpStream, SocketAddr)> {
    loop {
        let accepted = shutdown.run_until_cancelled(socket.accept()).await?;
        // Off this thread's poll, and onto that of the worker.
        match accepted.and_then(|(socket, address)| Ok((socket.into_std()?, address))) {
            Ok(accepted) => return Some(accepted),
            Err(error) => {
                // Too many open files, or a client that left at once: the listener itself is sound.
                tracing::warn!(%error, "a connection was not accepted");
                shutdown.run_until_cancelled(sleep(REFUSED)).await?;
            }
        }
    }
}

/// What is done from time to time.
async fn rounds(server: Arc<Server>, tls: Option<Arc<Tls>>, shutdown: CancellationToken) {
    let mut rounds = interval(tls.as_ref().map_or(ROUND, |tls| tls.round()));
    let mut told = None;
    while shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        server.metrics.tidy();
        server.live.settle();
        let Some(tls) = tls.clone() else {
            continue;
        };
        let fault = match blocking(move || tls.reload()).await {
            Ok(Ok(renewed)) => {
                if renewed {
                    tracing::info!("the certificate was renewed");
                }
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        // A fault that lasts is told once.
        if told != fault {
            if let Some(fault) = &fault {
                tracing::error!(fault, "the new certificate cannot be used; the earlier one stays");
            }
            told = fault;
        }
    }
}

/// A connection as it comes.
struct Accepted {
    socket: net::TcpStream,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    place: Place,
    load: Load,
}

/// Attends to one connection until it ends.
async fn attend(server: Arc<Server>, router: Router, accepted: Accepted) {
    let Accepted {
        socket,
        address,
        tls,
        place,
        load: _load,
    } = accepted;
    let Place { link, .. } = &place;
    let socket = match TcpStream::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::warn!(%error, "a connection was not taken up");
            return;
        }
    };
    let limits = &server.settings.limits;
    let mut byte = [0];
    let first = timeout(limits.head, socket.peek(&mut byte));
    // A client that never speaks costs no more than its socket.
    let Some(Ok(Ok(1))) = link.closing.run_until_cancelled(first).await else {
        return;
    };
    // Without it the last piece of an answer may wait for the client's next word.
    let _best_effort = socket.set_nodelay(true);
    let socket = Watched::new(socket, Arc::clone(link), times(limits));
    let peer = Peer {
        address: address.ip(),
        tls: tls.is_some(),
        link: Arc::clone(link),
    };
    match tls {
        // In boxes of their own: what a connection needs once it speaks is not set aside before.
        None => Box::pin(converse(&server, router, peer, socket)).await,
        Some(tls) => {
            let handshake = Box::pin(timeout(limits.head, tls.acceptor().accept(socket)));
            match link.closing.run_until_cancelled(handshake).await {
                Some(Ok(Ok(socket))) => Box::pin(converse(&server, router, peer, socket)).await,
                Some(Ok(Err(error))) => tracing::debug!(%error, "a TLS handshake failed"),
                Some(Err(_)) | None => {}
            }
        }
    }
}

/// How long a connection may take for what.
const fn times(limits: &Limits) -> Times {
    Times {
        head: limits.head,
        idle: limits.idle,
        write: limits.write,
        pace: limits.pace,
    }
}

/// Answers the requests of one connection.
async fn converse(
    server: &Arc<Server>,
    router: Router,
    peer: Peer,
    socket: impl AsyncRead + AsyncWrite + Unpin + 'static,
) {
    let link: Arc<Link> = Arc::clone(&peer.link);
    let server = Arc::clone(server);
    let service = service_fn(move |request| {
        envelope::answer(Arc::clone(&server), router.clone(), peer.clone(), request)
    });
    let mut http = http1::Builder::new();
    // The socket has its own limits on time, and knows what a request's head is from a pause between two.
    http.header_read_timeout(None).max_header_size(HEAD_BYTES);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(socket), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = link.closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
