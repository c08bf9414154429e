//! What the names of HTML elements mean to a reader of text.

use html5ever::tokenizer::Tag;

/// Elements that begin on a new line, as the rendering section of the HTML standard says. Sorted.
const BLOCK: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "optgroup",
    "option",
    "p",
    "plaintext",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "xmp",
];

/// Elements that stand in a line but look apart from the words around them. Sorted.
const APART: &[&str] = &[
    "audio", "button", "canvas", "img", "input", "object", "select", "textarea", "video",
];

/// Elements without content. Sorted.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
];

/// Elements whose content is not the text of the page. Sorted.
const DROPPED: &[&str] = &[
    "audio", "canvas", "datalist", "iframe", "nav", "noembed", "noframes", "noscript", "object", "script",
    "select", "style", "svg", "template", "textarea", "video",
];

/// Whether an element begins on a new line.
pub(super) fn is_block(name: &str) -> bool {
    BLOCK.binary_search(&name).is_ok()
}

/// Whether an element in a line is seen as something else than a word.
pub(super) fn is_apart(name: &str) -> bool {
    APART.binary_search(&name).is_ok()
}

/// Whether an element has no content and no end tag.
pub(super) fn is_void(name: &str) -> bool {
    VOID.binary_search(&name).is_ok()
}

/// Whether an element's content is not the page's text.
pub(super) fn is_dropped(name: &str) -> bool {
    DROPPED.binary_search(&name).is_ok()
}

/// Whether a tag's attributes hide its element.
pub(super) fn is_hidden(tag: &Tag) -> bool {
    tag.attrs.iter().any(|attribute| match &*attribute.name.local {
        "hidden" => !attribute.value.eq_ignore_ascii_case("until-found"),
        "style" => {
            let style: String = attribute.value.chars().filter(|c| !c.is_whitespace()).collect();
            let style = style.to_ascii_lowercase();
            style.contains("display:none") || style.contains("visibility:hidden")
        }
        _ => false,
    })
}

pub(super) fn is_navigation(tag: &Tag) -> bool {
    tag.attrs.iter().any(|attribute| {
        &*attribute.name.local == "role" && attribute.value.eq_ignore_ascii_case("navigation")
    })
}

/// The level of `h1` to `h6`.
pub(super) fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// An element whose content is left out, until its end, which HTML lets authors not write.
pub(super) struct Skipped {
    name: String,
    depth: usize,
}

/// What a tag does to the element that is being left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SkipEnd {
    /// It goes on.
    No,
    /// This tag is its end.
    Here,
    /// It ended before this tag, which counts.
    Before,
}

impl Skipped {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            depth: 0,
        }
    }

    pub(super) fn tag(&mut self, name: &str, is_start: bool) -> SkipEnd {
        match self.name.as_str() {
            "p" if name == "p" && !is_start => SkipEnd::Here,
            "p" if is_block(name) => SkipEnd::Before,
            "p" => SkipEnd::No,
            "li" | "dt" | "dd" | "tr" | "td" | "th" => self.item(name, is_start),
            _ => self.element(name, is_start),
        }
    }

    fn item(&mut self, name: &str, is_start: bool) -> SkipEnd {
        let container = matches!(name, "ul" | "ol" | "dl" | "menu" | "table");
        match (container, is_start) {
            (true, true) => self.depth += 1,
            (true, false) if self.depth == 0 => return SkipEnd::Before,
            (true, false) => self.depth -= 1,
            (false, _) if self.depth > 0 => {}
            (false, false) if name == self.name => return SkipEnd::Here,
            (false, false) if name == "tr" => return SkipEnd::Before,
            (false, true) if self.has_sibling(name) => return SkipEnd::Before,
            (false, _) => {}
        }
        SkipEnd::No
    }

    fn has_sibling(&self, name: &str) -> bool {
        match self.name.as_str() {
            "dt" | "dd" => matches!(name, "dt" | "dd"),
            "td" | "th" => matches!(name, "td" | "th" | "tr"),
            own => name == own,
        }
    }

    fn element(&mut self, name: &str, is_start: bool) -> SkipEnd {
        if name != self.name {
            return SkipEnd::No;
        }
        if is_start {
            self.depth += 1;
            return SkipEnd::No;
        }
        if self.depth == 0 {
            return SkipEnd::Here;
        }
        self.depth -= 1;
        SkipEnd::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [BLOCK, APART, VOID, DROPPED] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}
