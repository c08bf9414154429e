//! The web page as a browser gets it.

use serde_json::{Value, json};
use trousseau_http::Settings;

use crate::stage::Stage;
use crate::wired::{Reply, Wired, request, scripted, staged};

const BROWSER: &str = "accept: text/html,application/xhtml+xml,*/*;q=0.8";

async fn open(wired: &Wired, path: &str) -> Reply {
    wired.send(request("GET", path, &[BROWSER], "")).await
}

#[tokio::test]
async fn every_address_of_the_page_is_the_page_under_a_strict_policy() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    for path in ["/", "/login", "/c/0123456789abcdef", "/admin/keys", "/audit?x=1"] {
        let page = open(&wired, path).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert!(page.body.contains("<base href=\"/\" />"), "{path}");
        // What stands in it runs under that policy: nothing is written into it.
        for inline in ["<script>", " style=", " onload=", "javascript:"] {
            assert!(!page.body.contains(inline), "{inline}");
        }
    }
    let tag = open(&wired, "/").await.header("etag").unwrap().to_owned();
    let known = format!("if-none-match: {tag}");
    let again = wired.send(request("GET", "/", &[&known], "")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[tokio::test]
async fn what_is_not_there_is_an_error_and_not_the_page() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    for path in [
        "/api/nowhere",
        "/v1/nowhere",
        "/assets/none.js",
        "/assets/../index.html",
        "/none.svg",
    ] {
        let reply = open(&wired, path).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "http-not-found"),
            "{path}"
        );
    }
    let program = wired.send(request("GET", "/login", &["accept: */*"], "")).await;
    assert_eq!(program.code(), "http-not-found");
}

/// The files that the page names in its own address book: what is embedded is what a browser asks for.
fn assets(page: &str) -> Vec<String> {
    let named = page.split(['"', '\'']).filter(|part| part.contains("assets/"));
    named
        .map(|part| part.trim_start_matches("./").to_owned())
        .collect()
}

#[tokio::test]
async fn the_files_that_the_page_names_are_there_and_compressed() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    let page = open(&wired, "/").await.body;
    for name in assets(&page) {
        let path = format!("/{name}");
        let plain = wired.send(request("GET", &path, &[], "")).await;
        assert_eq!(
            (plain.status, plain.header("content-encoding")),
            (200, None),
            "{path}"
        );
        assert_eq!(
            plain.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        let length = |reply: &Reply| reply.header("content-length").unwrap().parse::<usize>().unwrap();
        for (accepted, encoding) in [("gzip", "gzip"), ("gzip, br", "br")] {
            let accepted = format!("accept-encoding: {accepted}");
            let packed = wired.send(request("GET", &path, &[&accepted], "")).await;
            assert_eq!(packed.header("content-encoding"), Some(encoding), "{path}");
            assert_eq!(packed.header("vary"), Some("accept-encoding"));
            assert!(length(&packed) < length(&plain), "{path}");
        }
    }
}

#[tokio::test]
async fn the_page_stands_below_any_base_path() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let settings = Settings {
        base_path: "/outils/trousseau".to_owned(),
        ..Settings::default()
    };
    let wired = Wired::start(&stage, gateway, settings).await;
    for path in [
        "/outils/trousseau",
        "/outils/trousseau/",
        "/outils/trousseau/c/0123",
    ] {
        let page = open(&wired, path).await;
        assert!(
            page.body.contains("<base href=\"/outils/trousseau/\" />"),
            "{path}: {page:?}"
        );
        for name in assets(&page.body) {
            let asset = wired
                .send(request("GET", &format!("/outils/trousseau/{name}"), &[], ""))
                .await;
            assert_eq!(asset.status, 200, "{name}");
        }
    }
}

#[tokio::test]
async fn the_page_says_what_the_configuration_says_and_no_more() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let logo = stage.files().join("marque.svg");
    fs_err::write(
        &logo,
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>",
    )
    .unwrap();
    let mut settings = Settings::default();
    settings.page.name = "Montclair".to_owned();
    settings.page.accent = Some("#005f60".to_owned());
    settings.page.provider = Some("Compte de la ville".to_owned());
    settings.page.directory = Some("Annuaire de la ville".to_owned());
    settings.page.retention_days = 30;
    settings.page.incognito = true;
    settings.page.accessibility = "partial".to_owned();
    settings.page.logo = Some(logo);
    let wired = Wired::start(&stage, gateway, settings).await;
    let mut about = wired.send(request("GET", "/api/page", &[], "")).await.json();
    assert!(about["version"].take().is_string());
    assert_eq!(
        about,
        json!({
            "name": "Montclair",
            "logo": "api/page/logo",
            "accent": "#005f60",
            "accent_dark": Value::Null,
            "version": Value::Null,
            "oidc": { "name": "Compte de la ville" },
            "directory": { "name": "Annuaire de la ville" },
            "setup": true,
            "languages": ["fr", "en"],
            "retention_days": 30,
            "incognito": true,
            "accessibility": { "conformity": "partial", "contact": Value::Null },
        })
    );
    let logo = wired.send(request("GET", "/api/page/logo", &[], "")).await;
    assert_eq!(logo.header("content-type"), Some("image/svg+xml"));
    let policy = logo.header("content-security-policy").unwrap();
    assert!(
        policy.contains("sandbox") && !policy.contains("script-src"),
        "{policy}"
    );

    let new = json!({ "name": "anne" }).to_string();
    let made = wired
        .call("POST", "/api/users", &["content-type: application/json"], &new)
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let about = wired.get("/api/page").await.json();
    assert_eq!(about["setup"], false);
}
