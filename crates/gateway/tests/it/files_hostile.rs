//! Uploads that are wrong, too large, too slow, broken off or made to deceive.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;
use trousseau_accounts::Accounts;
use trousseau_core::principal::{Role, Tenant};
use trousseau_gateway::backup::{backup, restore};
use trousseau_http::Settings;

use crate::desk::{BOUNDARY, Desk, field, file, form, id};
use crate::scripted::Step;
use crate::stage::Stage;
use crate::wired::{Reply, Wired, scripted, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

/// A server that takes files of at most 100,000 bytes, three of each user, and bodies within a second.
async fn narrow(stage: &Stage) -> Wired {
    let (gateway, _) = staged(stage, &[("local", ANSWER)]).await;
    crate::stage::change(&gateway, |plan| plan.settings.limits.file_bytes = 100_000);
    let mut settings = Settings::default();
    settings.limits.files = 3;
    settings.limits.body = Duration::from_secs(1);
    Wired::start(stage, gateway, settings).await
}

/// How many uploads lie on the disk.
fn on_disk(stage: &Stage) -> usize {
    let folder = stage.data().join("files/default");
    fs_err::read_dir(folder).map_or(0, Iterator::count)
}

/// Waits until nothing of a broken upload is left.
async fn gone(stage: &Stage) {
    for _ in 0..100 {
        if on_disk(stage) == 0 {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("a broken upload is still there");
}

#[tokio::test]
async fn names_that_would_lead_elsewhere_lead_nowhere() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let desk = Desk::user(&wired, "anne").await;
    let outside = stage.root().join("dehors.txt");
    for (given, kept) in [
        ("../../../dehors.txt", "dehors.txt"),
        (outside.to_str().unwrap(), "dehors.txt"),
        ("..\\..\\dehors.txt", "dehors.txt"),
        ("C:\\Users\\anne\\fiche.txt", "fiche.txt"),
        ("a\u{202e}txt.exe\u{7}.txt", "a_txt.exe_.txt"),
        (".htaccess.txt", ".htaccess.txt"),
        ("~.txt", "~.txt"),
    ] {
        let reply = desk.upload(given, "bonjour").await;
        assert_eq!(reply.json()["filename"], kept, "{given:?}: {reply:?}");
        let id = id(&reply);
        let lies = stage.data().join("files/default").join(&id).join(kept);
        assert_eq!(fs_err::read(lies).unwrap(), b"bonjour");
        assert_eq!(desk.get(&format!("/v1/files/{id}/content")).await.body, "bonjour");
    }
    let long = format!("{}.txt", "é".repeat(126));
    for bad in ["..", ".", "", "a/..", "/", long.as_str()] {
        let reply = desk.upload(bad, "bonjour").await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["param"]),
            (400, &json!("file")),
            "{bad:?}"
        );
    }
    assert!(!outside.exists());
    assert_eq!(on_disk(&stage), 7);
    for path in [
        "/v1/files/..",
        "/v1/files/..%2f..%2fdocuments.sqlite/content",
        "/v1/files/%2e%2e/content",
        "/v1/files/%ff/content",
        "/v1/files/file-%00/content",
        "/v1/vector_stores/..%2f../files",
        "/v1/vector_stores/%ff/files/%ff",
    ] {
        let reply = desk.get(path).await;
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
        assert!(!reply.code().is_empty(), "{path}");
    }
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn forms_that_are_wrong_are_refused_and_leave_nothing() {
    let stage = Stage::new();
    let wired = narrow(&stage).await;
    let desk = Desk::user(&wired, "anne").await;
    let end = format!("--{BOUNDARY}--\r\n").into_bytes();
    let (purpose, text) = (field("purpose", "assistants"), file("a.txt", b"bonjour"));
    let nameless = field("file", "bonjour");
    let expires = field("expires_after[anchor]", "created_at");
    for (parts, param) in [
        (vec![&text, &end], "purpose"),
        (vec![&purpose, &end], "file"),
        (vec![&purpose, &text, &text, &end], "file"),
        (vec![&purpose, &nameless, &end], "file"),
        (vec![&text, &field("purpose", "fine-tune"), &end], "purpose"),
        (vec![&field("purpose", &"a".repeat(2000)), &text, &end], "purpose"),
        (vec![&purpose, &text, &expires, &end], "expires_after[anchor]"),
        (vec![&purpose, &text, &field("x", "y"), &end], "x"),
    ] {
        let body: Vec<u8> = parts.into_iter().flatten().copied().collect();
        let reply = desk.form(&body, &[]).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["param"]),
            (400, &json!(param)),
            "{reply:?}"
        );
    }
    for body in [
        Vec::new(),
        b"bonjour".to_vec(),
        [purpose.clone(), text.clone()].concat(),
    ] {
        let reply = desk.form(&body, &[]).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "http-body-cut"));
    }
    let garbage = vec![b'a'; 50_000];
    assert_eq!(desk.form(&garbage, &[]).await.status, 400);
    let json = desk.post("/v1/files", &json!({ "purpose": "assistants" })).await;
    assert_eq!(
        (json.status, &json.json()["error"]["param"]),
        (415, &json!("content-type"))
    );
    gone(&stage).await;

    let large = desk.upload("a.txt", vec![b'a'; 200_000]).await;
    assert_eq!(
        (large.status, large.code().as_str()),
        (413, "http-body-too-large")
    );
    // One that does not say how large it is.
    let body = form("assistants", "a.txt", &vec![b'a'; 150_000]);
    let reply = chunked(&wired, &desk, &body).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (413, "http-body-too-large")
    );
    gone(&stage).await;
    assert_eq!(desk.upload("a.txt", vec![b'a'; 100_000]).await.status, 200);
    wired.end().await.close().await.unwrap();
}

