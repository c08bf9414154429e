//! The other side of the tests that need a second process: this test binary, started again.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use trousseau_core::principal::Tenant;

use crate::stage::{self, all_of};

/// Starts `task` on the folder `root`, behind the words of `wrapper` if there are any.
pub(crate) fn start(task: &str, root: &Path, wrapper: &[&str]) -> Child {
    let program = std::env::current_exe().unwrap();
    let words: Vec<&str> = wrapper
        .iter()
        .copied()
        .chain([program.to_str().unwrap()])
        .collect();
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .args([
            "--exact",
            "child::does_what_it_is_told",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let order = format!("{task} {}", root.display());
    child.stdin.take().unwrap().write_all(order.as_bytes()).unwrap();
    child
}

/// Starts `task` and waits for its success.
pub(crate) fn finish(task: &str, root: &Path, wrapper: &[&str]) {
    let output = start(task, root, wrapper).wait_with_output().unwrap();
    let said = [output.stdout, output.stderr]
        .map(|said| String::from_utf8_lossy(&said).into_owned())
        .concat();
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{task}: {said}"
    );
}

#[test]
#[ignore = "the other tests start it as a process of its own"]
fn does_what_it_is_told() {
    let mut order = String::new();
    std::io::stdin().read_to_string(&mut order).unwrap();
    let (task, root) = order.split_once(' ').unwrap();
    let root = Path::new(root);
    match task {
        "ingest" => stage::run(ingest(root)),
        "fill-the-disk" => stage::run(crate::full_disk::fill(root)),
        _ => panic!("no such task: {task}"),
    }
}

async fn ingest(root: &Path) {
    let gateway = stage::open(&root.join("data")).await.unwrap();
    let mut wanted = all_of(root.join("files"));
    wanted.sync = true;
    stage::ingest(&gateway, &Tenant::default(), wanted).await.unwrap();
    gateway.close().await.unwrap();
}
