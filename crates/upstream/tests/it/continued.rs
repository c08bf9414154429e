//! The rest of an answer that another model began: how it is asked for, and what becomes of what comes.

use serde_json::{Value, json};
use trousseau_core::chat::{ChatRequest, FinishReason};
use trousseau_core::error::Explain as _;
use trousseau_upstream::{Continues, OpenAi, Server};

use crate::grounded::{CANTEEN, grounded};
use crate::mock::{Mock, stream};
use crate::stage::{ask, client, question, server, wording};

const BEGUN: &str = "Le repas coûte 3,20 € par enf";

fn begun(request: ChatRequest, text: &str) -> ChatRequest {
    ChatRequest {
        begun: Some(text.to_owned()),
        ..request
    }
}

fn model(mock: &Mock, continues: Continues) -> OpenAi {
    let server = Server {
        continues,
        ..server(&mock.url())
    };
    OpenAi::new(server, client(), wording()).unwrap()
}

/// What is sent to go on, and the text that comes of `pieces`.
async fn gone_on(continues: Continues, request: ChatRequest, pieces: &[&str]) -> (Value, String) {
    let mock = Mock::always(stream(pieces));
    let (answer, end) = ask(&model(&mock, continues), request).await;
    assert_eq!(end, Ok(()));
    assert_eq!(answer.end.unwrap().finish, FinishReason::Stop);
    (mock.asked()[0].json(), answer.text)
}

