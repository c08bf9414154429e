//! Answers as they should be: streamed, whole, with tools, on connections that are used again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;
use trousseau_core::chat::{ChatEvent, FinishReason, Message, Role, Sampling, Tools};
use trousseau_core::model::{ChatModel as _, ModelError};
use trousseau_core::permit::Purpose;
use trousseau_upstream::{OpenAi, Server};

use crate::mock::{DONE, Mock, Step, chunk, event, finished, json as answer_json, said, stream, stream_head};
use crate::stage::{TARGET, ask, client, events, model, permit, question, server, wording};

#[tokio::test]
async fn an_answer_is_streamed() {
    let mock = Mock::always(stream(&["Bon", "jour", " !"]));
    let (events, end) = events(&model(&mock.url()), question("Dites bonjour.")).await;
    assert_eq!(end, Ok(()));
    let texts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ChatEvent::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["Bon", "jour", " !"]);
    let Some(ChatEvent::End(end)) = events.last() else {
        panic!("no end: {events:?}")
    };
    assert_eq!(
        (end.finish, end.usage.input, end.usage.output),
        (FinishReason::Stop, 7, 3)
    );
    let asked = mock.asked();
    assert_eq!(asked[0].line, "POST /v1/chat/completions");
    assert_eq!(asked[0].header("accept"), Some("text/event-stream"));
    assert_eq!(asked[0].header("authorization"), None);
    insta::assert_json_snapshot!(asked[0].json(), @r#"
    {
      "model": "mistral-small",
      "messages": [
        {
          "role": "user",
          "content": "Dites bonjour."
        }
      ],
      "stream": true,
      "stream_options": {
        "include_usage": true
      }
    }
    "#);
}

#[tokio::test]
async fn an_answer_is_asked_for_whole_when_nobody_reads_along_or_the_server_cannot_stream() {
    let mock = Mock::always(answer_json(&json!({
        "id": "c1", "object": "chat.completion", "model": "mistral-small",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Bonjour !" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6 },
    })));
    let whole = trousseau_core::chat::ChatRequest {
        whole: true,
        ..question("Bonjour ?")
    };
    let (answer, end) = ask(&model(&mock.url()), whole).await;
    assert_eq!(end, Ok(()));
    assert_eq!(answer.text, "Bonjour !");
    assert_eq!(answer.end.unwrap().usage.output, 2);
    let mute = Server {
        streams: false,
        ..server(&mock.url())
    };
    let mute = OpenAi::new(mute, client(), wording()).unwrap();
    assert_eq!(ask(&mute, question("Bonjour ?")).await.0.text, "Bonjour !");
    for asked in mock.asked() {
        assert_ne!(asked.json()["stream"], true);
        assert_eq!(asked.header("accept"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_server_that_ignores_stream_is_understood() {
    let mock = Mock::always(answer_json(&json!({
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Oui." }, "finish_reason": "length" }],
    })));
    let (answer, end) = ask(&model(&mock.url()), question("Oui ?")).await;
    assert_eq!((answer.text.as_str(), end), ("Oui.", Ok(())));
    assert_eq!(answer.end.unwrap().finish, FinishReason::Length);
}

#[tokio::test]
async fn what_the_caller_asks_for_is_passed_on_both_ways() {
    let mock = Mock::always(vec![
        stream_head(),
        chunk(event(
            &json!({ "choices": [{ "index": 0, "delta": { "reasoning_content": "Hm." } }], "system_fingerprint": "fp" }),
        )),
        chunk(event(
            &json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [
            { "index": 0, "id": "call_1", "type": "function", "function": { "name": "meteo", "arguments": "{\"ville\":" } }] } }] }),
        )),
        chunk(event(
            &json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [
            { "index": 0, "function": { "arguments": "\"Lyon\"}" } }] }, "finish_reason": "tool_calls" }] }),
        )),
        chunk(DONE),
        crate::mock::last_chunk(),
    ]);
    let mut request = question("Quel temps fait-il à Lyon ?");
    request
        .messages
        .insert(0, Message::new(Role::System, "Soyez bref."));
    request.sampling = Sampling {
        max_tokens: Some(50),
        temperature: Some(0.0),
        seed: Some(7),
    };
    request.tools = Tools {
        definitions: vec![json!({ "type": "function", "function": { "name": "meteo", "parameters": {} } })],
        choice: Some(json!("auto")),
    };
    request.extra.insert("top_p".to_owned(), json!(0.5));
    let (answer, end) = ask(&model(&mock.url()), request).await;
    assert_eq!(end, Ok(()));
    assert_eq!(answer.reasoning, "Hm.");
    assert_eq!(answer.tool_calls[0].name, "meteo");
    assert_eq!(answer.tool_calls[0].arguments, r#"{"ville":"Lyon"}"#);
    assert_eq!(answer.extra.answer["system_fingerprint"], "fp");
    assert_eq!(answer.end.unwrap().finish, FinishReason::ToolCalls);
    let sent = mock.asked()[0].json();
    assert_eq!(sent["messages"][0]["content"], "Soyez bref.");
    assert_eq!(
        (&sent["max_tokens"], &sent["seed"], &sent["top_p"]),
        (&json!(50), &json!(7), &json!(0.5))
    );
    assert_eq!(sent["tools"][0]["function"]["name"], "meteo");
    assert_eq!(sent["tool_choice"], "auto");
}