/// Sends a form in chunks, without its length.
async fn chunked(wired: &Wired, desk: &Desk<'_>, body: &[u8]) -> Reply {
    let mut socket = wired.connect().await;
    let head = desk.form_bytes(b"", &["transfer-encoding: chunked"]);
    let head = String::from_utf8(head)
        .unwrap()
        .replace("content-length: 0\r\n", "");
    socket.write_all(head.as_bytes()).await.unwrap();
    for chunk in body.chunks(8192) {
        let size = format!("{:x}\r\n", chunk.len());
        let sent = [size.as_bytes(), chunk, b"\r\n"].concat();
        if socket.write_all(&sent).await.is_err() {
            break;
        }
    }
    let _refused = socket.write_all(b"0\r\n\r\n").await;
    Reply::read(&mut socket).await
}

#[tokio::test]
async fn slow_broken_and_revoked_uploads_leave_nothing() {
    let stage = Stage::new();
    let wired = narrow(&stage).await;
    let desk = Desk::user(&wired, "anne").await;
    let bytes = desk.form_bytes(&form("assistants", "a.txt", &[b'a'; 50_000]), &[]);
    // One that stops sending.
    let mut socket = wired.connect().await;
    socket.write_all(&bytes[..20_000]).await.unwrap();
    let reply = Reply::read(&mut socket).await;
    assert_eq!((reply.status, reply.code().as_str()), (408, "http-body-slow"));
    gone(&stage).await;
    // One that drips.
    let mut socket = wired.connect().await;
    socket.write_all(&bytes[..1000]).await.unwrap();
    let (mut reading, mut writing) = socket.into_split();
    let dripping = async {
        for byte in &bytes[1000..] {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        reply = Reply::read(&mut reading) => assert_eq!(reply.status, 408),
        () = dripping => panic!("it was let in"),
    }
    gone(&stage).await;
    // One that hangs up.
    let mut socket = wired.connect().await;
    socket.write_all(&bytes[..20_000]).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    drop(socket);
    gone(&stage).await;
    // One whose key is revoked meanwhile.
    let mut socket = wired.connect().await;
    socket.write_all(&bytes[..20_000]).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let (server, tenant) = (&wired.server, Tenant::default());
    let now = (server.gateway.now)();
    server.accounts.revoke_key(&tenant, "anne", now).await.unwrap();
    assert_eq!(Reply::read(&mut socket).await.status, 401);
    gone(&stage).await;
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn formats_without_a_reader_are_refused_by_name() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let desk = Desk::user(&wired, "anne").await;
    for (name, content, code) in [
        ("a.pdf", b"%PDF-1.7 ...".as_slice(), "extract-unsupported"),
        ("scan", b"%PDF-1.7 ...", "extract-unsupported"),
        ("a.docx", b"PK\x03\x04...", "extract-unsupported"),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "extract-unsupported",
        ),
        ("a.odt", b"PK\x03\x04...", "extract-unsupported"),
        ("a.xlsx", b"PK\x03\x04...", "extract-unsupported"),
        ("a.pptx", b"PK\x03\x04...", "extract-unsupported"),
        ("a.csv", b"a;b", "extract-unsupported"),
        ("a.json", b"{}", "extract-unsupported"),
        ("a.eml", b"From: a", "extract-unsupported"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "extract-unsupported"),
        ("a.mp3", b"ID3\x03", "extract-unsupported"),
        ("a.zip", b"PK\x03\x04", "extract-unsupported"),
        ("a.exe", b"MZ\x90\x00", "extract-unsupported"),
        ("a.txt", b"\x7fELF\x02\x01\x01\0\0", "extract-binary"),
        ("a.md", b"PK\x03\x04\x14", "extract-binary"),
    ] {
        let reply = desk.upload(name, content).await;
        assert_eq!((reply.status, reply.code().as_str()), (415, code), "{name}");
        assert_eq!(reply.json()["error"]["param"], "file");
    }
    let empty = desk.upload("vide.txt", b"").await;
    assert_eq!((empty.status, empty.code().as_str()), (400, "extract-empty"));
    assert_eq!(on_disk(&stage), 0);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn many_upload_at_once_and_nobody_more_than_allowed() {
    let stage = Stage::new();
    let wired = narrow(&stage).await;
    let desk = Desk::user(&wired, "anne").await;
    let uploads = (0..12).map(|number| {
        let desk = &desk;
        async move {
            desk.upload(&format!("{number}.txt"), format!("fiche {number}"))
                .await
        }
    });
    let replies = join_all(uploads).await;
    let kept: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(kept.len(), 3);
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!((refused.status, refused.code().as_str()), (413, "files-too-many"));
    }
    let listed = desk.listed("/v1/files").await;
    assert_eq!(listed.len(), 3);
    assert_eq!(on_disk(&stage), 3);
    // Everybody at once, each their own.
    let mut others = Vec::new();
    for number in 0..8 {
        others.push(Desk::user(&wired, &format!("u{number}")).await);
    }
    let lives = others.iter().enumerate().map(|(number, desk)| async move {
        let file = desk
            .kept("a.txt", format!("La clé numéro {number} est rouge."))
            .await;
        let store = desk.store("clés").await;
        assert_eq!(desk.attach(&store, &file).await["status"], "completed");
        desk.found(&store, "clé rouge").await
    });
    for (number, found) in join_all(lives).await.into_iter().enumerate() {
        assert_eq!(found, [format!("La clé numéro {number} est rouge.")]);
    }
    assert_eq!(desk.delete(&format!("/v1/files/{}", listed[0])).await.status, 200);
    assert_eq!(desk.upload("encore.txt", "place").await.status, 200);
    wired.end().await.close().await.unwrap();
}

