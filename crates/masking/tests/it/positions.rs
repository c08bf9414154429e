//! Every place of a request: what is sent holds no value, or the label says that it does.

use serde_json::{Value, json};
use trousseau_core::chat::{ChatRequest, Message, Role, ToolCall, Tools};
use trousseau_core::document::{Passage, Span};
use trousseau_core::label::{Class, Label};
use trousseau_masking::{Kinds, Masked, mask};
use trousseau_policy::detect::{Detectors, detect};
use trousseau_policy::explanation::Origin;

use crate::{label_of, labelling, question, text_of};

const IBAN: &str = "FR14 2004 1010 0505 0001 3M02 606";

fn everything(request: &ChatRequest) -> Masked {
    mask(request, &Detectors::default(), &Kinds::All).unwrap()
}

fn call(arguments: &str) -> ToolCall {
    ToolCall {
        id: "c".to_owned(),
        name: "payer".to_owned(),
        arguments: arguments.to_owned(),
        ..ToolCall::default()
    }
}

/// A request with what is written as JSON beside it, and whether that can be masked.
fn places() -> Vec<(&'static str, ChatRequest, bool)> {
    let user = || Message::user("Bonjour");
    let said = |role| ChatRequest {
        messages: vec![user(), Message::new(role, IBAN), user()],
        ..ChatRequest::default()
    };
    let with = |change: &dyn Fn(&mut Message)| {
        let mut message = user();
        change(&mut message);
        ChatRequest {
            messages: vec![message],
            ..ChatRequest::default()
        }
    };
    let extra = |name: &str, value: Value| {
        let mut request = question("Bonjour");
        request.extra.insert(name.to_owned(), value);
        request
    };
    let tool = |definition: Value| ChatRequest {
        tools: Tools {
            definitions: vec![definition],
            choice: None,
        },
        ..question("Bonjour")
    };
    let long = format!("{}{IBAN}", "mot ".repeat(80));
    vec![
        ("system", said(Role::System), true),
        ("user", said(Role::User), true),
        ("assistant", said(Role::Assistant), true),
        ("tool", said(Role::Tool), true),
        (
            "arguments",
            with(&|message| message.tool_calls = vec![call(&json!({ "a": [IBAN] }).to_string())]),
            true,
        ),
        (
            "no JSON",
            with(&|message| message.tool_calls = vec![call(&format!("a={IBAN}"))]),
            true,
        ),
        (
            "id of a call",
            with(&|message| message.tool_call_id = Some(IBAN.to_owned())),
            true,
        ),
        (
            "name of a tool",
            with(&|message| {
                message.tool_calls = vec![ToolCall {
                    name: IBAN.to_owned(),
                    ..call("{}")
                }];
            }),
            false,
        ),
        (
            "speaker",
            with(&|message| {
                message.extra.insert("name".to_owned(), IBAN.into());
            }),
            true,
        ),
        (
            "part",
            with(&|message| {
                message.parts = vec![json!({ "type": "text", "text": IBAN }), json!({ "type": "x" })];
            }),
            true,
        ),
        (
            "file",
            with(&|message| {
                message.parts =
                    vec![json!({ "type": "file", "file": { "filename": format!("{IBAN}.pdf") } })];
            }),
            true,
        ),
        (
            "address",
            with(&|message| {
                message.parts = vec![
                    json!({ "type": "image_url", "image_url": { "url": format!("https://a.fr/{IBAN}") } }),
                ];
            }),
            false,
        ),
        (
            "tool",
            tool(json!({ "function": { "name": "f", "description": IBAN } })),
            true,
        ),
        (
            "long description",
            tool(json!({ "function": { "name": "f", "description": long } })),
            true,
        ),
        (
            "schema",
            tool(json!({ "function": { "parameters": { "enum": [IBAN] } } })),
            true,
        ),
        (
            "name of a function",
            tool(json!({ "function": { "name": IBAN } })),
            false,
        ),
        ("metadata", extra("metadata", json!({ "dossier": IBAN })), true),
        (
            "number",
            extra("metadata", json!({ "nir": 255_081_416_802_538_u64 })),
            true,
        ),
        (
            "name of metadata",
            extra("metadata", json!({ IBAN: "oui" })),
            false,
        ),
        ("user", extra("user", IBAN.into()), true),
        (
            "begun",
            ChatRequest {
                begun: Some(format!("Le compte {IBAN}")),
                ..question("Bonjour")
            },
            true,
        ),
    ]
}

#[test]
fn no_place_lets_a_value_out_under_a_lower_label() {
    let detectors = Detectors::default();
    for (place, request, maskable) in places() {
        let before = labelling(&request, &detectors).label().clone();
        assert_eq!(before.class, Class::Personal, "{place}");
        let masked = mask(&request, &detectors, &Kinds::All);
        assert_eq!(masked.is_some(), maskable, "{place}");
        let Some(masked) = masked else { continue };
        let sent = serde_json::to_string(&masked.request).unwrap();
        assert!(
            !sent.contains("2004 1010") && !sent.contains("255081416802538"),
            "{place}: {sent}"
        );
        assert_eq!(
            label_of(&masked, &request, &detectors),
            Label::default(),
            "{place}"
        );
        assert_ne!(masked.request.digest(), request.digest());
    }
}

