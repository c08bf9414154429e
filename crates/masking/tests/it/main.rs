//! Masking and restoring: properties over random requests and answers.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted fails the test")]

mod answers;
mod positions;
mod restoring;
mod specimens;

use std::sync::Arc;

use trousseau_core::chat::{ChatRequest, Message};
use trousseau_core::label::Label;
use trousseau_masking::{Kinds, Masked, Restorer, Table, mask};
use trousseau_policy::detect::{Detectors, RawOwn};
use trousseau_policy::explanation::Labelling;

/// A question of one message.
fn question(text: &str) -> ChatRequest {
    ChatRequest {
        messages: vec![Message::user(text)],
        ..ChatRequest::default()
    }
}

fn kinds(names: &[&str]) -> Kinds {
    Kinds::These(names.iter().map(|&name| name.to_owned()).collect())
}

/// A question with everything in it masked.
fn masked(text: &str) -> Masked {
    mask(&question(text), &Detectors::default(), &Kinds::All).expect("there is something to mask")
}

/// The text of the first message.
fn text_of(masked: &Masked) -> &str {
    &masked.request.messages[0].content
}

/// What detectors say of a request.
fn labelling(request: &ChatRequest, detectors: &Detectors) -> Labelling {
    let mut labelling = Labelling::new();
    request.visit_texts(&mut |text| labelling.raise_findings(text, &detectors.detect(text)));
    labelling
}

/// The label of what was masked of a request of which detectors alone say something.
fn label_of(masked: &Masked, request: &ChatRequest, detectors: &Detectors) -> Label {
    let original = labelling(request, detectors);
    let labelling = masked.labelling(&original, detectors, ("nuage", &Label::default()));
    labelling.label().clone()
}

/// A text restored in these pieces.
fn restored<'a>(table: &Arc<Table>, pieces: impl IntoIterator<Item = &'a str>) -> String {
    let mut restorer = Restorer::new(Arc::clone(table), false);
    let mut out = String::new();
    for piece in pieces {
        out.push_str(&restorer.push(piece.to_owned()));
    }
    out + &restorer.finish()
}

/// Detectors of an organisation that knows a project.
fn with_own() -> Detectors {
    let raw = RawOwn {
        name: "projects".to_owned(),
        words: vec!["Orme".to_owned(), "Grand Cèdre".to_owned()],
        label: "restricted+project".to_owned(),
        ..RawOwn::default()
    };
    Detectors::resolve(&[raw]).unwrap()
}
