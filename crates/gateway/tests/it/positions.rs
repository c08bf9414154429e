//! Personal data is found wherever it stands in what is sent, over a real socket; and what an answer brings counts too.

use serde_json::{Value, json};
use trousseau_core::label::Class;
use trousseau_core::principal::{Principal, Role, Tenant};
use trousseau_gateway::records::own::Listing;
use trousseau_gateway::service::Gateway;
use trousseau_http::Settings;
use trousseau_policy::detect::{Detectors, RawOwn};

use crate::scripted::Step;
use crate::stage::{self, Stage, all_of, ask, change, operator, unknown};
use crate::wired::{Wired, staged};

const ANSWER: &[Step] = &[Step::Say("Oui."), Step::End];

/// A route that is not grounded, to a target that may see what is public and nothing else.
async fn afar(stage: &Stage, script: &[Step]) -> (Gateway, std::sync::Arc<crate::scripted::Scripted>) {
    let (gateway, mut models) = staged(stage, &[("afar", script)]).await;
    change(&gateway, |plan| {
        plan.targets = vec![unknown("afar")];
        plan.settings.routes[0].grounded = false;
    });
    (gateway, models.remove(0))
}

/// The same question with `text` in each of the positions that a request has.
pub(crate) fn positions(text: &str) -> Vec<(&'static str, Value)> {
    let question = |more: Value| {
        let mut asked =
            json!({ "model": "documents", "messages": [{ "role": "user", "content": "Bonjour" }] });
        for (name, value) in more.as_object().unwrap() {
            asked[name] = value.clone();
        }
        asked
    };
    let said = |messages: Value| question(json!({ "messages": messages }));
    let user = json!({ "role": "user", "content": "Bonjour" });
    let call = |arguments: String| {
        let function = json!({ "name": "envoyer", "arguments": arguments });
        json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": "c", "type": "function", "function": function }] })
    };
    let result = |content: &str| json!({ "role": "tool", "tool_call_id": "c", "content": content });
    let parts = |part: Value| {
        said(json!([{ "role": "user", "content": [{ "type": "text", "text": "Bonjour" }, part] }]))
    };
    let tool = |description: &str, schema: Value| json!({ "tools": [{ "type": "function", "function": { "name": "f", "description": description, "parameters": schema } }] });
    let escaped = json!({ "lettre": json!({ "corps": text }).to_string() }).to_string();
    let object = json!({ "type": "object" });
    let image = "data:image/png;base64,iVBORw0KGgo=";
    vec![
        ("user", said(json!([{ "role": "user", "content": text }]))),
        (
            "system",
            said(json!([{ "role": "system", "content": text }, user])),
        ),
        (
            "developer",
            said(json!([{ "role": "developer", "content": text }, user])),
        ),
        (
            "assistant",
            said(json!([user, { "role": "assistant", "content": text }, user])),
        ),
        (
            "earlier user",
            said(
                json!([{ "role": "user", "content": text }, { "role": "assistant", "content": "Oui." }, user]),
            ),
        ),
        (
            "arguments",
            said(json!([
                user,
                call(json!({ "n": text }).to_string()),
                result("ok"),
                user
            ])),
        ),
        (
            "arguments, JSON in JSON",
            said(json!([user, call(escaped.clone()), result("ok"), user])),
        ),
        (
            "arguments, no JSON",
            said(json!([user, call(format!("n={text}")), result("ok"), user])),
        ),
        (
            "result",
            said(json!([user, call("{}".to_owned()), result(text), user])),
        ),
        (
            "result, JSON in JSON",
            said(json!([user, call("{}".to_owned()), result(&escaped), user])),
        ),
        (
            "name of the speaker",
            said(json!([{ "role": "user", "name": text, "content": "Bonjour" }])),
        ),
        ("part", parts(json!({ "type": "text", "text": text }))),
        (
            "text beside an image",
            parts(json!({ "type": "image_url", "image_url": { "url": image, "alt": text } })),
        ),
        (
            "address of an image",
            parts(
                json!({ "type": "image_url", "image_url": { "url": format!("https://exemple.fr/{text}") } }),
            ),
        ),
        (
            "name of a file",
            parts(
                json!({ "type": "file", "file": { "filename": format!("{text}.pdf"), "file_data": image } }),
            ),
        ),
        ("description of a tool", question(tool(text, object))),
        (
            "schema of a tool",
            question(tool(
                "f",
                json!({ "type": "object", "properties": { "a": { "enum": [text] } } }),
            )),
        ),
        ("metadata", question(json!({ "metadata": { "dossier": text } }))),
        (
            "name of metadata",
            question(json!({ "metadata": { text: "oui" } })),
        ),
        ("user field", question(json!({ "user": text }))),
        ("stop", question(json!({ "stop": [text] }))),
        (
            "prediction",
            question(json!({ "prediction": { "type": "content", "content": text } })),
        ),
        (
            "response format",
            question(
                json!({ "response_format": { "type": "json_schema", "json_schema": { "name": "a", "description": text } } }),
            ),
        ),
    ]
}

