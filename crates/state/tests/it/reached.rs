//! Servers that are not there, that refuse, that go away and come back.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use trousseau_testing::authority::{Authority, Tls};

use super::*;

/// What a client says first that wants TLS, and what is answered where it may (PostgreSQL documentation, "SSL Session Encryption").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A server with TLS in front of one that has none, on this port of `localhost`.
fn behind_tls(tls: Tls, server: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = server
        .rsplit_once('@')
        .unwrap()
        .1
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, server, tls) = (client.unwrap(), server.clone(), tls.clone());
            std::thread::spawn(move || {
                let mut asked = [0; 8];
                client.read_exact(&mut asked).ok()?;
                assert_eq!(asked, SSL_REQUEST, "it does not ask for TLS");
                client.write_all(b"S").ok()?;
                let quick = Some(Duration::from_millis(2));
                let wrapped = tls.wrap(client)?;
                wrapped.sock.set_read_timeout(quick).ok()?;
                let plain = TcpStream::connect(server).ok()?;
                plain.set_read_timeout(quick).ok()?;
                carry(wrapped, plain)
            });
        }
    });
    port
}

/// Carries bytes both ways until one side has gone.
fn carry(mut one: impl Read + Write, mut other: impl Read + Write) -> Option<()> {
    loop {
        pour(&mut one, &mut other)?;
        pour(&mut other, &mut one)?;
    }
}

fn pour(from: &mut impl Read, to: &mut impl Write) -> Option<()> {
    let mut bytes = [0; 16384];
    match from.read(&mut bytes) {
        Ok(0) => None,
        Ok(count) => to.write_all(&bytes[..count]).and_then(|()| to.flush()).ok(),
        Err(error) => {
            use std::io::ErrorKind::{TimedOut, WouldBlock};
            matches!(error.kind(), TimedOut | WouldBlock).then_some(())
        }
    }
}

async fn refusal(place: Place) -> StoreError {
    Postgres::open(place, Access::Write).await.unwrap_err()
}

#[tokio::test]
async fn an_address_where_nothing_is_and_one_that_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut silent = place(&format!("postgres://postgres@127.0.0.1:{port}/postgres"));
    silent.patience = Duration::from_millis(300);
    let late = refusal(silent).await;
    assert!(matches!(late, StoreError::Away { .. }), "{late}");
    drop(listener);
    let gone = refusal(place(&format!("postgres://postgres@127.0.0.1:{port}/postgres"))).await;
    assert!(matches!(gone, StoreError::Away { .. }), "{gone}");
    assert_eq!((gone.kind(), gone.code()), (ErrorKind::Unavailable, "store-away"));
    let none = refusal(place("postgres://[nowhere")).await;
    assert!(matches!(none, StoreError::Rejected { .. }), "{none}");
}

#[tokio::test]
async fn a_wrong_password_a_wrong_name_and_a_server_without_tls_are_told_apart_from_one_that_is_away() {
    let Some(server) = postgres::server("state-refused") else {
        return;
    };
    server.run("CREATE ROLE trousseau LOGIN PASSWORD 'right'");
    server.run("CREATE DATABASE house OWNER trousseau");
    let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    fs_err::write(server.folder().join("pg_hba.conf"), rules).unwrap();
    server.run("SELECT pg_reload_conf()");
    let house = server
        .url
        .replace("postgres@", "trousseau@")
        .replace("/postgres", "/house");
    let with = |password: &'static str| Place {
        password: Some(Box::new(move || Ok(password.to_owned().into()))),
        ..place(&house)
    };
    // The rules are read a moment after they were to be.
    for _ in 0..50 {
        if Postgres::open(with("wrong"), Access::Write).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for refused in [
        refusal(with("wrong")).await,
        refusal(place(&house)).await,
        refusal(Place {
            tls: true,
            ..with("right")
        })
        .await,
        refusal(place(&format!(
            "{}/nowhere",
            server.url.strip_suffix("/postgres").unwrap()
        )))
        .await,
        refusal(Place {
            password: Some(Box::new(|| Err("no such file".to_owned()))),
            ..place(&house)
        })
        .await,
    ] {
        assert!(matches!(refused, StoreError::Rejected { .. }), "{refused}");
        assert!(!refused.to_string().contains("right"), "{refused}");
    }
    let postgres = Arc::new(Postgres::open(with("right"), Access::Write).await.unwrap());
    Tables::shared(&postgres, &SHARED, Access::Write).await.unwrap();
    postgres.check().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_killed_is_noticed_and_one_that_comes_back_is_heard_again() {
    let Some(server) = postgres::server("state-killed") else {
        return;
    };
    let mut quick = place(&server.url);
    quick.patience = Duration::from_secs(2);
    let postgres = Arc::new(Postgres::open(quick, Access::Write).await.unwrap());
    let tables = Tables::shared(&postgres, &SHARED, Access::Write).await.unwrap();
    let mut bell = Bell::new(Arc::clone(&postgres));
    bell.wait().await;
    add(&tables, 1, None).await;
    let news = postgres.news().await.unwrap();
    postgres.heard(&news);
    server.kill();
    let away = postgres.news().await.unwrap_err();
    assert!(matches!(away, StoreError::Away { .. }), "{away}");
    assert!(postgres.is_away());
    assert!(matches!(postgres.check().await, Err(StoreError::Away { .. })));
    let refused = tables.begin().await.map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    bell.wait().await;
    server.start();
    let begun = Instant::now();
    while let Err(error) = postgres.news().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "{error}");
        bell.wait().await;
    }
    assert!(!postgres.is_away());
    postgres.check().await.unwrap();
    add(&tables, 2, None).await;
    let told = postgres.news().await.unwrap();
    assert_eq!(
        told.of("note").collect::<Vec<_>>(),
        ["2"],
        "what was committed before the kill is there"
    );
    assert!(
        tables
            .is_so(Sql::new("SELECT count(*) = 2 AS found FROM notes"))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn over_tls_a_certificate_must_be_of_the_authority_and_of_the_host() {
    let Some(database) = postgres::database("state-tls") else {
        return;
    };
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (_, name) = database.url.rsplit_once('/').unwrap();
    let over = |tls: Tls, authority: &Authority| Place {
        tls: true,
        authorities: Some(authority.file()),
        ..place(&format!(
            "postgres://postgres@localhost:{}/{name}",
            behind_tls(tls, &database.url)
        ))
    };
    let postgres = Postgres::open(over(ours.server("localhost", None), &ours), Access::Write);
    let postgres = Arc::new(postgres.await.unwrap());
    let tables = Tables::shared(&postgres, &SHARED, Access::Write).await.unwrap();
    add(&tables, 1, Some("x")).await;
    for wrong in [
        over(ours.server("localhost", None), &theirs),
        over(ours.server("elsewhere.example", None), &ours),
    ] {
        let refused = refusal(wrong).await;
        assert!(matches!(refused, StoreError::Rejected { .. }), "{refused}");
    }
}
