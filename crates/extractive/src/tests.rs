use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _};
use proptest::prelude::*;
use trousseau_core::chat::{ChatEvent, ChatRequest, Message, Rarities};
use trousseau_core::document::{BlockKind, Passage, Span};
use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::model::{ChatModel as _, ModelError};
use trousseau_core::permit::{Permit, Purpose};
use trousseau_policy::card::Card;
use trousseau_policy::date::Date;
use trousseau_policy::decide::{About, Request, Target, decide};
use trousseau_policy::rules::Rules;
use trousseau_text::language::detect;
use trousseau_text::words::analyze;

use super::cues::Expected;
use super::*;

const HANDBOOK: &[&str] = &[
    "Le télétravail est ouvert aux agents titulaires. Un agent peut télétravailler deux jours par semaine. \
     La demande est adressée au chef de service, qui répond dans un délai d'un mois. Un refus est motivé par écrit.",
    "La cantine ouvre de 11h30 à 14 h. Le prix du repas est de 4,20 €. Les agents paient par carte.",
    "L'archiviste de la commune est Jeanne Marchand. Elle a été nommée en 2019 par le conseil municipal. \
     Les archives sont conservées à Montbrison dans l'ancienne école.",
    "Un incident est tout événement qui interrompt un service. Il est déclaré au centre d'appel. \
     Le registre des incidents est relu chaque trimestre parce que la loi l'exige.",
    "Les achats de moins de 4 000 € sont dispensés de mise en concurrence. Au-delà, trois devis sont demandés.",
    "Oui. Un agent peut cumuler son emploi avec une activité accessoire autorisée par le maire. \
     L'activité accessoire ne gêne pas le service.",
];

const MANUAL: &[&str] = &[
    "Staff may work from home two days a week. The manager answers a request within three weeks. \
     A refusal is given in writing.",
    "The canteen opens at 11:30 am. A meal costs $6.50. Visitors pay at the desk.",
    "The town archivist is Jane Marchant. She was appointed in 2019 by the council. \
     The records are kept in Ludlow, in the old school.",
];

fn passage(place: usize, text: &str) -> Passage {
    Passage {
        document: format!("doc-{place}"),
        collection: "c".to_owned(),
        version: 1,
        chunk: place as i64,
        title: String::new(),
        path: format!("doc-{place}.txt"),
        heading: Vec::new(),
        span: Span {
            start: 0,
            end: text.chars().count(),
        },
        text: text.to_owned(),
        blocks: vec![(BlockKind::Paragraph, 0..text.len())],
        label: Label::default(),
        score: 0.0,
    }
}

/// What the product's search gives a passage for a term it holds, in rarities: the stem, the form as written, pairs.
const TERM_SCORE: f32 = 3.0;

/// Searches a small collection about as the product does and answers from what it finds.
fn ask(question: &str, texts: &[&str], max_chars: usize) -> (Extract, Vec<Passage>) {
    ask_above(THRESHOLD, question, texts, max_chars)
}

fn ask_above(threshold: f32, question: &str, texts: &[&str], max_chars: usize) -> (Extract, Vec<Passage>) {
    let terms = |text: &str| -> Vec<String> {
        analyze(text, detect(text))
            .into_iter()
            .map(|term| term.text)
            .collect()
    };
    let all: Vec<Vec<String>> = texts.iter().map(|text| terms(text)).collect();
    let mut holders: HashMap<&str, f32> = HashMap::new();
    for document in &all {
        let mut own: Vec<&str> = document.iter().map(String::as_str).collect();
        own.sort_unstable();
        own.dedup();
        own.into_iter()
            .for_each(|term| *holders.entry(term).or_default() += 1.0);
    }
    let rarity = |term: &str| {
        let held = holders.get(term).copied().unwrap_or_default();
        (1.0 + (all.len() as f32 - held + 0.5) / (held + 0.5)).ln()
    };
    let asked = terms(question);
    let mut passages: Vec<Passage> = texts
        .iter()
        .enumerate()
        .map(|(place, text)| passage(place, text))
        .collect();
    for (passage, document) in passages.iter_mut().zip(&all) {
        passage.score = asked
            .iter()
            .filter(|term| document.contains(term))
            .map(|term| TERM_SCORE * rarity(term))
            .sum();
    }
    passages.retain(|passage| passage.score > 0.0);
    passages.sort_by(|a, b| b.score.total_cmp(&a.score));
    let rarities = Rarities {
        terms: holders
            .keys()
            .map(|term| ((*term).to_owned(), rarity(term)))
            .collect(),
        unseen: rarity(""),
        attainable: asked.iter().map(|term| rarity(term)).sum(),
    };
    let options = Options {
        max_chars,
        threshold,
        rarities: Some(&rarities),
        ..Options::default()
    };
    (answer(question, &passages, &options), passages)
}

