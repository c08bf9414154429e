//! The admin socket: while a server has the data folder, the command line runs its commands there.
//!
//! The server listens on `trousseau.sock` in its data folder and answers its own user and root, nobody else. A client
//! sends what was typed; the server runs the same function that the client would have run, with a printer that
//! writes [frames](trousseau_admin::frame), and the client copies them to its own output. Closing the socket stops the command.

mod client;
pub(crate) mod hello;
mod server;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use client::{Call, reach, relay};
pub(crate) use server::Admin;

/// The socket's name in the data folder.
const SOCKET: &str = "trousseau.sock";

/// The longest path that a socket's address holds on every system (`sun_path`, unix(7)).
const LONGEST: usize = 100;

/// Calls `with` with a path to the socket that is short enough for an address, however deep the folder lies.
fn at_socket<T>(data: &Path, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = data.join(SOCKET);
    if path.as_os_str().len() <= LONGEST {
        return with(&path);
    }
    let folder = fs_err::File::open(data)?;
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(folder.file());
    with(&PathBuf::from(format!("/proc/self/fd/{descriptor}")).join(SOCKET))
}
