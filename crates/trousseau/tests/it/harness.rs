//! A folder of one's own and the program run in it, cut off from the environment of whoever runs the test.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_trousseau");

/// A folder that is deleted at the end of the test, with a data folder for the program in it.
pub(crate) struct Dir(TempDir);

/// What the program wrote, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The data folder that the program uses.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The ledger of the default tenant.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.data().join("ledger/default/main")
    }

    /// Writes a file, with the folders above it. Returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, content).unwrap();
        path
    }

    /// The program with these arguments, not started yet: in this folder, in English, with this data folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.anywhere(arguments);
        command.env("TROUSSEAU_DATA", self.data());
        command
    }

    /// The same, where no data folder is named.
    pub(crate) fn anywhere(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path().join("home"))
            .env("TMPDIR", self.path())
            .env("LC_ALL", "en_GB.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program in English.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Runs the program in French.
    pub(crate) fn french(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).env("LC_ALL", "fr_FR.UTF-8"))
    }

    /// Runs the program with `--json` and reads the one object that it writes.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(arguments);
        self.run(&all).succeeded().object()
    }

    /// Runs the program with `input` on its standard input.
    pub(crate) fn fed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The program may well stop reading before the end.
        let _refused = stdin.write_all(input);
        drop(stdin);
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Starts the program and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What a text looks like on any machine: this folder and what changes from run to run left out.
    pub(crate) fn filtered(&self, text: &str) -> String {
        text.replace(&*self.path().to_string_lossy(), "[DIR]")
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Itself, when the program ended well and without a word on standard error about a panic.
    pub(crate) fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    /// Itself, when the program ended with this exit code.
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    /// The one JSON object on standard output.
    pub(crate) fn object(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        assert!(value.is_object(), "{self:#?}");
        assert_eq!(self.out.lines().count(), 1, "{self:#?}");
        value
    }

    /// The code of the error that `--json` wrote.
    pub(crate) fn error(&self) -> String {
        let last = self.err.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        value["error"]["code"].as_str().unwrap().to_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The characters `start..end` of `text`, counted as a user's program counts them.
pub(crate) fn characters(text: &str, value: &Value) -> String {
    let number = |name: &str| usize::try_from(value[name].as_u64().unwrap()).unwrap();
    let (start, end) = (number("start"), number("end"));
    text.chars().skip(start).take(end - start).collect()
}

/// The sample documents of the demonstration.
pub(crate) fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../samples/fr")
        .canonicalize()
        .unwrap()
}
