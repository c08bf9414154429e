//! The walls around a worker process: what it may not use, even when a hostile file has taken it over.
//!
//! They are put up by the worker itself before it is given the first file, and cannot be taken down again:
//! - address space, processor time, core dumps and file size are limited (`setrlimit`), no descriptor can be
//!   opened and, for ordinary users, no process started;
//! - it can gain no privileges (`PR_SET_NO_NEW_PRIVS`);
//! - where the kernel has Landlock, it reaches no file, no TCP port, no abstract socket, and signals nobody.
//!
//! The pool does the rest: it gives the process an environment with one setting of the allocator, its two pipes, and no other descriptor. A kernel without one of
//! these walls is said, not silently accepted: [`raise`] names what is missing.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// How high the walls are that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heights {
    /// The largest address space, in bytes.
    pub memory: u64,
    /// The processor time of the whole life of the process, in seconds.
    pub cpu_seconds: u64,
}

/// Puts up the walls; gives what is missing, in words for the log.
pub fn raise(heights: &Heights) -> Vec<String> {
    let mut missing = Vec::new();
    for target in inherited_descriptors() {
        missing.push(format!("a descriptor was inherited: {target}"));
    }
    let limits = [
        (Resource::As, heights.memory, "memory limit"),
        (Resource::Cpu, heights.cpu_seconds, "processor time limit"),
        (Resource::Fsize, 0, "file size limit"),
        (Resource::Core, 0, "core dump limit"),
        (Resource::Nproc, 0, "process limit"),
    ];
    for (resource, limit, name) in limits {
        lower(resource, limit, name, &mut missing);
    }
    if let Err(error) = rustix::thread::set_no_new_privs(true) {
        missing.push(format!("no-new-privs: {error}"));
    }
    match landlock() {
        Ok(RulesetStatus::FullyEnforced) => {}
        Ok(RulesetStatus::PartiallyEnforced) => {
            missing.push("Landlock is only partly known to this kernel".to_owned());
        }
        Ok(RulesetStatus::NotEnforced) => missing.push("Landlock is not known to this kernel".to_owned()),
        Err(error) => missing.push(format!("Landlock: {error}")),
    }
    // Last, for Landlock itself needs a descriptor.
    lower(Resource::Nofile, 0, "descriptor limit", &mut missing);
    missing
}

fn lower(resource: Resource, limit: u64, name: &str, missing: &mut Vec<String>) {
    let limit = Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    if let Err(error) = setrlimit(resource, limit) {
        missing.push(format!("{name}: {error}"));
    }
}

/// A rule set that handles every access and allows none.
fn landlock() -> Result<RulesetStatus, landlock::RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// What is open beside the three standard descriptors: the pool passes on nothing, but it may not be the
/// pool that started this process.
fn inherited_descriptors() -> Vec<String> {
    let Ok(open) = fs_err::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    let foreign = open.flatten().filter_map(|entry| {
        let standard = matches!(entry.file_name().to_str(), Some("0" | "1" | "2"));
        let target = fs_err::read_link(entry.path()).ok().filter(|_| !standard)?;
        // The process's own are this folder and its gauge of memory.
        (!target.starts_with("/proc")).then(|| target.display().to_string())
    });
    foreign.collect()
}
