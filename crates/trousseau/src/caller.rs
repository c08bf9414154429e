//! Who runs a command: what was typed, where, with which terminal; and, in a server, its open data folder.
//!
//! A command asks its caller for everything around it. So the same command runs in the process that was started for
//! it and in a server that runs it for such a process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::{self, App, Place};
use crate::cli::Global;
use crate::failure::{AppError, Failure};
use crate::printer::Printer;

/// Whoever runs a command.
#[derive(Clone)]
pub(crate) struct Caller {
    /// What was typed beside the command.
    pub global: Global,
    /// Whom the command speaks to.
    pub printer: Arc<Printer>,
    /// The folder that relative paths start from.
    folder: PathBuf,
    /// The open data folder of the server that runs the command.
    server: Option<App>,
    /// Cancelled when whoever typed the command has gone.
    gone: CancellationToken,
}

impl Caller {
    /// Whoever started this process.
    pub(crate) fn here(global: Global, printer: Arc<Printer>) -> Result<Self, AppError> {
        Ok(Self {
            global,
            printer,
            folder: std::path::absolute(".")?,
            server: None,
            gone: CancellationToken::new(),
        })
    }

    /// Whoever speaks to a server, which has `app` open, from a process in `folder`.
    pub(crate) fn of_server(
        global: Global,
        printer: Arc<Printer>,
        folder: PathBuf,
        app: App,
        gone: CancellationToken,
    ) -> Self {
        Self {
            global,
            printer,
            folder,
            server: Some(app),
            gone,
        }
    }

    /// The same one, who typed something else beside the command.
    pub(crate) fn with(&self, global: Global) -> Self {
        Self {
            global,
            ..self.clone()
        }
    }

    /// A path that was typed, from the root on.
    pub(crate) fn path(&self, typed: &Path) -> Result<PathBuf, AppError> {
        Ok(std::path::absolute(self.folder.join(typed))?)
    }

    /// Ends when whoever typed the command has gone.
    pub(crate) const fn gone(&self) -> &CancellationToken {
        &self.gone
    }

    /// The server that runs the command, if one does.
    pub(crate) const fn server(&self) -> Option<&App> {
        self.server.as_ref()
    }

    /// The data folder and its configuration.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        match &self.server {
            Some(app) => Ok(app.place()),
            None => app::place(&self.global),
        }
    }

    /// The data folder, open to have questions answered.
    pub(crate) async fn open_to_answer(&self) -> Result<App, Failure> {
        match &self.server {
            Some(app) => Ok(app.clone()),
            None => App::open_to_answer(&self.global).await,
        }
    }

    /// The data folder, open to be written to.
    pub(crate) async fn open(&self) -> Result<App, Failure> {
        match &self.server {
            Some(app) => Ok(app.clone()),
            None => App::open(&self.global).await,
        }
    }

    /// The data folder, open to be written to or, while another process does that, to be read.
    pub(crate) async fn open_or_read(&self) -> Result<App, Failure> {
        match &self.server {
            Some(app) => Ok(app.clone()),
            None => App::open_or_read(&self.global).await,
        }
    }

    /// The data folder, open to be read.
    pub(crate) async fn read(&self) -> Result<App, Failure> {
        match &self.server {
            Some(app) => Ok(app.clone()),
            None => App::read(&self.global).await,
        }
    }
}
