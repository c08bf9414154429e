//! The way out: private authorities, client certificates, and a proxy that sees no more than it must.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trousseau_core::model::{ChatModel as _, ModelError};
use trousseau_core::permit::Purpose;
use trousseau_testing::authority::{Authority, write};
use trousseau_testing::proxy::Proxy;
use trousseau_upstream::egress::{ClientCertificate, Egress, EgressError, Network, Proxy as ProxySettings};
use trousseau_upstream::secret::Secret;
use trousseau_upstream::{OpenAi, Server};

use crate::mock::{Mock, stream};
use crate::stage::{TARGET, ask, permit, question, wording};

const CONNECT: Duration = Duration::from_secs(5);

fn trusting(ca_files: Vec<PathBuf>) -> Egress {
    Egress {
        ca_files,
        system_authorities: false,
        ..Egress::default()
    }
}

fn model(egress: &Egress, certificate: Option<&ClientCertificate>, url: &str) -> OpenAi {
    let network = Network::open(egress).unwrap();
    network.check(url).unwrap();
    let client = network.client(CONNECT, certificate).unwrap();
    OpenAi::new(Server::new(TARGET, "m", url), client, wording()).unwrap()
}

fn secure(authority: &Authority, name: &str, clients: Option<&Authority>) -> Mock {
    let tls = authority.server(name, clients);
    Mock::over(|_, _| stream(&["chiffré"]), move |stream| tls.wrap(stream))
}

/// A client certificate of an authority.
fn certificate_of(authority: &Authority) -> ClientCertificate {
    let files = authority.client("mairie");
    ClientCertificate {
        certificate: files.certificate,
        key: files.key,
    }
}

async fn said(model: &OpenAi) -> Result<String, ModelError> {
    let (answer, end) = ask(model, question("Bonjour ?")).await;
    end.map(|()| answer.text)
}

