//! A data folder, files to ingest, and a gateway over both.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_core::model::ChatModel;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_extract::{Limits, Pool};
use trousseau_gateway::answer::{AnswerEvent, Answered, Asked};
use trousseau_gateway::cached::Answers;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::ingest::{Ended, Registration};
use trousseau_gateway::logs::{self, Logs};
use trousseau_gateway::records::Records;
use trousseau_gateway::service::Gateway;
use trousseau_gateway::settings::{Route, Settings, Way};
use trousseau_ledger::{Durability, LogReader};
use trousseau_plan::{InForce, Plan};
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::decide::Target;
use trousseau_policy::fact::Fact;
use trousseau_policy::rules::Rules;
use trousseau_retrieval::database::Access;
use trousseau_retrieval::extraction::Extraction;
use trousseau_retrieval::library::Library;
use trousseau_routing::Router;
use trousseau_withdrawals::Withdrawals;

/// The collection that files go into.
pub(crate) const COLLECTION: &str = "guides";

/// The replica whose ledger is written.
pub(crate) const REPLICA: &str = "main";

pub(crate) struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs_err::create_dir_all(stage.data()).unwrap();
        fs_err::create_dir_all(stage.files()).unwrap();
        stage
    }

    /// The folder over both.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    pub(crate) fn files(&self) -> PathBuf {
        self.root().join("files")
    }

    /// Writes a file to be ingested.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.files().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, content).unwrap();
        path
    }

    pub(crate) async fn open(&self) -> Gateway {
        open(&self.data()).await.unwrap()
    }

    /// The entries of a tenant's ledger, published or not.
    pub(crate) fn entries(&self, tenant: &Tenant) -> Vec<Value> {
        entries(&self.data(), tenant)
    }
}

/// A gateway with one grounded route over one target on own premises, and no model behind it.
pub(crate) async fn open(data: &Path) -> Result<Gateway, GatewayError> {
    let settings = Settings {
        replica: REPLICA.to_owned(),
        origin: "example.org".to_owned(),
        routes: vec![route("documents", &["local"])],
        ..Settings::default()
    };
    let logs = Logs::new(data, &settings.replica, &settings.origin);
    let decides = (vec![own("local")], Rules::default());
    let plan = Plan::new(settings, decides, HashMap::new())?;
    Ok(Gateway {
        logs,
        library: Library::open(data, Access::Write).await?,
        records: Records::open(data, Access::Write).await?,
        plan: InForce::new(plan),
        limits: Arc::new(trousseau_limits::Limits::open(data, Access::Write).await?),
        router: Arc::new(Router::new(7)),
        withdrawals: Arc::new(Withdrawals::open(data, Timestamp::now())?),
        answers: Answers::default(),
        extraction: Extraction::new(Pool::danger_in_process(Limits::default())),
        now: Timestamp::now,
    })
}

pub(crate) fn route(name: &str, targets: &[&str]) -> Route {
    Route {
        name: name.to_owned(),
        targets: targets.iter().map(|&target| target.to_owned()).collect(),
        way: Way::in_order(name, targets.iter().copied()),
        continues: true,
        hold_back: None,
        mask: None,
        grounded: true,
        collections: None,
        label_floor: "public".parse().unwrap(),
        passages: 5,
        durability: Durability::Request,
        cache: None,
    }
}

/// A target that may see everything.
pub(crate) fn own(name: &str) -> Target {
    let card = Card {
        premises: Fact::Known(Premises::Own),
        ..Card::default()
    };
    Target::new(name, card)
}

/// A target of which nothing is known: it may see what is public.
pub(crate) fn unknown(name: &str) -> Target {
    Target::new(name, Card::default())
}

/// Puts a model behind a target.
pub(crate) fn cast(gateway: &Gateway, target: &str, model: &Arc<impl ChatModel + 'static>) {
    let model = Arc::clone(model);
    change(gateway, |plan| {
        plan.models.insert(target.to_owned(), model);
    });
}

/// Has what begins from now on be answered by a plan that is changed in this.
pub(crate) fn change(gateway: &Gateway, change: impl FnOnce(&mut Plan)) {
    let mut plan = Plan::clone(&gateway.plan());
    change(&mut plan);
    gateway.plan.put(plan);
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

pub(crate) fn operator() -> Principal {
    Principal::operator(Tenant::default())
}

/// `path` and everything below it, into [`COLLECTION`].
pub(crate) fn all_of(path: PathBuf) -> Registration {
    Registration {
        paths: vec![path],
        collection: COLLECTION.to_owned(),
        label: None,
        readers: None,
        sync: false,
    }
}

/// Registers, works until no task waits, and tells what became of each task.
pub(crate) async fn ingest(
    gateway: &Gateway,
    tenant: &Tenant,
    wanted: Registration,
) -> Result<Vec<Ended>, GatewayError> {
    gateway.register(tenant, wanted).await?;
    work(gateway, tenant).await
}

/// Works until no task waits, and tells what became of each.
pub(crate) async fn work(gateway: &Gateway, tenant: &Tenant) -> Result<Vec<Ended>, GatewayError> {
    let (ends, mut ended) = mpsc::unbounded_channel();
    gateway.ingest(tenant, &ends).await?;
    drop(ends);
    let mut all = Vec::new();
    while let Some(end) = ended.recv().await {
        all.push(end);
    }
    Ok(all)
}

/// The ends of tasks as `file name: what became of it`, sorted.
pub(crate) fn told(ended: &[Ended]) -> Vec<String> {
    let line = |ended: &Ended| {
        let name = ended.path.rsplit('/').next().unwrap();
        let end = match &ended.end {
            Ok(outcome) => outcome.name(),
            Err(error) => &error.code,
        };
        format!("{name}: {end}")
    };
    let mut lines: Vec<String> = ended.iter().map(line).collect();
    lines.sort();
    lines
}

/// A question on the first route.
pub(crate) fn question(text: &str) -> Asked {
    Asked {
        request: ChatRequest {
            messages: vec![Message::user(text)],
            ..ChatRequest::default()
        },
        ..Asked::default()
    }
}

/// Asks, and gives back what came of it with the events on the way.
pub(crate) async fn ask(
    gateway: &Gateway,
    principal: &Principal,
    asked: Asked,
) -> (Result<Answered, GatewayError>, Vec<AnswerEvent>) {
    let (events, mut arriving) = mpsc::channel(4);
    let answering = async {
        let answered = gateway.answer(principal, asked, &events).await;
        drop(events);
        answered
    };
    let hearing = async {
        let mut told = Vec::new();
        while let Some(event) = arriving.recv().await {
            told.push(event);
        }
        told
    };
    tokio::join!(answering, hearing)
}

pub(crate) fn entries(data: &Path, tenant: &Tenant) -> Vec<Value> {
    let folder = logs::folder(data, tenant, REPLICA);
    if !folder.join("checkpoint").exists() {
        return Vec::new();
    }
    let reader = LogReader::open(&folder).unwrap();
    reader
        .entries(0..u64::MAX)
        .map(|entry| serde_json::from_slice(&entry.unwrap().1).unwrap())
        .collect()
}

/// Runs a future on a runtime of its own, which is gone, with every thread of it, when this returns.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// Polls `future` so many times, then drops it, as a crash would; `true` when it ended before.
pub(crate) async fn poll_times(times: usize, future: impl Future<Output = ()>) -> bool {
    let mut future = pin!(future);
    let mut left = times;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|()| true)
    })
    .await
}
