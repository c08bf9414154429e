//! The other side of the tests that need a second process: this test binary, started again.

use std::path::Path;
use std::process::Child;

use trousseau_core::principal::Tenant;

use crate::stage::{self, all_of};

/// Starts `task` on the folder `root`, behind the words of `wrapper` if there are any.
pub(crate) fn start(task: &str, root: &Path, wrapper: &[&str]) -> Child {
    let order = format!("{task} {}", root.display());
    trousseau_testing::start_child("child::does_what_it_is_told", &order, wrapper)
}

/// Starts `task` and waits for its success.
pub(crate) fn finish(task: &str, root: &Path, wrapper: &[&str]) {
    trousseau_testing::finish_child(start(task, root, wrapper));
}

#[test]
fn does_what_it_is_told() {
    let Some(order) = trousseau_testing::child_order() else {
        return;
    };
    let (task, root) = order.split_once(' ').unwrap();
    let root = Path::new(root);
    match task {
        "ingest" => stage::run(ingest(root)),
        "fill-the-disk" => stage::run(crate::full_disk::fill(root)),
        "ready-on-a-full-disk" => stage::run(crate::full_disk::readiness()),
        "back-up" | "restore" => stage::run(crate::backup::work(task, root)),
        "ask-request" | "ask-batch" => stage::run(crate::groups::work(task, root)),
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
