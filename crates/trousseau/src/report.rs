//! Progress of what takes a while, drawn on the caller's terminal.

use std::fmt::{self, Write};
use std::io;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use crate::console::Console;
use crate::printer::Printer;

/// How often a second the bar is drawn anew, at most.
const DRAWN: u8 = 10;

/// A bar that counts files, with rate and time left.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `total` files; nothing is drawn where no terminal looks on.
    pub(crate) fn files(printer: &Printer, total: u64) -> Self {
        let Some(width) = printer.screen().progress else {
            return Self(ProgressBar::hidden());
        };
        let console = printer.console();
        let canvas = Box::new(Canvas { console, width });
        let template = printer.messages.plain("progress-files");
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        // A rate to four decimals is no rate to read.
        let style = style.with_key("per_sec", |state: &ProgressState, out: &mut dyn Write| {
            // What cannot be drawn is drawn at the next step.
            let _drawn = write!(out, "{:.0}/s", state.per_sec());
        });
        let target = ProgressDrawTarget::term_like_with_hz(canvas, DRAWN);
        Self(ProgressBar::with_draw_target(Some(total), target).with_style(style))
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

/// The caller's standard error as something to draw on: a terminal that knows ANSI's sequences (ECMA-48).
struct Canvas {
    console: Arc<dyn Console>,
    width: u16,
}

impl fmt::Debug for Canvas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canvas")
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

impl Canvas {
    fn go(&self, steps: usize, direction: char) -> io::Result<()> {
        match steps {
            0 => Ok(()),
            _ => self.write_str(&format!("\x1b[{steps}{direction}")),
        }
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        self.width
    }

    fn move_cursor_up(&self, steps: usize) -> io::Result<()> {
        self.go(steps, 'A')
    }

    fn move_cursor_down(&self, steps: usize) -> io::Result<()> {
        self.go(steps, 'B')
    }

    fn move_cursor_right(&self, steps: usize) -> io::Result<()> {
        self.go(steps, 'C')
    }

    fn move_cursor_left(&self, steps: usize) -> io::Result<()> {
        self.go(steps, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.console.err(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
