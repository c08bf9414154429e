//! The way out: proxy, certificate authorities, client certificates.
//!
//! A [`Network`] is opened once from the configuration and gives out clients. None of them follows a redirect, which would
//! carry a request to where no permit lets it; none keeps cookies, reads the environment, or speaks anything but
//! HTTP/1.1. Through a proxy goes only TLS: [`Network::check`] refuses an `http` address behind one, as the proxy would
//! read whatever is sent.

mod clients;
mod error;
mod exceptions;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};

use crate::secret::Secret;
use exceptions::Exceptions;
use trust::Identity;

pub use clients::Clients;
pub use error::EgressError;

/// How long an unused connection is kept.
const POOL_IDLE: Duration = Duration::from_secs(60);
/// How many unused connections a client keeps to one server.
const POOL_SIZE: usize = 256;
/// After how much silence the system asks whether the other end of a connection is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How long [`client`] waits for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How this program reaches other machines, as the configuration says it.
#[derive(Clone, Debug)]
pub struct Egress {
    /// The proxy that everything goes through, but for the exceptions.
    pub proxy: Option<Proxy>,
    /// What is reached directly: a name with all names below it, an address, a network (`10.0.0.0/8`), or `*` for
    /// all. This machine itself always is. Names are not resolved to be held against networks.
    pub no_proxy: Vec<String>,
    /// Files with the certificates of authorities that are trusted, in PEM.
    pub ca_files: Vec<PathBuf>,
    /// Whether the authorities that this system trusts are trusted as well.
    pub system_authorities: bool,
}

impl Default for Egress {
    fn default() -> Self {
        Self {
            proxy: None,
            no_proxy: Vec::new(),
            ca_files: Vec::new(),
            system_authorities: true,
        }
    }
}

/// An HTTP proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its address, without user and password: `http://proxy.example:3128`.
    pub url: String,
    /// The user and the password it asks for.
    pub credentials: Option<(String, Secret)>,
}

/// How this program proves to a server who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, and behind it those that vouch for it, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// A way out that was found to be sound.
#[derive(Clone)]
pub struct Network {
    provider: Arc<CryptoProvider>,
    authorities: Arc<RootCertStore>,
    proxy: Option<Arc<Route>>,
}

/// A proxy, and what does not go through it.
struct Route {
    url: Url,
    credentials: Option<(String, Secret)>,
    exceptions: Exceptions,
}

