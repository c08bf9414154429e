//! `trousseau serve`: keeps the data folder open and answers, until it is told to end.

use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::app::App;
use crate::caller::Caller;
use crate::cli::Serve;
use crate::failure::{AppError, Exit, Failure};

pub(super) async fn run(caller: &Caller, _serve: Serve) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(AppError::Io)?;
    let app = App::open_to_answer(&caller.global).await?;
    let admin = Admin::bind(app.data()).map_err(AppError::Io)?;
    let stop = CancellationToken::new();
    tracing::info!(data = %app.data().display(), process = process::id(), "serving");
    let serving = async {
        admin.serve(&app, &stop).await;
    };
    tokio::select! {
        () = serving => {}
        () = signals.obey(&stop) => {}
    }
    app.close().await?;
    Ok(Exit::SUCCESS)
}

/// What the operating system and its administrator say.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
        })
    }

    /// The first signal to end cancels `stop`; the second ends the process at once, which loses nothing that was
    /// answered. Never returns.
    async fn obey(&mut self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
                _ = self.reload.recv() => {
                    tracing::info!("reloading");
                    continue;
                }
            }
            if stop.is_cancelled() {
                tracing::warn!("ending at once");
                // Nothing follows a successful kill, and one of oneself does not fail.
                let _killed =
                    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            }
            tracing::info!("ending: what is under way is finished");
            stop.cancel();
        }
    }
}
