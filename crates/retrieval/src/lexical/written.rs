//! How analysed terms reach the engine: written one behind the other into the text of a field, and read back by
//! a tokenizer of the engine that only splits.
//!
//! The engine's own form for text that is already tokenized goes through JSON, which cost a third of the
//! time of an ingest.

use std::fmt::Write as _;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name under which the tokenizer is registered.
pub(super) const WRITTEN: &str = "written";

/// Ends a term and begins its position; no term holds control characters.
const POSITION: char = '\u{1f}';

/// Ends a position.
const END: char = '\u{1e}';

/// Adds a term at a position.
pub(super) fn write(terms: &mut String, term: &str, position: u32) {
    // A string takes whatever is written to it.
    let _infallible = write!(terms, "{term}{POSITION}{position}{END}");
}

/// Reads written terms.
#[derive(Clone, Default)]
pub(super) struct Written {
    token: Token,
}

/// The terms of one text.
pub(super) struct WrittenTerms<'a> {
    rest: &'a str,
    token: &'a mut Token,
}

impl Tokenizer for Written {
    type TokenStream<'a> = WrittenTerms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WrittenTerms<'a> {
        self.token.reset();
        WrittenTerms {
            rest: text,
            token: &mut self.token,
        }
    }
}

impl TokenStream for WrittenTerms<'_> {
    fn advance(&mut self) -> bool {
        let Some((term, rest)) = self.rest.split_once(POSITION) else {
            return false;
        };
        let Some((position, rest)) = rest.split_once(END) else {
            return false;
        };
        self.rest = rest;
        self.token.text.clear();
        self.token.text.push_str(term);
        self.token.position = position.parse().unwrap_or_default();
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(terms in prop::collection::vec(("[^\u{0}-\u{1f}]{0,12}", any::<u32>()), 0..20)) {
            let mut text = String::new();
            for (term, position) in &terms {
                write(&mut text, term, *position);
            }
            let mut tokenizer = Written::default();
            let mut stream = tokenizer.token_stream(&text);
            let mut read = Vec::new();
            while stream.advance() {
                let token = stream.token();
                read.push((token.text.clone(), u32::try_from(token.position).unwrap()));
            }
            prop_assert_eq!(read, terms);
        }
    }
}
