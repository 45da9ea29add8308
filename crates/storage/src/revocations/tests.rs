use super::*;
use crate::{doors, fixture, sealed};
use serde_json::json;
use std::time::Duration;
use valetkey_domain::id::ProcessId;
use valetkey_domain::name::Identifier;

fn at(seconds: u64) -> Timestamp {
    fixture::now() + Duration::from_secs(seconds)
}

/// One whose seal begins with this, due at once.
pub(crate) fn revocation(ctx: &Ctx, tail: &str, sealed: &[u8]) -> Revocation {
    Revocation {
        id: RevocationId::parse(&format!("rvk_{tail}")).unwrap(),
        environment: ctx.environment.clone(),
        connection: ConnectionId::parse("conn_gone").unwrap(),
        account: Some(AccountId::parse("ca_gone").unwrap()),
        owner: Owner { organization: Some("org".into()), ..Owner::of(Identifier::parse("ann").unwrap()) },
        subject: Some("ann@p".into()),
        sealed: Sealed(sealed.to_vec()),
        audience: vec!["https://p.example".into()],
        endpoint: Map::from_iter([("url".to_owned(), json!("https://p.example/revoke"))]),
        created_at: at(0),
        attempts: 0,
        next_at: at(0),
        last_error: None,
        lease_until: None,
    }
}

#[tokio::test]
async fn it_outlives_its_account_and_comes_back_as_it_went_in() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let put = revocation(&db.ours, "1", b"key");
    insert(&db.ours, &mut tx, &put).await.unwrap();
    let of_none = Revocation { account: None, subject: None, ..revocation(&db.ours, "2", b"key") };
    insert(&db.ours, &mut tx, &of_none).await.unwrap();
    let found = get(&db.ours, &mut tx, &put.id).await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{put:?}"));
    assert!(get(&db.theirs, &mut tx, &put.id).await.unwrap().is_none());
    let account = AccountId::parse("ca_gone").unwrap();
    assert_eq!(of_account(&db.ours, &mut tx, &account, 9).await.unwrap().len(), 1);
    assert!(of_account(&db.theirs, &mut tx, &account, 9).await.unwrap().is_empty());
    assert_eq!(left(&db.ours, &mut tx, &put.connection).await.unwrap(), BoundedCount::of(2));
    assert_eq!(left(&db.theirs, &mut tx, &put.connection).await.unwrap(), BoundedCount::of(0));
    let behind = page(&db.ours, &mut tx, "rvk_1", 9).await.unwrap();
    assert_eq!(behind.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["rvk_2"]);
}

#[tokio::test]
async fn its_maker_tries_first_and_others_when_that_one_failed_or_died() {
    let db = fixture::two_environments().await;
    db.store.add_process(&ProcessId::parse("proc_1").unwrap()).await.unwrap();
    let mut tx = db.store.write().await.unwrap();
    let put =
        Revocation { attempts: 1, next_at: at(60), lease_until: Some(at(60)), ..revocation(&db.ours, "1", b"key") };
    insert(&db.ours, &mut tx, &put).await.unwrap();
    assert!(claim(&db.ours, &mut tx, at(59), at(99), 9).await.unwrap().is_empty());
    assert!(doors::due_revocations(&mut tx, at(59)).await.unwrap().is_empty());
    assert!(extend(&db.ours, &mut tx, &put.id, at(60), at(70)).await.unwrap());
    assert!(!extend(&db.ours, &mut tx, &put.id, at(60), at(80)).await.unwrap(), "that lease has ended");
    assert!(try_again(&db.ours, &mut tx, &put.id, at(70), at(100), "unavailable").await.unwrap());
    assert!(claim_one(&db.ours, &mut tx, &put.id, at(99), at(160)).await.unwrap().is_none());
    let ours = std::slice::from_ref(&db.ours.environment);
    assert_eq!(doors::due_revocations(&mut tx, at(100)).await.unwrap(), ours);
    let again = claim_one(&db.ours, &mut tx, &put.id, at(100), at(160)).await.unwrap().unwrap();
    assert_eq!((again.attempts, again.last_error.as_deref()), (2, Some("unavailable")));
    assert_eq!(release(&mut tx, "proc_1", at(101)).await.unwrap(), 1);
    let again = claim(&db.ours, &mut tx, at(101), at(161), 9).await.unwrap();
    assert!(!finish(&db.ours, &mut tx, &put.id, at(160)).await.unwrap(), "the dead one's");
    assert!(finish(&db.ours, &mut tx, &again[0].id, at(161)).await.unwrap());
    assert_eq!(left(&db.ours, &mut tx, &put.connection).await.unwrap(), BoundedCount::of(0));
}

#[tokio::test]
async fn a_rotation_finds_what_is_sealed_here_and_a_copy_drops_it() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    for (tail, sealed) in [("1", "old-1"), ("2", "new-2"), ("3", "old-3")] {
        insert(&db.ours, &mut tx, &revocation(&db.ours, tail, sealed.as_bytes())).await.unwrap();
    }
    let ours = &db.ours.environment;
    let left = sealed::revocations(&mut tx, ours, b"new", "", 9).await.unwrap();
    assert_eq!(left.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["rvk_1", "rvk_3"]);
    assert_eq!(sealed::revocations(&mut tx, ours, b"new", "rvk_1", 9).await.unwrap().len(), 1);
    assert!(sealed::revocations(&mut tx, &db.theirs.environment, b"new", "", 9).await.unwrap().is_empty());
    assert!(sealed::needed(&mut tx, b"old").await.unwrap(), "a key that these rows name must stay");
    let anew = Sealed(b"new-1".to_vec());
    assert!(!sealed::replace_revocation(&mut tx, &left[0].id, &anew, &anew).await.unwrap());
    for one in &left {
        assert!(sealed::replace_revocation(&mut tx, &one.id, &one.sealed, &anew).await.unwrap());
    }
    assert!(!sealed::needed(&mut tx, b"old").await.unwrap());
    sealed::drop_credentials(&mut tx, at(1)).await.unwrap();
    assert!(page(&db.ours, &mut tx, "", 9).await.unwrap().is_empty());
}
