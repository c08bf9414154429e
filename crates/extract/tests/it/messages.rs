//! Every error and warning can be said in both languages, with all that it names.

use std::collections::HashMap;

use trousseau_core::error::Explain as _;
use trousseau_extract::{ExtractError, warning};

const CATALOGUES: [(&str, &str); 2] = [
    ("fr", include_str!("../../messages/fr.ftl")),
    ("en", include_str!("../../messages/en.ftl")),
];

fn errors() -> Vec<ExtractError> {
    let text = String::new;
    vec![
        ExtractError::Empty,
        ExtractError::TooLarge { bytes: 2, limit: 1 },
        ExtractError::TooManyBlocks { limit: 1 },
        ExtractError::TooDeep { limit: 1 },
        ExtractError::TooManyAttributes { limit: 1 },
        ExtractError::Binary { found: text() },
        ExtractError::Unsupported { format: text() },
        ExtractError::BadEncoding { encoding: text() },
        ExtractError::WorkerDied { reason: text() },
        ExtractError::TimedOut { seconds: 1 },
        ExtractError::WorkerNotStarted {
            program: text(),
            reason: text(),
        },
    ]
}

#[test]
fn every_code_has_a_message_in_both_languages() {
    for (language, catalogue) in CATALOGUES {
        let mut messages: HashMap<&str, &str> = catalogue
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .filter(|(key, _)| !key.contains('.'))
            .collect();
        for error in errors() {
            let message = messages.remove(error.code());
            let message = message.unwrap_or_else(|| panic!("{language} lacks {}", error.code()));
            for (field, _) in error.fields() {
                assert!(
                    message.contains(&format!("{{ ${field} }}")),
                    "{language} {}: {field}",
                    error.code()
                );
            }
        }
        for code in [
            warning::ENCODING_GUESSED,
            warning::ENCODING_MISMATCH,
            warning::ENCODING_DAMAGED,
            warning::CONTROL_CHARACTERS,
            warning::HIDDEN_TEXT,
        ] {
            assert!(messages.remove(code).is_some(), "{language} lacks {code}");
        }
        assert!(
            messages.is_empty(),
            "{language} has messages for nothing: {messages:?}"
        );
    }
}
