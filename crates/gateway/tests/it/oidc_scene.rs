//! A sign-in at the lying provider, step by step.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};

use http::StatusCode;
use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};
use trousseau_accounts::oidc::{Departure, OidcSettings, Provider, Return};
use trousseau_accounts::{AccountError, Accounts, Opened};
use trousseau_retrieval::database::Access;
use trousseau_upstream::egress::{Egress, client};
use trousseau_upstream::secret::Secret;

use crate::forger::{CLIENT, Forger};
use crate::stage::{Stage, tenant};

pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
pub(crate) const CALLBACK: &str = "https://trousseau.example/api/auth/oidc/callback";

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) forger: Forger,
    pub(crate) accounts: Accounts,
    arrivals: AtomicU8,
}

/// A sign-in on its way: what the browser keeps, and what went to the provider.
pub(crate) struct Way {
    pub(crate) departure: Departure,
    pub(crate) query: HashMap<String, String>,
}

impl Scene {
    pub(crate) async fn new(change: impl FnOnce(&mut OidcSettings)) -> Self {
        let (stage, forger) = (Stage::new(), Forger::start().await);
        let accounts = Accounts::open(&stage.data(), Access::Write).await.unwrap();
        let mut settings = OidcSettings::new(&forger.issuer, CLIENT, CALLBACK);
        settings.tenant = tenant("town");
        settings.client_secret = Some(Secret::value("un secret: %", "test").unwrap());
        change(&mut settings);
        let client = client(&Egress::default(), None).unwrap();
        let accounts = accounts.with_provider(Provider::new(settings, client).unwrap());
        Self {
            stage,
            forger,
            accounts,
            arrivals: AtomicU8::new(0),
        }
    }

    pub(crate) async fn depart(&self, now: Timestamp) -> Way {
        let departure = self.accounts.depart(HERE, Some("/chat"), now).await.unwrap();
        let url = Url::parse(&departure.location).unwrap();
        let query = url.query_pairs().into_owned().collect();
        Way { departure, query }
    }

    /// The provider will give this ID token, with an access token.
    pub(crate) fn will_give(&self, id_token: &str) {
        let tokens = json!({ "token_type": "Bearer", "id_token": id_token, "access_token": "open" });
        self.forger
            .change(|play| play.tokens = (StatusCode::OK, tokens.to_string()));
    }

    pub(crate) async fn arrive(&self, way: &Way, now: Timestamp) -> Result<(Opened, String), AccountError> {
        let query = format!("code=c%26d&state={}", way.query["state"]);
        self.arrive_with(&query, &way.departure.cookie, now).await
    }

    pub(crate) async fn arrive_with(
        &self,
        query: &str,
        cookie: &str,
        now: Timestamp,
    ) -> Result<(Opened, String), AccountError> {
        let returned = Return { query, cookie };
        // Always from another address, for one with many failures would have to wait.
        let host = self.arrivals.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::new(198, 51, 100, host).into();
        self.accounts.arrive(returned, address, now).await
    }

    /// A whole sign-in with good claims that `change` may spoil.
    pub(crate) async fn sign_in(&self, change: impl FnOnce(&mut Value)) -> Result<Opened, AccountError> {
        let way = self.depart(at(0)).await;
        let mut claims = self.forger.claims(&way.query["nonce"], at(1).as_second());
        change(&mut claims);
        self.will_give(&self.forger.signer().sign(&claims));
        self.arrive(&way, at(2)).await.map(|(opened, _)| opened)
    }
}

pub(crate) fn why<T: std::fmt::Debug>(refused: Result<T, AccountError>) -> String {
    match refused.unwrap_err() {
        AccountError::Oidc(error) => error.to_string(),
        other => panic!("{other}"),
    }
}
