//! A disk that is soon full.

use std::path::Path;
use std::process::Command;

/// What to put before a command so that `folder`, and its temporary files, are on a disk of so many megabytes; or a
/// recorded skip of the test `id`. The disk is in memory, and nobody but the command sees it.
pub fn small_disk(id: &str, folder: &Path, megabytes: usize) -> Option<Vec<String>> {
    let mount = format!("mount -t tmpfs -o size={megabytes}m tmpfs \"$0\" && TMPDIR=\"$0\" exec \"$@\"");
    let folder = folder.to_string_lossy();
    let namespace = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        &mount,
        &folder,
    ];
    let can_mount = Command::new(namespace[0])
        .args(&namespace[1..])
        .arg("true")
        .status();
    if can_mount.is_ok_and(|status| status.success()) {
        return Some(namespace.map(str::to_owned).to_vec());
    }
    crate::skip(id, "needs user namespaces");
    None
}
