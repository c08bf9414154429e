//! Servers that do not answer, not in LDAP, or more than was asked.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use trousseau_directory::{Address, Directory, DirectoryError};
use trousseau_testing::authority::Authority;

use super::town::{directory, now, plain, settings};

/// A server that does `with` with each connection.
fn server(with: impl Fn(TcpStream) + Send + Clone + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let with = with.clone();
            std::thread::spawn(move || with(stream));
        }
    });
    port
}

/// Answers every request with `answer`.
fn says(answer: Vec<u8>) -> u16 {
    server(move |mut stream| {
        let mut request = [0; 1024];
        while stream.read(&mut request).is_ok_and(|read| read > 0) {
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    })
}

fn at(address: Address, patience: Duration) -> Directory {
    let mut settings = settings(vec![address]);
    settings.patience = patience;
    directory(settings, &Authority::new())
}

async fn reason(directory: &Directory) -> String {
    match directory.authenticate("alice", "password", now()).await {
        Err(DirectoryError::Unreachable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let silent = server(|stream| {
        std::thread::park();
        drop(stream);
    });
    let patience = Duration::from_millis(50);
    let tls: Address = format!("ldaps://127.0.0.1:{silent}").parse().unwrap();
    let start_tls: Address = format!("ldap://127.0.0.1:{silent}").parse().unwrap();
    for address in [plain(silent), tls, start_tls] {
        assert_eq!(reason(&at(address, patience)).await, "no answer in time");
    }
}

#[tokio::test]
async fn nobody_listening_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let told = reason(&at(plain(port), Duration::from_secs(60))).await;
    assert!(told.contains("refused"), "{told}");
}

#[tokio::test]
async fn what_is_not_ldap_is_an_end() {
    let deep = {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..30_000 {
            let mut outer = vec![0x30];
            let length = bytes.len() as u32;
            outer.push(0x84);
            outer.extend(length.to_be_bytes());
            outer.extend(&bytes);
            bytes = outer;
        }
        bytes
    };
    for (answer, expected) in [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "the answer is not LDAP",
        ),
        (vec![0x30, 0x80, 0, 0], "the answer is not LDAP"),
        (vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], "its answer is too long"),
        (vec![0x30, 0], "the answer is not LDAP"),
        (vec![0x30, 3, 2, 1, 1], "the answer is not LDAP"),
        (deep, "the answer is not LDAP"),
        // A search's end in answer to a bind.
        (
            vec![0x30, 12, 2, 1, 1, 0x65, 7, 10, 1, 0, 4, 0, 4, 0],
            "the answer is not LDAP",
        ),
        // A notice of disconnection.
        (
            vec![0x30, 12, 2, 1, 0, 0x78, 7, 10, 1, 52, 4, 0, 4, 0],
            "it ends the connection",
        ),
    ] {
        let told = reason(&at(plain(says(answer.clone())), Duration::from_secs(60))).await;
        assert_eq!(told, expected, "{:?}", &answer[..answer.len().min(20)]);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_told() {
    let port = server(drop);
    let told = reason(&at(plain(port), Duration::from_secs(60))).await;
    assert!(!told.is_empty());
}

#[tokio::test]
async fn entries_without_end_are_an_end() {
    // Bound, and then the same entry again and again.
    let port = server(|mut stream| {
        let mut request = [0; 1024];
        let _bind = stream.read(&mut request);
        let _answer = stream.write_all(&[0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0]);
        let _search = stream.read(&mut request);
        while stream
            .write_all(&[0x30, 10, 2, 1, 2, 0x64, 5, 4, 1, b'a', 0x30, 0])
            .is_ok()
        {}
    });
    let told = reason(&at(plain(port), Duration::from_secs(60))).await;
    assert_eq!(told, "it sends more entries than were asked for");
}

#[tokio::test]
async fn nothing_said_before_tls_counts() {
    // StartTLS is granted, and something is said with it that would be taken for an answer under TLS.
    let granted = [0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 0, 4, 0, 4, 0];
    let port = says([&granted[..], &[0x30, 12, 2, 1, 2, 0x61, 7, 10, 1, 0, 4, 0, 4, 0]].concat());
    let address: Address = format!("ldap://127.0.0.1:{port}").parse().unwrap();
    let told = reason(&at(address, Duration::from_secs(60))).await;
    assert_eq!(told, "it says more before TLS than it was asked");
    // Refused, nothing goes on without it.
    let refused = vec![0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 2, 4, 0, 4, 0];
    let port = says(refused);
    let address: Address = format!("ldap://127.0.0.1:{port}").parse().unwrap();
    let directory = at(address, Duration::from_secs(60));
    let told = directory.authenticate("alice", "password", now()).await;
    assert!(
        matches!(
            told,
            Err(DirectoryError::Refused {
                what: "StartTLS",
                code: 2,
                ..
            })
        ),
        "{told:?}"
    );
}
