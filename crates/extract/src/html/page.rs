//! The page as it is put together from tags and text.

use html5ever::tokenizer::{Tag, TagKind};
use trousseau_core::document::BlockKind;

use super::elements::{self, SkipEnd, Skipped};
use crate::compose::{Composer, Flow, Gap};
use crate::{ExtractError, Limits};

/// A list or table that is open.
enum Container {
    List {
        in_item: bool,
    },
    Table {
        /// The cells of the row so far; `None` between rows.
        row: Option<Vec<String>>,
        /// Whether the table around this one was in a cell.
        outer_cell: bool,
        group: u32,
    },
}

pub(super) struct Page {
    pub(super) out: Composer,
    pub(super) title: Option<String>,
    /// Whether hidden text was left out.
    pub(super) hidden: bool,
    limits: Limits,
    flow: Flow,
    breaks: u32,
    heading: Option<u8>,
    /// Whether a title is to be looked for.
    pub(super) has_title: bool,
    /// Whether it is open.
    pub(super) in_title: bool,
    code: Option<String>,
    skipped: Option<(Skipped, bool)>,
    containers: Vec<Container>,
    tables: usize,
    /// Whether the innermost table is in a cell.
    in_cell: bool,
    group: u32,
}

impl Page {
    pub(super) const fn new(limits: &Limits, out: Composer) -> Self {
        Self {
            out,
            title: None,
            hidden: false,
            limits: *limits,
            flow: Flow::new(),
            breaks: 0,
            heading: None,
            has_title: true,
            in_title: false,
            code: None,
            skipped: None,
            containers: Vec::new(),
            tables: 0,
            in_cell: false,
            group: 0,
        }
    }

    /// The same, taking a title for a paragraph.
    pub(super) const fn without_title(mut self) -> Self {
        self.has_title = false;
        self
    }

    pub(super) fn text(&mut self, text: &str) {
        if let Some((_, hides)) = &self.skipped {
            self.hidden |= *hides && !text.trim().is_empty();
            return;
        }
        if let Some(code) = &mut self.code {
            code.extend(text.chars().filter(|&c| c != '\u{feff}').map(|c| match c {
                '\n' | '\t' => c,
                c if c.is_control() => ' ',
                c => c,
            }));
            return;
        }
        if self.breaks > 0 && !text.trim().is_empty() {
            self.breaks = 0;
        }
        self.flow.push(text);
    }

    pub(super) fn tag(&mut self, tag: &Tag) -> Result<(), ExtractError> {
        let name = &*tag.name;
        let is_start = tag.kind == TagKind::StartTag;
        if let Some((skipped, _)) = &mut self.skipped {
            match skipped.tag(name, is_start) {
                SkipEnd::No => return Ok(()),
                SkipEnd::Here => {
                    self.skipped = None;
                    return Ok(());
                }
                SkipEnd::Before => self.skipped = None,
            }
        }
        if elements::is_apart(name) {
            self.flow.gap(Gap::Space);
        }
        if is_start && !elements::is_void(name) && !tag.self_closing && self.skips(tag) {
            return self.boundary(name);
        }
        if is_start {
            self.start(name)
        } else {
            self.end_tag(name)
        }
    }

    /// Begins to leave out this element if it is not to be read.
    fn skips(&mut self, tag: &Tag) -> bool {
        let name = &*tag.name;
        let hides = elements::is_hidden(tag) && !matches!(name, "html" | "body");
        let second_title = name == "title" && self.title.is_some();
        if hides || second_title || elements::is_dropped(name) || elements::is_navigation(tag) {
            self.skipped = Some((Skipped::new(name), hides));
        }
        self.skipped.is_some()
    }

