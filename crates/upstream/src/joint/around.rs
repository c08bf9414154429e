//! What a model puts around a text that it was asked to go on with: quotation marks, dots, a fence of Markdown.

/// The longest name of a language behind a fence, in bytes.
const INFO: usize = 24;

/// What a model puts before a repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// Its counterpart at the end.
    pub closing: Option<&'static str>,
    /// Whether it is a fence.
    pub fence: bool,
}

/// Whether a text is one.
pub(super) enum Opens {
    Not,
    Perhaps,
    With(Opening),
}

/// Whether a text is what a model puts before a repetition.
pub(super) fn opening(text: &str) -> Opens {
    let with = |closing| {
        Opens::With(Opening {
            closing,
            fence: false,
        })
    };
    match text {
        "" | "." | ".." | "`" | "``" => return Opens::Perhaps,
        "…" | "..." => return with(None),
        "\"" => return with(Some("\"")),
        "“" => return with(Some("”")),
        "«" => return with(Some("»")),
        _ => {}
    }
    let Some(line) = text.strip_prefix("```") else {
        return Opens::Not;
    };
    match line.strip_suffix('\n') {
        Some(_) => Opens::With(Opening {
            closing: Some("```"),
            fence: true,
        }),
        None if line.len() <= INFO && !line.contains('`') => Opens::Perhaps,
        None => Opens::Not,
    }
}

/// Whether a text ends between two fences of Markdown.
pub(super) fn ends_in_fence(text: &str) -> bool {
    let fences = text.lines().filter(|line| line.trim_start().starts_with("```"));
    fences.count() % 2 == 1
}

/// Where the line ends that opens again the block of code in which the first model was cut; 0 where it is not.
pub(super) fn reopened_fence(came: &str) -> usize {
    let text = came.trim_start();
    let info = text
        .split_once('\n')
        .and_then(|(line, _)| line.strip_prefix("```"));
    // A line without a language would close the block.
    match info.filter(|info| !info.trim_end().is_empty() && !info.contains('`')) {
        Some(info) => came.len() - text.len() + "```\n".len() + info.len(),
        None => 0,
    }
}

/// What was held back because it may be the end of what surrounds the whole.
#[derive(Debug, Default)]
pub(super) struct Ending {
    closing: Option<&'static str>,
    held: String,
}

impl Ending {
    /// Of a text that is surrounded so.
    pub(super) const fn new(closing: Option<&'static str>) -> Self {
        Self {
            closing,
            held: String::new(),
        }
    }

    /// Passes on what cannot be the end.
    pub(super) fn pass(&mut self, more: &str, out: &mut String) {
        let Some(closing) = self.closing else {
            out.push_str(more);
            return;
        };
        self.held.push_str(more);
        let text = self.held.trim_end();
        let text = match text.strip_suffix(closing) {
            Some(before) => before,
            // A fence may come in pieces.
            None => text.trim_end_matches('`'),
        };
        let clear = text.trim_end().len();
        out.push_str(&self.held[..clear]);
        self.held.drain(..clear);
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        if self
            .closing
            .is_none_or(|closing| !held.trim_end().ends_with(closing))
        {
            out.push_str(&held);
        }
    }
}