impl Network {
    /// Reads the files and checks the addresses that the configuration names.
    pub fn open(egress: &Egress) -> Result<Self, EgressError> {
        let exceptions = Exceptions::parse(&egress.no_proxy)?;
        let proxy = match &egress.proxy {
            Some(proxy) => Some(Arc::new(Route::new(proxy, exceptions)?)),
            None => None,
        };
        Ok(Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            authorities: Arc::new(trust::authorities(&egress.ca_files, egress.system_authorities)?),
            proxy,
        })
    }

    /// A client with connections of its own. It gives up on a server that it cannot reach within `connect`, name
    /// resolution, proxy and TLS together.
    pub fn client(
        &self,
        connect: Duration,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Client, EgressError> {
        let tls = self.tls(certificate)?;
        self.builder(connect, tls).build().map_err(EgressError::Client)
    }

    /// The same for many threads, each with connections of its own.
    pub fn clients(
        &self,
        connect: Duration,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Clients, EgressError> {
        let (network, tls) = (self.clone(), self.tls(certificate)?);
        Clients::new(move || network.builder(connect, tls.clone()))
    }

    /// How TLS is begun with a server that speaks another protocol than HTTP. No proxy is on the way to it.
    pub fn plain_tls(&self) -> Result<Arc<ClientConfig>, EgressError> {
        self.tls(None).map(Arc::new)
    }

    fn builder(&self, connect: Duration, tls: ClientConfig) -> ClientBuilder {
        let builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .connect_timeout(connect)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_SIZE)
            .tcp_keepalive(KEEPALIVE)
            .user_agent(concat!("trousseau/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls);
        match &self.proxy {
            Some(route) => {
                let route = Arc::clone(route);
                builder.proxy(reqwest::Proxy::custom(move |url| route.to(url)))
            }
            None => builder,
        }
    }

    /// Whether `url` can be called: `http` or `https`, a host, no password in it, and no plain `http` through a proxy.
    pub fn check(&self, url: &str) -> Result<(), EgressError> {
        let parsed = address(url)?;
        let proxied = self
            .proxy
            .as_ref()
            .is_some_and(|route| route.to(&parsed).is_some());
        if proxied && parsed.scheme() == "http" {
            let url = url.to_owned();
            return Err(EgressError::PlainThroughProxy { url });
        }
        Ok(())
    }

    fn tls(&self, certificate: Option<&ClientCertificate>) -> Result<ClientConfig, EgressError> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(EgressError::Tls)?
            .with_root_certificates(Arc::clone(&self.authorities));
        Ok(match certificate {
            Some(certificate) => {
                let identity = Identity::open(certificate, Arc::clone(&self.provider))?;
                builder.with_client_cert_resolver(Arc::new(identity))
            }
            None => builder.with_no_client_auth(),
        })
    }
}

/// A client for what is no model: a sign-in provider, a price list.
pub fn client(egress: &Egress, certificate: Option<&ClientCertificate>) -> Result<Client, EgressError> {
    Network::open(egress)?.client(CONNECT, certificate)
}

/// An address that can be called.
pub(crate) fn address(url: &str) -> Result<Url, EgressError> {
    let fault = || EgressError::Url { url: redacted(url) };
    let parsed = Url::parse(url).map_err(|_| fault())?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err(fault());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(EgressError::PasswordInUrl { url: redacted(url) });
    }
    Ok(parsed)
}

/// An address without what stands before its host.
fn redacted(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("[...]@{rest}"),
        None => url.to_owned(),
    }
}

impl Route {
    fn new(proxy: &Proxy, exceptions: Exceptions) -> Result<Self, EgressError> {
        Ok(Self {
            url: address(&proxy.url)?,
            credentials: proxy.credentials.clone(),
            exceptions,
        })
    }

    /// The proxy's address with its current password, unless `url` is an exception.
    fn to(&self, url: &Url) -> Option<Url> {
        if self.exceptions.hold(url) {
            return None;
        }
        let mut proxy = self.url.clone();
        if let Some((user, password)) = &self.credentials {
            let _set = proxy.set_username(user);
            let _set = proxy.set_password(Some(&password.reveal()));
        }
        Some(proxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(no_proxy: &[&str]) -> Network {
        Network::open(&Egress {
            proxy: Some(Proxy {
                url: "http://proxy.example:3128".to_owned(),
                credentials: None,
            }),
            no_proxy: no_proxy.iter().map(|entry| (*entry).to_owned()).collect(),
            system_authorities: false,
            ..Egress::default()
        })
        .unwrap()
    }

    #[test]
    fn plain_http_does_not_go_through_a_proxy() {
        let network = network(&["intranet.example"]);
        assert!(network.check("https://model.example/v1").is_ok());
        assert!(network.check("http://127.0.0.1:8000/v1").is_ok());
        assert!(network.check("http://vllm.intranet.example/v1").is_ok());
        assert!(matches!(
            network.check("http://model.example/v1"),
            Err(EgressError::PlainThroughProxy { .. })
        ));
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_showing_it() {
        for url in [
            "https://user:hunter2@model.example/v1",
            "ftp://x",
            "model.example",
            "https://",
        ] {
            let error = network(&[]).check(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        let proxy = Proxy {
            url: "http://user:hunter2@proxy.example".to_owned(),
            credentials: None,
        };
        let egress = Egress {
            proxy: Some(proxy),
            ..Egress::default()
        };
        assert!(matches!(
            Network::open(&egress),
            Err(EgressError::PasswordInUrl { .. })
        ));
    }
}
