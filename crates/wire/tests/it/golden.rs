//! The golden files: what each server documents is read, and what it expects is sent.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::Value;
use trousseau_wire::client::{ChatReader, Dialect, blames_setup, chat_body, embeddings, error, rerank};
use trousseau_wire::server;

use crate::told::{read, told};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn file(name: &str) -> String {
    fs_err::read_to_string(folder().join(name)).unwrap()
}

fn whole(name: &str) -> String {
    told(&ChatReader::whole(file(name).as_bytes()).unwrap())
}

fn stream(name: &str) -> String {
    read(file(name).lines())
}

fn failure(name: &str) -> String {
    let (_, status) = name.split_once("error-").unwrap();
    let status = status.trim_end_matches(".json").parse().unwrap();
    error(status, file(name).as_bytes())
}

/// Every golden file is named in this source: none is there for show.
#[test]
fn every_file_is_read() {
    let source =
        fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden.rs")).unwrap();
    let mut servers = BTreeSet::new();
    for server in fs_err::read_dir(folder()).unwrap() {
        let server = server.unwrap();
        if !server.path().is_dir() {
            continue;
        }
        for file in fs_err::read_dir(server.path()).unwrap() {
            let server = server.file_name().into_string().unwrap();
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(
                source.contains(&format!("\"{server}/{name}\"")),
                "{server}/{name}"
            );
            servers.insert(server);
        }
    }
    assert_eq!(servers.len(), 10, "{servers:?}");
}

#[test]
fn a_documented_request_is_passed_on_unchanged() {
    for (name, dialect) in [
        ("vllm/request.json", Dialect::OpenAi),
        ("llama-cpp/request.json", Dialect::OpenAi),
        ("ollama/request.json", Dialect::OpenAi),
        ("mistral/request.json", Dialect::Mistral),
        ("ovhcloud/request.json", Dialect::OpenAi),
        ("scaleway/request.json", Dialect::OpenAi),
    ] {
        let sent = file(name);
        let call = server::chat(sent.as_bytes()).unwrap();
        let body = chat_body(&call.request, &call.request.messages, &call.model, call.stream);
        let written = serde_json::to_string(&body.in_dialect(dialect)).unwrap();
        let written: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(&sent).unwrap(), "{name}");
    }
}

