//! The pool: what reads well comes back, what goes wrong goes wrong alone.

use std::path::PathBuf;
use std::time::Duration;

use trousseau_core::document::Extracted;
use trousseau_extract::{ExtractError, Format, Limits, Pool, PoolOptions, Source, read};

const PAGE: &str = "<title>Congés</title><h1>Durée</h1><p>Vingt-cinq <b>jours</b>.</p>";

/// The example worker, which cargo builds beside the tests.
fn worker() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.ancestors().nth(2).unwrap().join("examples/extract_worker");
    assert!(built.is_file(), "build the examples first: {}", built.display());
    built
}

/// `tag` is an argument the worker ignores, to find it by in the list of processes.
fn options(tag: &str) -> PoolOptions {
    let mut options = PoolOptions::new(worker(), [format!("--tag={tag}-{}", std::process::id())]);
    options.workers = 1;
    options
}

/// The living processes that were started with this tag.
fn processes(tag: &str) -> Vec<u32> {
    let mark = format!("--tag={tag}-{}", std::process::id());
    let mut found = Vec::new();
    for entry in fs_err::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let command = fs_err::read(path.join("cmdline")).unwrap_or_default();
        if memchr::memmem::find(&command, mark.as_bytes()).is_some() {
            found.push(path.file_name().unwrap().to_str().unwrap().parse().unwrap());
        }
    }
    found
}

fn expected() -> Extracted {
    read(Format::Html, PAGE.as_bytes(), &Limits::default()).unwrap()
}

async fn reads_on(pool: &Pool) {
    assert_eq!(
        pool.extract("page", Format::Html, PAGE.as_bytes()).await,
        Ok(expected())
    );
}

#[tokio::test]
async fn a_worker_reads_as_the_library_does() {
    let pool = Pool::new(options("plain"));
    reads_on(&pool).await;
    let large = PAGE.repeat(5_000);
    let direct = read(Format::Html, large.as_bytes(), &Limits::default());
    assert_eq!(
        pool.extract("large", Format::Html, large.as_bytes()).await,
        direct
    );
    let empty = pool.extract("empty", Format::Text, b" \n").await;
    assert_eq!(empty, Err(ExtractError::Empty));
    assert_eq!(processes("plain").len(), 1);
    pool.shut_down().await;
}

#[tokio::test]
async fn processes_start_when_needed_and_none_is_left() {
    let mut options = options("lazy");
    options.workers = 3;
    let pool = Pool::new(options);
    assert!(processes("lazy").is_empty());
    let one = || pool.extract("page", Format::Html, PAGE.as_bytes());
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    assert!([a, b, c, d].iter().all(Result::is_ok));
    assert_eq!(processes("lazy").len(), 3);
    pool.shut_down().await;
    assert!(processes("lazy").is_empty());
    let late = pool.extract("page", Format::Html, PAGE.as_bytes()).await;
    assert!(
        matches!(late, Err(ExtractError::WorkerNotStarted { .. })),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_file_that_breaks_its_worker_fails_alone() {
    let pool = Pool::new(options("break"));
    for (name, reason) in [
        ("abort", "signal 6"),
        ("panic", "exit code 101"),
        ("nonsense", "its reply cannot be understood"),
    ] {
        let broken = pool.extract(name, Format::Text, b"x").await;
        let reason = reason.to_owned();
        assert_eq!(broken, Err(ExtractError::WorkerDied { reason }), "{name}");
        reads_on(&pool).await;
    }
    pool.shut_down().await;
    assert!(processes("break").is_empty());
}

#[tokio::test]
async fn memory_is_walled_in() {
    let mut options = options("bomb");
    options.memory_limit = 256 << 20;
    let pool = Pool::new(options);
    let broken = pool.extract("bomb", Format::Text, b"x").await;
    assert!(
        matches!(broken, Err(ExtractError::WorkerDied { .. })),
        "{broken:?}"
    );
    reads_on(&pool).await;
    pool.shut_down().await;
}

#[tokio::test]
async fn processor_time_is_walled_in() {
    let mut options = options("spin");
    options.cpu_limit = Duration::from_secs(1);
    let pool = Pool::new(options);
    let broken = pool.extract("spin", Format::Text, b"x").await;
    assert!(
        matches!(broken, Err(ExtractError::WorkerDied { .. })),
        "{broken:?}"
    );
    pool.shut_down().await;
}

#[tokio::test]
async fn a_worker_that_hangs_is_killed_in_time() {
    let mut options = options("hang");
    options.timeout = Duration::from_millis(300);
    let pool = Pool::new(options);
    let slow = pool.extract("hang", Format::Text, b"x").await;
    assert_eq!(slow, Err(ExtractError::TimedOut { seconds: 0 }));
    assert!(processes("hang").is_empty());
    reads_on(&pool).await;
    pool.shut_down().await;
}

#[tokio::test]
async fn a_worker_killed_while_it_reads_or_rests_costs_one_file_at_most() {
    let pool = Pool::new(options("kill"));
    let hang = pool.extract("hang", Format::Text, b"x");
    let killer = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if kill(&processes("kill")) {
                break;
            }
        }
    };
    let (broken, ()) = tokio::join!(hang, killer);
    let reason = "signal 9".to_owned();
    assert!(
        matches!(&broken, Err(ExtractError::WorkerDied { reason: found }) if *found == reason)
            || matches!(&broken, Err(ExtractError::WorkerNotStarted { .. })),
        "{broken:?}"
    );
    reads_on(&pool).await;
    assert!(kill(&processes("kill")));
    // The kernel needs a moment to end it.
    while !processes("kill").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    reads_on(&pool).await;
    pool.shut_down().await;
}

