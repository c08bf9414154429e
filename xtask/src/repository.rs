//! Where things lie in the repository, and which files it tracks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::answer;

/// What the user asked for beside the command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Run the randomised harnesses at full size, and the suites that take long.
    pub(crate) long: bool,
    /// System packages may be installed.
    pub(crate) install_system: bool,
}

#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
}

/// A file of the repository: its path from the root, with `/`, and its text.
#[derive(Debug)]
pub(crate) struct TrackedFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Repository {
    /// The repository this program was built in.
    pub(crate) fn of_this_build() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .parent()
            .context("xtask has no parent folder")?
            .to_path_buf();
        Ok(Self { root })
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Programs that the tests need and that are not installed on the system.
    pub(crate) fn tools(&self) -> PathBuf {
        self.path("target/tools")
    }

    /// A command that runs at the root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs this program.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
        self.command(&cargo)
    }

    /// The target triple this machine builds for. Naming it keeps flags for the product out of build scripts.
    pub(crate) fn host(&self) -> Result<String> {
        let version = answer(self.command("rustc").arg("-vV")).context("cannot run rustc")?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(host.context("rustc names no host")?.to_owned())
    }

    /// Every text file that git tracks or would track; binary files are left out.
    pub(crate) fn tracked_files(&self) -> Result<Vec<TrackedFile>> {
        let output = self
            .command("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .context("cannot run git")?;
        ensure!(
            output.status.success(),
            "git ls-files failed in {}",
            self.root.display()
        );
        let names = String::from_utf8(output.stdout).context("a tracked file's name is not UTF-8")?;
        let mut files = Vec::new();
        for path in names.split('\0').filter(|name| !name.is_empty()) {
            let absolute = self.root.join(path);
            if !absolute.is_file() {
                continue;
            }
            if let Ok(text) = String::from_utf8(fs_err::read(absolute)?) {
                files.push(TrackedFile {
                    path: path.to_owned(),
                    text,
                });
            }
        }
        Ok(files)
    }
}

/// An environment variable, when set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "xtask is told by its environment where it runs"
    )]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the run must allow only the skips that no machine of ours can avoid.
pub(crate) fn under_ci() -> bool {
    variable("CI").as_deref() == Some("true")
}