fn unavailable(said: Result<String, ModelError>, reason: &str) {
    match said {
        Err(ModelError::Unavailable { reason: found, .. }) => assert!(found.contains(reason), "{found}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named_and_only_then() {
    let authority = Authority::new();
    let mock = secure(&authority, "localhost", None);
    let url = format!("https://localhost:{}/v1", mock.address().port());
    let trusted = model(&trusting(vec![authority.file()]), None, &url);
    assert_eq!(said(&trusted).await.unwrap(), "chiffré");
    let stranger = model(&trusting(Vec::new()), None, &url);
    unavailable(said(&stranger).await, "UnknownIssuer");
    let with_system = Egress::default();
    unavailable(said(&model(&with_system, None, &url)).await, "UnknownIssuer");
    let other = Authority::new();
    let misled = model(&trusting(vec![other.file()]), None, &url);
    unavailable(said(&misled).await, "invalid peer certificate");
    let by_address = format!("https://{}/v1", mock.address());
    let misnamed = model(&trusting(vec![authority.file()]), None, &by_address);
    unavailable(said(&misnamed).await, "not valid for name");
    assert_eq!(mock.asked().len(), 1);
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let mock = secure(&authority, "localhost", Some(&clients));
    let url = format!("https://localhost:{}/v1", mock.address().port());
    let egress = trusting(vec![authority.file()]);
    assert!(said(&model(&egress, None, &url)).await.is_err());
    let wrong = certificate_of(&authority);
    assert!(said(&model(&egress, Some(&wrong), &url)).await.is_err());
    let right = certificate_of(&clients);
    assert_eq!(
        said(&model(&egress, Some(&right), &url)).await.unwrap(),
        "chiffré"
    );
    assert_eq!(mock.asked().len(), 1);
}

#[tokio::test]
async fn a_renewed_client_certificate_is_used_without_a_restart() {
    let (authority, old, new) = (Authority::new(), Authority::new(), Authority::new());
    let mock = secure(&authority, "localhost", Some(&new));
    let url = format!("https://localhost:{}/v1", mock.address().port());
    let certificate = certificate_of(&old);
    let model = model(&trusting(vec![authority.file()]), Some(&certificate), &url);
    assert!(said(&model).await.is_err());
    let renewed = certificate_of(&new);
    fs_err::copy(&renewed.certificate, &certificate.certificate).unwrap();
    // Between the two writes certificate and key do not belong together: the old pair stays in use.
    assert!(said(&model).await.is_err());
    fs_err::copy(&renewed.key, &certificate.key).unwrap();
    assert_eq!(said(&model).await.unwrap(), "chiffré");
}

#[tokio::test]
async fn a_proxy_sees_a_host_and_a_port_of_what_was_called_and_nothing_else() {
    let authority = Authority::new();
    let mock = secure(&authority, "model.test", None);
    let proxy = Proxy::to(mock.address(), None);
    let egress = Egress {
        proxy: Some(ProxySettings {
            url: proxy.url(),
            credentials: None,
        }),
        ..trusting(vec![authority.file()])
    };
    let server = Server {
        secret: Some(Secret::value("sk-secret", "test").unwrap()),
        ..Server::new(TARGET, "m", "https://model.test/v1")
    };
    let client = Network::open(&egress).unwrap().client(CONNECT, None).unwrap();
    let model = OpenAi::new(server, client, wording()).unwrap();
    for _ in 0..3 {
        assert_eq!(said(&model).await.unwrap(), "chiffré");
    }
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1, "one tunnel is enough: {requests:?}");
    assert_eq!(requests[0].line, "CONNECT model.test:443");
    assert_eq!(requests[0].authorization, None);
    let mut headers = requests[0].headers.clone();
    headers.sort();
    assert_eq!(headers, ["host", "user-agent"]);
    assert_eq!(mock.asked()[0].header("authorization"), Some("Bearer sk-secret"));
    assert_eq!(mock.asked()[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn a_proxy_sees_nothing_of_what_was_not_permitted() {
    let authority = Authority::new();
    let mock = secure(&authority, "model.test", None);
    let proxy = Proxy::to(mock.address(), None);
    let egress = Egress {
        proxy: Some(ProxySettings {
            url: proxy.url(),
            credentials: None,
        }),
        ..trusting(vec![authority.file()])
    };
    let model = model(&egress, None, "https://model.test/v1");
    let other = permit(Purpose::Chat, question("Autre chose ?").digest());
    let refused = model.chat(&other, Arc::new(question("Bonjour ?"))).await;
    assert!(matches!(refused, Err(ModelError::NotPermitted { .. })));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(proxy.requests(), []);
}

#[tokio::test]
async fn a_proxy_is_told_its_password_and_the_new_one_when_it_changes() {
    let authority = Authority::new();
    let mock = secure(&authority, "model.test", None);
    // user:passe-partout and user:deux
    let proxy = Proxy::to(mock.address(), Some("Basic dXNlcjpwYXNzZS1wYXJ0b3V0"));
    let password = write(&authority.path("password"), "un");
    let credentials = ("user".to_owned(), Secret::file(&password).unwrap());
    let egress = Egress {
        proxy: Some(ProxySettings {
            url: proxy.url(),
            credentials: Some(credentials),
        }),
        ..trusting(vec![authority.file()])
    };
    let model = model(&egress, None, "https://model.test/v1");
    let refused = said(&model).await.unwrap_err();
    assert!(matches!(refused, ModelError::Unavailable { .. }), "{refused:?}");
    fs_err::write(&password, "passe-partout").unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(said(&model).await.unwrap(), "chiffré");
    assert!(
        proxy
            .requests()
            .iter()
            .all(|request| request.authorization.is_some())
    );
    assert_eq!(mock.asked().len(), 1);
}

#[tokio::test]
async fn exceptions_do_not_go_through_the_proxy() {
    let authority = Authority::new();
    let mock = secure(&authority, "localhost", None);
    let proxy = Proxy::to(mock.address(), None);
    let egress = |no_proxy: &[&str]| Egress {
        proxy: Some(ProxySettings {
            url: proxy.url(),
            credentials: None,
        }),
        no_proxy: no_proxy.iter().map(|entry| (*entry).to_owned()).collect(),
        ..trusting(vec![authority.file()])
    };
    // This machine itself is always reached directly.
    let url = format!("https://localhost:{}/v1", mock.address().port());
    assert_eq!(said(&model(&egress(&[]), None, &url)).await.unwrap(), "chiffré");
    // These are not to be found, which is seen only by who looks for them.
    for (exception, url) in [
        ("model.invalid", "https://model.invalid/v1"),
        (".invalid", "https://deep.model.invalid/v1"),
        ("192.0.2.0/24", "https://192.0.2.7/v1"),
        ("*", "https://model.invalid/v1"),
    ] {
        let network = Network::open(&egress(&[exception])).unwrap();
        let client = network.client(Duration::from_millis(300), None).unwrap();
        let model = OpenAi::new(Server::new(TARGET, "m", url), client, wording()).unwrap();
        assert!(said(&model).await.is_err(), "{exception}");
    }
    assert_eq!(proxy.requests(), []);
    assert!(
        said(&model(
            &egress(&["other.invalid", "10.0.0.0/8"]),
            None,
            "https://192.0.2.7/v1"
        ))
        .await
        .is_err()
    );
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_is_down_is_not_gone_around() {
    let authority = Authority::new();
    let mock = secure(&authority, "model.test", None);
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let egress = Egress {
        proxy: Some(ProxySettings {
            url: format!("http://{gone}"),
            credentials: None,
        }),
        ..trusting(vec![authority.file()])
    };
    assert!(
        said(&model(&egress, None, "https://model.test/v1"))
            .await
            .is_err()
    );
    assert!(mock.asked().is_empty());
}

#[test]
fn what_cannot_be_used_is_told_at_the_start() {
    let authority = Authority::new();
    let missing = authority.path("missing.pem");
    let open = |file: PathBuf| Network::open(&trusting(vec![file])).map(|_| ());
    assert!(matches!(open(missing.clone()), Err(EgressError::Read(_))));
    assert!(matches!(
        open(write(&authority.path("a"), "no certificate")),
        Err(EgressError::Pem { .. })
    ));
    let torn = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(
        open(write(&authority.path("b"), torn)),
        Err(EgressError::Pem { .. })
    ));
    let network = Network::open(&trusting(Vec::new())).unwrap();
    let client = |files: &ClientCertificate| network.client(CONNECT, Some(files)).map(|_| ());
    let files = certificate_of(&authority);
    assert!(client(&files).is_ok());
    let other = certificate_of(&Authority::new());
    let missing_key = ClientCertificate {
        key: missing,
        ..files.clone()
    };
    assert!(matches!(client(&missing_key), Err(EgressError::Read(_))));
    drop(other);
    let strangers = Authority::new();
    let stranger = certificate_of(&strangers);
    let mixed = ClientCertificate {
        key: stranger.key,
        ..files
    };
    assert!(matches!(
        client(&mixed),
        Err(EgressError::ClientCertificate { .. })
    ));
}