/// Checks that with space for one sentence, the answer is the one with `expected` in it.
fn check(question: &str, texts: &[&str], expected: &str) {
    let (extract, passages) = ask_above(0.0, question, texts, 110);
    let text = extract.text(&passages);
    assert!(
        text.contains(expected),
        "{question}: {text:?}, confidence {}",
        extract.confidence
    );
}

#[test]
fn cues_in_french() {
    check(
        "Combien de jours par semaine peut-on télétravailler ?",
        HANDBOOK,
        "deux jours par semaine",
    );
    check(
        "Dans quel délai le chef de service répond-il à la demande ?",
        HANDBOOK,
        "délai d'un mois",
    );
    check("Quel est le prix du repas à la cantine ?", HANDBOOK, "4,20 €");
    check("À quelle heure ouvre la cantine ?", HANDBOOK, "11h30");
    check(
        "Qui est l'archiviste de la commune ?",
        HANDBOOK,
        "Jeanne Marchand",
    );
    check("Où sont conservées les archives ?", HANDBOOK, "Montbrison");
    check("Qu'est-ce qu'un incident ?", HANDBOOK, "tout événement");
    check(
        "Pourquoi le registre des incidents est-il relu chaque trimestre ?",
        HANDBOOK,
        "parce que la loi",
    );
    check(
        "Quel montant d'achats est dispensé de mise en concurrence ?",
        HANDBOOK,
        "4 000 €",
    );
}

#[test]
fn cues_in_english() {
    check(
        "How many days a week may staff work from home?",
        MANUAL,
        "two days a week",
    );
    check("How much does a meal cost at the canteen?", MANUAL, "$6.50");
    check("Who is the town archivist?", MANUAL, "Jane Marchant");
    check("Where are the records kept?", MANUAL, "Ludlow");
}

#[test]
fn what_questions_expect() {
    let cases = [
        ("Quelle est la durée du congé ?", Expected::Duration),
        ("Combien de temps dure le congé ?", Expected::Duration),
        ("En quelle année fut-elle nommée ?", Expected::Date),
        ("Quand la mairie ouvre-t-elle ?", Expected::Date),
        ("Quel est le montant de la prime ?", Expected::Amount),
        ("Quel pourcentage des agents ?", Expected::Percent),
        ("À qui s'adresser ?", Expected::Person),
        ("Dans quelle ville ?", Expected::Place),
        ("Peut-on refuser ?", Expected::Verdict),
        ("Est-ce que le maire peut refuser ?", Expected::Verdict),
        ("Qu'est-ce qu'un cookie ?", Expected::Definition),
        ("Comment faire une demande ?", Expected::Manner),
        ("How long does it take?", Expected::Duration),
        ("What year was it built?", Expected::Date),
        ("Why was it refused?", Expected::Reason),
        ("Can I refuse?", Expected::Verdict),
    ];
    for (question, expected) in cases {
        assert_eq!(
            Question::read(question, &[], None).expected,
            expected,
            "{question}"
        );
    }
}

#[test]
fn a_number_changed_in_a_passage_changes_the_answer() {
    let question = "Combien de jours par semaine peut-on télétravailler ?";
    let changed = HANDBOOK[0].replace("deux jours", "trois jours");
    let texts: Vec<&str> = std::iter::once(changed.as_str())
        .chain(HANDBOOK[1..].iter().copied())
        .collect();
    let (before, passages) = ask(question, HANDBOOK, 400);
    assert!(before.text(&passages).contains("deux jours par semaine"));
    let (after, passages) = ask(question, &texts, 400);
    assert!(after.text(&passages).contains("trois jours par semaine"));
}

