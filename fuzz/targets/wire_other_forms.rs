//! A question comes in another form than that of a chat, or texts come to be measured. What is accepted is written for a
//! server as a chat, and no text is sent that the detectors of data classes were not shown; tokens, which they cannot read,
//! never are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_wire::client::Dialect;
use trousseau_wire::server::{anthropic, completions, embeddings, rerank, responses};

#[path = "../shared/sent.rs"]
mod sent;

fuzz_target!(|bytes: &[u8]| {
    let calls = [
        responses::responses(bytes).map(|asked| asked.call),
        anthropic::messages(bytes),
        completions::completions(bytes),
    ];
    for call in calls.into_iter().flatten() {
        for dialect in Dialect::ALL {
            sent::written(&call.request, call.stream, dialect);
        }
    }
    if let Ok(call) = embeddings::embeddings(bytes) {
        assert!(!call.request.texts.is_empty());
        assert!(call.request.texts.iter().all(|text| !text.trim().is_empty()));
    }
    if let Ok(call) = rerank::rerank(bytes) {
        assert!(call.top <= call.request.texts.len());
    }
});
