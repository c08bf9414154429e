//! The server's side: listens, checks who calls, and runs what was typed.

use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trousseau_admin::{Frame, LARGEST, PIECE, garbled};

use super::hello::{Greeting, Hello, PROTOCOL, Reason, Refused};
use super::{SOCKET, at_socket};
use crate::app::App;
use crate::caller::Caller;
use crate::cli;
use crate::commands;
use crate::console::Console;
use crate::failure::Exit;
use crate::messages::Messages;
use crate::printer::Printer;
use crate::usage;

/// How many commands run at a time.
const COMMANDS: usize = 16;

/// How long a client may take to say what it wants.
const GREETING: Duration = Duration::from_secs(10);

/// How long a client may read nothing at all before it counts as gone.
const STALLED: Duration = Duration::from_secs(30);

/// How long commands have to end when the server does, before their callers are hung up on, and after it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long whoever is refused may go on talking.
const PARTING: Duration = Duration::from_secs(1);

/// How often whoever waits for input looks whether the client is still there.
const LOOK: Duration = Duration::from_millis(200);

/// The admin socket of a server.
pub(crate) struct Admin {
    data: PathBuf,
    listener: UnixListener,
}

impl Admin {
    /// Listens in the data folder, which the caller has the lock of: a socket that is there already was left behind
    /// by a server that was killed.
    pub(crate) fn bind(data: &Path) -> io::Result<Self> {
        let path = data.join(SOCKET);
        match fs_err::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = at_socket(data, |path| UnixListener::bind(path))?;
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            data: data.to_path_buf(),
            listener,
        })
    }

    /// Answers until `stop`, then lets the commands that run come to their end, as long as that takes not too long.
    pub(crate) async fn serve(self, app: &App, stop: &CancellationToken) {
        let permits = Arc::new(Semaphore::new(COMMANDS));
        let running = TaskTracker::new();
        let hang_up = CancellationToken::new();
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            let taken = accepted.and_then(|(stream, _)| {
                let user = stream.peer_cred()?.uid();
                Ok((user, stream.into_std()?))
            });
            let (user, stream) = match taken {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "a call on the admin socket was lost");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let permit = Arc::clone(&permits).try_acquire_owned().ok();
            let call = Call {
                stream,
                user,
                permit,
                app: app.for_commands(),
                gone: hang_up.child_token(),
                runtime: Handle::current(),
            };
            running.spawn_blocking(move || call.answer());
        }
        // From now on a client finds no server, and the lock until it is free.
        let _left = fs_err::remove_file(self.data.join(SOCKET));
        drop(self.listener);
        running.close();
        let patient = tokio::time::timeout(PATIENCE, running.wait());
        if patient.await.is_err() {
            hang_up.cancel();
            if tokio::time::timeout(PATIENCE, running.wait()).await.is_err() {
                tracing::warn!("commands on the admin socket did not end");
            }
        }
    }
}

/// One call on the socket.
struct Call {
    stream: UnixStream,
    user: u32,
    /// None when as many commands as may be are running.
    permit: Option<OwnedSemaphorePermit>,
    app: App,
    gone: CancellationToken,
    runtime: Handle,
}

impl Call {
    /// Runs on a thread of its own, so that a slow client holds up nobody else.
    fn answer(self) {
        if let Err(error) = self.run() {
            tracing::debug!(%error, "a call on the admin socket ended early");
        }
    }

    fn run(self) -> io::Result<()> {
        let Self {
            stream,
            user,
            permit,
            app,
            gone,
            runtime,
        } = self;
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(STALLED))?;
        stream.set_read_timeout(Some(GREETING))?;
        let hello = hello(&stream);
        if user != rustix::process::geteuid().as_raw() && user != 0 {
            return refuse(&stream, Reason::Stranger);
        }
        let Some(_permit) = permit else {
            return refuse(&stream, Reason::Busy);
        };
        let hello = match hello {
            Ok(hello) => hello,
            Err(reason) => return refuse(&stream, reason),
        };
        if let Some(file) = hello.config {
            let own = app.config().file.clone();
            if !same_file(&file.into(), own.as_deref()) {
                let own = own.map(|file| file.display().to_string());
                return refuse(&stream, Reason::Config(own));
            }
        }
        stream.set_read_timeout(None)?;
        let line = Line::open(stream, gone)?;
        let console = Arc::new(line);
        let code = execute(Typed {
            arguments: hello.arguments.into_iter().map(Into::into).collect(),
            folder: hello.folder.into(),
            messages: Messages::new(hello.language),
            screen: hello.screen,
            app,
            console: Arc::clone(&console),
            runtime,
        });
        console.send(&Frame::Exit(code.0))
    }
}

/// A command as it came.
struct Typed {
    arguments: Vec<std::ffi::OsString>,
    folder: PathBuf,
    messages: Messages,
    screen: crate::console::Screen,
    app: App,
    console: Arc<Line>,
    runtime: Handle,
}

