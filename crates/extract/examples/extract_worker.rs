//! A worker as the program's hidden subcommand runs it, with readers that go wrong on request.
//!
//! The tests of the pool start it. A file called `hang`, `spin`, `abort`, `panic`, `bomb`, `nonsense`
//! or `spy` makes the worker do that instead of reading it.

use std::io::{self, Write as _};
use std::time::Duration;

use trousseau_core::document::Extracted;
use trousseau_extract::worker::{self, Job};
use trousseau_extract::{ExtractError, read};

fn main() -> io::Result<()> {
    worker::serve(io::stdin().lock(), io::stdout(), |job| match job.name {
        "hang" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        "abort" => std::process::abort(),
        "panic" => Err(ExtractError::WorkerDied {
            reason: "x".repeat(job.bytes[usize::MAX].into()),
        }),
        "bomb" => bomb(),
        "spin" => spin(),
        "nonsense" => nonsense(),
        "spy" => Ok(spy()),
        _ => honest(job),
    })
}

fn honest(job: Job<'_>) -> Result<Extracted, ExtractError> {
    read(job.format, job.bytes, job.limits)
}

/// Takes memory until there is no more.
fn bomb() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 16 << 20]);
    }
}

fn spin() -> ! {
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

/// Writes to the pipe what is no reply.
fn nonsense() -> Result<Extracted, ExtractError> {
    let _ignored = io::stdout().write_all(&[0xff; 64]);
    Err(ExtractError::Empty)
}

/// Tries what a hostile file might try, and tells what it could do.
fn spy() -> Extracted {
    let mut text = String::new();
    // The allocator's setting is the pool's own; anything else would be the parent's.
    let environment = std::env::vars_os().any(|(name, _)| name != "MIMALLOC_ARENA_RESERVE");
    let read = fs_err::read("/etc/passwd").is_ok() || fs_err::read_dir("/").is_ok();
    let write = fs_err::write("/tmp/trousseau-extract-spy", "x").is_ok();
    let connect = match std::net::TcpStream::connect("127.0.0.1:9") {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::ConnectionRefused,
    };
    let listen = std::net::TcpListener::bind("127.0.0.1:0").is_ok();
    let start = std::process::Command::new("/bin/true").spawn().is_ok();
    for (name, could) in [
        ("environment", environment),
        ("read", read),
        ("write", write),
        ("connect", connect),
        ("listen", listen),
        ("start", start),
    ] {
        text.push_str(&format!("{name}: {could}\n"));
    }
    Extracted {
        text,
        ..Extracted::default()
    }
}