#[tokio::test]
async fn nothing_personal_goes_out_from_any_position() {
    let stage = Stage::new();
    let (gateway, model) = afar(&stage, ANSWER).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    for text in [
        "1 85 05 78 006 084 91",
        "1\u{a0}85\u{202f}05\u{a0}78\u{a0}006\u{a0}084\u{a0}91",
        "１８５０５７８００６０８４９１",
    ] {
        for (position, asked) in positions(text) {
            let reply = wired.ask(&asked).await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (403, "policy-denied"),
                "{position}, {text}"
            );
            let label = &reply.json()["error"]["trousseau"]["label"];
            assert_eq!(
                (&label["class"], &label["tags"][0]),
                (&json!("personal"), &json!("nir")),
                "{position}, {text}"
            );
        }
    }
    assert!(model.calls().is_empty());
    // Without anything personal the same requests are answered: it is not their form that is refused.
    for (position, asked) in positions("rien") {
        let reply = wired.ask(&asked).await;
        assert_eq!(reply.status, 200, "{position}: {reply:?}");
    }
    wired.end().await.close().await.unwrap();
}

/// The same in the positions of a response and of a message in Anthropic's form.
fn other_positions(text: &str) -> Vec<(&'static str, &'static str, Value)> {
    let escaped = json!({ "lettre": json!({ "corps": text }).to_string() }).to_string();
    let hello = json!({ "role": "user", "content": "Bonjour" });
    let schema = json!({ "type": "object", "properties": { "a": { "enum": [text] } } });
    let image = "data:image/png;base64,iVBORw0KGgo=";
    let response = |position, more: Value| {
        let mut asked = json!({ "model": "documents", "input": "Bonjour" });
        asked
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ("/v1/responses", position, asked)
    };
    let items = |position, items: Value| response(position, json!({ "input": items }));
    let message = |position, more: Value| {
        let mut asked = json!({ "model": "documents", "max_tokens": 9, "messages": [hello.clone()] });
        asked
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ("/v1/messages", position, asked)
    };
    let blocks = |position, role: &str, block: Value| {
        message(
            position,
            json!({ "messages": [hello.clone(), { "role": role, "content": [block] }, hello.clone()] }),
        )
    };
    let call = |arguments: &str| json!({ "type": "function_call", "call_id": "c", "name": "f", "arguments": arguments });
    let output = |output: Value| json!({ "type": "function_call_output", "call_id": "c", "output": output });
    let function = |description: &str, schema: &Value| json!({ "tools": [{ "type": "function", "name": "f", "description": description, "parameters": schema }] });
    let tool = |description: &str, schema: &Value| json!({ "tools": [{ "name": "f", "description": description, "input_schema": schema }] });
    let result = |content: Value| json!({ "type": "tool_result", "tool_use_id": "c", "content": content });
    let document = |title: &str, data: &str| json!({ "type": "document", "title": title, "source": { "type": "text", "media_type": "text/plain", "data": data } });
    let object = json!({ "type": "object" });
    vec![
        response("input", json!({ "input": text })),
        response("instructions", json!({ "instructions": text })),
        response("metadata", json!({ "metadata": { "dossier": text } })),
        response("user field", json!({ "user": text })),
        response("safety identifier", json!({ "safety_identifier": text })),
        response("description of a tool", function(text, &object)),
        response("schema of a tool", function("d", &schema)),
        response(
            "format",
            json!({ "text": { "format": { "type": "json_schema", "name": "a", "description": text, "schema": object } } }),
        ),
        items("user item", json!([{ "role": "user", "content": text }])),
        items(
            "part",
            json!([{ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": text }] }]),
        ),
        items(
            "developer item",
            json!([{ "role": "developer", "content": text }, hello]),
        ),
        items(
            "assistant item",
            json!([hello, { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": text, "annotations": [] }] }, hello]),
        ),
        items(
            "refusal",
            json!([hello, { "role": "assistant", "content": [{ "type": "refusal", "refusal": text }] }, hello]),
        ),
        items(
            "function call",
            json!([
                hello,
                call(&json!({ "n": text }).to_string()),
                output(json!("ok"))
            ]),
        ),
        items(
            "function call, JSON in JSON",
            json!([hello, call(&escaped), output(json!("ok"))]),
        ),
        items(
            "function call, no JSON",
            json!([hello, call(&format!("n={text}")), output(json!("ok"))]),
        ),
        items(
            "function call output",
            json!([hello, call("{}"), output(json!(text))]),
        ),
        items(
            "function call output in parts",
            json!([
                hello,
                call("{}"),
                output(json!([{ "type": "input_text", "text": text }]))
            ]),
        ),
        items(
            "reasoning",
            json!([hello, { "type": "reasoning", "summary": [], "content": [{ "type": "reasoning_text", "text": text }] }, hello]),
        ),
        items(
            "summary",
            json!([hello, { "type": "reasoning", "summary": [{ "type": "summary_text", "text": text }] }, hello]),
        ),
        items(
            "address of an image",
            json!([{ "role": "user", "content": [{ "type": "input_text", "text": "Bonjour" }, { "type": "input_image", "image_url": format!("https://exemple.fr/{text}") }] }]),
        ),
        items(
            "name of a file",
            json!([{ "role": "user", "content": [{ "type": "input_text", "text": "Bonjour" }, { "type": "input_file", "filename": format!("{text}.pdf"), "file_data": image }] }]),
        ),
        message(
            "content",
            json!({ "messages": [{ "role": "user", "content": text }] }),
        ),
        message("system", json!({ "system": text })),
        message(
            "system block",
            json!({ "system": [{ "type": "text", "text": text }] }),
        ),
        message("metadata", json!({ "metadata": { "user_id": text } })),
        message("stop sequence", json!({ "stop_sequences": [text] })),
        message("description of a tool", tool(text, &object)),
        message("schema of a tool", tool("d", &schema)),
        message(
            "format",
            json!({ "output_config": { "format": { "type": "json_schema", "schema": schema } } }),
        ),
        blocks("text block", "user", json!({ "type": "text", "text": text })),
        blocks(
            "assistant block",
            "assistant",
            json!({ "type": "text", "text": text }),
        ),
        blocks(
            "thinking",
            "assistant",
            json!({ "type": "thinking", "thinking": text, "signature": "" }),
        ),
        blocks(
            "tool use",
            "assistant",
            json!({ "type": "tool_use", "id": "c", "name": "f", "input": { "n": text } }),
        ),
        blocks(
            "tool use, JSON in JSON",
            "assistant",
            json!({ "type": "tool_use", "id": "c", "name": "f", "input": { "n": escaped } }),
        ),
        blocks("tool result", "user", result(json!(text))),
        blocks(
            "tool result in blocks",
            "user",
            result(json!([{ "type": "text", "text": text }])),
        ),
        blocks("document", "user", document("d", text)),
        blocks("title of a document", "user", document(text, "d")),
        blocks(
            "address of an image",
            "user",
            json!({ "type": "image", "source": { "type": "url", "url": format!("https://exemple.fr/{text}") } }),
        ),
        (
            "/v1/completions",
            "prompt",
            json!({ "model": "documents", "prompt": text }),
        ),
        (
            "/v1/completions",
            "user field",
            json!({ "model": "documents", "prompt": "Bonjour", "user": text }),
        ),
    ]
}

#[tokio::test]
async fn nothing_personal_goes_out_from_any_position_of_other_forms() {
    let stage = Stage::new();
    let (gateway, model) = afar(&stage, ANSWER).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    for text in [
        "1 85 05 78 006 084 91",
        "1\u{a0}85\u{202f}05\u{a0}78\u{a0}006\u{a0}084\u{a0}91",
        "１８５０５７８００６０８４９１",
    ] {
        for (path, position, asked) in other_positions(text) {
            let reply = wired.post(path, &asked).await;
            let told = &reply.json()["error"]["trousseau"];
            let label = (&told["label"]["class"], &told["label"]["tags"][0]);
            assert_eq!(reply.status, 403, "{path} {position}, {text}: {reply:?}");
            assert_eq!(
                label,
                (&json!("personal"), &json!("nir")),
                "{path} {position}, {text}"
            );
        }
    }
    assert!(model.calls().is_empty());
    for (path, position, asked) in other_positions("rien") {
        let reply = wired.post(path, &asked).await;
        assert_eq!(reply.status, 200, "{path} {position}: {reply:?}");
    }
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_number_and_a_value_beside_its_name_count() {
    let stage = Stage::new();
    let (gateway, model) = afar(&stage, ANSWER).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    for (metadata, class) in [
        (json!({ "nir": 185_057_800_608_491_u64 }), "personal"),
        (json!({ "password": "Nantes44!x" }), "restricted"),
    ] {
        let asked = json!({ "model": "documents", "messages": [{ "role": "user", "content": "Bonjour" }], "metadata": metadata });
        let reply = wired.ask(&asked).await;
        assert_eq!(reply.status, 403, "{asked}: {reply:?}");
        assert_eq!(reply.json()["error"]["trousseau"]["label"]["class"], class);
    }
    assert!(model.calls().is_empty());
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn the_organisations_words_count_and_are_told() {
    let stage = Stage::new();
    let (gateway, model) = afar(&stage, ANSWER).await;
    let own = RawOwn {
        name: "projects".to_owned(),
        words: vec!["Grand Cèdre".to_owned()],
        label: "restricted+project".to_owned(),
        ..RawOwn::default()
    };
    change(&gateway, |plan| {
        plan.settings.detectors = Detectors::resolve(&[own]).unwrap();
    });
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let reply = wired.ask(&positions("le GRAND CEDRE")[0].1).await;
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.json()["error"]["trousseau"]["label"]["tags"],
        json!(["project"])
    );
    let text = json!({ "text": "Où en est le grand cèdre ?" }).to_string();
    let headers = ["content-type: application/json"];
    let explained = wired.call("POST", "/api/explain", &headers, &text).await.json();
    let finding = &explained["findings"][0];
    assert_eq!(
        (&finding["detector"], &finding["start"], &finding["end"]),
        (&json!("projects"), &json!(13), &json!(24))
    );
    assert!(model.calls().is_empty());
    wired.end().await.close().await.unwrap();
}

#[test]
fn a_passage_carries_what_its_file_name_says() {
    let stage = Stage::new();
    stage.write(
        "jeanne.dupont@exemple.fr.txt",
        "Le guichet ouvre à neuf heures.\n",
    );
    stage::run(async {
        let gateway = stage.open().await;
        let model = crate::scripted::Scripted::new("local", stage.data(), ANSWER);
        stage::cast(&gateway, "local", &model);
        stage::ingest(&gateway, &Tenant::default(), all_of(stage.files()))
            .await
            .unwrap();
        let answered = ask(&gateway, &operator(), stage::question("Quand ouvre le guichet ?"))
            .await
            .0
            .unwrap();
        assert_eq!(answered.explanation.labelling.label().class, Class::Personal);
        gateway.close().await.unwrap();
    });
}

/// What a client gets of an answer that is streamed, and how it ends.
fn streamed(body: &str) -> (String, String) {
    let (mut text, mut finish) = (String::new(), String::new());
    for line in body.lines().filter_map(|line| line.strip_prefix("data: {")) {
        let chunk: Value = serde_json::from_str(&format!("{{{line}")).unwrap();
        text.push_str(
            chunk["choices"][0]["delta"]["content"]
                .as_str()
                .unwrap_or_default(),
        );
        finish.push_str(chunk["choices"][0]["finish_reason"].as_str().unwrap_or_default());
    }
    (text, finish)
}

#[tokio::test]
async fn what_an_answer_brings_raises_its_record_and_is_held_back_by_rule() {
    const SCRIPT: &[Step] = &[
        Step::Say("Son numéro est 2 55 08 "),
        Step::Say("14 168 0"),
        Step::Say("25 38, dit-on."),
        Step::End,
    ];
    for (hold, text, finish) in [
        (None, "Son numéro est 2 55 08 14 168 025 38, dit-on.", "stop"),
        (
            Some(Class::Sensitive),
            "Son numéro est 2 55 08 14 168 025 38, dit-on.",
            "stop",
        ),
        (Some(Class::Personal), "Son numéro est ", "content_filter"),
    ] {
        let stage = Stage::new();
        let (gateway, _) = afar(&stage, SCRIPT).await;
        change(&gateway, |plan| plan.settings.hold_back = hold);
        let wired = Wired::start(&stage, gateway, Settings::default()).await;
        let mut asked =
            json!({ "model": "documents", "messages": [{ "role": "user", "content": "Lequel ?" }] });
        let whole = wired.ask(&asked).await.json();
        assert_eq!(whole["choices"][0]["message"]["content"], text);
        assert_eq!(whole["choices"][0]["finish_reason"], finish);
        asked["stream"] = json!(true);
        let reply = wired.ask(&asked).await;
        assert_eq!(
            streamed(&reply.body),
            (text.to_owned(), finish.to_owned()),
            "{reply:?}"
        );
        let gateway = wired.end().await;
        // In the list, which is read from the database, and where the answer comes back as history.
        let listing = Listing {
            limit: 2,
            ..Listing::default()
        };
        let key = Principal {
            user: format!("key-{}", Role::Administrator),
            ..operator()
        };
        let listed = gateway.records_of(&key, &listing).await.unwrap();
        for record in &listed.items {
            assert_eq!(record.label.to_string(), "personal+nir", "{hold:?}");
        }
        assert_eq!(listed.items.len(), 2);
        let label = gateway
            .records
            .label_of_answer(&Tenant::default(), text)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(label.to_string(), "personal+nir", "{hold:?}");
        gateway.close().await.unwrap();
    }
}