#[tokio::test]
async fn without_a_permit_not_a_byte_leaves() {
    let mock = Mock::always(stream(&["non"]));
    let model = model(&mock.url());
    let request = Arc::new(question("Secret ?"));
    let wrong = [
        permit(Purpose::Chat, question("Autre chose ?").digest()),
        permit(Purpose::Embedding, request.digest()),
    ];
    for permit in wrong {
        let Err(error) = model.chat(&permit, Arc::clone(&request)).await else {
            panic!("it was sent")
        };
        assert_eq!(
            error,
            ModelError::NotPermitted {
                target: TARGET.to_owned()
            }
        );
    }
    let other = Server::new("another-target", "m", mock.url());
    let other = OpenAi::new(other, client(), wording()).unwrap();
    let permit = permit(Purpose::Chat, request.digest());
    assert!(matches!(
        other.chat(&permit, request).await,
        Err(ModelError::NotPermitted { .. })
    ));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(mock.asked().is_empty());
}

#[tokio::test]
async fn connections_are_used_again() {
    let mock = Mock::always(stream(&["oui"]));
    let model = model(&mock.url());
    for _ in 0..5 {
        assert_eq!(ask(&model, question("Encore ?")).await.1, Ok(()));
    }
    let connections: Vec<_> = mock.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0; 5]);
}

#[tokio::test]
async fn a_connection_is_used_again_by_who_stops_reading_at_the_end() {
    let mut late = stream(&["oui"]);
    // The end of the body comes a little after the last event.
    late.insert(late.len() - 1, Step::Wait(Duration::from_millis(5)));
    let mock = Mock::always(late);
    let model = model(&mock.url());
    for _ in 0..3 {
        let request = Arc::new(question("Encore ?"));
        let permit = permit(Purpose::Chat, request.digest());
        let mut answer = model.chat(&permit, request).await.unwrap();
        while !matches!(answer.next().await, Some(Ok(ChatEvent::End(_)))) {}
        drop(answer);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(mock.asked().iter().all(|asked| asked.connection == 0));
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_replaced() {
    let mock = Mock::start(|number, _| match number {
        // Announces that it will stay, and does not.
        0 => {
            let mut steps = stream(&["un"]);
            steps.push(Step::Wait(Duration::from_millis(30)));
            steps
        }
        1 => vec![Step::Close],
        _ => stream(&["deux"]),
    });
    let model = model(&mock.url());
    assert_eq!(ask(&model, question("Encore ?")).await.0.text, "un");
    assert_eq!(ask(&model, question("Encore ?")).await.0.text, "deux");
    assert_eq!(mock.asked().len(), 3);
}

#[tokio::test]
async fn a_server_that_always_hangs_up_is_asked_twice_and_no_more() {
    let mock = Mock::always(vec![Step::Close]);
    let (_, end) = ask(&model(&mock.url()), question("Encore ?")).await;
    assert!(matches!(end, Err(ModelError::Unavailable { .. })), "{end:?}");
    assert_eq!(mock.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_drops_the_answer_hangs_up() {
    let mock = Mock::always(vec![stream_head(), chunk(said("Il était")), Step::Hold]);
    let model = model(&mock.url());
    let request = Arc::new(question("Racontez."));
    let permit = permit(Purpose::Chat, request.digest());
    let mut answer = model.chat(&permit, request).await.unwrap();
    let first = answer.next().await;
    assert_eq!(first, Some(Ok(ChatEvent::Text("Il était".to_owned()))));
    drop(answer);
    assert_eq!(tokio::task::block_in_place(|| mock.hung_up()), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_before_the_answer_begins_hangs_up() {
    let mock = Mock::always(vec![Step::Hold]);
    let model = model(&mock.url());
    let request = Arc::new(question("Racontez."));
    let permit = permit(Purpose::Chat, request.digest());
    let waiting = tokio::time::timeout(Duration::from_millis(200), model.chat(&permit, request)).await;
    assert!(waiting.is_err());
    assert_eq!(tokio::task::block_in_place(|| mock.hung_up()), Some(0));
}

#[tokio::test]
async fn a_finished_answer_needs_no_done() {
    let mock = Mock::always(vec![
        stream_head(),
        chunk(said("Fini.")),
        chunk(finished()),
        Step::Close,
    ]);
    let (answer, end) = ask(&model(&mock.url()), question("Fini ?")).await;
    assert_eq!((answer.text.as_str(), end), ("Fini.", Ok(())));
    assert_eq!(answer.end.unwrap().finish, FinishReason::Stop);
}

#[tokio::test]
async fn a_base_address_keeps_its_query_and_its_slash() {
    let mock = Mock::always(stream(&["oui"]));
    for url in [
        format!("{}/", mock.url()),
        format!("http://{}/openai?api-version=2026-01", mock.address()),
    ] {
        assert_eq!(ask(&model(&url), question("Oui ?")).await.1, Ok(()));
    }
    let lines: Vec<_> = mock.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            "POST /v1/chat/completions",
            "POST /openai/chat/completions?api-version=2026-01"
        ]
    );
}
