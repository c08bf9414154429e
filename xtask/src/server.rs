//! A real `trousseau serve` with an empty data folder, for whoever tries it from outside.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::process::lines;
use crate::repository::Repository;

/// How a server is set up.
pub(crate) struct Setup {
    /// The name of its folder in `target/clients`.
    pub(crate) name: String,
    /// Its configuration.
    pub(crate) config: String,
    /// Files beside the configuration: secrets that it names.
    pub(crate) files: Vec<(&'static str, String)>,
    /// Where it listens; port 0 is any.
    pub(crate) listen: String,
}

impl Setup {
    /// A server on a port of its own choice.
    pub(crate) fn new(name: &str, config: String) -> Self {
        Self {
            name: name.to_owned(),
            config,
            files: Vec::new(),
            listen: "127.0.0.1:0".to_owned(),
        }
    }
}

/// A server with the key of its administrator; it ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) key: String,
}

impl Server {
    pub(crate) fn start(repository: &Repository, setup: &Setup) -> Result<Self> {
        let folder = repository.path("target/clients").join(&setup.name);
        if folder.exists() {
            fs_err::remove_dir_all(&folder)?;
        }
        fs_err::create_dir_all(&folder)?;
        let config = folder.join("trousseau.toml");
        fs_err::write(&config, &setup.config)?;
        for (name, text) in &setup.files {
            fs_err::write(folder.join(name), text)?;
        }
        let mut command = Command::new(repository.path("target/debug/trousseau"));
        command.arg("--data").arg(folder.join("data"));
        command.arg("--config").arg(config);
        command.args(["serve", "--listen", &setup.listen]);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let (mut url, mut key) = (None, None);
        for line in lines(&mut child)? {
            let line = line?;
            if let Some((_, address)) = line.split_once("http://") {
                url = Some(format!("http://{}", address.trim_end_matches('/')));
            } else if let Some(told) = line.trim().strip_prefix("key: ") {
                key = Some(told.to_owned());
            }
            if let (Some(url), Some(key)) = (&url, &key) {
                return Ok(Self {
                    child,
                    url: url.clone(),
                    key: key.clone(),
                });
            }
        }
        anyhow::bail!("the server ended without an address and a key: {}", child.wait()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let process = self.child.id().to_string();
        let _asked = Command::new("kill").args(["-TERM", &process]).status();
        let _ended = self.child.wait();
    }
}
