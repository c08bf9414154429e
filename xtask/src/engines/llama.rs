//! llama.cpp behind the server of its Python package, with a tiny model that a script writes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use super::engine::{Engine, folder, free_port};
use super::{script, try_cases};
use crate::process::{answer, succeeds};
use crate::repository::Repository;
use crate::server::{Server, Setup};
use crate::test::Run;
use crate::tools::{built_python, system_packages};
use crate::verdict::Tally;

pub(super) const NAME: &str = "engine-llama-cpp";

const PACKAGES: [&str; 1] = ["llama-cpp-python[server]==0.3.36"];

/// A build that is quick to make and runs on any machine of its kind.
const BUILD: [(&str, &str); 1] = [(
    "CMAKE_ARGS",
    "-DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_LLAMAFILE=OFF -DLLAVA_BUILD=OFF \
     -DCMAKE_C_FLAGS_RELEASE=-O1 -DCMAKE_CXX_FLAGS_RELEASE=-O1",
)];

/// The key that the servers ask for.
pub(super) const KEY: &str = "llama-key-of-the-tests";

/// `model` takes its context of 8192 tokens and is interrupted by whoever asks next, as this server is by default;
/// `endless` has more room than any test waits for, and is not interrupted.
const CONFIG: &str = r#"
[[upstream]]
name = "tiny"
kind = "openai"
url = "{tiny}/v1"
model = "tiny"
key = { file = "engine.key" }
card = { premises = "own" }

[[upstream]]
name = "endless"
kind = "openai"
url = "{endless}/v1"
model = "tiny"
key = { file = "engine.key" }
card = { premises = "own" }

[[upstream]]
name = "locked"
kind = "openai"
url = "{tiny}/v1"
model = "tiny"
key = { file = "wrong.key" }
card = { premises = "own" }

[[route]]
name = "tiny"
targets = ["tiny"]
grounded = false

[[route]]
name = "endless"
targets = ["endless"]
grounded = false

[[route]]
name = "locked"
targets = ["locked"]
grounded = false

[[route]]
name = "locked-first"
targets = ["locked", "tiny"]
grounded = false
"#;

/// What is needed to start the server: its Python and its model.
pub(super) struct Llama {
    python: PathBuf,
    model: PathBuf,
}

/// Tries three servers of it: one of the usual kind, one with a large context, one that embeds.
pub(super) fn run(run: &Run<'_>, tally: &mut Tally) -> Result<()> {
    let llama = Llama::get(run)?;
    let repository = run.repository;
    let tiny = llama.serve(repository, "tiny", &["--n_ctx", "8192"])?;
    let large = ["--n_ctx", "262144", "--interrupt_requests", "false"];
    let endless = llama.serve(repository, "endless", &large)?;
    let embedding = ["--n_ctx", "512", "--embedding", "true"];
    let embedder = llama.serve(repository, "embedder", &embedding)?;
    let config = CONFIG.replace("{tiny}", &tiny.url);
    let mut setup = Setup::new(NAME, config.replace("{endless}", &endless.url));
    setup.files = vec![
        ("engine.key", KEY.to_owned()),
        ("wrong.key", "another key".to_owned()),
    ];
    let server = Server::start(repository, &setup)?;
    let mut cases = script(repository, &llama.python, "llama_cpp_cases.py");
    cases
        .env("UPSTREAM_URL", &tiny.url)
        .env("EMBEDDER_URL", &embedder.url)
        .env("ENGINE_KEY", KEY)
        .env("EMBED", repository.path("target/debug/examples/embed"));
    try_cases(NAME, cases, &server, tally)
}

impl Llama {
    /// Builds llama.cpp where that is not done yet, and writes the model.
    pub(super) fn get(run: &Run<'_>) -> Result<Self> {
        let compiler =
            answer(Command::new("c++").arg("--version")).is_some() || system_packages(&["g++"], run.options)?;
        ensure!(compiler, "a C++ compiler is missing");
        let programs = built_python(run.repository, NAME, &PACKAGES, &BUILD)?;
        let llama = Self {
            python: programs.join("python"),
            model: folder(run.repository)?.join("tiny.gguf"),
        };
        let mut write = script(run.repository, &llama.python, "tiny_model.py");
        ensure!(
            succeeds(write.arg(&llama.model))?,
            "the model could not be written"
        );
        Ok(llama)
    }

    /// Starts a server with `options`.
    pub(super) fn serve(&self, repository: &Repository, name: &str, options: &[&str]) -> Result<Engine> {
        let port = free_port()?;
        let mut command = Command::new(&self.python);
        command
            .args(["-m", "llama_cpp.server", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string(), "--api_key", KEY])
            .arg("--model")
            .arg(&self.model)
            .args(["--model_alias", "tiny", "--logits_all", "false"])
            .args(["--n_threads", "1", "--n_threads_batch", "1"])
            .args(options);
        Engine::start(repository, name, &mut command, port, "/v1/models")
    }
}
