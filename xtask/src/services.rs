//! Real services for the tests (`xtask/services`): started before them, so that what must be fetched is fetched once and seen, and
//! ended after them where they were not running before.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{answer, say};
use crate::repository::Repository;

/// The exit code by which a service says that it cannot run on this machine; its tests then skip themselves.
const CANNOT_RUN: i32 = 77;

/// The PostgreSQL that tests share.
pub(crate) struct Services {
    script: PathBuf,
    /// Whether it runs because of us.
    ours: bool,
}

impl Services {
    /// Starts what is not running.
    pub(crate) fn start(repository: &Repository) -> Result<Self> {
        let script = repository.path("xtask/services/postgres");
        if answer(Command::new(&script).arg("status")).is_some() {
            return Ok(Self { script, ours: false });
        }
        let started = Command::new(&script).arg("start").output()?;
        match started.status.code() {
            Some(0) => Ok(Self { script, ours: true }),
            Some(CANNOT_RUN) => {
                say(&String::from_utf8_lossy(&started.stderr));
                Ok(Self { script, ours: false })
            }
            _ => bail!("PostgreSQL: {}", String::from_utf8_lossy(&started.stderr)),
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if self.ours && answer(Command::new(&self.script).arg("stop")).is_none() {
            say("PostgreSQL did not end");
        }
    }
}
