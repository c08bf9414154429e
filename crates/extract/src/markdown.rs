//! Markdown: CommonMark with tables, footnotes and front matter, read as plain text.

use encoding_rs::UTF_8;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use trousseau_core::document::{BlockKind, Extracted};

use crate::compose::{Composer, Flow, Gap};
use crate::decode::{Decoded, decode};
use crate::{ExtractError, Limits, html};

pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let Decoded { text, mut warnings } = decode(bytes, Some(UTF_8))?;
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    let mut page = Page::new(limits);
    for event in Parser::new_ext(&text, options) {
        page.event(event)?;
    }
    page.flush()?;
    warnings.extend(page.warnings);
    let title = page.title.or_else(|| page.out.first_title());
    page.out.finish(title, &warnings)
}

/// Text that is collected whole before it becomes something.
enum Verbatim {
    Code(String),
    Html(String),
    Metadata(String),
}

struct Page {
    out: Composer,
    limits: Limits,
    flow: Flow,
    verbatim: Option<Verbatim>,
    heading: Option<u8>,
    lists: usize,
    depth: usize,
    group: u32,
    row: Option<Vec<String>>,
    title: Option<String>,
    warnings: Vec<&'static str>,
}

impl Page {
    fn new(limits: &Limits) -> Self {
        Self {
            out: Composer::new(limits),
            limits: *limits,
            flow: Flow::new(),
            verbatim: None,
            heading: None,
            lists: 0,
            depth: 0,
            group: 0,
            row: None,
            title: None,
            warnings: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), ExtractError> {
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::End(tag) => self.end(tag)?,
            Event::Text(text) | Event::Html(text) => match &mut self.verbatim {
                Some(Verbatim::Code(all) | Verbatim::Html(all) | Verbatim::Metadata(all)) => {
                    all.push_str(&text);
                }
                None => self.flow.push(&text),
            },
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.flow.push(&text),
            Event::InlineHtml(tag) => match html::break_of(&tag) {
                gap @ (Gap::Space | Gap::Line) => self.flow.gap(gap),
                Gap::None | Gap::Fixed(_) => {}
            },
            Event::SoftBreak => self.flow.gap(Gap::Space),
            Event::HardBreak => self.flow.gap(Gap::Line),
            Event::Rule => self.flush()?,
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), ExtractError> {
        match tag {
            Tag::Paragraph => self.flow.gap(Gap::Line),
            Tag::Heading { level, .. } => {
                self.flush()?;
                self.heading = Some(level_number(*level));
            }
            Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) => {
                self.flush()?;
                self.deeper()?;
            }
            Tag::List(_) => {
                self.flush()?;
                self.deeper()?;
                self.group += u32::from(self.lists == 0);
                self.lists += 1;
            }
            Tag::Item => self.flush()?,
            Tag::CodeBlock(_) => {
                self.flush()?;
                self.verbatim = Some(Verbatim::Code(String::new()));
            }
            Tag::HtmlBlock => self.verbatim = Some(Verbatim::Html(String::new())),
            Tag::MetadataBlock(_) => self.verbatim = Some(Verbatim::Metadata(String::new())),
            Tag::Table(_) => {
                self.flush()?;
                self.group += 1;
            }
            Tag::TableHead | Tag::TableRow => self.row = Some(Vec::new()),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), ExtractError> {
        match tag {
            TagEnd::Paragraph if self.lists > 0 => self.flow.gap(Gap::Line),
            TagEnd::Paragraph | TagEnd::Item | TagEnd::Table => self.flush()?,
            TagEnd::Heading(_) => {
                self.flush()?;
                self.heading = None;
            }
            TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => {
                self.flush()?;
                self.depth -= 1;
            }
            TagEnd::List(_) => {
                self.flush()?;
                self.depth -= 1;
                self.lists -= 1;
            }
            TagEnd::TableCell => {
                let cell = self.flow.take();
                self.row.get_or_insert_default().push(cell);
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                let row = self.row.take().unwrap_or_default();
                self.out.row(self.group, row)?;
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) => self.end_verbatim()?,
            _ => {}
        }
        Ok(())
    }

    fn end_verbatim(&mut self) -> Result<(), ExtractError> {
        match self.verbatim.take() {
            Some(Verbatim::Code(code)) => self.out.block(BlockKind::Code, 0, code.trim_end_matches('\n')),
            Some(Verbatim::Metadata(metadata)) => {
                self.title = title_of(&metadata);
                Ok(())
            }
            Some(Verbatim::Html(markup)) => {
                self.flush()?;
                let hidden = html::append(&markup, &self.limits, &mut self.out)?;
                self.warnings
                    .extend(hidden.filter(|code| !self.warnings.contains(code)));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn deeper(&mut self) -> Result<(), ExtractError> {
        self.depth += 1;
        if self.depth > self.limits.max_depth {
            return Err(ExtractError::TooDeep {
                limit: self.limits.max_depth,
            });
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ExtractError> {
        if self.flow.is_empty() {
            return Ok(());
        }
        let text = self.flow.take();
        match self.heading {
            Some(level) => self.out.heading(level, &text.replace('\n', " ")),
            None if self.lists > 0 => self.out.block(BlockKind::ListItem, self.group, &text),
            None => self.out.block(BlockKind::Paragraph, 0, &text),
        }
    }
}

const fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The title that YAML or TOML front matter gives on a line of its own.
fn title_of(metadata: &str) -> Option<String> {
    let value = metadata.lines().find_map(|line| {
        let (key, value) = line.split_once([':', '='])?;
        matches!(key.trim_end(), "title" | "Title" | "titre" | "Titre").then_some(value.trim())
    })?;
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split_once(quote));
    let plain = || value.split(" #").next().unwrap_or_default().trim();
    let title = match quoted('"').or_else(|| quoted('\'')) {
        Some((inner, _)) => inner,
        None => plain(),
    };
    (!title.is_empty() && !matches!(title, "|" | ">")).then(|| title.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_gives_the_title() {
        for (metadata, title) in [
            (
                "author: x\ntitle: Le télétravail : règles # note\n",
                Some("Le télétravail : règles"),
            ),
            ("title: \"Règles #1\"\n", Some("Règles #1")),
            ("titre: 'Congés'\n", Some("Congés")),
            ("title = \"Achats\"\n", Some("Achats")),
            ("subtitle: non\n", None),
            ("title:\n", None),
        ] {
            assert_eq!(title_of(metadata).as_deref(), title, "{metadata}");
        }
    }
}
