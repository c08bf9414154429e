//! One worker process as the pool sees it.

use std::borrow::Cow;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout};
use trousseau_core::document::Extracted;

use super::{PoolOptions, Source};
use crate::ExtractError;
use crate::frame::{self, Hello, PREFIX, Ready, Reply, Request};

/// How long a process may take to be ready, on a machine with much else to do.
const TO_BE_READY: Duration = Duration::from_secs(30);

/// How long it may take to end when its input does.
const TO_END: Duration = Duration::from_secs(5);

/// A body up to this size is written together with its header.
const SMALL: usize = 64 << 10;

/// Why a process is of no more use.
#[derive(Debug)]
pub(super) enum Failure {
    /// It ended, or answered nonsense.
    Died,
    /// It did not answer in time.
    Slow,
}

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// The walls it could not put up.
    pub(super) missing: Vec<String>,
    /// The files it has read.
    pub(super) served: u32,
    busy: Duration,
    retire: bool,
}

impl Process {
    pub(super) async fn start(options: &PoolOptions) -> Result<Self, ExtractError> {
        let failed = |reason: String| ExtractError::WorkerNotStarted {
            program: options.program.display().to_string(),
            reason,
        };
        // Rust's own descriptors are not inherited, but those the program was started with would be.
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        let mut child = Command::new(&options.program)
            .args(&options.args)
            .env_clear()
            // mimalloc, where the program has it, would take a gigabyte of addresses at once: all that the walls leave.
            .env("MIMALLOC_ARENA_RESERVE", "64MiB")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // The terminal's Ctrl-C is for the program, which ends its workers itself.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no pipes".to_owned()));
        };
        let mut process = Self {
            child,
            stdin,
            stdout: BufReader::with_capacity(SMALL, stdout),
            missing: Vec::new(),
            served: 0,
            busy: Duration::ZERO,
            retire: false,
        };
        match timeout(TO_BE_READY, process.greet(options)).await {
            Ok(Ok(())) => Ok(process),
            Ok(Err(_)) => Err(failed(process.cause_of_death().await)),
            Err(_) => {
                process.kill().await;
                Err(failed("it does not answer".to_owned()))
            }
        }
    }

    async fn greet(&mut self, options: &PoolOptions) -> io::Result<()> {
        let hello = Hello {
            walls: options.heights(),
            retire_at: options.recycle_memory,
        };
        self.stdin.write_all(&frame::head(&hello, 0)?).await?;
        let (ready, _) = receive::<Ready>(&mut self.stdout, 0).await?;
        self.missing = ready.missing;
        Ok(())
    }

    /// Has the sources read; appends an outcome for each until one of them ends the process.
    pub(super) async fn read_all(
        &mut self,
        sources: &[Source<'_>],
        options: &PoolOptions,
        outcomes: &mut Vec<Result<Extracted, ExtractError>>,
    ) -> Result<(), Failure> {
        let Self { stdin, stdout, .. } = self;
        let write = async {
            // When this fails the process is gone, and the reading side sees it.
            let _gone = send_all(stdin, sources, options).await;
            std::future::pending::<()>().await;
        };
        let begun = Instant::now();
        let mut retire = false;
        let before = outcomes.len();
        let read = async {
            for source in sources {
                // A byte makes three at most; an incomplete table is filled up.
                let max_text = source.bytes.len() as u64 * 4 + (1 << 20);
                let reply = timeout(options.timeout, receive::<Reply>(stdout, max_text)).await;
                let (reply, text) = reply.map_err(|_| Failure::Slow)?.map_err(|_| Failure::Died)?;
                retire |= reply.retire;
                outcomes.push(match reply.outcome {
                    Ok(outline) => Ok(outline.join(text).ok_or(Failure::Died)?),
                    Err(error) => Err(error),
                });
            }
            Ok(())
        };
        let result = tokio::select! {
            result = read => result,
            () = write => Ok(()),
        };
        self.retire |= retire;
        self.busy += begun.elapsed();
        self.served += u32::try_from(outcomes.len() - before).unwrap_or(u32::MAX);
        result
    }

    /// Whether it should be replaced before the next file.
    pub(super) fn is_worn(&self, options: &PoolOptions) -> bool {
        let spare = options.cpu_limit.saturating_sub(options.timeout);
        self.retire || self.served >= options.recycle_after || self.busy > spare
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Lets it end by itself, or kills it.
    pub(super) async fn end(self) {
        let Self { mut child, stdin, .. } = self;
        drop(stdin);
        if timeout(TO_END, child.wait()).await.is_err() {
            let _gone = child.kill().await;
        }
    }

    pub(super) async fn kill(mut self) {
        let _gone = self.child.kill().await;
    }

    /// Waits for the end of a process that broke off.
    pub(super) async fn cause_of_death(self) -> String {
        let Self {
            mut child,
            stdin,
            stdout,
            ..
        } = self;
        drop((stdin, stdout));
        match timeout(TO_END, child.wait()).await {
            Ok(Ok(status)) => match (status.signal(), status.code()) {
                (Some(signal), _) => format!("signal {signal}"),
                (None, Some(0)) => "its reply cannot be understood".to_owned(),
                (None, code) => format!("exit code {}", code.unwrap_or(-1)),
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => {
                let _gone = child.kill().await;
                "its reply cannot be understood".to_owned()
            }
        }
    }
}

async fn send_all(stdin: &mut ChildStdin, sources: &[Source<'_>], options: &PoolOptions) -> io::Result<()> {
    let mut pending = Vec::new();
    for source in sources {
        let request = Request {
            name: Cow::Borrowed(source.name),
            format: source.format,
            limits: options.limits,
        };
        pending.extend(frame::head(&request, source.bytes.len())?);
        if source.bytes.len() <= SMALL {
            pending.extend_from_slice(source.bytes);
        }
        if source.bytes.len() > SMALL || pending.len() > SMALL {
            stdin.write_all(&pending).await?;
            pending.clear();
        }
        if source.bytes.len() > SMALL {
            stdin.write_all(source.bytes).await?;
        }
    }
    stdin.write_all(&pending).await
}

/// Receives a frame whose body has at most `max_body` bytes.
async fn receive<H: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    max_body: u64,
) -> io::Result<(H, Vec<u8>)> {
    let mut prefix = [0; PREFIX];
    from.read_exact(&mut prefix).await?;
    let (header, body) = frame::lengths(prefix, max_body)?;
    let header = receive_exactly(from, header).await?;
    let body = receive_exactly(from, body).await?;
    Ok((frame::header(&header)?, body))
}

async fn receive_exactly(from: &mut (impl AsyncRead + Unpin), length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(1 << 20)).unwrap_or(0));
    from.take(length).read_to_end(&mut bytes).await?;
    if (bytes.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}
