//! Progress of what takes a while, on a terminal's standard error.

use std::fmt::Write;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::printer::Printer;

/// A bar that counts files, with rate and time left.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `total` files; nothing is drawn where no terminal looks on.
    pub(crate) fn files(printer: &Printer, total: u64) -> Self {
        if printer.json() || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let template = printer.messages.plain("progress-files");
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        // A rate to four decimals is no rate to read.
        let style = style.with_key("per_sec", |state: &ProgressState, out: &mut dyn Write| {
            // What cannot be drawn is drawn at the next step.
            let _drawn = write!(out, "{:.0}/s", state.per_sec());
        });
        Self(ProgressBar::new(total).with_style(style))
    }

    /// One file is done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// Writes a line above the bar.
    pub(crate) fn line(&self, printer: &Printer, text: &str) {
        self.0.suspend(|| printer.note(text));
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        self.0.finish_and_clear();
    }
}
