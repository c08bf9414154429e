//! The extractive answerer behind the trait that all models share.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream;
use trousseau_core::chat::{ChatEnd, ChatEvent, ChatRequest, FinishReason, Usage};
use trousseau_core::document::{Citation, Passage, Span};
use trousseau_core::model::{ChatModel, ChatStream, ModelError, check_not_begun, check_permit};
use trousseau_core::permit::Permit;
use trousseau_text::language::{Language, detect};
use trousseau_text::words::words;

use super::{Extract, Options, Quote, answer, marker, separator};

/// The sentences it says when it abstains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// In French.
    pub abstention_fr: String,
    /// In English.
    pub abstention_en: String,
}

/// A model without weights: it quotes the passages it is given, or abstains.
pub struct Extractive {
    target: String,
    wording: Wording,
}

impl Extractive {
    /// The model under the name of its target in the policy.
    pub fn new(target: impl Into<String>, wording: Wording) -> Self {
        Self {
            target: target.into(),
            wording,
        }
    }

    /// The answer to `request` as events.
    fn events(&self, request: &ChatRequest) -> Vec<ChatEvent> {
        let options = Options {
            rarities: request.rarities.as_ref(),
            ..Options::default()
        };
        let question = request.standalone();
        let extract = answer(question, &request.passages, &options);
        let mut events = if extract.abstained {
            vec![ChatEvent::Text(self.abstention(question).to_owned())]
        } else {
            quoted(&extract, &request.passages)
        };
        let count = |text: &str| words(text).count() as u64;
        let input = request
            .passages
            .iter()
            .map(|passage| count(&passage.text))
            .sum::<u64>()
            + count(question);
        let output = events
            .iter()
            .map(|event| {
                if let ChatEvent::Text(text) = event {
                    count(text)
                } else {
                    0
                }
            })
            .sum();
        events.push(ChatEvent::End(ChatEnd {
            finish: FinishReason::Stop,
            abstained: extract.abstained,
            usage: Usage {
                input,
                output,
                ..Usage::default()
            },
            removed_markers: 0,
        }));
        events
    }

    fn abstention(&self, question: &str) -> &str {
        match detect(question) {
            Language::French => &self.wording.abstention_fr,
            Language::English => &self.wording.abstention_en,
        }
    }
}

/// Each quote as text, then the citation that its marker points to.
fn quoted(extract: &Extract, passages: &[Passage]) -> Vec<ChatEvent> {
    let mut events = Vec::with_capacity(2 * extract.quotes.len() + 1);
    let mut written = "";
    for (number, quote) in (1..).zip(&extract.quotes) {
        let text = quote.text(passages);
        events.push(ChatEvent::Text(format!(
            "{}{text}{}",
            separator(written),
            marker(number)
        )));
        written = text;
        events.extend(citation(number, quote, passages).map(ChatEvent::Citation));
    }
    events
}

fn citation(number: usize, quote: &Quote, passages: &[Passage]) -> Option<Citation> {
    let passage = passages.get(quote.passage)?;
    Some(Citation {
        number,
        document: passage.document.clone(),
        version: passage.version,
        chunk: passage.chunk,
        title: passage.title.clone(),
        path: passage.path.clone(),
        heading: passage.heading.clone(),
        span: Span::locate(&passage.text, passage.span.start, quote.bytes.clone())?,
        text: quote.text(passages).to_owned(),
    })
}

impl ChatModel for Extractive {
    fn name(&self) -> &str {
        "extractive/1"
    }

    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>> {
        async move {
            check_permit(permit, &self.target, &request)?;
            // It quotes what fits the question: nothing that somebody else began.
            check_not_begun(&self.target, &request)?;
            let events = self.events(&request).into_iter().map(Ok);
            Ok(Box::pin(stream::iter(events)) as ChatStream)
        }
        .boxed()
    }
}
