//! What the process uses, as Linux tells it below `/proc/self`.

use std::time::Duration;

/// What the process uses.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Resident memory, in bytes.
    pub memory: u64,
    /// Processor time, in user and system mode.
    pub cpu: Duration,
    /// Open file descriptors.
    pub files: u64,
    /// Threads.
    pub threads: u64,
}

/// What is used now; `None` where the system does not tell.
pub fn usage() -> Option<Usage> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let stat = fs_err::read_to_string("/proc/self/stat").ok()?;
    let files = fs_err::read_dir("/proc/self/fd").ok()?.count();
    Some(Usage {
        memory: field(&status, "VmRSS:")? * 1024,
        threads: field(&status, "Threads:")?,
        cpu: processor_time(&stat)?,
        files: files as u64,
    })
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `utime` and `stime` of `proc_pid_stat(5)`, which count in hundredths of a second on every Linux there is.
fn processor_time(stat: &str) -> Option<Duration> {
    // The name of the process stands in brackets and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let usage = usage().unwrap();
        assert!(usage.memory > 1 << 20 && usage.threads > 0 && usage.files > 2);
    }

    #[test]
    fn a_name_with_brackets_is_read_over() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        assert_eq!(processor_time(stat), Some(Duration::from_secs(2)));
    }
}
