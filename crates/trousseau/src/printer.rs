//! How a command speaks: lines, tables and errors, in the caller's language, to the caller's console.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use trousseau_core::error::Explain;

use crate::console::{Console, Screen};
use crate::failure::AppError;
use crate::messages::Messages;

/// How the program speaks to whoever started it.
pub(crate) struct Printer {
    /// What it says.
    pub messages: Messages,
    json: bool,
    screen: Screen,
    console: Arc<dyn Console>,
    /// Why standard output could not be written, the first time that it could not.
    refused: Mutex<Option<io::Error>>,
}

/// A way of writing that makes a part of a line stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// What the eye should find first.
    Strong,
    /// What stands behind the rest.
    Faint,
    /// What went well.
    Good,
    /// What did not.
    Bad,
}

impl Printer {
    /// A printer for people, or, with `json`, for programs.
    pub(crate) fn new(messages: Messages, json: bool, screen: Screen, console: Arc<dyn Console>) -> Self {
        let screen = if json { Screen::default() } else { screen };
        Self {
            messages,
            json,
            screen,
            console,
            refused: Mutex::default(),
        }
    }

    /// What the caller's terminal can show; nothing where programs read.
    pub(crate) const fn screen(&self) -> Screen {
        self.screen
    }

    /// Where this printer writes.
    pub(crate) fn console(&self) -> Arc<dyn Console> {
        Arc::clone(&self.console)
    }

    /// What stands on the caller's standard input, at most `limit` bytes of it.
    pub(crate) fn input(&self, limit: usize) -> Result<Vec<u8>, AppError> {
        Ok(self.console.input(limit)?)
    }

    /// Creates a file on the caller's side.
    pub(crate) fn file(&self, path: &Path) -> Result<Box<dyn io::Write + Send>, AppError> {
        Ok(self.console.file(path)?)
    }

    /// Whether one JSON object is wanted in place of text.
    pub(crate) const fn json(&self) -> bool {
        self.json
    }

    /// Writes a line.
    pub(crate) fn line(&self, text: &str) {
        self.write(text);
        self.write("\n");
    }

    /// Writes text without ending the line, at once.
    pub(crate) fn write(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes bytes as they are, at once.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let Err(error) = self.console.out(bytes) else {
            return;
        };
        // A reader that has gone away, as `head` does, is no fault of ours.
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.refused().get_or_insert(error);
        }
    }

    /// Why not everything could be written to standard output.
    pub(crate) fn take_refused(&self) -> Option<io::Error> {
        self.refused().take()
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, Option<io::Error>> {
        // Nothing can panic while the lock is held.
        self.refused
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Writes one JSON object on a line of its own.
    pub(crate) fn object(&self, value: &serde_json::Value) {
        self.line(&value.to_string());
    }

    /// Writes a line to standard error.
    pub(crate) fn note(&self, text: &str) {
        let _gone = self.console.err(format!("{text}\n").as_bytes());
    }

    /// Tells an error and how to mend it, on standard error; with `--json`, as an object.
    pub(crate) fn error(&self, error: &dyn Explain) {
        self.failure(error.code(), &error.fields(), &error.to_string(), &[]);
    }

    /// Tells an error given by its parts; `faults` are the codes and texts of what it consists of.
    pub(crate) fn failure(
        &self,
        code: &str,
        fields: &[(&str, String)],
        english: &str,
        faults: &[(&str, String)],
    ) {
        let text = self
            .messages
            .explained(code, fields)
            .unwrap_or_else(|| english.to_owned());
        let hint = self.messages.hint(code, fields);
        if self.json {
            let mut error = serde_json::json!({ "code": code, "message": text, "hint": hint });
            if !faults.is_empty() {
                let told = faults
                    .iter()
                    .map(|(code, text)| serde_json::json!({ "code": code, "message": text }));
                error["faults"] = told.collect();
            }
            self.note(&serde_json::json!({ "error": error }).to_string());
            return;
        }
        let heading = self.messages.plain("error-heading");
        self.note(&format!("{} {text}", self.styled(&heading, Style::Bad)));
        for (_, fault) in faults {
            self.note(&format!("  - {fault}"));
        }
        if let Some(hint) = hint {
            let heading = self.messages.plain("hint-heading");
            self.note(&format!("{} {hint}", self.styled(&heading, Style::Strong)));
        }
    }

    /// `text` in this style, where the terminal has styles.
    pub(crate) fn styled(&self, text: &str, style: Style) -> String {
        let code = match style {
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Good => "32",
            Style::Bad => "31",
        };
        if self.screen.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Writes rows in columns as wide as their widest cell, under a heading. A cell stays on its line.
    pub(crate) fn table(&self, heading: &[String], rows: &[Vec<String>]) {
        let one_line = |cell: &String| shown(cell).replace(['\n', '\t'], " ");
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(one_line).collect())
            .collect();
        let mut widths: Vec<usize> = heading.iter().map(|cell| width(cell)).collect();
        for row in &rows {
            for (cell, widest) in row.iter().zip(&mut widths) {
                *widest = width(cell).max(*widest);
            }
        }
        let lay = |row: &[String]| {
            let cells = row.iter().zip(&widths);
            let padded = cells.map(|(cell, widest)| format!("{cell}{}", " ".repeat(widest - width(cell))));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.line(&self.styled(&lay(heading), Style::Faint));
        for row in &rows {
            self.line(&lay(row));
        }
    }
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// A place in a document: its title, then the headings that say more than the title does.
pub(crate) fn place(title: &str, heading: &[String]) -> String {
    let under = heading.iter().filter(|heading| *heading != title);
    let parts = std::iter::once(title).chain(under.map(String::as_str));
    parts.map(shown).collect::<Vec<_>>().join(" › ")
}

/// Text from documents, files and command lines, safe to show in a terminal: control characters, and
/// those that turn the writing direction so that a name can pass for another, are replaced.
pub(crate) fn shown(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let safe = |c: char| {
        if (c.is_control() && c != '\n' && c != '\t') || turns(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(safe).collect()
}