#[test]
fn what_is_asked_for_and_who_is_named_tell_in_the_confidence() {
    let confidence = |question: &str, text: &str| ask(question, &[text], 400).0.confidence;
    let priced = "Le prix du repas à la cantine est de 4,20 €.";
    let unpriced = "Le prix du repas à la cantine est le même pour tous.";
    let question = "Quel est le prix du repas à la cantine ?";
    assert!(confidence(question, priced) > confidence(question, unpriced));
    let known = "Depuis quand Jeanne Marchand tient-elle les archives ?";
    let unknown = "Depuis quand Paul Lefèvre tient-il les archives ?";
    let text = "Jeanne Marchand tient les archives de la mairie depuis 2019.";
    assert!(confidence(known, text) > THRESHOLD && confidence(unknown, text) < THRESHOLD);
}

#[test]
fn without_the_right_passage_it_abstains() {
    for question in [
        "Combien de jours par semaine peut-on télétravailler ?",
        "Quel est le délai pour renouveler un passeport ?",
        "Qui a peint la Joconde ?",
    ] {
        let (extract, _) = ask(question, &HANDBOOK[1..], 400);
        assert!(
            extract.abstained && extract.quotes.is_empty(),
            "{question}: {}",
            extract.confidence
        );
    }
    let nothing = answer("Qui est le maire ?", &[], &Options::default());
    assert_eq!(
        (nothing.abstained, nothing.confidence, nothing.support),
        (true, 0.0, None)
    );
}

#[test]
fn a_table_row_is_kept_whole_with_the_line_that_introduces_it() {
    let text = "Tarifs de la piscine municipale :\nEnfant | 2,10 € | 8 ans et moins\nAdulte | 3,40 €. Gratuit le lundi. | plein tarif";
    let mut pool = passage(0, text);
    let lines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    pool.blocks = vec![
        (BlockKind::Paragraph, 0..lines[0]),
        (BlockKind::TableRow, lines[0] + 1..lines[1]),
        (BlockKind::TableRow, lines[1] + 1..text.len()),
    ];
    pool.score = 3.0;
    let options = Options {
        threshold: 0.0,
        max_chars: 120,
        ..Options::default()
    };
    let extract = answer(
        "Quel est le tarif adulte de la piscine ?",
        std::slice::from_ref(&pool),
        &options,
    );
    let answer = extract.text(&[pool]);
    assert!(
        answer.contains("Adulte | 3,40 €. Gratuit le lundi. | plein tarif"),
        "{answer}"
    );
    assert!(
        answer.starts_with("Tarifs de la piscine municipale :"),
        "{answer}"
    );
}

#[test]
fn the_same_sentence_is_not_said_twice() {
    let twice = [
        "Le prix du repas est de 4,20 €.",
        "Le prix du repas est de 4,20 €. La cantine est fermée le lundi.",
    ];
    let (extract, passages) = ask("Quel est le prix du repas ?", &twice, 400);
    assert_eq!(
        extract.text(&passages).matches("4,20").count(),
        usize::from(!extract.abstained)
    );
}

#[test]
fn a_hostile_question_is_read_up_to_a_limit() {
    let long = "télétravail ".repeat(100_000);
    let (extract, passages) = ask(&long, HANDBOOK, 400);
    assert!(extract.text(&passages).chars().count() <= 400);
    let control: String = (0..4_000_u32)
        .filter_map(|code| char::from_u32(code % 160))
        .collect();
    ask(&control, HANDBOOK, 400);
    assert!(Question::read(&"a b c ".repeat(200_000), &[], None).terms.len() <= 64);
}

fn model() -> Extractive {
    let wording = Wording {
        abstention_fr: "Rien ne répond.".to_owned(),
        abstention_en: "Nothing answers.".to_owned(),
    };
    Extractive::new("embedded", wording)
}

/// What the policy gives for a public request to a target on the organisation's own machines.
fn permit(target: &str, request: &ChatRequest) -> Permit {
    let wanted = Request {
        label: &Label::default(),
        purpose: Purpose::Chat,
        content: request.digest(),
        read: Class::Public,
        clearance: Class::Restricted,
        about: About::default(),
    };
    let targets = [Target::new(target, Card::default())];
    let decision = decide(&wanted, &targets, &Rules::default(), Date::LAST);
    decision.into_permits().unwrap().remove(0)
}

fn events(model: &Extractive, request: ChatRequest) -> Vec<ChatEvent> {
    let permit = permit("embedded", &request);
    let stream = model
        .chat(&permit, Arc::new(request))
        .now_or_never()
        .unwrap()
        .unwrap();
    stream
        .map(Result::unwrap)
        .collect::<Vec<_>>()
        .now_or_never()
        .unwrap()
}

