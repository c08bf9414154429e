//! The pool's side: worker processes that are started when needed, kept, and replaced.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use trousseau_core::document::Extracted;

use self::process::{Failure, Process};
use crate::walls::Heights;
use crate::{ExtractError, Format, Limits};

mod process;

const MAX_WORKERS: usize = 1024;

/// How the workers are started and when they are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The program: it must call [`worker::run`](crate::worker::run) on its standard input and output.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The most processes at a time.
    pub workers: usize,
    /// A process is replaced after this many files.
    pub recycle_after: u32,
    /// A process is replaced when it has grown past this resident size, in bytes.
    pub recycle_memory: u64,
    /// The largest address space of a process, in bytes.
    pub memory_limit: u64,
    /// The processor time of a process's whole life; more than `timeout`.
    pub cpu_limit: Duration,
    /// How long one file may take.
    pub timeout: Duration,
    /// What one file may cost.
    pub limits: Limits,
}

impl PoolOptions {
    /// The defaults: two processes of 1 GiB and five minutes of processor time each, replaced after 1,000
    /// files or past 256 MiB; 30 s per file.
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            workers: 2,
            recycle_after: 1000,
            recycle_memory: 256 << 20,
            memory_limit: 1 << 30,
            cpu_limit: Duration::from_secs(300),
            timeout: Duration::from_secs(30),
            limits: Limits::default(),
        }
    }

    fn heights(&self) -> Heights {
        Heights {
            memory: self.memory_limit,
            cpu_seconds: self.cpu_limit.as_secs().max(1),
        }
    }
}

/// A file to be read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// Its name, for the worker's information.
    pub name: &'s str,
    /// Its format, see [`Format::detect`].
    pub format: Format,
    /// Its content.
    pub bytes: &'s [u8],
}

/// Worker processes that read files one by one. Dropping the pool kills them; [`Pool::shut_down`] also waits
/// until they are gone.
#[derive(Debug)]
pub struct Pool {
    options: PoolOptions,
    in_process: bool,
    idle: Mutex<Vec<Process>>,
    permits: Semaphore,
}

impl Pool {
    /// Starts nothing yet: each process starts with the first file it is needed for.
    pub fn new(options: PoolOptions) -> Self {
        let workers = options.workers.clamp(1, MAX_WORKERS);
        Self {
            options,
            in_process: false,
            idle: Mutex::new(Vec::new()),
            permits: Semaphore::new(workers),
        }
    }

    /// A pool without processes: it reads in the calling one, without walls or time limit. For tests of
    /// other crates, and of nothing else: a hostile file takes the whole program with it.
    pub fn danger_in_process(limits: Limits) -> Self {
        let mut options = PoolOptions::new("", [""; 0]);
        options.limits = limits;
        Self {
            in_process: true,
            ..Self::new(options)
        }
    }

    /// How the workers are started and when they are replaced.
    pub const fn options(&self) -> &PoolOptions {
        &self.options
    }

    /// Has one file read, waiting for a free process. Dropping the future kills the process that is at work
    /// on it.
    ///
    /// # Errors
    ///
    /// Those of [`read`](crate::read), and [`ExtractError::WorkerDied`], [`ExtractError::TimedOut`],
    /// [`ExtractError::WorkerNotStarted`]. Whatever happens, the next file gets a sound process.
    pub async fn extract(&self, name: &str, format: Format, bytes: &[u8]) -> Result<Extracted, ExtractError> {
        let source = Source { name, format, bytes };
        let mut outcomes = self.extract_all(&[source]).await;
        outcomes.pop().unwrap_or_else(|| Err(self.closed()))
    }

    /// Has several files read by one process, without waiting for one before the next is sent: for many
    /// small files. The outcomes are in the order of `sources`, one each; a file that kills its process fails
    /// alone, and the ones after it go to a new process.
    pub async fn extract_all(&self, sources: &[Source<'_>]) -> Vec<Result<Extracted, ExtractError>> {
        let mut outcomes = Vec::with_capacity(sources.len());
        let Ok(_permit) = self.permits.acquire().await else {
            return sources.iter().map(|_| Err(self.closed())).collect();
        };
        if self.in_process {
            let limits = &self.options.limits;
            return sources
                .iter()
                .map(|source| crate::read(source.format, source.bytes, limits))
                .collect();
        }
        while let Some(next) = sources.get(outcomes.len()) {
            if let Err(error) = self.options.limits.check_size(next.bytes.len() as u64) {
                outcomes.push(Err(error));
                continue;
            }
            match self.process().await {
                Ok(process) => self.advance(process, sources, &mut outcomes).await,
                Err(error) => outcomes.push(Err(error)),
            }
        }
        outcomes
    }

    /// Waits until the files being read are done, then ends all processes and waits for their end.
    /// Afterwards every file is refused.
    pub async fn shut_down(&self) {
        let all = u32::try_from(self.options.workers.clamp(1, MAX_WORKERS)).unwrap_or(1);
        let permits = self.permits.acquire_many(all).await;
        self.permits.close();
        drop(permits);
        for process in self.take_idle() {
            process.end().await;
        }
    }

    /// The walls that the idle processes could not put up, in words for the log; each named once.
    pub fn missing_walls(&self) -> Vec<String> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing: Vec<String> = idle.iter().flat_map(|process| process.missing.clone()).collect();
        missing.sort();
        missing.dedup();
        missing
    }

    /// Has as many of the next sources read as this process should read, or until one of them ends it.
    async fn advance(
        &self,
        mut process: Process,
        sources: &[Source<'_>],
        outcomes: &mut Vec<Result<Extracted, ExtractError>>,
    ) {
        let sized = |source: &&Source<'_>| self.options.limits.check_size(source.bytes.len() as u64).is_ok();
        let left = self.options.recycle_after.saturating_sub(process.served).max(1) as usize;
        let rest = &sources[outcomes.len()..];
        let count = rest.iter().take(left).take_while(sized).count();
        match process.read_all(&rest[..count], &self.options, outcomes).await {
            Ok(()) if process.is_worn(&self.options) => process.end().await,
            Ok(()) => self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(process),
            Err(Failure::Died) => {
                let reason = process.cause_of_death().await;
                outcomes.push(Err(ExtractError::WorkerDied { reason }));
            }
            Err(Failure::Slow) => {
                process.kill().await;
                let seconds = self.options.timeout.as_secs();
                outcomes.push(Err(ExtractError::TimedOut { seconds }));
            }
        }
    }

    /// A process that is alive.
    async fn process(&self) -> Result<Process, ExtractError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut process) = idle else {
                return Process::start(&self.options).await;
            };
            if process.is_alive() {
                return Ok(process);
            }
            process.end().await;
        }
    }

    fn take_idle(&self) -> Vec<Process> {
        std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn closed(&self) -> ExtractError {
        ExtractError::WorkerNotStarted {
            program: self.options.program.display().to_string(),
            reason: "the pool is shut down".to_owned(),
        }
    }
}