    fn start(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "br" => self.line_break(),
            "ul" | "ol" | "dl" | "menu" | "dir" => self.start_list(),
            "li" | "dt" | "dd" => self.start_item(),
            "table" => self.start_table(),
            "tr" => self.start_row(),
            "td" | "th" => self.start_cell(),
            "title" if self.has_title && self.title.is_none() => {
                self.flush()?;
                self.in_title = true;
                Ok(())
            }
            "pre" | "listing" | "xmp" | "plaintext" => {
                if self.in_cell {
                    self.flow.gap(Gap::Line);
                } else {
                    self.end_heading()?;
                    self.code = Some(String::new());
                }
                Ok(())
            }
            _ => match elements::heading_level(name) {
                Some(level) => self.start_heading(level),
                None => self.boundary(name),
            },
        }
    }

    fn end_tag(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "br" => self.line_break(),
            "ul" | "ol" | "dl" | "menu" | "dir" => self.end_list(),
            "li" | "dt" | "dd" => self.end_item(),
            "table" => self.end_table(),
            "tr" | "thead" | "tbody" | "tfoot" => self.end_row(),
            "td" | "th" => {
                self.end_cell();
                Ok(())
            }
            "title" if self.in_title => {
                self.in_title = false;
                let title = self.flow.take();
                self.title = Some(title).filter(|title| !title.is_empty());
                Ok(())
            }
            "pre" | "listing" | "xmp" if self.code.is_some() => self.end_code(),
            _ if elements::heading_level(name).is_some() => self.end_heading(),
            _ => self.boundary(name),
        }
    }

    /// Two line breaks in a row end a paragraph.
    fn line_break(&mut self) -> Result<(), ExtractError> {
        if let Some(code) = &mut self.code {
            code.push('\n');
            return Ok(());
        }
        self.breaks += 1;
        self.flow.gap(Gap::Line);
        if self.breaks > 1 && self.heading.is_none() && self.containers.is_empty() {
            return self.flush();
        }
        Ok(())
    }

    /// The edge of an element: a new line or paragraph where it is a block.
    fn boundary(&mut self, name: &str) -> Result<(), ExtractError> {
        if !elements::is_block(name) || self.code.is_some() {
            return Ok(());
        }
        if self.heading.is_some() || self.in_item() || self.in_cell {
            self.flow.gap(Gap::Line);
            return Ok(());
        }
        self.flush()
    }

    fn start_heading(&mut self, level: u8) -> Result<(), ExtractError> {
        // A heading in a table is a page laid out with tables: the row ends before it.
        if self.in_cell {
            self.end_row()?;
            self.start_cell()?;
        }
        self.flush()?;
        self.heading = Some(level);
        Ok(())
    }

    fn end_heading(&mut self) -> Result<(), ExtractError> {
        self.flush()?;
        self.heading = None;
        Ok(())
    }

    fn start_list(&mut self) -> Result<(), ExtractError> {
        // A list in a cell stays in its row.
        if self.in_cell {
            self.flow.gap(Gap::Line);
        } else {
            self.end_heading()?;
        }
        if self.containers.is_empty() {
            self.group += 1;
        }
        self.open(Container::List { in_item: false })
    }

    fn end_list(&mut self) -> Result<(), ExtractError> {
        if matches!(self.containers.last(), Some(Container::List { .. })) {
            self.item_edge()?;
            self.containers.pop();
        }
        Ok(())
    }

    fn start_item(&mut self) -> Result<(), ExtractError> {
        self.item_edge()?;
        if let Some(Container::List { in_item }) = self.containers.last_mut() {
            *in_item = true;
        }
        Ok(())
    }

    fn end_item(&mut self) -> Result<(), ExtractError> {
        self.item_edge()?;
        if let Some(Container::List { in_item }) = self.containers.last_mut() {
            *in_item = false;
        }
        Ok(())
    }

    fn item_edge(&mut self) -> Result<(), ExtractError> {
        if self.in_cell {
            self.flow.gap(Gap::Line);
            return Ok(());
        }
        self.flush()
    }

    fn start_table(&mut self) -> Result<(), ExtractError> {
        // A table in a cell breaks the row in two.
        if self.in_cell {
            self.end_row()?;
            self.start_cell()?;
        }
        self.end_heading()?;
        self.group += 1;
        self.tables += 1;
        let (group, outer_cell) = (self.group, self.in_cell);
        self.in_cell = false;
        self.open(Container::Table {
            row: None,
            outer_cell,
            group,
        })
    }

    fn end_table(&mut self) -> Result<(), ExtractError> {
        if self.tables == 0 {
            return self.boundary("table");
        }
        self.end_row()?;
        while let Some(container) = self.containers.pop() {
            if let Container::Table { outer_cell, .. } = container {
                self.tables -= 1;
                self.in_cell = outer_cell;
                break;
            }
        }
        Ok(())
    }

    fn start_row(&mut self) -> Result<(), ExtractError> {
        if self.tables == 0 {
            return self.boundary("tr");
        }
        self.end_row()
    }

    fn start_cell(&mut self) -> Result<(), ExtractError> {
        if self.tables == 0 {
            return self.boundary("td");
        }
        self.end_cell();
        // What stands in the table outside of cells is no part of the row.
        self.flush()?;
        self.close_lists();
        if let Some(row) = self.row() {
            row.get_or_insert_default();
            self.in_cell = true;
        }
        Ok(())
    }

    fn end_cell(&mut self) {
        if !self.in_cell {
            return;
        }
        self.close_lists();
        let cell = self.flow.take();
        if let Some(row) = self.row() {
            row.get_or_insert_default().push(cell);
        }
        self.in_cell = false;
    }

    fn end_row(&mut self) -> Result<(), ExtractError> {
        if self.tables == 0 {
            return Ok(());
        }
        if !self.in_cell {
            self.flush()?;
        }
        self.heading = None;
        self.end_cell();
        self.close_lists();
        let Some(Container::Table { row, group, .. }) = self.containers.last_mut() else {
            return Ok(());
        };
        let group = *group;
        let Some(cells) = row.take() else {
            return Ok(());
        };
        match cells.as_slice() {
            // A row of one cell is laid out, not tabulated.
            [only] => self.out.block(BlockKind::Paragraph, 0, only),
            _ => self.out.row(group, cells),
        }
    }

    fn end_code(&mut self) -> Result<(), ExtractError> {
        let Some(code) = self.code.take() else {
            return Ok(());
        };
        let code = code.trim_start_matches('\n').trim_end();
        self.out.block(BlockKind::Code, 0, code)
    }

    /// Ends the block of running text.
    fn flush(&mut self) -> Result<(), ExtractError> {
        self.breaks = 0;
        if self.flow.is_empty() || self.in_title {
            return Ok(());
        }
        let text = self.flow.take();
        match self.heading {
            Some(level) => self.out.heading(level, &text.replace('\n', " ")),
            None if self.in_item() => self.out.block(BlockKind::ListItem, self.group, &text),
            None => self.out.block(BlockKind::Paragraph, 0, &text),
        }
    }

    /// Ends what is open at the end of the file.
    pub(super) fn end(&mut self) -> Result<(), ExtractError> {
        self.end_code()?;
        while self.tables > 0 {
            self.end_table()?;
        }
        self.flush()
    }

    fn open(&mut self, container: Container) -> Result<(), ExtractError> {
        if self.containers.len() >= self.limits.max_depth {
            return Err(ExtractError::TooDeep {
                limit: self.limits.max_depth,
            });
        }
        self.containers.push(container);
        Ok(())
    }

    /// Closes the lists that were left open inside the innermost table.
    fn close_lists(&mut self) {
        while matches!(self.containers.last(), Some(Container::List { .. })) {
            self.containers.pop();
        }
    }

    /// The row of the innermost table, if no list is open inside it.
    fn row(&mut self) -> Option<&mut Option<Vec<String>>> {
        match self.containers.last_mut() {
            Some(Container::Table { row, .. }) => Some(row),
            Some(Container::List { .. }) | None => None,
        }
    }

    fn in_item(&self) -> bool {
        matches!(self.containers.last(), Some(Container::List { in_item: true }))
    }
}