/// Runs the command as the client would have.
fn execute(typed: Typed) -> Exit {
    let json = cli::wants_json(&typed.arguments);
    let parsed = cli::parse(&typed.messages.words(), typed.arguments);
    let gone = typed.console.gone.clone();
    let printer = Arc::new(Printer::new(typed.messages, json, typed.screen, typed.console));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&printer, &error),
    };
    let caller = Caller::of_server(cli.global, Arc::clone(&printer), typed.folder, typed.app, gone);
    let running = Box::pin(commands::run(&caller, cli.command));
    let ended = typed.runtime.block_on(running);
    crate::conclude(ended, &printer)
}

fn hello(mut stream: &UnixStream) -> Result<Hello, Reason> {
    let Ok(Some(Frame::Hello(content))) = Frame::read(&mut stream) else {
        return Err(Reason::Garbled);
    };
    let greeting: Greeting = serde_json::from_slice(&content).map_err(|_| Reason::Garbled)?;
    if greeting.protocol != PROTOCOL {
        tracing::warn!(version = greeting.version, "a client of another version called");
        return Err(Reason::Protocol);
    }
    serde_json::from_slice(&content).map_err(|_| Reason::Garbled)
}

fn refuse(mut stream: &UnixStream, reason: Reason) -> io::Result<()> {
    let refused = Refused {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        reason,
    };
    Frame::Refused(serde_json::to_vec(&refused)?).write(&mut stream)?;
    // What is left unread when a socket closes takes the answer with it.
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.set_read_timeout(Some(PARTING))?;
    io::copy(&mut stream.take(LARGEST as u64), &mut io::sink())?;
    Ok(())
}

/// Whether two names mean one file.
fn same_file(named: &PathBuf, own: Option<&Path>) -> bool {
    let whole = |path: &Path| fs_err::canonicalize(path).ok();
    own.is_some_and(|own| named == own || whole(named).is_some_and(|named| whole(own) == Some(named)))
}

/// The client's console, seen from the server. It is hung up when this is dropped, however that comes.
struct Line {
    wire: Arc<Wire>,
    input: Mutex<mpsc::Receiver<Vec<u8>>>,
    gone: CancellationToken,
}

/// The way to the client.
struct Wire {
    stream: UnixStream,
    writing: Mutex<()>,
    gone: CancellationToken,
}

impl Wire {
    fn send(&self, frame: &Frame) -> io::Result<()> {
        let _whole = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = frame.write(&mut &self.stream);
        if sent.is_err() {
            // Half a frame may have gone: nothing may follow it.
            self.hang_up();
        }
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn hang_up(&self) {
        let _hung_up_already = self.stream.shutdown(std::net::Shutdown::Both);
        self.gone.cancel();
    }
}

impl Line {
    /// Watches for the client's end on a thread of its own.
    fn open(stream: UnixStream, gone: CancellationToken) -> io::Result<Self> {
        let (sender, input) = mpsc::channel();
        let (mut from, left) = (stream.try_clone()?, gone.clone());
        std::thread::Builder::new()
            .name("admin-input".to_owned())
            .spawn(move || {
                while let Ok(Some(Frame::Input(bytes))) = Frame::read(&mut from) {
                    if sender.send(bytes).is_err() {
                        break;
                    }
                }
                left.cancel();
            })?;
        let wire = Arc::new(Wire {
            stream,
            writing: Mutex::default(),
            gone: gone.clone(),
        });
        Ok(Self {
            wire,
            input: Mutex::new(input),
            gone,
        })
    }

    fn send(&self, frame: &Frame) -> io::Result<()> {
        self.wire.send(frame)
    }

    fn send_all(&self, bytes: &[u8], frame: fn(Vec<u8>) -> Frame) -> io::Result<()> {
        bytes
            .chunks(PIECE)
            .try_for_each(|piece| self.send(&frame(piece.to_vec())))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.wire.hang_up();
    }
}

impl Console for Line {
    fn out(&self, bytes: &[u8]) -> io::Result<()> {
        self.send_all(bytes, Frame::Out)
    }

    fn err(&self, bytes: &[u8]) -> io::Result<()> {
        self.send_all(bytes, Frame::Err)
    }

    fn input(&self, limit: usize) -> io::Result<Vec<u8>> {
        self.send(&Frame::Wanted(limit as u64))?;
        let pieces = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let mut input = Vec::new();
        loop {
            let piece = match pieces.recv_timeout(LOOK) {
                Ok(piece) => piece,
                Err(RecvTimeoutError::Timeout) if !self.gone.is_cancelled() => continue,
                Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
            };
            if piece.is_empty() {
                return Ok(input);
            }
            if input.len() + piece.len() > limit {
                return Err(garbled("more input than was asked for"));
            }
            input.extend(piece);
        }
    }

    fn file(&self, path: &Path) -> io::Result<Box<dyn io::Write + Send>> {
        self.send(&Frame::File(path.as_os_str().as_bytes().to_vec()))?;
        Ok(Box::new(RemoteFile(Arc::clone(&self.wire))))
    }
}

/// A file on the client's side.
struct RemoteFile(Arc<Wire>);

impl io::Write for RemoteFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        if !piece.is_empty() {
            self.0.send(&Frame::Piece(piece.to_vec()))?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.send(&Frame::Piece(Vec::new()))
    }
}
