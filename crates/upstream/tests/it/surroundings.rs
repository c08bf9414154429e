//! The environment decides nothing: neither its proxies nor its authorities are used.

use trousseau_testing::authority::Authority;
use trousseau_testing::proxy::Proxy;
use trousseau_upstream::egress::{Egress, Network};
use trousseau_upstream::{OpenAi, Server};

use crate::mock::{Mock, stream};
use crate::stage::{TARGET, ask, question, wording};

#[test]
fn proxies_and_authorities_of_the_environment_are_not_used() {
    let authority = Authority::new();
    let tls = authority.server("localhost", None);
    let mock = Mock::over(|_, _| stream(&["non"]), move |stream| tls.wrap(stream));
    let proxy = Proxy::to(mock.address(), None);
    let mut wrapper = vec!["env".to_owned()];
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        wrapper.push(format!("{name}={}", proxy.url()));
    }
    wrapper.push(format!("SSL_CERT_FILE={}", authority.file().display()));
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let order = format!("https://localhost:{}/v1", mock.address().port());
    let child = trousseau_testing::start_child("surroundings::calls_what_it_is_told", &order, &wrapper);
    trousseau_testing::finish_child(child);
    assert_eq!(proxy.requests(), []);
    assert!(mock.asked().is_empty());
}

#[tokio::test]
async fn calls_what_it_is_told() {
    let Some(url) = trousseau_testing::child_order() else {
        return;
    };
    let network = Network::open(&Egress::default()).unwrap();
    for url in [
        url.as_str(),
        "https://model.invalid/v1",
        "http://model.invalid/v1",
    ] {
        let client = network.client(std::time::Duration::from_secs(5), None).unwrap();
        let model = OpenAi::new(Server::new(TARGET, "m", url), client, wording()).unwrap();
        assert!(ask(&model, question("Bonjour ?")).await.1.is_err(), "{url}");
    }
}
