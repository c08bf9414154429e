//! LiteLLM's proxy between this program and a model server.

use std::process::Command;

use anyhow::Result;

use super::engine::{Engine, folder, free_port};
use super::llama::{self, Llama};
use super::{script, try_cases};
use crate::repository::Repository;
use crate::server::{Server, Setup};
use crate::test::Run;
use crate::tools;
use crate::verdict::Tally;

pub(super) const NAME: &str = "engine-litellm";

const PACKAGES: [&str; 1] = ["litellm[proxy]==1.106.2"];

/// The proxy refuses to start without a strong one.
const KEY: &str = "sk-9f2Kq7Lw3ZtB8nXc5VhD1mRy6PjA4sGe";

/// Its models: the one that answers, and one whose server is down.
const PROXY: &str = r#"
model_list:
  - model_name: tiny
    litellm_params:
      model: openai/tiny
      api_base: {llama}/v1
      api_key: {llama_key}
  - model_name: down
    litellm_params:
      model: openai/tiny
      api_base: http://127.0.0.1:9/v1
      api_key: {llama_key}
      max_retries: 0
litellm_settings:
  num_retries: 0
  telemetry: false
general_settings:
  master_key: {key}
"#;

/// An upstream for each way in which the proxy can fail, and one that works.
const UPSTREAMS: [(&str, &str, &str); 4] = [
    ("proxy", "tiny", "proxy.key"),
    ("wrong-key", "tiny", "wrong.key"),
    ("no-model", "missing", "proxy.key"),
    ("down", "down", "proxy.key"),
];

/// Tries the proxy in front of one model server.
pub(super) fn run(run: &Run<'_>, tally: &mut Tally) -> Result<()> {
    let repository = run.repository;
    let programs = tools::python(repository, NAME, &PACKAGES)?;
    let model = Llama::get(run)?.serve(repository, "behind-litellm", &["--n_ctx", "8192"])?;
    let port = free_port()?;
    let config = folder(repository)?.join("litellm.yaml");
    let text = PROXY
        .replace("{llama}", &model.url)
        .replace("{llama_key}", llama::KEY);
    fs_err::write(&config, text.replace("{key}", KEY))?;
    let mut command = Command::new(programs.join("litellm"));
    command
        .current_dir(folder(repository)?)
        .arg("--config")
        .arg(&config)
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .args(["--telemetry", "False"])
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    let proxy = Engine::start(repository, "litellm", &mut command, port, "/health/liveliness")?;
    let server = start(repository, &proxy.url, &model.url)?;
    let mut cases = script(repository, programs.join("python"), "litellm_cases.py");
    cases.env("UPSTREAM_URL", &proxy.url);
    try_cases(NAME, cases, &server, tally)
}

fn start(repository: &Repository, proxy: &str, model: &str) -> Result<Server> {
    let mut config = upstream("direct", &format!("{model}/v1"), "tiny", "llama.key");
    for (name, model, key) in UPSTREAMS {
        config += &upstream(name, &format!("{proxy}/v1"), model, key);
        config += &route(name, &[name]);
        config += &route(&format!("{name}-first"), &[name, "direct"]);
    }
    let mut setup = Setup::new(NAME, config);
    setup.files = vec![
        ("proxy.key", KEY.to_owned()),
        ("wrong.key", "sk-not-the-key-of-this-proxy-at-all-000".to_owned()),
        ("llama.key", llama::KEY.to_owned()),
    ];
    Server::start(repository, &setup)
}

fn upstream(name: &str, url: &str, model: &str, key: &str) -> String {
    format!(
        "[[upstream]]\nname = \"{name}\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"{model}\"\n\
         key = {{ file = \"{key}\" }}\ncard = {{ premises = \"own\" }}\n\n"
    )
}

fn route(name: &str, targets: &[&str]) -> String {
    format!("[[route]]\nname = \"{name}\"\ntargets = {targets:?}\ngrounded = false\n\n")
}
