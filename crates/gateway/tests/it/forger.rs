//! An identity provider over a real socket that can be told to lie.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How this service is known to it.
pub(crate) const CLIENT: &str = "trousseau";

/// A key that signs, and its name.
pub(crate) struct Signer {
    name: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        let bytes = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Arc::new(Self {
            name: name.to_owned(),
            pair: Ed25519KeyPair::from_pkcs8(bytes.as_ref()).unwrap(),
        })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.name });
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.name, "x": x })
    }
}

/// A part of a token.
pub(crate) fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// What it does; each can be replaced while it runs.
pub(crate) struct Play {
    /// The keys that it publishes.
    pub(crate) keys: Vec<Arc<Signer>>,
    /// What its description says otherwise.
    pub(crate) description: Value,
    /// The answer of its token endpoint.
    pub(crate) tokens: (StatusCode, String),
    /// The type and the body of its userinfo.
    pub(crate) userinfo: (&'static str, String),
    /// The requests it got: the path, the `Authorization` header, and the body.
    pub(crate) heard: Vec<(&'static str, String, String)>,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Forger {
    pub(crate) issuer: String,
    pub(crate) play: Arc<Mutex<Play>>,
}

impl Forger {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let forger = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            play: Arc::new(Mutex::new(Play {
                keys: vec![Signer::new("first")],
                description: json!({}),
                tokens: (StatusCode::OK, String::new()),
                userinfo: ("application/json", "{}".to_owned()),
                heard: Vec::new(),
            })),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/jwks", get(keys))
            .route("/token", post(tokens))
            .route("/userinfo", get(userinfo))
            .with_state(forger.clone());
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        forger
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Play)) {
        change(&mut self.play.lock().unwrap());
    }

    /// The first of its keys.
    pub(crate) fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.play.lock().unwrap().keys[0])
    }

    /// How often a path was called.
    pub(crate) fn calls(&self, path: &str) -> usize {
        let play = self.play.lock().unwrap();
        play.heard.iter().filter(|(heard, ..)| *heard == path).count()
    }

    /// What a good token says, for the sign-in with this nonce.
    pub(crate) fn claims(&self, nonce: &str, now: i64) -> Value {
        json!({
            "iss": self.issuer, "sub": "u-1", "aud": CLIENT, "nonce": nonce,
            "iat": now, "exp": now + 300, "name": "Alice Martin", "groups": ["rh"],
        })
    }

    fn hear(&self, path: &'static str, headers: &HeaderMap, body: &str) {
        let authorization = headers.get(header::AUTHORIZATION);
        let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
        self.change(|play| {
            play.heard
                .push((path, authorization.unwrap_or_default(), body.to_owned()));
        });
    }
}

async fn description(State(forger): State<Forger>, headers: HeaderMap) -> String {
    forger.hear("description", &headers, "");
    let issuer = &forger.issuer;
    let mut description = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?brand=town"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
    });
    let play = forger.play.lock().unwrap();
    for (name, value) in play.description.as_object().unwrap() {
        description[name] = value.clone();
    }
    description.to_string()
}

async fn keys(State(forger): State<Forger>, headers: HeaderMap) -> String {
    forger.hear("jwks", &headers, "");
    let play = forger.play.lock().unwrap();
    let keys: Vec<Value> = play.keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

async fn tokens(State(forger): State<Forger>, headers: HeaderMap, body: String) -> Response {
    forger.hear("token", &headers, &body);
    let (status, body) = forger.play.lock().unwrap().tokens.clone();
    // A redirect must not be followed: the code would go wherever it points.
    let location = [(header::LOCATION, format!("{}/jwks", forger.issuer))];
    (status, location, body).into_response()
}

async fn userinfo(State(forger): State<Forger>, headers: HeaderMap) -> Response {
    forger.hear("userinfo", &headers, "");
    let (kind, body) = forger.play.lock().unwrap().userinfo.clone();
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}
