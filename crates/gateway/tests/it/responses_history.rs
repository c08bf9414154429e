//! `previous_response_id`: an earlier answer of the same person comes back through its record, with its label.

use serde_json::{Value, json};
use trousseau_core::chat::Role as Speaker;
use trousseau_core::principal::Role;
use trousseau_http::Settings;

use crate::responses::asked;
use crate::scripted::Step;
use crate::stage::{Stage, change, own, route, unknown};
use crate::wired::{Wired, new_key, request, staged};

const PATH: &str = "/v1/responses";

#[tokio::test]
async fn what_was_said_before_comes_back_without_its_instructions() {
    const SCRIPT: &[Step] = &[Step::Think("Hm."), Step::Say("Oui."), Step::End];
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("local", SCRIPT)]).await;
    change(&gateway, |plan| plan.settings.routes[0].grounded = false);
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let first = json!({ "instructions": "Sois bref.", "input": [{ "role": "developer", "content": "Règle." }, { "role": "user", "content": "Un ?" }] });
    let first = wired.post(PATH, &asked(first)).await.json();
    let second =
        json!({ "instructions": "Sois long.", "input": "Deux ?", "previous_response_id": first["id"] });
    let second = wired.post(PATH, &asked(second)).await.json();
    let third = json!({ "input": "Trois ?", "previous_response_id": second["id"] });
    wired.post(PATH, &asked(third)).await;
    let said = |call: usize| -> Vec<String> {
        let request = models[0].calls()[call].request.clone();
        request
            .messages
            .iter()
            .map(|message| message.content.clone())
            .collect()
    };
    assert_eq!(said(1), ["Sois long.", "Règle.", "Un ?", "Oui.", "Deux ?"]);
    assert_eq!(said(2), ["Règle.", "Un ?", "Oui.", "Deux ?", "Oui.", "Trois ?"]);
    let call = models[0].calls()[1].request.clone();
    assert_eq!(call.messages[3].role, Speaker::Assistant);
    assert_eq!(call.messages[3].extra["reasoning_content"], "Hm.");

    let other = new_key(&wired.server, Role::User, |grants| {
        grants.label_floor = "public".parse().unwrap();
    })
    .await;
    let stolen = asked(json!({ "previous_response_id": first["id"] }));
    let reply = wired.post_as(&other, PATH, &stolen).await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "gateway-no-entry"));
    assert_eq!(reply.json()["error"]["param"], "previous_response_id");
}

#[tokio::test]
async fn a_tool_is_answered_by_its_output_alone() {
    const SCRIPT: &[Step] = &[Step::Call(0, "c1", "{\"ville\":\"Lyon\"}"), Step::End];
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("local", SCRIPT)]).await;
    change(&gateway, |plan| plan.settings.routes[0].grounded = false);
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let tools =
        json!([{ "type": "function", "name": "meteo", "parameters": { "type": "object" }, "strict": true }]);
    let first = wired
        .post(
            PATH,
            &asked(json!({ "tools": tools, "tool_choice": { "type": "function", "name": "meteo" } })),
        )
        .await
        .json();
    assert_eq!(first["output"][0]["call_id"], "c1", "{first}");
    let output = json!([{ "type": "function_call_output", "call_id": "c1", "output": "20 degrés" }]);
    let second = json!({ "input": output, "previous_response_id": first["id"], "tools": tools });
    let reply = wired.post(PATH, &asked(second)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let calls = models[0].calls();
    assert_eq!(calls[0].request.tools.definitions[0]["function"]["strict"], true);
    assert_eq!(
        calls[0].request.tools.choice,
        Some(json!({ "type": "function", "function": { "name": "meteo" } }))
    );
    let [question, call, result] = calls[1].request.messages.as_slice() else {
        panic!("{:?}", calls[1].request.messages)
    };
    assert_eq!(question.content, "Quand ouvre le guichet ?");
    assert_eq!(
        (
            call.tool_calls[0].id.as_str(),
            call.tool_calls[0].arguments.as_str()
        ),
        ("c1", "{\"ville\":\"Lyon\"}")
    );
    assert_eq!(
        (result.role, result.tool_call_id.as_deref()),
        (Speaker::Tool, Some("c1"))
    );
    // The calls are read back from the file, not from what was just written.
    let entry = first["trousseau"]["entry"].as_str().unwrap();
    let record: Value = wired.get(&format!("/api/records/{entry}")).await.json();
    assert_eq!(record["tool_calls"][0]["name"], "meteo", "{record}");
}

