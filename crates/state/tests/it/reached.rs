//! Servers that are not there, that refuse, that go away and come back.

use super::*;

async fn refusal(place: Place) -> StoreError {
    Postgres::open(place, Access::Write).await.unwrap_err()
}

#[tokio::test]
async fn an_address_where_nothing_is_and_one_that_is_none() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
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
    let house = server.url.replace("postgres@", "trousseau@").replace("/postgres", "/house");
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
        refusal(Place { tls: true, ..with("right") }).await,
        refusal(place(&format!("{}/nowhere", server.url.strip_suffix("/postgres").unwrap()))).await,
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
    assert_eq!(told.of("note").collect::<Vec<_>>(), ["2"], "what was committed before the kill is there");
    assert!(tables.is_so(Sql::new("SELECT count(*) = 2 AS found FROM notes")).await.unwrap());
}