#[tokio::test]
async fn a_model_is_shown_the_beginning_as_its_own() {
    for (way, mark, fields) in [
        (Continues::MistralPrefix, json!(true), [Value::Null, Value::Null]),
        (Continues::VllmPrefix, Value::Null, [json!(true), json!(false)]),
        (
            Continues::AssistantPrefix,
            Value::Null,
            [Value::Null, Value::Null],
        ),
    ] {
        let request = begun(question(CANTEEN), "Le repas coûte \n");
        let (sent, text) = gone_on(way, request, &[" \n3,20 €", "."]).await;
        let messages = sent["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2, "{way:?}");
        assert_eq!(messages[0], json!({ "role": "user", "content": CANTEEN }));
        assert_eq!(
            (&messages[1]["role"], &messages[1]["content"]),
            (&json!("assistant"), &json!("Le repas coûte"))
        );
        assert_eq!(messages[1]["prefix"], mark, "{way:?}");
        assert_eq!(
            [&sent["continue_final_message"], &sent["add_generation_prompt"]],
            fields.each_ref(),
            "{way:?}"
        );
        assert_eq!(text, "3,20 €.", "{way:?}");
    }
}

#[tokio::test]
async fn a_model_is_told_to_go_on_exactly_where_the_beginning_ends() {
    let request = begun(question(CANTEEN), BEGUN);
    let (sent, text) = gone_on(
        Continues::Prompt,
        request,
        &["3,", "20 € par en", "fant, le ", "soir."],
    )
    .await;
    assert_eq!(text, "ant, le soir.");
    let messages = sent["messages"].as_array().unwrap();
    assert_eq!(
        messages[..2],
        [
            json!({ "role": "user", "content": CANTEEN }),
            json!({ "role": "assistant", "content": BEGUN }),
        ]
    );
    let asked = messages[2]["content"].as_str().unwrap();
    assert!(asked.starts_with("Votre réponse ci-dessus a été interrompue"));
    // The last words stand between tags that nobody can guess.
    let (tag, rest) = asked.split_once("<fin-").unwrap().1.split_once('>').unwrap();
    assert_eq!(tag.len(), 16);
    assert_eq!(rest, format!("3,20 € par enf</fin-{tag}>"));
    let english = begun(question("What does the canteen cost?"), "It costs");
    let (sent, _) = gone_on(Continues::Prompt, english, &["It costs 3 euros."]).await;
    assert!(
        sent["messages"][2]["content"]
            .as_str()
            .unwrap()
            .starts_with("Your answer")
    );
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_is_not_sent() {
    let mock = Mock::always(stream(&["Oui."]));
    let mut json = begun(question(CANTEEN), "{\"prix\":");
    json.extra
        .insert("response_format".to_owned(), json!({ "type": "json_object" }));
    let without_passages = ChatRequest {
        grounded: true,
        ..begun(question(CANTEEN), BEGUN)
    };
    for (way, request) in [
        (Continues::No, begun(question(CANTEEN), BEGUN)),
        (Continues::Prompt, json),
        (Continues::Prompt, without_passages),
    ] {
        let (answer, end) = ask(&model(&mock, way), request).await;
        assert!(answer.is_empty());
        let error = end.unwrap_err();
        assert_eq!((error.code(), error.fails_over()), ("model-unsupported", true));
    }
    assert_eq!(mock.asked().len(), 0);
}

#[tokio::test]
async fn a_beginning_without_words_is_an_ordinary_question() {
    let (sent, text) = gone_on(Continues::VllmPrefix, begun(question(CANTEEN), "\n"), &["Oui."]).await;
    assert_eq!(sent["messages"], json!([{ "role": "user", "content": CANTEEN }]));
    assert!(sent.get("continue_final_message").is_none());
    assert_eq!(text, "Oui.");
}

#[tokio::test]
async fn however_the_second_model_cuts_its_text_the_two_make_one() {
    let whole = "Le repas coûte 3,20 € par enfant. Les inscriptions se font en mairie, le matin.";
    let at = whole.find("ptions").unwrap();
    for (way, again) in [
        (Continues::Prompt, whole.find("Les insc").unwrap()),
        (Continues::VllmPrefix, whole.find("par enfant").unwrap()),
        (Continues::MistralPrefix, 0),
        (Continues::AssistantPrefix, at),
    ] {
        for size in [1, 2, 3, 7, 100] {
            let signs: Vec<char> = whole[again..].chars().collect();
            let pieces: Vec<String> = signs.chunks(size).map(|piece| piece.iter().collect()).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let (_, text) = gone_on(way, begun(question(CANTEEN), &whole[..at]), &pieces).await;
            assert_eq!(
                format!("{}{text}", &whole[..at]),
                whole,
                "{way:?} in pieces of {size}"
            );
        }
    }
}

#[tokio::test]
async fn numbers_of_citations_go_on_behind_those_that_were_delivered() {
    // The first model cited the second passage, then the first.
    let first = [
        "Les enfants de moins de six ans entrent gratuitement [2]. ",
        "Le repas coûte 3,20 € [1].",
    ];
    let mock = Mock::always(stream(&first));
    let (answer, _) = ask(&model(&mock, Continues::No), grounded(CANTEEN)).await;
    assert!(
        answer
            .text
            .contains("gratuitement [1]. Le repas coûte 3,20 € [2].")
    );
    let request = ChatRequest {
        cited: answer.citations.clone(),
        ..begun(grounded(CANTEEN), &answer.text)
    };
    for way in [Continues::VllmPrefix, Continues::Prompt] {
        let rest = "3,20 € [1]. On s’inscrit en mairie [1]. La piscine ferme le lundi [2]. Six ans : entrée gratuite des enfants [2].";
        let rest = match way {
            Continues::Prompt => format!("Le repas coûte {rest}"),
            _ => rest.trim_start_matches("3,20 € [1].").to_owned(),
        };
        let mock = Mock::always(stream(&[&rest[..5], &rest[5..]]));
        let (more, end) = ask(&model(&mock, way), request.clone()).await;
        assert_eq!(end, Ok(()));
        // It is shown the numbers of the passages, as it would have written them.
        let sent = mock.asked()[0].json();
        let shown = sent["messages"][2]["content"].as_str().unwrap();
        assert_eq!(shown, first.concat(), "{way:?}");
        assert!(
            sent["messages"][1]["content"]
                .as_str()
                .unwrap()
                .contains("[2] Guide piscine")
        );
        assert_eq!(
            more.text,
            " On s’inscrit en mairie [3]. La piscine ferme le lundi [4]. Six ans : entrée gratuite des enfants [1].",
            "{way:?}"
        );
        let numbers: Vec<_> = more.citations.iter().map(|cited| cited.number).collect();
        assert_eq!(numbers, [3, 4]);
        assert_eq!(more.citations[0].text, "Les inscriptions se font en mairie.");
    }
    // Without the citations, no number is used twice all the same.
    let unknown = ChatRequest {
        cited: Vec::new(),
        ..request
    };
    let mock = Mock::always(stream(&[" On s’inscrit en mairie [1]."]));
    let (more, _) = ask(&model(&mock, Continues::VllmPrefix), unknown).await;
    assert_eq!(more.text, " On s’inscrit en mairie [3].");
}

#[tokio::test]
async fn an_answer_that_comes_whole_is_joined_as_well() {
    let body = json!({ "choices": [{
        "message": { "role": "assistant", "content": "« 3,20 € par enfant. »" }, "finish_reason": "stop",
    }] });
    let mock = Mock::always(crate::mock::json(&body));
    let whole = ChatRequest {
        whole: true,
        ..begun(question(CANTEEN), BEGUN)
    };
    let (answer, end) = ask(&model(&mock, Continues::Prompt), whole).await;
    assert_eq!((answer.text.as_str(), end), ("ant.", Ok(())));
}