#[test]
fn what_stands_where_nothing_can_be_replaced_keeps_the_label_of_the_whole() {
    let detectors = Detectors::default();
    for (place, mut request, maskable) in places() {
        if maskable {
            continue;
        }
        // The same value where it can be replaced.
        request
            .messages
            .push(Message::user(format!("Pour {IBAN} et marie@exemple.fr")));
        let masked = everything(&request);
        assert_eq!(
            masked.request.messages.last().unwrap().content,
            "Pour [IBAN-1] et [EMAIL-1]"
        );
        assert_eq!(
            label_of(&masked, &request, &detectors).class,
            Class::Personal,
            "{place}"
        );
    }
}

#[test]
fn what_is_found_across_the_parts_of_a_message_keeps_its_label() {
    let detectors = Detectors::default();
    let parts = ["2 55 08 14", "168 025 38"].map(|text| json!({ "type": "text", "text": text }));
    let mut message = Message::user("2 55 08 14\n168 025 38");
    message.parts = parts.to_vec();
    let mut request = question("marie@exemple.fr");
    request.messages.push(message);
    assert_eq!(
        labelling(&request, &detectors).label().to_string(),
        "personal+nir"
    );
    let masked = everything(&request);
    assert_eq!(masked.request.messages[1].parts, parts);
    assert_eq!(
        label_of(&masked, &request, &detectors).to_string(),
        "personal+nir"
    );
}

#[test]
fn arguments_stay_json_and_a_value_in_them_is_the_one_beside_them() {
    let escaped = r#"{"à":"marie\u0040exemple.fr","nir":255081416802538,"n":[{"b":"x\ny"}]}"#;
    let mut message = Message::new(Role::Assistant, "");
    message.tool_calls = vec![call(escaped)];
    let mut request = question("Écris à marie@exemple.fr, nir 255081416802538.");
    request.messages.push(message);
    let masked = everything(&request);
    assert_eq!(text_of(&masked), "Écris à [EMAIL-1], nir [NIR-1].");
    let arguments = &masked.request.messages[1].tool_calls[0].arguments;
    let read: Value = serde_json::from_str(arguments).unwrap();
    assert_eq!(
        read,
        json!({ "à": "[EMAIL-1]", "nir": "[NIR-1]", "n": [{ "b": "x\ny" }] })
    );
    let back: Value = serde_json::from_str(&masked.table.restore(arguments, true)).unwrap();
    assert_eq!(back["à"], "marie@exemple.fr");
}

#[test]
fn no_token_is_taken_that_stands_in_the_request_or_its_passages() {
    let mut request = question("Que veut dire [iban 1] ? Voir FR14 2004 1010 0505 0001 3M02 606.");
    request.passages = vec![Passage {
        document: "d".to_owned(),
        collection: String::new(),
        version: 1,
        chunk: 1,
        title: "Modèle".to_owned(),
        path: String::new(),
        heading: Vec::new(),
        span: Span { start: 0, end: 1 },
        text: r"Remplacer \[IBAN-2\] par le compte.".to_owned(),
        blocks: Vec::new(),
        label: Label::default(),
        score: 1.0,
    }];
    let masked = everything(&request);
    assert_eq!(text_of(&masked), "Que veut dire [iban 1] ? Voir [IBAN-3].");
    assert_eq!(masked.request.passages, request.passages);
    let said = "[IBAN-1], [IBAN-2], [IBAN-3]";
    assert_eq!(
        masked.table.restore(said, false),
        format!("[IBAN-1], [IBAN-2], {IBAN}")
    );
}

#[test]
fn whatever_is_no_finding_raises_the_masked_label_too() {
    let detectors = Detectors::default();
    let request = question(IBAN);
    let masked = everything(&request);
    let personal = Label::of(Class::Personal);
    let sensitive = Label::of(Class::Sensitive).with_tag("legal-secret");
    let named = |name: &str| name.to_owned();
    let origins = [
        Origin::Key { name: named("alice") },
        Origin::Header,
        Origin::Route { name: named("nuage") },
        Origin::Collection { name: named("actes") },
        Origin::History { entry: named("e") },
        Origin::Passage {
            document: named("d"),
            title: named("t"),
        },
    ];
    for origin in origins {
        let mut original = labelling(&request, &detectors);
        original.raise(origin.clone(), &sensitive);
        let after = masked.labelling(&original, &detectors, ("nuage", &Label::default()));
        assert_eq!(after.label(), &sensitive, "{origin:?}");
    }
    let original = labelling(&request, &detectors);
    assert_eq!(original.label(), &personal);
    let internal = Label::of(Class::Internal);
    assert_eq!(
        masked
            .labelling(&original, &detectors, ("nuage", &internal))
            .label(),
        &internal
    );
    assert!(detect(text_of(&masked)).is_empty());
}

#[test]
fn a_value_behind_which_another_target_wrote_on_is_masked_all_the_same() {
    let delivered = format!("Son compte : {IBAN}");
    let mut request = question("Quel est son compte ?");
    request.begun = Some(format!("{delivered}et puis"));
    assert!(mask(&request, &Detectors::default(), &Kinds::All).is_none());
    request.joints = vec![delivered.len()];
    let masked = everything(&request);
    assert_eq!(
        masked.request.begun.as_deref(),
        Some("Son compte : [IBAN-1]et puis")
    );
    assert_eq!(
        label_of(&masked, &request, &Detectors::default()),
        Label::default()
    );
}