#[test]
fn the_model_streams_quotes_each_with_its_exact_place() {
    let stored = "Bienvenue à tous. Le télétravail est ouvert deux jours par semaine.";
    let mut found = passage(7, "Le télétravail est ouvert deux jours par semaine.");
    found.span = Span { start: 18, end: 67 };
    found.score = 4.0 * TERM_SCORE;
    let request = ChatRequest {
        messages: vec![Message::user("Combien de jours de télétravail par semaine ?")],
        passages: vec![found],
        rarities: Some(Rarities {
            terms: BTreeMap::new(),
            unseen: 1.0,
            attainable: 4.0,
        }),
        grounded: true,
        ..ChatRequest::default()
    };
    let model = model();
    assert_eq!(model.name(), "extractive/1");
    let events = events(&model, request);
    let [
        ChatEvent::Text(text),
        ChatEvent::Citation(citation),
        ChatEvent::End(end),
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(text, "Le télétravail est ouvert deux jours par semaine. [1]");
    assert_eq!(citation.span.slice(stored), Some(citation.text.as_str()));
    assert_eq!((citation.number, citation.chunk, end.abstained), (1, 7, false));
}

#[test]
fn the_model_abstains_in_the_language_of_the_question() {
    for (question, expected) in [
        ("Qui est le maire ?", "Rien ne répond."),
        ("Who is the mayor?", "Nothing answers."),
    ] {
        let request = ChatRequest {
            messages: vec![Message::user(question)],
            ..ChatRequest::default()
        };
        let events = events(&model(), request);
        assert_eq!(events[0], ChatEvent::Text(expected.to_owned()));
        assert!(matches!(&events[1], ChatEvent::End(end) if end.abstained));
    }
}

#[test]
fn a_permit_for_another_request_is_refused() {
    let request = ChatRequest {
        messages: vec![Message::user("Qui ?")],
        ..ChatRequest::default()
    };
    let model = model();
    for permit in [
        permit("elsewhere", &request),
        permit("embedded", &ChatRequest::default()),
    ] {
        let refused = model
            .chat(&permit, Arc::new(request.clone()))
            .now_or_never()
            .unwrap();
        assert_eq!(
            refused.err(),
            Some(ModelError::NotPermitted {
                target: "embedded".to_owned()
            })
        );
    }
}

proptest! {
    #[test]
    fn every_quote_is_a_substring_of_its_passage_within_the_space(
        question in "(combien|quel|délai|prix|chat|[a-z]{1,6}|[ ?'-]){1,12}",
        texts in prop::collection::vec("((Le|prix|chat|délai|4 €|un|mois|[a-z]{1,6})[ .;:\n]{1,2}){1,25}", 1..5),
        max_chars in 0_usize..300,
    ) {
        let mut passages: Vec<Passage> = texts.iter().enumerate().map(|(place, text)| passage(place, text)).collect();
        for (place, passage) in passages.iter_mut().enumerate() {
            passage.score = 5.0 - place as f32;
        }
        let options = Options { max_chars, threshold: 0.0, ..Options::default() };
        let extract = answer(&question, &passages, &options);
        let text = extract.text(&passages);
        prop_assert!(text.chars().count() <= max_chars);
        prop_assert_eq!(extract.abstained, extract.quotes.is_empty());
        let mut rest = text.as_str();
        for (number, quote) in (1..).zip(&extract.quotes) {
            let quoted = &passages[quote.passage].text[quote.bytes.clone()];
            rest = rest.strip_prefix(quoted).unwrap().strip_prefix(&marker(number)).unwrap();
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        prop_assert_eq!(rest, "");
        prop_assert!((0.0..=1.0).contains(&extract.confidence));
    }
}

#[test]
fn what_another_model_began_is_not_gone_on_with() {
    let request = ChatRequest {
        messages: vec![Message::user("Qui ?")],
        begun: Some("Le maire".to_owned()),
        ..ChatRequest::default()
    };
    let refused = model()
        .chat(&permit("embedded", &request), Arc::new(request.clone()))
        .now_or_never()
        .unwrap();
    assert_eq!(refused.err().map(|error| error.code()), Some("model-unsupported"));
}
