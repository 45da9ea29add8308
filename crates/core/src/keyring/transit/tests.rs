//! What a KMS that comes and goes means for keys in use; what it says is shown against a real one in tests/surfaces.

use super::*;
use crate::keyring::{Keyring, Root, Roots};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;
use valetkey_domain::id::EnvironmentId;
use valetkey_outbound::{Policy, SystemResolver};
use valetkey_storage::{Location, Store};
use valetkey_testkit::{ManualClock, SeededRng};
use valetkey_vault::{Holder, Place, Purpose};

/// A KMS that "encrypts" by giving back what it was given; or answers 503.
async fn kms(down: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let tasks = TaskTracker::new();
    tasks.clone().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tasks.spawn(answer(stream, Arc::clone(&down)));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, down: Arc<AtomicBool>) {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap_or(0);
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if read == 0 || body.len() >= length.map_or(0, |text| text.parse().unwrap()) {
            break;
        }
    }
    let text = String::from_utf8(request).unwrap();
    let body: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap_or_default();
    let data = match text.split(' ').nth(1).unwrap() {
        path if path.contains("/keys/") => json!({"latest_version": 1}),
        path if path.contains("/encrypt/") => {
            json!({"ciphertext": format!("vault:v1:{}", body["plaintext"].as_str().unwrap())})
        }
        _ => json!({"plaintext": body["ciphertext"].as_str().unwrap().trim_start_matches("vault:v1:")}),
    };
    let (status, body) = match down.load(Ordering::SeqCst) {
        true => (503, json!({"errors": ["Vault is sealed"]})),
        false => (200, json!({"data": data})),
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.ok();
}

fn place(environment: &EnvironmentId) -> Place<'_> {
    let (table, column) = ("connections", "client_secret");
    let (environment, holder) = (environment.as_str(), Holder::default());
    Place { environment, table, row: "conn_1", column, generation: 0, audience: &[], holder }
}

#[tokio::test]
async fn keys_that_were_opened_go_on_for_ten_minutes_without_the_kms_and_then_refuse() {
    let down = Arc::new(AtomicBool::new(false));
    let address = kms(Arc::clone(&down)).await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "token\n").unwrap();
    let outbound = Outbound::new(Policy::allowing(vec![address.parse().unwrap()]), Arc::new(SystemResolver)).unwrap();
    let key = TransitKey::new("transit", "valetkey");
    let transit = Transit::new(key, &format!("http://{address}/"), Login::Token(token), outbound);
    let (store, clock) = (Store::open(&Location::Memory).await.unwrap(), Arc::new(ManualClock::default()));
    let roots = Roots::new(vec![Root::Transit(Box::new(transit))]);
    let ring = Keyring::start(store, roots, clock.clone(), Arc::new(SeededRng::new(1))).await.unwrap();
    let ours = EnvironmentId::parse("env_ours").unwrap();
    let sealed = ring.seal(&ours, Purpose::Client, &place(&ours), b"secret").await.unwrap();

    down.store(true, Ordering::SeqCst);
    clock.advance(Duration::from_secs(599));
    assert_eq!(ring.open(&ours, Purpose::Client, &place(&ours), &sealed).await.unwrap().expose(), b"secret");
    ring.check().await.unwrap();
    clock.advance(Duration::from_secs(2));
    let refused = ring.open(&ours, Purpose::Client, &place(&ours), &sealed).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::Unavailable);
    assert!(refused.message().contains(&address) && refused.message().contains("sealed"), "{refused}");
    assert!(ring.check().await.is_err(), "ready without keys");

    down.store(false, Ordering::SeqCst);
    ring.check().await.unwrap();
    assert_eq!(ring.open(&ours, Purpose::Client, &place(&ours), &sealed).await.unwrap().expose(), b"secret");
}
