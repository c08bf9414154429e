//! Existing clients of OpenAI's API and of Anthropic's, run unchanged against a real server: their cases are in `xtask/clients`.
//!
//! Each client gets a server of its own with an empty data folder, and all of them the same small upstream.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process::{answer, lines, say, succeeds};
use crate::repository::Repository;
use crate::server::{Server, Setup};
use crate::test::Run;
use crate::tools::{self, system_packages};
use crate::verdict::Tally;

/// A client: its name, the script with its cases, and where it comes from.
struct Client {
    name: &'static str,
    script: &'static str,
    packages: Packages,
}

enum Packages {
    Python(&'static [&'static str]),
    Node(&'static [&'static str]),
}

const CLIENTS: &[Client] = &[
    Client {
        name: "client-openai-python",
        script: "openai_python.py",
        packages: Packages::Python(&["openai==3.52.0", "langchain-openai==1.7.3"]),
    },
    Client {
        name: "client-langchain",
        script: "langchain_python.py",
        packages: Packages::Python(&["openai==3.52.0", "langchain-openai==1.7.3"]),
    },
    // Apart from the others: it pins an older `openai`.
    Client {
        name: "client-litellm",
        script: "litellm_python.py",
        packages: Packages::Python(&["litellm==1.106.2"]),
    },
    Client {
        name: "client-anthropic",
        script: "anthropic_python.py",
        packages: Packages::Python(&["anthropic==2.14.0"]),
    },
    Client {
        name: "client-openai-node",
        script: "openai_node.mjs",
        packages: Packages::Node(&["openai@6.49.0"]),
    },
];

/// Routes to the upstream, of which one is for what is public and one for vectors, and one to the documents.
const CONFIG: &str = r#"
[[upstream]]
name = "local"
kind = "extractive"

[[upstream]]
name = "mock"
kind = "openai"
url = "{upstream}/v1"
model = "mock-model"

[upstream.card]
provider = "mock"
premises = "own"

[[upstream]]
name = "stranger"
kind = "openai"
url = "{upstream}/v1"
model = "mock-model"

[[upstream]]
name = "measures"
kind = "openai"
url = "{upstream}/v1"
model = "mock-measures"
serves = ["embedding", "reranking"]

[upstream.card]
provider = "mock"
premises = "own"

[[upstream]]
name = "cut"
kind = "openai"
url = "{upstream}/v1"
model = "mock-cut"

[upstream.card]
provider = "mock"
premises = "own"

[[route]]
name = "documents"
targets = ["local"]

[[route]]
name = "libre"
targets = ["mock"]
grounded = false

[[route]]
name = "reprise"
targets = ["cut", "mock"]
grounded = false

[[route]]
name = "vecteurs"
targets = ["measures"]
grounded = false

[[route]]
name = "public"
targets = ["stranger"]
grounded = false
"#;

/// Runs the cases of every client.
pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    let node = answer(Command::new("npm").arg("--version")).is_some()
        || system_packages(&["nodejs", "npm"], run.options)?;
    ensure!(node, "Node.js is missing");
    build(run.repository)?;
    let upstream = Upstream::start(run.repository)?;
    for client in CLIENTS {
        if let Err(error) = try_client(run.repository, client, &upstream, &mut tally) {
            tally.fail(format!("{}: {error:#}", client.name));
        }
    }
    Ok(tally)
}

/// Builds the program that is tried.
pub(crate) fn build(repository: &Repository) -> Result<()> {
    ensure!(
        succeeds(repository.cargo().args(["build", "--package", "trousseau"]))?,
        "the program does not build"
    );
    Ok(())
}

fn try_client(
    repository: &Repository,
    client: &Client,
    upstream: &Upstream,
    tally: &mut Tally,
) -> Result<()> {
    let mut command = command(repository, client)?;
    let server = Server::start(repository, &setup(client.name, &upstream.url))?;
    command
        .env("TROUSSEAU_URL", &server.url)
        .env("TROUSSEAU_KEY", &server.key)
        .env("UPSTREAM_URL", &upstream.url)
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    count_cases(client.name, &mut command, tally)
}

/// Runs a script of cases, which tells of each on a line (`xtask/clients/cases.py`), and counts them.
pub(crate) fn count_cases(name: &str, command: &mut Command, tally: &mut Tally) -> Result<()> {
    let output = command.stderr(Stdio::inherit()).output()?;
    let (mut told, mut failures) = (0, 0);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(case) = line.strip_prefix("ok ") {
            say(&format!("{name}: {case} ... ok"));
            tally.pass();
            told += 1;
        } else if let Some(failed) = line.strip_prefix("failed ") {
            tally.fail(format!("{name}: {failed}"));
            (told, failures) = (told + 1, failures + 1);
        }
    }
    ensure!(told > 0, "it told of no case and ended with {}", output.status);
    let counted = output.status.success() || failures > 0;
    ensure!(counted, "it ended with {} before its last case", output.status);
    Ok(())
}

/// A server in front of `upstream`.
pub(crate) fn setup(name: &str, upstream: &str) -> Setup {
    Setup::new(name, CONFIG.replace("{upstream}", upstream))
}

/// The command that runs a client's cases. Node finds packages beside the script, Python in its environment.
fn command(repository: &Repository, client: &Client) -> Result<Command> {
    let script = repository.path("xtask/clients").join(client.script);
    match client.packages {
        Packages::Python(packages) => {
            let environment = if client.name == "client-langchain" {
                "client-openai-python"
            } else {
                client.name
            };
            let programs = tools::python(repository, environment, packages)?;
            let mut command = Command::new(programs.join("python"));
            command.arg(script);
            Ok(command)
        }
        Packages::Node(packages) => {
            let home = tools::node(repository, client.name, packages)?;
            let copy = home.join(client.script);
            fs_err::copy(script, &copy)?;
            let mut command = Command::new("node");
            command.arg(copy);
            Ok(command)
        }
    }
}

/// The small upstream; it ends with the suite.
struct Upstream {
    child: Child,
    url: String,
}

impl Upstream {
    fn start(repository: &Repository) -> Result<Self> {
        let script = repository.path("xtask/clients/upstream.py");
        let mut child = Command::new("python3")
            .arg(script)
            .stdout(Stdio::piped())
            .spawn()?;
        let port = lines(&mut child)?
            .next()
            .context("the upstream does not start")??;
        Ok(Self {
            child,
            url: format!("http://127.0.0.1:{}", port.trim()),
        })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
