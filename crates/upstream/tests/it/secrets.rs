//! Keys on their way to a server, and how they are renewed.

use std::time::Duration;

use http::HeaderName;
use trousseau_core::model::ModelError;
use trousseau_upstream::secret::Secret;
use trousseau_upstream::{OpenAi, Server};

use crate::mock::{Mock, answer, stream};
use crate::stage::{ask, client, question, server, wording};

/// A server that knows one key.
fn locked(key: &'static str) -> Mock {
    Mock::start(move |_, asked| {
        let given = asked.header("authorization").unwrap_or_default();
        if given == format!("Bearer {key}") {
            stream(&["ouvert"])
        } else {
            answer(
                "401 Unauthorized",
                "application/json",
                "",
                format!(r#"{{"error":"{given} is wrong"}}"#),
            )
        }
    })
}

fn with_key(mock: &Mock, secret: Secret) -> OpenAi {
    let server = Server {
        secret: Some(secret),
        ..server(&mock.url())
    };
    OpenAi::new(server, client(), wording()).unwrap()
}

#[tokio::test]
async fn a_key_that_was_just_renewed_is_tried_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs_err::write(&path, "old-key-1234\n").unwrap();
    let mock = locked("new-key-5678");
    let model = with_key(&mock, Secret::file(&path).unwrap());
    let refused = ask(&model, question("Bonjour ?")).await.1.unwrap_err();
    assert!(
        matches!(refused, ModelError::Misconfigured { status: 401, .. }),
        "{refused:?}"
    );
    assert_eq!(mock.asked().len(), 1, "a key that is the same is not tried again");
    fs_err::write(&path, "new-key-5678\n").unwrap();
    assert_eq!(ask(&model, question("Bonjour ?")).await.0.text, "ouvert");
    assert_eq!(mock.asked().len(), 3);
}

#[tokio::test]
async fn a_key_is_renewed_without_being_refused_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs_err::write(&path, "old-key-1234").unwrap();
    let mock = Mock::always(stream(&["oui"]));
    let model = with_key(&mock, Secret::file(&path).unwrap());
    ask(&model, question("Bonjour ?")).await.1.unwrap();
    fs_err::write(&path, "new-key-5678").unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    ask(&model, question("Bonjour ?")).await.1.unwrap();
    let keys: Vec<_> = mock
        .asked()
        .iter()
        .map(|asked| asked.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(keys, ["Bearer old-key-1234", "Bearer new-key-5678"]);
}

#[tokio::test]
async fn a_key_may_stand_in_another_header() {
    let mock = Mock::always(stream(&["oui"]));
    let mut server = Server {
        secret: Some(Secret::value("sk-1", "test").unwrap()),
        key_header: Some(HeaderName::from_static("api-key")),
        ..server(&mock.url())
    };
    server.headers.insert("x-organisation", "mairie".parse().unwrap());
    let model = OpenAi::new(server, client(), wording()).unwrap();
    ask(&model, question("Bonjour ?")).await.1.unwrap();
    let asked = &mock.asked()[0];
    assert_eq!(
        (asked.header("api-key"), asked.header("authorization")),
        (Some("sk-1"), None)
    );
    assert_eq!(asked.header("x-organisation"), Some("mairie"));
}

#[test]
fn no_description_of_a_server_shows_its_key() {
    let mut server = Server {
        secret: Some(Secret::value("sk-very-secret", "test").unwrap()),
        ..server("http://127.0.0.1/v1")
    };
    let mut value: http::HeaderValue = "sk-very-secret".parse().unwrap();
    value.set_sensitive(true);
    server.headers.insert("x-key", value);
    assert!(!format!("{server:?}").contains("very"));
}
