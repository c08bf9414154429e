//! The two ends of a console: this process's own, and, in a server, the one of the process that typed the command.
//!
//! This is the only place that writes to standard output and standard error and reads standard input.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::env;

/// Where a command reads and writes.
pub(crate) trait Console: Send + Sync {
    /// Writes to standard output, at once.
    fn out(&self, bytes: &[u8]) -> io::Result<()>;

    /// Writes to standard error, at once.
    fn err(&self, bytes: &[u8]) -> io::Result<()>;

    /// Reads standard input to its end, or `limit` bytes of it.
    fn input(&self, limit: usize) -> io::Result<Vec<u8>>;

    /// Creates a file where the caller stands, with the caller's rights, that only its owner may read. What is written
    /// is whole after a `flush`.
    fn file(&self, path: &Path) -> io::Result<Box<dyn io::Write + Send>>;
}

/// What a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Screen {
    /// Whether what is written to standard output may have colours.
    pub colour: bool,
    /// How wide progress may be drawn on standard error, in columns; `None` where nobody looks on.
    pub progress: Option<u16>,
}

/// How wide a terminal is that does not say.
const COLUMNS: u16 = 80;

impl Screen {
    /// The terminal that this process was started in.
    pub(crate) fn here() -> Self {
        let columns = || match rustix::termios::tcgetwinsize(io::stderr()) {
            Ok(size) if size.ws_col > 0 => size.ws_col,
            _ => COLUMNS,
        };
        Self {
            colour: io::stdout().is_terminal() && env::NO_COLOR.read().is_none(),
            progress: io::stderr().is_terminal().then(columns),
        }
    }
}

/// The console of this process.
pub(crate) struct Own;

impl Console for Own {
    fn out(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush())
    }

    fn err(&self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(bytes)
    }

    fn input(&self, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut input = io::stdin().lock().take(limit as u64);
        input.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn file(&self, path: &Path) -> io::Result<Box<dyn io::Write + Send>> {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        let mut options = fs_err::OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(Box::new(file))
    }
}
