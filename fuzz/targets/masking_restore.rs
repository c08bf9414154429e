//! Masking takes any text and restoring any answer: an echo is what was asked, pieces say what the whole says, little waits, and
//! an answer within JSON stays JSON.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_masking::{Kinds, LONGEST, Restorer, mask};
use trousseau_policy::detect::Detectors;

fuzz_target!(|input: (u8, &str, &str)| {
    let (size, asked, answer) = input;
    let known = "jean@exemple.fr FR14 2004 1010 0505 0001 3M02 606 2 55 08 14 168 025 38";
    let request = ChatRequest {
        messages: vec![Message::user(asked), Message::user(known)],
        ..ChatRequest::default()
    };
    let Some(masked) = mask(&request, &Detectors::default(), &Kinds::All) else {
        return;
    };
    let said = &masked.request.messages[0].content;
    // Of what is JSON, the values are those that its strings say.
    if serde_json::from_str::<serde_json::Value>(asked).is_err() {
        assert_eq!(
            masked.table.restore(said, false),
            asked,
            "an echo is something else"
        );
    }
    for text in [said.as_str(), answer] {
        let mut restorer = Restorer::new(Arc::clone(&masked.table), false);
        let (mut out, mut rest) = (String::new(), text);
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.ceil_char_boundary(usize::from(size) + 1));
            out.push_str(&restorer.push(piece.to_owned()));
            assert!(restorer.held() < LONGEST, "{} bytes wait", restorer.held());
            rest = more;
        }
        out.push_str(&restorer.finish());
        assert_eq!(
            out,
            masked.table.restore(text, false),
            "pieces say something else"
        );
    }
    let quoted = serde_json::Value::from(format!("{answer} [EMAIL-1]")).to_string();
    let restored = masked.table.restore(&quoted, true);
    assert!(
        serde_json::from_str::<String>(&restored).is_ok(),
        "{restored} is no JSON"
    );
});