async fn join_all<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.map(|one| Some(Box::pin(one))).collect();
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (one, done) in all.iter_mut().zip(&mut done) {
            let Some(running) = one else { continue };
            if let std::task::Poll::Ready(value) = running.as_mut().poll(context) {
                (*done, *one) = (Some(value), None);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn labels_are_raised_by_who_uploads_and_by_what_is_found() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let anne = Desk::of(&wired, &Tenant::default(), "anne", Role::User, "internal").await;
    let store = anne.store("notes").await;
    let body = form("user_data", "a.txt", b"Le code du local est bleu.");
    let stated = id(&anne.form(&body, &["x-trousseau-label: personal"]).await);
    let refused = anne
        .post(
            &format!("/v1/vector_stores/{store}/files"),
            &json!({ "file_id": stated }),
        )
        .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "files-clearance")
    );
    let plain = anne.kept("b.txt", "Le code du garage est vert.").await;
    let path = format!("/v1/vector_stores/{store}/files");
    let raised = anne
        .send(
            "POST",
            &path,
            &json!({ "file_id": plain }),
            &["x-trousseau-label: sensitive"],
        )
        .await;
    assert_eq!(raised.code(), "files-clearance");
    let odd = anne.form(&body, &["x-trousseau-label: secret"]).await;
    assert_eq!((odd.status, odd.code().as_str()), (400, "http-header"));
    // What the detectors find is above her clearance: it is taken in, and no search of hers finds it.
    let found = anne
        .kept("c.txt", "Le NIR de Camille est 2 55 08 14 168 025 38.")
        .await;
    assert_eq!(anne.attach(&store, &found).await["status"], "completed");
    assert!(anne.found(&store, "NIR de Camille").await.is_empty());
    let text = anne.get(&format!("{path}/{found}/content")).await;
    assert_eq!(text.status, 404);
    assert_eq!(anne.delete(&format!("/v1/files/{found}")).await.status, 200);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn what_a_killed_server_left_is_gone_on_with_or_swept() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let desk = Desk::administrator(&wired);
    let file = desk.kept("a.txt", "La clé est sous le pot.").await;
    let store = desk.store("pots").await;
    let key = desk.key.clone();
    // Registered, and nobody works on it.
    let gateway = &wired.server.gateway;
    let by = wired.server.accounts.key(&key, (gateway.now)()).unwrap();
    let files = [(file.clone(), serde_json::Map::new())];
    gateway.attach(&by, &store, &files, None, false).await.unwrap();
    wired.end().await.close().await.unwrap();
    let broken = stage.data().join("files/default/file-000000000000000000000000");
    fs_err::create_dir_all(&broken).unwrap();
    fs_err::write(broken.join("moitie.txt"), "moi").unwrap();

    let gateway = stage.open().await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let desk = Desk { wired: &wired, key };
    let attached = desk
        .settled(&format!("/v1/vector_stores/{store}/files/{file}"))
        .await;
    assert_eq!(attached["status"], "completed", "{attached}");
    assert_eq!(desk.found(&store, "clé").await, ["La clé est sous le pot."]);
    assert!(!broken.exists());
    assert!(Path::new(&stage.data().join("files/default").join(&file)).exists());
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_holds_uploads_and_a_data_folder_elsewhere_goes_on_with_them() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let desk = Desk::administrator(&wired);
    let file = desk.kept("été.txt", "La clé est sous le pot.").await;
    let store = desk.store("pots").await;
    desk.attach(&store, &file).await;
    let (copy, elsewhere) = (stage.root().join("copie"), Stage::new());
    let gateway = &wired.server.gateway;
    backup(gateway, &stage.data(), &copy, None).await.unwrap();
    let key = desk.key.clone();
    wired.end().await.close().await.unwrap();
    fs_err::remove_dir_all(stage.data()).unwrap();
    let restored = restore(&copy, &elsewhere.data(), Accounts::FORMAT).await;
    restored.unwrap();

    let wired = Wired::start(&elsewhere, elsewhere.open().await, Settings::default()).await;
    let desk = Desk { wired: &wired, key };
    let content = desk.get(&format!("/v1/files/{file}/content")).await;
    assert_eq!(content.body, "La clé est sous le pot.");
    assert_eq!(desk.found(&store, "clé").await, ["La clé est sous le pot."]);
    assert_eq!(desk.delete(&format!("/v1/files/{file}")).await.status, 200);
    assert!(desk.found(&store, "clé").await.is_empty());
    assert_eq!(on_disk(&elsewhere), 0);
    wired.end().await.close().await.unwrap();
}
