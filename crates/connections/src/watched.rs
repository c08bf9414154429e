//! A connection's bytes, watched: a client that sends its head slowly, never reads or hardly, or says nothing for long
//! does not hold the connection; and a client that is still sending when it is refused can read why.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::places::Link;

/// How long, and how many bytes, are still read from a client after the last answer.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 8 << 20;

/// A socket with limits on time.
pub struct Watched<S> {
    socket: S,
    link: Arc<Link>,
    limits: Times,
    reading: Timer,
    writing: Timer,
    wait: Wait,
    /// Since when bytes of a request's head have come while no request is answered.
    head: Option<Instant>,
    /// Since when nothing has come, nor been answered.
    idle: Option<Instant>,
    /// How many requests had begun when both were noted.
    begun: u64,
    lingering: Option<(Timer, Instant, usize)>,
}

/// How long a connection may take for what.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// For a request's head, from its first byte on.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// For the client to take what is written, less what it made up for by reading faster than `pace`.
    pub write: Duration,
    /// How fast a client reads at least, in bytes per second.
    pub pace: u32,
}

/// How long a client that reads slowly has made the server wait, less what it took since, counted at a pace.
#[derive(Default)]
struct Wait {
    before: Duration,
    since: Option<Instant>,
}

impl Wait {
    /// Notes that nothing can be written; gives when that has lasted too long.
    fn goes_on(&mut self, limits: Times) -> Instant {
        let since = *self.since.get_or_insert_with(Instant::now);
        since + limits.write.saturating_sub(self.before)
    }

    /// Notes that the client took so many bytes.
    fn ends(&mut self, bytes: usize, limits: Times) {
        if let Some(since) = self.since.take() {
            self.before += since.elapsed();
        }
        if !self.before.is_zero() {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let made_up = Duration::from_secs(1) * bytes / limits.pace.max(1);
            self.before = self.before.saturating_sub(made_up);
        }
    }
}

/// A deadline that is only armed once something has to be waited for.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    deadline: Option<Instant>,
}

impl Timer {
    /// Ready when `deadline` has passed.
    fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        if self.deadline != Some(deadline) {
            self.deadline = Some(deadline);
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(deadline),
                None => self.sleep = Some(Box::pin(sleep_until(deadline))),
            }
        }
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    fn clear(&mut self) {
        self.deadline = None;
    }
}

impl<S> Watched<S> {
    pub fn new(socket: S, link: Arc<Link>, limits: Times) -> Self {
        Self {
            socket,
            link,
            limits,
            reading: Timer::default(),
            writing: Timer::default(),
            wait: Wait::default(),
            head: None,
            idle: None,
            begun: 0,
            lingering: None,
        }
    }

    /// Notes what came, so that the next wait has its deadline.
    fn came(&mut self, bytes: usize) {
        self.reading.clear();
        self.forget_earlier();
        self.idle = None;
        if bytes > 0 && !self.link.is_busy() {
            self.head.get_or_insert_with(Instant::now);
        }
    }

    /// What was noted before the last request counts no longer.
    fn forget_earlier(&mut self) {
        let begun = self.link.begun();
        if begun != self.begun {
            self.begun = begun;
            (self.head, self.idle) = (None, None);
        }
    }

    /// How long the next byte may take; a body has a limit of its own.
    fn deadline(&mut self) -> Option<Instant> {
        self.forget_earlier();
        if self.link.is_busy() {
            return None;
        }
        let deadline = match self.head {
            Some(head) => head + self.limits.head,
            None => *self.idle.get_or_insert_with(Instant::now) + self.limits.idle,
        };
        Some(deadline)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.socket).poll_read(context, buffer) {
            this.came(buffer.filled().len() - before);
            return Poll::Ready(read);
        }
        let Some(deadline) = this.deadline() else {
            return Poll::Pending;
        };
        ready!(this.reading.poll(deadline, context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    /// Waits for a write, and fails when the client takes nothing for too long, or too little.
    fn written(
        &mut self,
        wrote: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(wrote) = wrote {
            self.writing.clear();
            self.wait
                .ends(wrote.as_ref().map_or(0, |bytes| *bytes), self.limits);
            return Poll::Ready(wrote);
        }
        let deadline = self.wait.goes_on(self.limits);
        ready!(self.writing.poll(deadline, context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// The same for what takes no bytes.
    fn done(&mut self, done: Poll<io::Result<()>>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let none = done.map_ok(|()| 0);
        self.written(none, context).map_ok(drop)
    }

    /// Reads and drops what the client still sends: a socket closed over unread bytes would reset the connection,
    /// and the client might lose the answer that it has not yet read.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (timer, deadline, left) = self
            .lingering
            .get_or_insert_with(|| (Timer::default(), Instant::now() + LINGER, LINGER_BYTES));
        let mut dropped = [0; 8 << 10];
        while *left > 0 {
            let mut buffer = ReadBuf::new(&mut dropped);
            match Pin::new(&mut self.socket).poll_read(context, &mut buffer) {
                Poll::Pending => return timer.poll(*deadline, context),
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    *left = left.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.written(wrote, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.written(wrote, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        self.done(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let shut = Pin::new(&mut self.socket).poll_shutdown(context);
            ready!(self.done(shut, context))?;
        }
        if self.link.lingers() {
            ready!(self.linger(context));
        }
        Poll::Ready(Ok(()))
    }
}