fn kill(processes: &[u32]) -> bool {
    for process in processes {
        let process = rustix::process::Pid::from_raw(i32::try_from(*process).unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    }
    !processes.is_empty()
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_no_process_behind() {
    let pool = Pool::new(options("drop"));
    let given_up = tokio::time::timeout(
        Duration::from_millis(200),
        pool.extract("hang", Format::Text, b"x"),
    );
    assert!(given_up.await.is_err());
    reads_on(&pool).await;
    pool.shut_down().await;
    while !processes("drop").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_pool_that_is_dropped_leaves_no_process_behind() {
    let pool = Pool::new(options("forget"));
    reads_on(&pool).await;
    assert_eq!(processes("forget").len(), 1);
    drop(pool);
    while !processes("forget").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_process_is_replaced_after_its_share_of_files() {
    let mut options = options("recycle");
    options.recycle_after = 2;
    let pool = Pool::new(options);
    reads_on(&pool).await;
    let first = processes("recycle");
    reads_on(&pool).await;
    assert!(processes("recycle").is_empty());
    reads_on(&pool).await;
    assert_ne!(processes("recycle"), first);
    pool.shut_down().await;
}

#[tokio::test]
async fn a_process_that_has_grown_is_replaced() {
    let mut options = options("grown");
    options.recycle_memory = 1 << 20;
    let pool = Pool::new(options);
    let large = PAGE.repeat(5_000);
    pool.extract("large", Format::Html, large.as_bytes())
        .await
        .unwrap();
    assert!(processes("grown").is_empty());
    reads_on(&pool).await;
    pool.shut_down().await;
}

#[tokio::test]
async fn of_many_files_only_the_bad_ones_fail() {
    let mut options = options("batch");
    options.recycle_after = 7;
    options.limits.max_bytes = 1 << 20;
    let pool = Pool::new(options);
    let bodies: Vec<String> = (0..40).map(|number| format!("Fiche {number}.\n")).collect();
    let huge = vec![b'a'; (1 << 20) + 1];
    let mut sources: Vec<Source<'_>> = bodies
        .iter()
        .map(|body| Source {
            name: "fiche",
            format: Format::Text,
            bytes: body.as_bytes(),
        })
        .collect();
    sources[5].name = "abort";
    sources[6].name = "abort";
    sources[20].bytes = &huge;
    sources[39].name = "panic";
    for (number, outcome) in pool.extract_all(&sources).await.into_iter().enumerate() {
        match (number, outcome) {
            (5 | 6 | 39, outcome) => {
                assert!(
                    matches!(outcome, Err(ExtractError::WorkerDied { .. })),
                    "{number}: {outcome:?}"
                );
            }
            (20, outcome) => assert!(
                matches!(outcome, Err(ExtractError::TooLarge { .. })),
                "{outcome:?}"
            ),
            (_, outcome) => assert_eq!(outcome.unwrap().text, bodies[number]),
        }
    }
    pool.shut_down().await;
    assert!(processes("batch").is_empty());
}

#[tokio::test]
async fn many_large_files_in_a_row_do_not_block_each_other() {
    let pool = Pool::new(options("pipes"));
    let body = "Une ligne de texte.\n\n".repeat(4_000);
    let source = Source {
        name: "a",
        format: Format::Text,
        bytes: body.as_bytes(),
    };
    let outcomes = pool.extract_all(&[source; 10]).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().is_ok_and(|read| read.text == body))
    );
    pool.shut_down().await;
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_named() {
    for program in ["/bin/true", "/nowhere/trousseau"] {
        let pool = Pool::new(PoolOptions::new(program, ["extract-worker"]));
        let failed = pool.extract("a", Format::Text, b"x").await;
        assert!(
            matches!(&failed, Err(ExtractError::WorkerNotStarted { program: named, .. }) if named == program),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn a_worker_reaches_nothing() {
    let inheritable = tempfile::tempfile().unwrap();
    rustix::io::fcntl_setfd(&inheritable, rustix::io::FdFlags::empty()).unwrap();
    let pool = Pool::new(options("spy"));
    let told = pool.extract("spy", Format::Text, b"x").await.unwrap().text;
    let could: Vec<&str> = told.lines().filter(|line| line.ends_with("true")).collect();
    assert!(could.is_empty(), "{could:?}");
    let missing = pool.missing_walls();
    assert!(
        missing.iter().all(|wall| wall.starts_with("Landlock")),
        "{missing:?}"
    );
    pool.shut_down().await;
}

#[tokio::test]
async fn a_pool_without_processes_reads_the_same() {
    let pool = Pool::danger_in_process(Limits::default());
    reads_on(&pool).await;
    pool.shut_down().await;
    let late = pool.extract("page", Format::Html, PAGE.as_bytes()).await;
    assert!(
        matches!(late, Err(ExtractError::WorkerNotStarted { .. })),
        "{late:?}"
    );
}