#[tokio::test]
async fn the_label_of_what_was_said_comes_back() {
    const SCRIPT: &[Step] = &[Step::Say("Oui."), Step::End];
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("local", SCRIPT), ("afar", SCRIPT)]).await;
    change(&gateway, |plan| {
        plan.targets = vec![own("local"), unknown("afar")];
        plan.settings.routes = vec![route("documents", &["local"]), route("public", &["afar"])];
        plan.settings
            .routes
            .iter_mut()
            .for_each(|route| route.grounded = false);
    });
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let secret = json!({ "trousseau": { "label": "sensitive+health" } });
    let first = wired.post(PATH, &asked(secret)).await.json();
    let next = json!({ "model": "public", "input": "Et ensuite ?", "previous_response_id": first["id"] });
    let reply = wired.post(PATH, &next).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "policy-denied"));
    let label = &reply.json()["error"]["trousseau"]["label"];
    assert_eq!(
        (&label["class"], &label["tags"][0]),
        (&json!("sensitive"), &json!("health"))
    );
    assert!(models[1].calls().is_empty());
    let plain = wired
        .post(PATH, &json!({ "model": "public", "input": "Et ensuite ?" }))
        .await;
    assert_eq!(plain.status, 200, "{plain:?}");
}

#[tokio::test]
async fn a_response_is_there_for_whoever_asked_until_it_is_erased() {
    const SCRIPT: &[Step] = &[
        Step::Think("Hm."),
        Step::Say("À neuf heures [1]."),
        Step::Cite,
        Step::End,
    ];
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", SCRIPT)]).await;
    change(&gateway, |plan| plan.settings.incognito = true);
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let made = json!({ "instructions": "Sois bref.", "input": "Quand ouvre le guichet ?" });
    let made = wired.post(PATH, &asked(made)).await.json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let back = wired.get(&path).await.json();
    for field in [
        "id",
        "object",
        "status",
        "model",
        "output",
        "instructions",
        "created_at",
        "store",
    ] {
        assert_eq!(back[field], made[field], "{field}: {back}");
    }
    let (told, back) = (&made["trousseau"], &back["trousseau"]);
    for field in ["entry", "outcome", "label", "decision", "citations", "route"] {
        assert_eq!(back[field], told[field], "{field}");
    }

    let other = new_key(&wired.server, Role::DataProtectionOfficer, |_| {}).await;
    let other = format!("authorization: Bearer {other}");
    for method in ["GET", "DELETE"] {
        let reply = wired.send(request(method, &path, &[&other], "")).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "gateway-no-entry"),
            "{method}"
        );
    }
    assert_eq!(wired.get(&format!("{path}?stream=true")).await.status, 400);
    let erased = wired.call("DELETE", &path, &[], "").await;
    assert_eq!(
        erased.json(),
        json!({ "id": made["id"], "object": "response", "deleted": true })
    );
    let entry = told["entry"].as_str().unwrap();
    for gone in [
        path.clone(),
        format!("/api/records/{entry}"),
        format!("{PATH}/resp_main"),
    ] {
        assert_eq!(wired.get(&gone).await.status, 404, "{gone}");
    }
    let next = asked(json!({ "previous_response_id": made["id"] }));
    assert_eq!(wired.post(PATH, &next).await.status, 404);

    // What was not kept is not there either, nor is what is none.
    let unkept = wired.post(PATH, &asked(json!({ "store": false }))).await.json();
    let unkept = format!("{PATH}/{}", unkept["id"].as_str().unwrap());
    assert_eq!(wired.get(&unkept).await.status, 404);
}
