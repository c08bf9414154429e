//! `trousseau serve` inside an organisation's network: a proxy, a private authority, client certificates, keys that are
//! renewed. The proxy is a real one, and what it did not see was not sent.

use std::time::Duration;

use serde_json::{Value, json};
use trousseau_testing::authority::Authority;
use trousseau_testing::proxy::Proxy;

use crate::harness::Dir;
use crate::model::Model;
use crate::service::Service;

/// A model server with a name that only the proxy knows, and whoever vouches for it and for its clients.
struct Network {
    dir: Dir,
    authority: Authority,
    clients: Authority,
    model: Model,
    proxy: Proxy,
}

impl Network {
    fn new() -> Self {
        let (authority, clients) = (Authority::new(), Authority::new());
        let model = Model::secure(authority.server("model.test", Some(&clients)));
        let proxy = Proxy::to(model.address, None);
        Self {
            dir: Dir::new(),
            authority,
            clients,
            model,
            proxy,
        }
    }

    /// Writes the configuration: the way out with `more` in it, then `upstreams`.
    fn configure(&self, more: &str, upstreams: &str) {
        self.dir.write(
            "data/trousseau.toml",
            format!(
                "[egress]\nproxy = \"{}\"\nca_files = [\"{}\"]\nsystem_authorities = false\n{more}\n{upstreams}",
                self.proxy.url(),
                self.authority.file().display()
            ),
        );
    }

    /// An upstream called `name` at `url`, with `more` in its table.
    fn upstream(name: &str, url: &str, more: &str) -> String {
        format!(
            "[[upstream]]\nname = \"{name}\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"m\"\n\
             timeouts = {{ connect_seconds = 2 }}\n{more}\n"
        )
    }

    /// The certificate that the model server wants to see, as the configuration names it.
    fn certificate(&self) -> String {
        let files = self.clients.client("mairie");
        format!(
            "client_certificate = {{ certificate = \"{}\", key = \"{}\" }}\n",
            files.certificate.display(),
            files.key.display()
        )
    }

    fn tunnels(&self) -> Vec<String> {
        let requests = self.proxy.requests();
        requests.into_iter().map(|request| request.line).collect()
    }
}

const OWN: &str = "card = { premises = \"own\" }\n";

fn route(targets: &str) -> String {
    format!("[[route]]\nname = \"r\"\ntargets = [{targets}]\ngrounded = false\n")
}

fn question(text: &str) -> Value {
    json!({ "model": "r", "messages": [{ "role": "user", "content": text }] })
}

fn answered(service: &Service, text: &str) -> (u16, String) {
    let (status, answer) = service.ask(&question(text));
    let content = answer["choices"][0]["message"]["content"].as_str();
    let code = answer["error"]["code"].as_str();
    (
        status,
        content
            .or(code)
            .unwrap_or_else(|| panic!("{answer:#}"))
            .to_owned(),
    )
}

#[test]
fn a_server_behind_the_proxy_is_reached_as_the_configuration_says() {
    let network = Network::new();
    network.dir.write("secrets/key", "sk-first\n");
    let key = "key = { file = \"../secrets/key\" }\n";
    let upstream = Network::upstream(
        "vllm",
        "https://model.test/v1",
        &format!("{key}{}{OWN}", network.certificate()),
    );
    network.configure("", &format!("{upstream}{}", route("\"vllm\"")));
    let service = Service::start(&network.dir, &[]);
    // Nothing is called before somebody asks.
    assert_eq!(network.proxy.connections(), 0);

    let (status, text) = answered(&service, "Quand ouvre le guichet ?");
    assert_eq!((status, text.as_str()), (200, "Il ouvre à huit heures [1]."));
    let sent = network.model.next();
    assert!(sent.contains("authorization: Bearer sk-first"), "{sent}");
    assert!(!sent.contains("proxy-authorization"), "{sent}");
    // The proxy saw a name and a port, and nothing of what was asked or of the key.
    let requests = network.proxy.requests();
    assert_eq!(requests[0].line, "CONNECT model.test:443");
    assert_eq!(requests[0].authorization, None);
    let mut headers = requests[0].headers.clone();
    headers.sort();
    assert_eq!(headers, ["host", "user-agent"]);

    // The key is renewed: what is asked from then on brings the new one, without a restart.
    network.dir.write("secrets/key", "sk-second\n");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(answered(&service, "Et le samedi ?").0, 200);
    let sent = network.model.next();
    assert!(sent.contains("authorization: Bearer sk-second"), "{sent}");
    assert!(
        network
            .tunnels()
            .iter()
            .all(|line| line == "CONNECT model.test:443")
    );
    assert!(!service.stop().err.contains("sk-"));
}

