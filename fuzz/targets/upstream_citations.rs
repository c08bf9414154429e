//! A model writes an answer with citation markers, which comes in pieces. However it is split, the text and the
//! citations are the same, no marker points to nothing, and every citation is a place in its passage; in the rest of an
//! answer they have numbers that were not given out before.

#![no_main]

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use trousseau_core::chat::{ChatEnd, ChatEvent, ChatRequest, FinishReason, Message, Usage};
use trousseau_core::document::{Citation, Passage, Span};

// The modules themselves, without the crate around them: its HTTP client would be most of what is built here.
#[path = "../../crates/upstream/src/abstention.rs"]
#[rustfmt::skip]
mod abstention;
#[path = "../../crates/upstream/src/citing.rs"]
#[rustfmt::skip]
mod citing;
#[path = "../../crates/upstream/src/markers.rs"]
#[rustfmt::skip]
mod markers;
#[path = "../../crates/upstream/src/prompt.rs"]
#[rustfmt::skip]
#[expect(dead_code, reason = "only the language of a request is needed here")]
mod prompt;

use abstention::Wording;
use citing::Citing;

const PASSAGES: [&str; 3] = [
    "Le guichet ouvre à 9 h. Il est fermé le 1er mai.\n\nL’entrée coûte 4,50 €, 2 € pour les enfants.",
    "The pool is open from Tuesday to Sunday [1]. Towels cost 3 euros.",
    "",
];

static REQUEST: LazyLock<Arc<ChatRequest>> = LazyLock::new(|| {
    let passages = PASSAGES.iter().zip(1..).map(|(text, chunk)| Passage {
        document: format!("d{chunk}"),
        collection: String::new(),
        version: 1,
        chunk,
        title: String::new(),
        path: String::new(),
        heading: Vec::new(),
        span: Span::locate(text, 0, 0..text.len()).unwrap(),
        text: (*text).to_owned(),
        blocks: Vec::new(),
        label: Default::default(),
        score: 1.0,
    });
    Arc::new(ChatRequest {
        messages: vec![Message::user("À quelle heure ouvre le guichet ?")],
        grounded: true,
        passages: passages.collect(),
        ..ChatRequest::default()
    })
});

static WORDING: LazyLock<Arc<Wording>> = LazyLock::new(|| {
    Arc::new(Wording {
        abstention_fr: "Je ne trouve pas de réponse.".to_owned(),
        abstention_en: "I find no answer.".to_owned(),
    })
});

/// What a reader gets of an answer.
#[derive(Debug, Default, PartialEq)]
struct Read {
    text: String,
    citations: Vec<Citation>,
    end: Option<(bool, u64)>,
}

fn read<'a>(request: &Arc<ChatRequest>, pieces: impl Iterator<Item = &'a str>) -> Read {
    let mut citing = Citing::new(Arc::clone(request), Arc::clone(&WORDING));
    let mut events = VecDeque::new();
    for piece in pieces {
        citing.take(ChatEvent::Text(piece.to_owned()), &mut events);
    }
    let end = ChatEnd {
        finish: FinishReason::Stop,
        abstained: false,
        usage: Usage::default(),
        removed_markers: 0,
    };
    citing.take(ChatEvent::End(end), &mut events);
    let mut read = Read::default();
    for event in events {
        match event {
            ChatEvent::Text(text) => read.text.push_str(&text),
            ChatEvent::Citation(citation) => {
                let marker = format!("[{}]", citation.number);
                assert!(read.text.contains(&marker), "{marker} comes before its text");
                read.citations.push(citation);
            }
            ChatEvent::End(end) => read.end = Some((end.abstained, end.removed_markers)),
            other => panic!("nobody said {other:?}"),
        }
    }
    read
}

/// Pieces of so many characters each, in turn.
fn split<'a>(text: &'a str, sizes: &[u8]) -> Vec<&'a str> {
    let mut sizes = sizes.iter().map(|size| usize::from(*size).max(1)).cycle();
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1);
        let end = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fuzz_target!(|input: ([u8; 4], &str)| {
    let (sizes, text) = input;
    let whole = read(&REQUEST, [text].into_iter());
    assert_eq!(whole, read(&REQUEST, split(text, &sizes).into_iter()));
    assert_eq!(whole, read(&REQUEST, split(text, &[1]).into_iter()));

    let numbers: HashSet<usize> = whole.citations.iter().map(|citation| citation.number).collect();
    assert_eq!(numbers, (1..=whole.citations.len()).collect());
    for citation in &whole.citations {
        let passage = REQUEST
            .passages
            .iter()
            .find(|passage| passage.chunk == citation.chunk);
        let place = passage.unwrap().text.chars().skip(citation.span.start);
        let cited: String = place.take(citation.span.end - citation.span.start).collect();
        assert_eq!(cited, citation.text);
    }
    // Another model goes on: what it cites has numbers of its own.
    let begun = Arc::new(ChatRequest {
        begun: Some(whole.text.clone()),
        cited: whole.citations.clone(),
        ..ChatRequest::clone(&REQUEST)
    });
    citing::as_written(&begun);
    let rest = read(&begun, [text].into_iter());
    assert_eq!(rest, read(&begun, split(text, &sizes).into_iter()));
    let taken = whole.citations.len();
    assert!(rest.citations.iter().all(|citation| citation.number > taken));
    // A passage goes into a prompt without anything that would be taken for a marker.
    let mut bare = text.to_owned();
    markers::in_round_brackets(&mut bare);
    assert_eq!(markers::stripped(&bare), bare);
});
