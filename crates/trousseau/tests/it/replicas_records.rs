//! Two servers over one real PostgreSQL: what is asked, rated and deleted on one is so on the other, whatever is killed in between.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use trousseau_testing::postgres;

use crate::harness::Dir;
use crate::model::Model;
use crate::replicas::{body, readiness, replica, until};
use crate::service::{PATIENCE, Service, ask, get, post};

/// A route to a model, which is told what the request holds.
fn route(model: &Model) -> String {
    format!(
        "[[upstream]]\nname = \"vllm\"\nkind = \"openai\"\nurl = \"{}\"\nmodel = \"m\"\ncard = {{ premises = \"own\" }}\n\
         [[route]]\nname = \"default\"\ntargets = [\"vllm\"]\ngrounded = false\n",
        model.url()
    )
}

/// Any method on a path, with JSON; the status and the body, as text.
fn call(service: &Service, method: &str, path: &str, key: &str, sent: &Value) -> (u16, String) {
    let sent = if sent.is_null() {
        String::new()
    } else {
        sent.to_string()
    };
    let mut stream = TcpStream::connect(&service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        sent.len()
    );
    stream.write_all((head + &sent).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Asks in a conversation, behind a record; the entry of the answer.
fn asks(
    service: &Service,
    key: &str,
    question: &str,
    conversation: Option<&str>,
    parent: Option<&str>,
) -> String {
    let (status, answer) = ask(&service.address, key, &asked(question, conversation, parent));
    assert_eq!(status, 200, "{answer:#}");
    answer["trousseau"]["entry"].as_str().unwrap().to_owned()
}

fn asked(question: &str, conversation: Option<&str>, parent: Option<&str>) -> Value {
    let mut asked = json!({ "model": "default", "messages": [{ "role": "user", "content": question }] });
    if let Some(conversation) = conversation {
        asked["trousseau"] = json!({ "conversation": conversation });
    }
    if let Some(parent) = parent {
        asked["trousseau"]["parent"] = parent.into();
    }
    asked
}

fn read(service: &Service, path: &str, key: &str) -> Value {
    let answer = get(&service.address, path, Some(key));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    body(&answer)
}

/// The questions of a list, in its order.
fn questions(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["question"].as_str().unwrap()).collect()
}

fn waiting(service: &Service) -> u64 {
    let answer = get(&service.address, "/readyz", None);
    body(&answer)["records_waiting"].as_u64().unwrap()
}

/// A server whose warnings, of which there are many while the database is away, are read and not kept.
fn quiet(dir: &Dir) -> Service {
    let mut service = Service::start(dir, &[]);
    let mut log = service.log();
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    service
}

fn kill(service: Service) {
    service.signal(rustix::process::Signal::KILL);
    drop(service);
}

#[test]
fn a_conversation_goes_on_on_another_replica_and_is_its_owners_alone_on_each() {
    let Some(database) = postgres::database("replicas-records") else {
        return;
    };
    let model = Model::plain();
    let (one, two) = (
        replica(&database.url, "one", &route(&model)),
        replica(&database.url, "two", &route(&model)),
    );
    let (first, second) = (Service::start(&one, &[]), Service::start(&two, &[]));
    let key = first.key.clone().unwrap();
    let other = one.json(&["keys", "create", "--name", "other"])["key"]
        .as_str()
        .unwrap()
        .to_owned();
    until(|| get(&second.address, "/v1/models", Some(&other)).starts_with("HTTP/1.1 200 "));

    let begun = post(&first.address, "/api/conversations", &key, "");
    let begun = body(&begun)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/conversations/{begun}");
    let here = asks(&first, &key, "Où est la loutre ?", Some(&begun), None);
    let there = asks(&second, &key, "Et la nuit ?", Some(&begun), Some(&here));
    let again = asks(&first, &key, "Et le jour ?", Some(&begun), Some(&there));
    let expected = ["Où est la loutre ?", "Et la nuit ?", "Et le jour ?"];
    for service in [&first, &second] {
        until(|| questions(&read(service, &path, &key)["records"]) == expected);
        let listed = read(service, "/api/conversations", &key);
        assert_eq!(listed["items"][0]["title"], "Où est la loutre ?");
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        let found = read(service, "/api/records?q=loutre", &key);
        assert_eq!(questions(&found), ["Où est la loutre ?"]);
    }

    // A name given there is its name here; a rating as well.
    let renamed = call(&second, "PATCH", &path, &key, &json!({ "title": "Loutres" }));
    assert_eq!(renamed.0, 200, "{renamed:?}");
    assert_eq!(read(&first, &path, &key)["conversation"]["title"], "Loutres");
    let rated = json!({ "entry": here, "rating": "up", "comment": "Merci" });
    let rated = call(&second, "POST", "/api/feedback", &key, &rated);
    assert!(rated.0 < 300, "{rated:?}");
    assert_eq!(
        read(&first, &format!("/api/records/{here}"), &key)["feedback"]["comment"],
        "Merci"
    );

    // Whose it is not sees it nowhere.
    for service in [&first, &second] {
        for path in [
            path.clone(),
            format!("/api/records/{here}"),
            format!("/api/records/{there}"),
        ] {
            let refused = get(&service.address, &path, Some(&other));
            assert!(refused.starts_with("HTTP/1.1 404 "), "{path}: {refused}");
            assert_eq!(
                call(service, "DELETE", &path, &other, &Value::Null).0,
                404,
                "{path}"
            );
        }
        assert_eq!(read(service, "/api/records", &other)["items"], json!([]));
    }

    // All of it is written out on either.
    let actor = read(&first, &format!("/api/records/{here}"), &key)["actor"]
        .as_str()
        .unwrap()
        .to_owned();
    for dir in [&one, &two] {
        let told = dir
            .run(&["records", "export", "--subject", &actor])
            .succeeded()
            .out;
        assert_eq!(told.matches("\"type\":\"record\"").count(), 3, "{told}");
        assert!(told.contains("Merci") && told.contains("Loutres"), "{told}");
    }

    // What is deleted there is gone here, and in the database.
    assert!(
        call(
            &second,
            "DELETE",
            &format!("/api/records/{here}"),
            &key,
            &Value::Null
        )
        .0 < 300
    );
    let gone = get(&first.address, &format!("/api/records/{here}"), Some(&key));
    assert!(gone.starts_with("HTTP/1.1 404 "), "{gone}");
    assert!(call(&first, "DELETE", &path, &key, &Value::Null).0 < 300);
    for service in [&first, &second] {
        assert_eq!(read(service, "/api/records", &key)["items"], json!([]));
        assert_eq!(read(service, "/api/conversations", &key)["items"], json!([]));
    }
    let kept = "SELECT count(*) FROM trousseau.kept WHERE kind IN ('record', 'conversation', 'title', 'feedback') AND body IS NOT NULL";
    assert_eq!(database.number(kept), 0);
    assert_ne!(again, there);
}

#[test]
fn a_response_is_gone_on_from_read_and_deleted_on_another_replica() {
    let Some(database) = postgres::database("replicas-responses") else {
        return;
    };
    let model = Model::plain();
    let (one, two) = (
        replica(&database.url, "one", &route(&model)),
        replica(&database.url, "two", &route(&model)),
    );
    let (first, second) = (Service::start(&one, &[]), Service::start(&two, &[]));
    let key = first.key.clone().unwrap();
    until(|| get(&second.address, "/v1/models", Some(&key)).starts_with("HTTP/1.1 200 "));
    let respond = |service: &Service, sent: &Value| call(service, "POST", "/v1/responses", &key, sent);
    let mut previous: Option<String> = None;
    for round in 0..6 {
        let service = if round % 2 == 0 { &first } else { &second };
        let mut sent = json!({ "model": "default", "input": format!("Question {round}, la genette ?") });
        if let Some(previous) = &previous {
            sent["previous_response_id"] = previous.as_str().into();
        }
        // At once, without waiting for anything to be brought.
        let (status, answer) = respond(service, &sent);
        assert_eq!(status, 200, "{round}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        previous = answer["id"].as_str().map(str::to_owned);
        let told = model.next();
        for earlier in 0..=round {
            assert!(told.contains(&format!("Question {earlier}, ")), "{round}: {told}");
        }
    }
    let last = previous.unwrap();
    let path = format!("/v1/responses/{last}");
    let (status, found) = call(&first, "GET", &path, &key, &Value::Null);
    assert_eq!(status, 200, "{found}");
    assert_eq!(call(&first, "DELETE", &path, &key, &Value::Null).0, 200);
    assert_eq!(call(&second, "GET", &path, &key, &Value::Null).0, 404);
    let sent = json!({ "model": "default", "input": "Et ?", "previous_response_id": last });
    assert_eq!(respond(&second, &sent).0, 404);
}

#[test]
fn what_is_asked_while_the_database_is_away_is_there_once_on_all_whoever_was_killed() {
    let Some(server) = postgres::server("replicas-records-away") else {
        return;
    };
    let model = Model::plain();
    let (one, two) = (
        replica(&server.url, "one", &route(&model)),
        replica(&server.url, "two", &route(&model)),
    );
    let (first, second) = (quiet(&one), quiet(&two));
    let key = first.key.clone().unwrap();
    until(|| get(&second.address, "/v1/models", Some(&key)).starts_with("HTTP/1.1 200 "));
    let begun = post(&first.address, "/api/conversations", &key, "");
    let begun = body(&begun)["id"].as_str().unwrap().to_owned();
    let before = asks(&first, &key, "Avant ?", Some(&begun), None);
    until(|| questions(&read(&second, "/api/records", &key)) == ["Avant ?"]);

    server.kill();
    until(|| readiness(&first).1 == "degraded" && readiness(&second).1 == "degraded");
    for (service, question) in [(&first, "Pendant, ici ?"), (&second, "Pendant, là ?")] {
        asks(service, &key, question, None, None);
        // Nobody can tell what the history is: it is neither shown in part nor left out.
        for path in [
            "/api/records".to_owned(),
            "/api/conversations".to_owned(),
            format!("/api/records/{before}"),
        ] {
            let refused = get(&service.address, &path, Some(&key));
            assert!(
                refused.starts_with("HTTP/1.1 503 ") && refused.contains("store-away"),
                "{refused}"
            );
        }
        let (status, refused) = ask(
            &service.address,
            &key,
            &asked("Suite ?", Some(&begun), Some(&before)),
        );
        assert_eq!(status, 503, "{refused:#}");
        let id = read_id(&before);
        let sent = json!({ "model": "default", "input": "Suite ?", "previous_response_id": id });
        assert_eq!(call(service, "POST", "/v1/responses", &key, &sent).0, 503);
        assert_eq!(
            call(
                service,
                "DELETE",
                &format!("/api/records/{before}"),
                &key,
                &Value::Null
            )
            .0,
            503
        );
        until(|| waiting(service) > 0);
    }
    kill(first);
    server.start();
    let first = quiet(&one);
    until(|| readiness(&first).1 == "ready" && readiness(&second).1 == "ready");
    for service in [&first, &second] {
        until(|| {
            read(service, "/api/records", &key)["items"]
                .as_array()
                .unwrap()
                .len()
                == 3
        });
        let listed = read(service, "/api/records", &key);
        let mut found = questions(&listed);
        found.sort_unstable();
        assert_eq!(found, ["Avant ?", "Pendant, ici ?", "Pendant, là ?"]);
        until(|| waiting(service) == 0);
    }

    // Killed in the middle of many questions, and the database with it: what was answered is there, once.
    let mut answered = vec![before];
    for round in 0..20 {
        answered.push(asks(
            &second,
            &key,
            &format!("Question {round} ?"),
            Some(&begun),
            None,
        ));
        if round == 10 {
            server.kill();
            until(|| readiness(&second).1 == "degraded");
            break;
        }
    }
    for round in 0..5 {
        answered.push(asks(&second, &key, &format!("Sans base {round} ?"), None, None));
    }
    kill(second);
    server.start();
    let second = quiet(&two);
    until(|| readiness(&first).1 == "ready" && readiness(&second).1 == "ready");
    for service in [&first, &second] {
        until(|| {
            read(service, "/api/records?limit=50", &key)["items"]
                .as_array()
                .unwrap()
                .len()
                == 19
        });
        for entry in &answered {
            assert_eq!(
                read(service, &format!("/api/records/{entry}"), &key)["state"],
                "answered"
            );
        }
    }
}

#[test]
fn what_is_too_old_is_erased_once_whoever_looks_for_it_at_the_same_time() {
    let Some(database) = postgres::database("replicas-retention") else {
        return;
    };
    let model = Model::plain();
    let (one, two) = (
        replica(&database.url, "one", &route(&model)),
        replica(&database.url, "two", &route(&model)),
    );
    let (first, second) = (Service::start(&one, &[]), Service::start(&two, &[]));
    let key = first.key.clone().unwrap();
    until(|| get(&second.address, "/v1/models", Some(&key)).starts_with("HTTP/1.1 200 "));
    for number in 0..12 {
        let service = if number % 2 == 0 { &first } else { &second };
        asks(service, &key, &format!("Question {number} ?"), None, None);
    }
    let count = |service: &Service| {
        read(service, "/api/records", &key)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    until(|| count(&first) == 12 && count(&second) == 12 && waiting(&first) == 0 && waiting(&second) == 0);
    let purge = ["records", "purge", "--older-than", "0"];
    let erased = std::thread::scope(|scope| {
        let both = [&one, &two].map(|dir| scope.spawn(|| dir.json(&purge)["erased"].as_u64().unwrap()));
        both.map(|purged| purged.join().unwrap())
    });
    assert_eq!(erased.iter().sum::<u64>(), 12, "{erased:?}");
    assert_eq!((count(&first), count(&second)), (0, 0));
}

#[test]
fn a_folder_that_was_alone_brings_its_records_and_when_told_its_accounts() {
    let Some(database) = postgres::database("replicas-import") else {
        return;
    };
    let model = Model::plain();
    let old = Dir::new();
    old.write("data/trousseau.toml", route(&model));
    let refused = old.run(&["--json", "state", "import"]);
    assert_eq!(refused.error(), "app-not-shared");
    let alone = Service::start(&old, &[]);
    let key = alone.key.clone().unwrap();
    let gone = old.json(&["keys", "create", "--name", "gone"]);
    old.run(&["keys", "revoke", "gone"]).succeeded();
    old.json(&["users", "create", "alice"]);
    asks(&alone, &key, "Que mange la mangouste ?", None, None);
    alone.stop().succeeded();

    let shared = |name: &str| {
        format!(
            "[ledger]\nreplica = \"{name}\"\n[state]\nurl = \"{}\"\n{}",
            database.url,
            route(&model)
        )
    };
    old.write("data/trousseau.toml", shared("main"));
    let told = old.json(&["state", "import"]);
    assert_eq!(told, json!({ "keys": 2, "users": 1, "records_waiting": 0 }));
    // Once more is nothing more, while it serves as well; what was revoked since is not brought back.
    let first = Service::start(&old, &["--no-first-key"]);
    let other = replica(&database.url, "two", &route(&model));
    let second = Service::start(&other, &["--no-first-key"]);
    let told = old.json(&["state", "import"]);
    assert_eq!((&told["keys"], &told["users"]), (&json!(0), &json!(0)));
    for service in [&first, &second] {
        assert_eq!(
            questions(&read(service, "/api/records", &key)),
            ["Que mange la mangouste ?"]
        );
        let refused = get(&service.address, "/v1/models", gone["key"].as_str());
        assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    }

    // Another installation with a user of that name is not mixed with it.
    let more = Dir::new();
    more.run(&["users", "create", "ALICE"]).succeeded();
    more.write("data/trousseau.toml", shared("three"));
    let refused = more.run(&["--json", "state", "import"]);
    assert_eq!(refused.error(), "account-taken");
    assert_eq!(database.number("SELECT count(*) FROM trousseau.users"), 1);
}

/// The id of a response, of its record's entry.
fn read_id(entry: &str) -> String {
    let (replica, index) = entry.rsplit_once('/').unwrap();
    format!("resp_{replica}_{index}")
}

#[test]
fn a_name_is_one_replicas_and_two_histories_under_one_name_are_not_mixed() {
    let Some(database) = postgres::database("replicas-names") else {
        return;
    };
    let model = Model::plain();
    let (one, twin) = (
        replica(&database.url, "one", &route(&model)),
        replica(&database.url, "one", &route(&model)),
    );
    let first = Service::start(&one, &[]);
    let refused = |dir: &Dir| {
        let told = dir.run(&["--json", "serve", "--listen", "127.0.0.1:0"]);
        assert_ne!(told.code, Some(0));
        told.error()
    };
    assert_eq!(refused(&twin), "store-replica-twice");
    // Nor does it get the name of one that has ended.
    let key = first.key.clone().unwrap();
    asks(&first, &key, "Une question ?", None, None);
    first.stop().succeeded();
    assert_eq!(refused(&twin), "store-replica-twice");
    let first = Service::start(&one, &[]);
    assert_eq!(questions(&read(&first, "/api/records", &key)), ["Une question ?"]);
    first.stop().succeeded();

    // Two that were alone so far, each with a history under the same name.
    let (old, older) = (alone(&model), alone(&model));
    for (dir, name) in [(&old, "old"), (&older, "older")] {
        let text = format!(
            "[ledger]\nreplica = \"{name}\"\n[state]\nurl = \"{}\"\n{}",
            database.url,
            route(&model)
        );
        dir.write("data/trousseau.toml", text);
    }
    let joined = Service::start(&old, &[]);
    assert_eq!(
        database
            .number("SELECT count(*) FROM trousseau.kept WHERE kind = 'record' AND body LIKE '%mangouste%'"),
        1
    );
    assert_eq!(refused(&older), "store-records-clash");
    assert_eq!(
        database
            .number("SELECT count(*) FROM trousseau.kept WHERE kind = 'record' AND body LIKE '%mangouste%'"),
        1
    );
    joined.stop().succeeded();
}

/// A data folder that shared nothing so far, with a record.
fn alone(model: &Model) -> Dir {
    let dir = Dir::new();
    dir.write("data/trousseau.toml", route(model));
    let service = Service::start(&dir, &[]);
    let key = service.key.clone().unwrap();
    asks(&service, &key, "Que mange la mangouste ?", None, None);
    service.stop().succeeded();
    dir
}
