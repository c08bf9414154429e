//! The client's side: hands what was typed to the server and copies what comes back.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use trousseau_admin::{Frame, PIECE};

use super::at_socket;
use super::hello::{Greeting, Hello, PROTOCOL, Reason, Refused, Typed};
use crate::console::{Console, Screen};
use crate::failure::{AppError, Exit};
use crate::messages::Language;
use crate::printer::Printer;

/// What was typed, and where.
pub(crate) struct Call {
    /// The arguments, the program's name included.
    pub arguments: Vec<OsString>,
    /// The configuration file that was named, if any, from the root on.
    pub config: Option<PathBuf>,
    /// The language to answer in.
    pub language: Language,
}

/// The server that has this data folder, if there is one.
pub(crate) fn reach(data: &Path) -> Result<Option<UnixStream>, AppError> {
    let reached = at_socket(data, |path| UnixStream::connect(path));
    match reached {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            // A killed server leaves its socket behind, which nobody listens on.
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory => {
                Ok(None)
            }
            io::ErrorKind::PermissionDenied => {
                let data = data.to_path_buf();
                Err(AppError::Stranger { data })
            }
            _ => Err(error.into()),
        },
    }
}

/// Has the server run what was typed. Returns the exit code when the command has ended.
pub(crate) fn relay(
    stream: &UnixStream,
    call: Call,
    data: &Path,
    printer: &Printer,
) -> Result<Exit, AppError> {
    let gone = |error: io::Error| AppError::ServerGone {
        data: data.to_path_buf(),
        reason: error.to_string(),
    };
    greet(stream, call).map_err(gone)?;
    // What comes is taken from the socket at once, however slowly it is read here: the server waits for nobody.
    let (sender, frames) = mpsc::channel();
    let mut from = stream.try_clone()?;
    std::thread::Builder::new()
        .name("frames".to_owned())
        .spawn(move || {
            while let Ok(Some(frame)) = Frame::read(&mut from) {
                if sender.send(frame).is_err() {
                    break;
                }
            }
        })?;
    let mut file: Option<Box<dyn Write + Send>> = None;
    while let Ok(frame) = frames.recv() {
        match frame {
            Frame::Out(bytes) => printer.bytes(&bytes),
            Frame::Err(bytes) => {
                let _gone = printer.console().err(&bytes);
            }
            Frame::Wanted(limit) => give(stream, &*printer.console(), limit).map_err(gone)?,
            Frame::File(path) => {
                let path = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&path);
                file = Some(printer.file(Path::new(path))?);
            }
            Frame::Piece(bytes) => match &mut file {
                Some(file) if bytes.is_empty() => file.flush()?,
                Some(file) => file.write_all(&bytes)?,
                None => break,
            },
            Frame::Exit(code) => return Ok(Exit(code)),
            Frame::Refused(why) => return Err(refusal(&why, data)),
            Frame::Hello(_) | Frame::Input(_) => break,
        }
    }
    Err(gone(io::ErrorKind::UnexpectedEof.into()))
}

fn greet(mut stream: &UnixStream, call: Call) -> io::Result<()> {
    let hello = Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: call
            .arguments
            .iter()
            .map(|word| word.as_os_str().into())
            .collect(),
        folder: Typed::from(std::path::absolute(".")?.as_os_str()),
        config: call.config.as_ref().map(|file| file.as_os_str().into()),
        language: call.language,
        screen: Screen::here(),
    };
    let hello = serde_json::to_vec(&hello)?;
    match Frame::Hello(hello).write(&mut stream) {
        // Whoever refuses before it reads has said why.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Sends standard input.
fn give(mut stream: &UnixStream, console: &dyn Console, limit: u64) -> io::Result<()> {
    let input = console.input(usize::try_from(limit).unwrap_or(usize::MAX))?;
    for piece in input.chunks(PIECE) {
        Frame::Input(piece.to_vec()).write(&mut stream)?;
    }
    Frame::Input(Vec::new()).write(&mut stream)
}

fn refusal(why: &[u8], data: &Path) -> AppError {
    let data = data.to_path_buf();
    let garbled = |data| AppError::ServerGone {
        data,
        reason: "its answer cannot be read".to_owned(),
    };
    let Ok(Greeting { protocol, version }) = serde_json::from_slice(why) else {
        return garbled(data);
    };
    if protocol != PROTOCOL {
        return AppError::OtherVersion {
            data,
            server: version,
        };
    }
    match serde_json::from_slice(why).map(|refused: Refused| refused.reason) {
        Ok(Reason::Protocol) => AppError::OtherVersion {
            data,
            server: version,
        },
        Ok(Reason::Stranger) => AppError::Stranger { data },
        Ok(Reason::Config(config)) => AppError::OtherConfig { data, config },
        Ok(Reason::Busy) => AppError::ServerBusy { data },
        Ok(Reason::Garbled | Reason::Unknown) | Err(_) => garbled(data),
    }
}
