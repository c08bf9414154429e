//! What the tests ask, with permits from the policy.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use trousseau_core::chat::{ChatAnswer, ChatEvent, ChatRequest, Message};
use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::model::{ChatModel as _, ModelError};
use trousseau_core::permit::{Permit, Purpose};
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::date::Date;
use trousseau_policy::decide::{About, Request, Target, decide};
use trousseau_policy::fact::Fact;
use trousseau_policy::rules::Rules;
use trousseau_upstream::egress::{Egress, Network};
use trousseau_upstream::server::Timeouts;
use trousseau_upstream::{OpenAi, Server, Wording};

pub(crate) const TARGET: &str = "vllm";

/// What the policy says to sending this.
pub(crate) fn permit(purpose: Purpose, content: Digest) -> Permit {
    let label = Label::of(Class::Internal);
    let request = Request {
        label: &label,
        purpose,
        content,
        read: Class::Public,
        clearance: Class::Restricted,
        about: About::default(),
    };
    let card = Card {
        premises: Fact::Known(Premises::Own),
        ..Card::default()
    };
    let today = "2026-11-21".parse::<Date>().unwrap();
    let decision = decide(&request, &[Target::new(TARGET, card)], &Rules::default(), today);
    decision.into_permits().unwrap().remove(0)
}

pub(crate) fn direct() -> Network {
    Network::open(&Egress {
        system_authorities: false,
        ..Egress::default()
    })
    .unwrap()
}

pub(crate) fn client() -> reqwest::Client {
    direct().client(Duration::from_secs(5), None).unwrap()
}

pub(crate) fn wording() -> Wording {
    Wording {
        abstention_fr: "Les documents ne le disent pas.".to_owned(),
        abstention_en: "The documents do not say.".to_owned(),
    }
}

pub(crate) fn server(url: &str) -> Server {
    Server::new(TARGET, "mistral-small", url)
}

pub(crate) fn model(url: &str) -> OpenAi {
    OpenAi::new(server(url), client(), wording()).unwrap()
}

/// A model that must be quick.
pub(crate) fn hasty(url: &str, timeouts: Timeouts) -> OpenAi {
    let client = direct().client(timeouts.connect, None).unwrap();
    OpenAi::new(
        Server {
            timeouts,
            ..server(url)
        },
        client,
        wording(),
    )
    .unwrap()
}

pub(crate) fn question(text: &str) -> ChatRequest {
    ChatRequest {
        messages: vec![Message::user(text)],
        ..ChatRequest::default()
    }
}

/// Every event of an answer, and how it ended.
pub(crate) async fn events(model: &OpenAi, request: ChatRequest) -> (Vec<ChatEvent>, Result<(), ModelError>) {
    let request = Arc::new(request);
    let permit = permit(Purpose::Chat, request.digest());
    let mut stream = match model.chat(&permit, request).await {
        Ok(stream) => stream,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => return (events, Err(error)),
        }
    }
    (events, Ok(()))
}

/// An answer put together.
pub(crate) async fn ask(model: &OpenAi, request: ChatRequest) -> (ChatAnswer, Result<(), ModelError>) {
    let (events, end) = events(model, request).await;
    let mut answer = ChatAnswer::default();
    events.into_iter().for_each(|event| answer.push(event));
    (answer, end)
}

/// How a question to the server at `url` fails.
pub(crate) async fn failure(url: &str) -> ModelError {
    let (answer, end) = ask(&model(url), question("Bonjour ?")).await;
    assert_eq!(answer.end, None);
    end.unwrap_err()
}
