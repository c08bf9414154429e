//! Between the tokenizer and the page.

use std::cell::RefCell;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult};

use super::page::Page;
use crate::ExtractError;

/// Hands the tokens to a [`Page`] until it fails.
pub(super) struct Sink {
    state: RefCell<(Page, Result<(), ExtractError>)>,
}

impl Sink {
    pub(super) const fn new(page: Page) -> Self {
        Self {
            state: RefCell::new((page, Ok(()))),
        }
    }

    /// The failure so far, if any.
    pub(super) fn failed(&self) -> Result<(), ExtractError> {
        self.state.borrow().1.clone()
    }

    pub(super) fn finish(self) -> Result<Page, ExtractError> {
        let (mut page, outcome) = self.state.into_inner();
        outcome?;
        page.end()?;
        Ok(page)
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let (page, outcome) = &mut *self.state.borrow_mut();
        if outcome.is_err() {
            return TokenSinkResult::Continue;
        }
        match token {
            Token::CharacterTokens(text) => page.text(&text),
            Token::TagToken(tag) => {
                *outcome = page.tag(&tag);
                // XHTML closes such elements in their start tag.
                if tag.kind == TagKind::StartTag && !tag.self_closing {
                    return raw_content(&tag.name, page.has_title);
                }
            }
            Token::NullCharacterToken
            | Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::ParseError(_)
            | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

/// How the content of an element that holds no tags is to be read.
fn raw_content(name: &str, has_title: bool) -> TokenSinkResult<()> {
    match name {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" if !has_title => TokenSinkResult::Continue,
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        "plaintext" => TokenSinkResult::Plaintext,
        _ => TokenSinkResult::Continue,
    }
}