#[test]
fn without_its_certificate_or_its_authority_nothing_is_asked() {
    // A server that wants to see a certificate, and an upstream that has none.
    let network = Network::new();
    let upstream = Network::upstream("vllm", "https://model.test/v1", OWN);
    network.configure("", &format!("{upstream}{}", route("\"vllm\"")));
    let service = Service::start(&network.dir, &[]);
    let (status, code) = answered(&service, "Quand ouvre le guichet ?");
    assert_eq!(status, 503, "{code}");
    drop(service);

    // An authority that is not the server's.
    let other = Authority::new();
    let upstream = Network::upstream(
        "vllm",
        "https://model.test/v1",
        &format!("{}{OWN}", network.certificate()),
    );
    network.dir.write(
        "data/trousseau.toml",
        format!(
            "[egress]\nproxy = \"{}\"\nca_files = [\"{}\"]\n{upstream}{}",
            network.proxy.url(),
            other.file().display(),
            route("\"vllm\"")
        ),
    );
    let key = network
        .dir
        .run(&["keys", "create", "--name", "second"])
        .succeeded();
    let key = key.out.split_whitespace().find(|word| word.starts_with("trs-"));
    let mut service = Service::start(&network.dir, &[]);
    service.key = key.map(str::to_owned);
    assert_eq!(answered(&service, "Quand ouvre le guichet ?").0, 503);
    assert_eq!(network.tunnels().len(), 2, "it was tried each time");
    assert!(network.model.is_idle());
}

#[test]
fn what_is_excepted_does_not_go_through_the_proxy() {
    let network = Network::new();
    // The first is not to be found, which is seen only by who looks for it; the proxy would have led to the second.
    let direct = Network::upstream("direct", "https://model.invalid/v1", OWN);
    let behind = Network::upstream(
        "behind",
        "https://model.test/v1",
        &format!("{}{OWN}", network.certificate()),
    );
    let rest = format!("{direct}{behind}{}", route("\"direct\", \"behind\""));
    network.configure("no_proxy = [\".invalid\", \"10.0.0.0/8\"]", &rest);
    let service = Service::start(&network.dir, &[]);
    assert_eq!(answered(&service, "Quand ouvre le guichet ?").0, 200);
    assert_eq!(network.tunnels(), ["CONNECT model.test:443"]);
    assert!(network.model.next().contains("guichet"));
    let key = service.key.clone();
    drop(service);

    // Without the exception the proxy is asked for both.
    network.configure("", &rest);
    let mut service = Service::start(&network.dir, &[]);
    service.key = key;
    assert_eq!(answered(&service, "Quand ouvre le guichet ?").0, 200);
    assert_eq!(
        network.tunnels()[1..],
        ["CONNECT model.invalid:443", "CONNECT model.test:443"]
    );
    drop(service);
}

#[test]
fn the_proxy_sees_no_target_that_policy_refused() {
    let network = Network::new();
    // Anybody's cloud: what is public may go there, a person's number may not.
    let upstream = Network::upstream(
        "cloud",
        "https://model.test/v1",
        &format!("{}card = {{ premises = \"network\" }}\n", network.certificate()),
    );
    network.configure("", &format!("{upstream}{}", route("\"cloud\"")));
    let service = Service::start(&network.dir, &[]);
    let (status, code) = answered(
        &service,
        "Que faire de l’IBAN FR76 3000 6000 0112 3456 7890 189 ?",
    );
    assert_eq!((status, code.as_str()), (403, "policy-denied"));
    assert_eq!(network.proxy.connections(), 0, "not even a connection");
    assert!(network.model.is_idle());

    assert_eq!(answered(&service, "Quand ouvre le guichet ?").0, 200);
    assert_eq!(network.tunnels(), ["CONNECT model.test:443"]);
    // Both are in the ledger, and the refusal names the target and why.
    drop(service);
    network.dir.run(&["ledger", "verify"]).succeeded();
}
