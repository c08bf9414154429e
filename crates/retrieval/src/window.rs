//! A part of a long text around a place in it, so that a passage is seen where it stands without the whole document. Places
//! count characters, as everywhere that people see.

use serde::Serialize;
use trousseau_core::document::Span;

/// How much of the text stands before and behind the place, in characters.
const AROUND: usize = 2_000;

/// The longest place that is shown whole, in characters.
pub const LONGEST: usize = 20_000;

/// The part.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its text.
    pub text: String,
    /// Where the place begins in it.
    pub start: usize,
    /// One past where it ends.
    pub end: usize,
    /// How many characters stand before it in the whole text.
    pub offset: usize,
    /// Whether there are any.
    pub before: bool,
    /// Whether there are more behind it.
    pub after: bool,
}

impl Window {
    /// What stands around a place, whole lines where they end within reach; `None` when the text ends before the place does.
    pub fn around(text: &str, place: Span) -> Option<Self> {
        place.slice(text)?;
        let end = place.end.min(place.start + LONGEST);
        let first = place.start.saturating_sub(AROUND);
        let mut places = text.char_indices().map(|(at, _)| at);
        let from = places.by_ref().nth(first).unwrap_or(text.len());
        let to = places.nth(end + AROUND - first - 1).unwrap_or(text.len());
        let part = text.get(from..to)?;
        // A line that is cut in two at the edge is left out, unless the place is in it.
        let inside = place.start - first;
        let head = match part.find('\n').filter(|_| first > 0) {
            Some(at) if part[..=at].chars().count() <= inside => at + 1,
            _ => 0,
        };
        let skipped = part[..head].chars().count();
        let part = &part[head..];
        let needed = end - first - skipped;
        let tail = match part.rfind('\n').filter(|_| to < text.len()) {
            Some(at) if part[..at].chars().count() >= needed => at,
            _ => part.len(),
        };
        let offset = first + skipped;
        Some(Self {
            text: part[..tail].to_owned(),
            start: place.start - offset,
            end: end - offset,
            offset,
            before: offset > 0,
            after: from + head + tail < text.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_near_the_beginning_is_seen_from_the_beginning() {
        let text = "Le guichet ouvre à neuf heures.\nIl ferme à midi.\n";
        let window = Window::around(text, Span { start: 11, end: 16 }).unwrap();
        assert_eq!((window.offset, window.before, window.after), (0, false, false));
        assert_eq!(window.text, text);
        assert_eq!(Window::around(text, Span { start: 0, end: 900 }), None);
    }

    #[test]
    fn lines_that_are_cut_at_the_edges_are_left_out() {
        let text = "Une ligne de trente caractères\n".repeat(400);
        let window = Window::around(
            &text,
            Span {
                start: 6_200,
                end: 6_210,
            },
        )
        .unwrap();
        assert!(window.before && window.after);
        assert!(window.text.starts_with("Une ligne") && window.text.ends_with("caractères"));
        assert_eq!(window.offset % 31, 0);
    }

    proptest! {
        #[test]
        fn the_place_is_in_the_window(
            text in "[aé🔑\n ]{1,6000}", from in 0usize..6000, length in 0usize..6000,
        ) {
            let count = text.chars().count();
            let start = from % count;
            let end = (start + length).min(count);
            let window = Window::around(&text, Span { start, end }).unwrap();
            let shown = Span { start: window.start, end: window.end }.slice(&window.text).unwrap();
            prop_assert_eq!(shown, Span { start, end }.slice(&text).unwrap());
            prop_assert!(window.text.chars().count() <= length + 2 * AROUND);
            let whole = Span { start: window.offset, end: window.offset + window.text.chars().count() };
            prop_assert_eq!(whole.slice(&text), Some(window.text.as_str()));
            prop_assert_eq!((window.before, window.after), (window.offset > 0, whole.end < count));
        }
    }
}
