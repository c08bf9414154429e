//! Has a server turn texts into vectors, as the product would: `embed URL MODEL TEXT...`, its key on the standard input.
//!
//! Prints the vectors and the tokens they cost as JSON. The tests with real servers run it.

use std::error::Error;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use trousseau_core::embedding::{Embedder as _, EmbeddingRequest, Side};
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::date::Date;
use trousseau_policy::decide::{About, Request, Target, decide};
use trousseau_policy::fact::Fact;
use trousseau_policy::rules::Rules;
use trousseau_upstream::egress::{Egress, Network};
use trousseau_upstream::embedding::EmbedderOptions;
use trousseau_upstream::secret::Secret;
use trousseau_upstream::{OpenAiEmbedder, Server};

const TARGET: &str = "embedder";

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "a program that tries something prints what came of it"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("name the server")?;
    let model = arguments.next().ok_or("name the model")?;
    let request = Arc::new(EmbeddingRequest {
        side: Side::Passage,
        texts: arguments.collect(),
        dimensions: None,
    });
    let mut key = String::new();
    std::io::stdin().read_to_string(&mut key)?;
    let server = Server {
        secret: Some(Secret::value(key.trim(), "standard input")?),
        ..Server::new(TARGET, model, url)
    };
    let client = Network::open(&Egress::default())?.client(Duration::from_secs(5), None)?;
    let embedder = OpenAiEmbedder::new(server, client, EmbedderOptions::default())?;

    let label = Label::of(Class::Internal);
    let asked = Request {
        label: &label,
        purpose: Purpose::Embedding,
        content: request.digest(),
        read: Class::Public,
        clearance: Class::Restricted,
        about: About::default(),
    };
    let card = Card {
        premises: Fact::Known(Premises::Own),
        ..Card::default()
    };
    let today = "2026-11-21".parse::<Date>().map_err(|_| "no date")?;
    let decision = decide(&asked, &[Target::new(TARGET, card)], &Rules::default(), today);
    let permits = decision.into_permits().map_err(|_| "not permitted")?;
    let permit = permits.first().ok_or("not permitted")?;

    let vectors = embedder.embed(permit, request).await?;
    let listed: Vec<&[f32]> = vectors.iter().collect();
    println!("{}", json!({ "vectors": listed, "tokens": vectors.usage.input }));
    Ok(())
}
