//! The worker's side: the loop that the binary's hidden subcommand runs.

use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt as _;

use trousseau_core::document::Extracted;

use crate::frame::{self, Hello, Outline, Ready, Reply, Request};
use crate::{ExtractError, Format, Limits, walls};

/// A file as a worker receives it.
#[derive(Clone, Copy, Debug)]
pub struct Job<'j> {
    /// The file's name, as the pool was given it.
    pub name: &'j str,
    /// Its format.
    pub format: Format,
    /// Its content.
    pub bytes: &'j [u8],
    /// What it may cost.
    pub limits: &'j Limits,
}

/// Reads files from `stdin` and answers on `stdout` until `stdin` ends, behind the [`walls`].
///
/// Nothing else may write to `stdout`. The process opens nothing after the first frame.
pub fn run(stdin: impl Read, stdout: impl Write) -> io::Result<()> {
    serve(stdin, stdout, |job| {
        crate::read(job.format, job.bytes, job.limits)
    })
}

/// [`run`] with another reader in place of [`crate::read`]: for tests of what a reader may do to its process.
pub fn serve(
    mut stdin: impl Read,
    mut stdout: impl Write,
    mut read: impl FnMut(Job<'_>) -> Result<Extracted, ExtractError>,
) -> io::Result<()> {
    let Some((hello, _)) = frame::receive::<Hello>(&mut stdin)? else {
        return Ok(());
    };
    let gauge = Gauge::open();
    let missing = walls::raise(&hello.walls);
    send(&mut stdout, &Ready { missing }, &[])?;
    while let Some((request, bytes)) = frame::receive::<Request<'_>>(&mut stdin)? {
        let outcome = read(Job {
            name: &request.name,
            format: request.format,
            bytes: &bytes,
            limits: &request.limits,
        });
        let large = bytes.len() > LARGE;
        drop(bytes);
        let (outcome, text) = match outcome.map(Outline::split) {
            Ok((outline, text)) => (Ok(outline), text),
            Err(error) => (Err(error), String::new()),
        };
        let retire = large && gauge.resident() > hello.retire_at;
        send(&mut stdout, &Reply { outcome, retire }, text.as_bytes())?;
    }
    Ok(())
}

/// Only files of this size can swell the process enough to look.
const LARGE: usize = 256 << 10;

fn send(mut to: impl Write, header: &impl serde::Serialize, body: &[u8]) -> io::Result<()> {
    let mut head = frame::head(header, body.len())?;
    if body.len() < LARGE {
        head.extend_from_slice(body);
        to.write_all(&head)?;
    } else {
        to.write_all(&head)?;
        to.write_all(body)?;
    }
    to.flush()
}

/// The process's own resident size, through a descriptor opened before the walls went up.
struct Gauge(Option<fs_err::File>);

impl Gauge {
    fn open() -> Self {
        Self(fs_err::File::open("/proc/self/status").ok())
    }

    /// In bytes; 0 where it is not known.
    fn resident(&self) -> u64 {
        let read = || {
            let mut status = [0; 4096];
            let count = self.0.as_ref()?.file().read_at(&mut status, 0).ok()?;
            let status = str::from_utf8(&status[..count]).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        };
        read().unwrap_or(0) * 1024
    }
}
