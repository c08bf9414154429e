//! A gateway with one ungrounded route over one model that says one word.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream;
use jiff::Timestamp;
use trousseau_core::chat::{ChatEnd, ChatEvent, ChatRequest, FinishReason, Usage};
use trousseau_core::model::{ChatModel, ChatStream, ModelError, check_permit};
use trousseau_core::permit::Permit;
use trousseau_extract::{Limits, Pool};
use trousseau_gateway::cached::Answers;
use trousseau_gateway::logs::Logs;
use trousseau_gateway::records::Records;
use trousseau_gateway::service::Gateway;
use trousseau_gateway::settings::{Route, Settings, Way};
use trousseau_ledger::Durability;
use trousseau_plan::{InForce, Plan};
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::decide::Target;
use trousseau_policy::fact::Fact;
use trousseau_policy::rules::Rules;
use trousseau_retrieval::database::Access;
use trousseau_retrieval::extraction::Extraction;
use trousseau_retrieval::library::Library;

/// Opens it over a data folder.
pub(crate) async fn open(data: &Path, durability: Durability) -> Gateway {
    let route = Route {
        name: "bench".to_owned(),
        targets: vec!["local".to_owned(), "away".to_owned()],
        way: Way::in_order("bench", ["local", "away"]),
        continues: true,
        hold_back: None,
        mask: None,
        grounded: false,
        collections: None,
        label_floor: "internal".parse().expect("a label"),
        passages: 5,
        durability,
        cache: None,
    };
    let settings = Settings {
        replica: "main".to_owned(),
        origin: "example.org".to_owned(),
        routes: vec![route],
        ..Settings::default()
    };
    let own = Card {
        premises: Fact::Known(Premises::Own),
        ..Card::default()
    };
    let targets = vec![Target::new("local", own), Target::new("away", Card::default())];
    let model: Arc<dyn ChatModel> = Arc::new(OneWord);
    let logs = Logs::new(data, &settings.replica, &settings.origin);
    let models = HashMap::from([("local".to_owned(), model)]);
    let plan = Plan::new(settings, (targets, Rules::default()), models).expect("JSON");
    Gateway {
        logs,
        library: Library::open(data, Access::Write).await.expect("a library"),
        records: Records::open(data, Access::Write).await.expect("records"),
        plan: InForce::new(plan),
        limits: Arc::new(
            trousseau_limits::Limits::open(data, Access::Write)
                .await
                .expect("limits"),
        ),
        router: Arc::new(trousseau_routing::Router::new(7)),
        withdrawals: Arc::new(
            trousseau_withdrawals::Withdrawals::open(data, Timestamp::now())
                .expect("the list of withdrawals"),
        ),
        answers: Answers::default(),
        extraction: Extraction::new(Pool::danger_in_process(Limits::default())),
        now: Timestamp::now,
    }
}

/// A model that says one word.
struct OneWord;

impl ChatModel for OneWord {
    fn name(&self) -> &str {
        "one-word/1"
    }

    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>> {
        async move {
            check_permit(permit, "local", &request)?;
            let end = ChatEnd {
                finish: FinishReason::Stop,
                abstained: false,
                usage: Usage::default(),
                removed_markers: 0,
            };
            let events = [ChatEvent::Text("Deux.".to_owned()), ChatEvent::End(end)];
            Ok(Box::pin(stream::iter(events.map(Ok))) as ChatStream)
        }
        .boxed()
    }
}
