//! Health checks: of whom, with what, and what follows from them.

use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use serde_json::Value;
use trousseau_testing::proxy::head;

use crate::harness::Dir;
use crate::service::{self, PATIENCE, Service};

/// A server that lists its models with the status that it is told, and counts who asked.
struct Listing {
    url: String,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
}

impl Listing {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
        let (told, counted) = (Arc::clone(&status), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let Some((line, headers)) = head(&mut stream) else {
                    continue;
                };
                assert_eq!(line, "GET /v1/models HTTP/1.1");
                assert!(
                    headers.contains(&("authorization".to_owned(), "Bearer k".to_owned())),
                    "{headers:?}"
                );
                counted.fetch_add(1, Ordering::SeqCst);
                let status = told.load(Ordering::SeqCst);
                let body = r#"{"object":"list","data":[]}"#;
                let answer = format!(
                    "HTTP/1.1 {status} T\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _gone = stream.get_mut().write_all(answer.as_bytes());
            }
        });
        Self { url, status, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn configure(dir: &Dir, upstreams: &[(&str, &Listing, &str)], more: &str) {
    let upstreams = upstreams.iter().map(|(name, listing, more)| {
        let url = &listing.url;
        format!(
            "[[upstream]]\nname = \"{name}\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"m\"\n\
             key = {{ file = \"k\" }}\ncard = {{ premises = \"own\" }}\n{more}\n"
        )
    });
    let text = upstreams.collect::<String>() + more;
    dir.write("data/k", "k\n");
    dir.write("data/trousseau.toml", text);
}

/// Waits until the upstreams are shown as `holds` wants them.
fn until(service: &Service, holds: impl Fn(&Value) -> bool) -> Value {
    let began = std::time::Instant::now();
    loop {
        let answer = service::get(&service.address, "/api/upstreams", service.key.as_deref());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body = &body[body.find('{').unwrap()..=body.rfind('}').unwrap()];
        let shown: Value = serde_json::from_str(body).unwrap();
        if holds(&shown["upstreams"]) {
            return shown;
        }
        assert!(began.elapsed() < PATIENCE, "{shown:#}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

const EVERY_SECOND: &str = "health_check = { every_seconds = 1 }";

#[test]
fn an_upstream_that_is_not_there_is_left_alone_until_it_is() {
    let (dir, checked, quiet) = (Dir::new(), Listing::start(), Listing::start());
    configure(
        &dir,
        &[("checked", &checked, EVERY_SECOND), ("quiet", &quiet, "")],
        "",
    );
    let service = Service::start(&dir, &[]);
    let shown = until(&service, |upstreams| upstreams[0]["alive"] == true);
    assert_eq!(shown["upstreams"][1]["alive"], Value::Null);
    // It knows no such list, and is there all the same.
    checked.status.store(404, Ordering::SeqCst);
    let asked = checked.asked();
    until(&service, |_| checked.asked() > asked + 1);
    until(&service, |upstreams| upstreams[0]["alive"] == true);
    checked.status.store(503, Ordering::SeqCst);
    let shown = until(&service, |upstreams| upstreams[0]["alive"] == false);
    assert_eq!(shown["upstreams"][0]["breaker"], "open");
    checked.status.store(200, Ordering::SeqCst);
    let shown = until(&service, |upstreams| upstreams[0]["alive"] == true);
    assert_eq!(shown["upstreams"][0]["breaker"], "closed");
    // Nobody asked for the other one to be checked.
    assert_eq!(quiet.asked(), 0);
    service.stop().succeeded();
}

#[test]
fn checks_follow_the_configuration_and_the_rules() {
    let (dir, first, second) = (Dir::new(), Listing::start(), Listing::start());
    let upstreams = |of_first: &'static str, of_second: &'static str| {
        [("first", &first, of_first), ("second", &second, of_second)]
    };
    first.status.store(503, Ordering::SeqCst);
    configure(&dir, &upstreams(EVERY_SECOND, ""), "");
    let service = Service::start(&dir, &[]);
    until(&service, |upstreams| upstreams[0]["alive"] == false);
    configure(&dir, &upstreams("", EVERY_SECOND), "");
    dir.json(&["reload"]);
    let shown = until(&service, |upstreams| {
        upstreams[1]["alive"] == true && upstreams[0]["alive"].is_null()
    });
    assert_eq!(shown["upstreams"][0]["breaker"], "closed");
    // One check may have been under way.
    let (last, later) = (first.asked() + 1, second.asked() + 3);
    until(&service, |_| second.asked() > later);
    assert!(first.asked() <= last);
    // What may be sent nothing is not called.
    configure(
        &dir,
        &upstreams("", EVERY_SECOND),
        "[policy]\nbanned = [\"second\"]\n",
    );
    dir.json(&["reload"]);
    until(&service, |upstreams| upstreams[1]["alive"].is_null());
    service.stop().succeeded();
}