#[test]
fn a_documented_request_in_another_form_is_sent_as_a_chat() {
    let response = server::responses::responses(file("openai/responses-request.json").as_bytes()).unwrap();
    let message = server::anthropic::messages(file("anthropic/messages-request.json").as_bytes()).unwrap();
    for (call, name) in [
        (response.call, "openai/responses-chat.json"),
        (message, "anthropic/messages-chat.json"),
    ] {
        let body = chat_body(&call.request, &call.request.messages, &call.model, call.stream);
        let written = serde_json::to_value(body).unwrap();
        assert_eq!(
            written,
            serde_json::from_str::<Value>(&file(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn vllm() {
    assert_snapshot!(whole("vllm/answer.json"), @r#"
    reasoning "\nComparons 9,80 et 9,11.\n"
    text "\n\n9.8 est plus grand."
    end stop 25+36 {}
    "#);
    assert_snapshot!(stream("vllm/stream.jsonl"), @r#"
    reasoning "Comparons"
    reasoning "."
    extra {"choice":{"logprobs":{"content":[{"token":"9.8","logprob":-0.01,"bytes":[57,46,56],"top_logprobs":[]}]}}}
    text "9.8"
    extra {"choice":{"logprobs":{"content":[{"token":".","logprob":-0.02,"bytes":[46],"top_logprobs":[]}]}}}
    text "."
    extra {"choice":{"stop_reason":151645}}
    end stop 25+5 {"prompt_tokens_details":{"cached_tokens":16}}
    "#);
    assert_snapshot!(stream("vllm/tools.jsonl"), @r#"
    call 0 id chatcmpl-tool-a1 name get_weather ""
    call 0 "{\"city\": "
    call 0 "\"Lyon\"}"
    call 1 id chatcmpl-tool-b2 name get_time "{}"
    end tool_calls 190+41 {}
    "#);
    assert_snapshot!(stream("vllm/broken.jsonl"), @r#"
    text "Il"
    reported Some(500) "EngineCore encountered an issue. See stack trace (above) for the root cause."
    "#);
    assert_snapshot!(failure("vllm/error-404.json"), @"The model `mistral` does not exist.");
    assert_snapshot!(failure("vllm/error-400.json"), @"This model's maximum context length is 4096 tokens. However, you requested 9000 tokens in the messages. Please reduce the length of the messages.");
}

#[test]
fn llama_cpp() {
    assert_snapshot!(whole("llama-cpp/answer.json"), @r#"
    extra {"answer":{"system_fingerprint":"b7090-1f2a","timings":{"cache_n":4,"prompt_n":7,"prompt_ms":31.5,"predicted_n":12,"predicted_ms":402.25}}}
    reasoning "Une salutation."
    text "Bonjour !"
    end stop 11+12 {"prompt_tokens_details":{"cached_tokens":4}}
    "#);
    assert_snapshot!(stream("llama-cpp/stream.jsonl"), @r#"
    extra {"answer":{"system_fingerprint":"b7090-1f2a"}}
    reasoning "Une"
    text "Bon"
    text "jour"
    extra {"answer":{"timings":{"prompt_n":11,"predicted_n":3}}}
    end length 11+3 {}
    "#);
    assert_snapshot!(stream("llama-cpp/tools.jsonl"), @r#"
    extra {"answer":{"system_fingerprint":"b7090-1f2a"}}
    call 0 id gEr5b name python "{\"code\":\""
    call 0 "1+1\"}"
    extra {"answer":{"timings":{"prompt_n":160,"predicted_n":20}}}
    end tool_calls 160+20 {}
    "#);
    assert_snapshot!(failure("llama-cpp/error-400.json"), @"the request exceeds the available context size. try increasing the context size or enable context shift");
    assert_snapshot!(failure("llama-cpp/error-503.json"), @"Loading model");
}

#[test]
fn llama_cpp_python() {
    // It counts no tokens in a stream.
    assert_snapshot!(stream("llama-cpp-python/stream.jsonl"), @r#"
    text "Bon"
    text "jour"
    end length 0+0 {}
    "#);
    assert_snapshot!(stream("llama-cpp-python/tools.jsonl"), @r#"
    extra {"message":{"function_call":{"name":"meteo","arguments":"{\"ville\": "}}}
    call 0 id call__0_meteo_cmpl-7d1c name meteo "{\"ville\": "
    extra {"message":{"function_call":{"name":"meteo","arguments":"\"Lyon\"}"}}}
    call 0 "\"Lyon\"}"
    extra {"message":{"function_call":{"name":"meteo","arguments":""}}}
    call 0 ""
    end tool_calls 0+0 {}
    "#);
    assert_snapshot!(stream("llama-cpp-python/interrupted.jsonl"), @r#"
    text "Bon"
    text "jour"
    fault "": a stream that ended without a finish reason
    "#);
    assert_snapshot!(failure("llama-cpp-python/error-400.json"), @"This model's maximum context length is 8192 tokens. However, you requested 16022 tokens (16018 in the messages, 4 in the completion). Please reduce the length of the messages or completion.");
    assert_snapshot!(failure("llama-cpp-python/error-401.json"), @"Invalid API key");
    let unpooled = embeddings(file("llama-cpp-python/embeddings-tokens.json").as_bytes(), 1);
    assert_snapshot!(unpooled.unwrap_err(), @"a vector for each token: the server must pool them into one for each text");
}

#[test]
fn litellm() {
    let said = |name: &str| error(400, file(name).as_bytes());
    assert_snapshot!(said("litellm/key-400.json"), @"No connected db.");
    assert_snapshot!(said("litellm/model-400.json"), @"/chat/completions: Invalid model name passed in model=missing. Call `/v1/models` to view available models for your key.");
    assert_snapshot!(said("litellm/long-400.json"), @"litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindowExceededError: OpenAIException - This model's maximum context length is 8192 tokens.");
}

#[test]
fn a_refusal_is_told_from_a_wrong_key_or_model() {
    for (name, expected) in [
        ("litellm/key-400.json", true),
        ("litellm/model-400.json", true),
        ("litellm/long-400.json", false),
        ("mistral/error-400.json", true),
        ("llama-cpp-python/error-400.json", false),
        ("llama-cpp/error-400.json", false),
        ("vllm/error-400.json", false),
    ] {
        assert_eq!(blames_setup(file(name).as_bytes()), expected, "{name}");
    }
    assert!(!blames_setup(b"<html>"));
    assert!(!blames_setup(b"{\"error\":\"model_not_found\"}"));
}

#[test]
fn ollama() {
    assert_snapshot!(whole("ollama/answer.json"), @r#"
    extra {"answer":{"system_fingerprint":"fp_ollama"}}
    reasoning "Il faut la météo."
    call 0 id call_x1 name get_weather "{\"city\":\"Lyon\"}"
    end tool_calls 150+30 {}
    "#);
    assert_snapshot!(stream("ollama/stream.jsonl"), @r#"
    extra {"answer":{"system_fingerprint":"fp_ollama"}}
    reasoning "Une"
    reasoning " salutation."
    text "Bonjour"
    end stop 10+6 {}
    "#);
    assert_snapshot!(stream("ollama/tools.jsonl"), @r#"
    extra {"answer":{"system_fingerprint":"fp_ollama"}}
    call 0 id call_a name get_weather "{\"city\":\"Lyon\"}"
    call 1 id call_b name get_weather "{\"city\":\"Nice\"}"
    end tool_calls 0+0 {}
    "#);
    assert_snapshot!(failure("ollama/error-404.json"), @r#"model "llama9" not found, try pulling it first"#);
    assert_snapshot!(failure("ollama/error-500.json"), @"the request exceeds the available context size");
}

#[test]
fn mistral() {
    assert_snapshot!(whole("mistral/answer.json"), @r#"
    reasoning "Deux et deux. Quatre."
    text "Quatre"
    text "."
    extra {"message":{"content_parts":[{"type":"reference","reference_ids":[1]}]}}
    end stop 173+32 {}
    "#);
    assert_snapshot!(stream("mistral/stream.jsonl"), @r#"
    reasoning "Deux et"
    reasoning " deux."
    text "Quatre"
    extra {"choice":{"native_finish_reason":"model_length"}}
    text "."
    end length 12+9 {"num_cached_tokens":0}
    "#);
    assert_snapshot!(stream("mistral/tools.jsonl"), @r#"
    call 0 id D681PevKs name add "{\"a\": 2, \"b\": 2}"
    call 1 id q7Lk2Wn3a name add "{\"a\": 3, \"b\": 3}"
    end tool_calls 94+31 {}
    "#);
    assert_snapshot!(stream("mistral/think-2506.jsonl"), @r#"
    reasoning "Deux et deux.\n"
    text "Quatre."
    end stop 12+16 {}
    "#);
    assert_snapshot!(failure("mistral/error-400.json"), @"Invalid model: mistral-small-250");
    assert_snapshot!(failure("mistral/error-401.json"), @"Invalid API Key");
    assert_snapshot!(failure("mistral/error-422.json"), @"body.stream_options.include_usage: Extra inputs are not permitted; body.messages.0.user.content: Input should be a valid string");
    assert_snapshot!(failure("mistral/error-429.json"), @"Requests rate limit exceeded");
}

#[test]
fn ovhcloud() {
    assert_snapshot!(whole("ovhcloud/answer.json"), @r#"
    call 0 id a1B2c3D4e name add_task "{\"name\": \"Call Marie\"}"
    end tool_calls 139+24 {}
    "#);
    assert_snapshot!(stream("ovhcloud/stream.jsonl"), @r#"
    reasoning "A greeting."
    text "Hello"
    text "!"
    end stop 70+14 {}
    "#);
}

#[test]
fn scaleway() {
    assert_snapshot!(whole("scaleway/answer.json"), @r#"
    reasoning "The user asks for questions about mathematics. "
    text "Answer is 42."
    end stop 14+20 {}
    "#);
    assert_snapshot!(stream("scaleway/stream.jsonl"), @r#"
    reasoning "A greeting"
    reasoning "\n"
    text "\n\nHello"
    end stop 21+6 {}
    "#);
    assert_snapshot!(stream("scaleway/broken.jsonl"), @r#"
    text "Hel"
    reported Some(500) "Internal server error"
    "#);
    assert_snapshot!(failure("scaleway/error-422.json"), @"Model not found");
    assert_snapshot!(failure("scaleway/error-429.json"), @"You are exceeding your current quota for the requested model");
}

#[test]
fn vectors() {
    let read = |name: &str, texts| embeddings(file(name).as_bytes(), texts).unwrap();
    assert_snapshot!(format!("{:?}", read("vllm/embeddings.json", 2)), @"Embeddings { vectors: [[0.25, -0.5, 0.125], [0.0, 1.0, -0.001]], usage: Usage { input: 12, output: 0, details: {} } }");
    assert_snapshot!(format!("{:?}", read("ollama/embeddings.json", 1)), @"Embeddings { vectors: [[0.0125, -0.75]], usage: Usage { input: 8, output: 0, details: {} } }");
    assert_snapshot!(format!("{:?}", read("mistral/embeddings.json", 2)), @"Embeddings { vectors: [[-0.0165, 0.0007], [0.5, -0.5]], usage: Usage { input: 15, output: 0, details: {} } }");
}

#[test]
fn rankings() {
    let read = |name: &str, documents| rerank(file(name).as_bytes(), documents).unwrap();
    assert_snapshot!(format!("{:?}", read("vllm/rerank.json", 2)), @"[Ranked { index: 1, score: 0.99853516 }, Ranked { index: 0, score: 0.00058603287 }]");
    assert_snapshot!(format!("{:?}", read("llama-cpp/rerank.json", 3)), @"[Ranked { index: 1, score: 5.25 }, Ranked { index: 2, score: -2.0 }, Ranked { index: 0, score: -10.5 }]");
    assert_snapshot!(format!("{:?}", read("scaleway/rerank.json", 3)), @"[Ranked { index: 1, score: 0.6456239 }, Ranked { index: 2, score: 0.62642354 }, Ranked { index: 0, score: 0.60599256 }]");
}
