//! A service whose provider hands people out and signs them in.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};

use http::StatusCode;
use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};
use trousseau_accounts::oidc::{OidcSettings, Provider, Return};
use trousseau_accounts::{AccountError, Mapping, Opened, ProvisioningSettings};
use trousseau_core::label::Class;
use trousseau_core::principal::{Role, Tenant};
use trousseau_http::Settings;
use trousseau_upstream::egress::{Egress, client};
use trousseau_upstream::secret::Secret;

use crate::accounts_http::status;
use crate::forger::{CLIENT, Forger};
use crate::oidc_scene::CALLBACK;
use crate::openapi_document::Document;
use crate::stage::Stage;
use crate::wired::{Reply, Wired, new_key, request, staged};

/// A town whose provider hands out people and signs them in.
pub(crate) struct Town {
    stage: Stage,
    pub(crate) wired: Wired,
    forger: Forger,
    pub(crate) key: String,
    document: Document,
    arrivals: AtomicU8,
}

pub(crate) async fn town(only: bool) -> Town {
    let (stage, forger) = (Stage::new(), Forger::start().await);
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let mut oidc = OidcSettings::new(&forger.issuer, CLIENT, CALLBACK);
    oidc.client_secret = Some(Secret::value("un secret: %", "test").unwrap());
    oidc.handle = Some("preferred_username".to_owned());
    let provider = Provider::new(oidc, client(&Egress::default(), None).unwrap()).unwrap();
    let word = str::to_owned;
    let settings = ProvisioningSettings {
        mapping: Mapping {
            roles: vec![
                (word("Trousseau-Admins"), Role::Administrator),
                (word("mark-of-audit"), Role::Auditor),
            ],
            clearances: vec![(word("RH"), Class::Personal)],
            ..Mapping::default()
        },
        only,
        tenant: Tenant::default(),
    };
    let prepared =
        |accounts: trousseau_accounts::Accounts| accounts.with_provider(provider).with_provisioning(settings);
    let wired = Wired::start_with(&stage, gateway, (Settings::default(), None), prepared).await;
    let key = new_key(&wired.server, Role::Provisioner, |_| {}).await;
    Town {
        stage,
        wired,
        forger,
        key,
        document: Document::read(),
        arrivals: AtomicU8::new(1),
    }
}

impl Town {
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[&str], body: &Value) -> Reply {
        let bearer = format!("authorization: Bearer {}", self.key);
        let mut all = vec![bearer.as_str(), "content-type: application/scim+json"];
        all.extend(headers);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let path = format!("/scim/v2/{path}");
        let reply = self.wired.send(request(method, &path, &all, &body)).await;
        self.document.check_scim(method, &path, &reply);
        reply
    }

    /// A request that goes well, and what it tells.
    pub(crate) async fn well(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.send(method, path, &[], &body).await;
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
        if reply.body.is_empty() {
            Value::Null
        } else {
            reply.json()
        }
    }

    /// A request that is refused: its status and the word for why.
    pub(crate) async fn ill(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let reply = self.send(method, path, &[], &body).await;
        let told = reply.json();
        assert_eq!(
            told["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error",
            "{told}"
        );
        assert_eq!(told["status"], reply.status.to_string());
        assert!(
            told["detail"].as_str().is_some_and(|detail| !detail.is_empty()),
            "{told}"
        );
        (
            reply.status,
            told["scimType"].as_str().unwrap_or_default().to_owned(),
        )
    }

    pub(crate) async fn user(&self, name: &str) -> String {
        let made = self
            .well(
                "POST",
                "Users",
                json!({ "userName": name, "externalId": format!("mark-{name}") }),
            )
            .await;
        made["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let made = self
            .well(
                "POST",
                "Groups",
                json!({ "displayName": name, "members": members }),
            )
            .await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Signs somebody in at the provider, as the subject and under the name that it tells.
    pub(crate) async fn sign_in(&self, subject: &str, name: &str) -> Result<Opened, AccountError> {
        let (accounts, now) = (&self.wired.server.accounts, Timestamp::now());
        let from = IpAddr::V4(Ipv4Addr::new(
            198,
            51,
            100,
            self.arrivals.fetch_add(1, Ordering::Relaxed),
        ));
        let departure = accounts.depart(from, Some("/"), now).await.unwrap();
        let url = Url::parse(&departure.location).unwrap();
        let of = |wanted: &str| {
            url.query_pairs()
                .find(|(name, _)| name == wanted)
                .unwrap()
                .1
                .into_owned()
        };
        let mut claims = self.forger.claims(&of("nonce"), now.as_second());
        claims["sub"] = subject.into();
        claims["preferred_username"] = name.into();
        claims["groups"] = json!(["of the token"]);
        let token = self.forger.signer().sign(&claims);
        let tokens = json!({ "token_type": "Bearer", "id_token": token, "access_token": "open" });
        self.forger
            .change(|play| play.tokens = (StatusCode::OK, tokens.to_string()));
        let query = format!("code=c&state={}", of("state"));
        let returned = Return {
            query: &query,
            cookie: &departure.cookie,
        };
        accounts
            .arrive(returned, from, now)
            .await
            .map(|(opened, _)| opened)
    }

    pub(crate) async fn is_in(&self, opened: &Opened) -> bool {
        let cookie = format!("cookie: trousseau={}", opened.cookie.as_str());
        status(&self.wired, ("GET", "/api/auth/session"), &[&cookie])
            .await
            .0
            == 200
    }

    /// Ends the service, and tells what was done to accounts, in order, as the ledger has it.
    pub(crate) async fn end(self) -> Vec<String> {
        self.wired.end().await.close().await.unwrap();
        let entries = self.stage.entries(&Tenant::default());
        let accounts = entries.iter().filter(|entry| entry["type"] == "account");
        accounts
            .map(|entry| entry["operation"].as_str().unwrap().to_owned())
            .collect()
    }
}
