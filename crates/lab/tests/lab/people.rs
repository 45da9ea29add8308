//! The People API, as far as mail needs it.

use crate::gmail::encode;
use crate::world::{GMAIL, World};
use serde_json::{Value, json};

const CONTACTS: &str = "https://www.googleapis.com/auth/contacts.readonly";
const OTHERS: &str = "https://www.googleapis.com/auth/contacts.other.readonly";

#[tokio::test]
async fn people_are_listed_and_found_by_how_a_word_begins() {
    let world = World::new().await;
    let token = world.access(&[CONTACTS, OTHERS]).await;
    let get = async |path: &str| world.get(path, &token).await;
    let listed = get("/v1/people/me/connections?personFields=names,emailAddresses").await.json();
    assert_eq!(listed["connections"][0]["names"][0]["displayName"], "Sam Baker");
    let search = "/v1/people:searchContacts?readMask=emailAddresses&query=";
    let found = get(&format!("{search}bak")).await.json();
    assert_eq!(found["results"][0]["person"]["emailAddresses"][0]["value"], "sam@lab.example");
    assert!(found["results"][0]["person"].get("names").is_none(), "only what the mask names");
    for nothing in ["", "aker", "zz"] {
        assert_eq!(get(&format!("{search}{nothing}")).await.json(), json!({}), "{nothing}");
    }
    for path in [
        "/v1/people/me/connections",
        "/v1/people/me/connections?personFields=shoes",
        "/v1/people/c1/connections?personFields=names",
        "/v1/otherContacts:search?query=a&readMask=birthdays",
    ] {
        assert_eq!(get(path).await.refused(), (400, "invalidArgument".into()), "{path}");
    }
}

#[tokio::test]
async fn who_only_wrote_is_among_the_others_and_under_another_scope() {
    let world = World::new().await;
    let own = world.access(&[GMAIL, OTHERS]).await;
    let raw = encode(b"From: Zoe Quill <zoe@elsewhere.example>\r\nSubject: s\r\n\r\nx");
    world.call("POST", "/gmail/v1/users/me/messages", &own, &json!({"raw": raw})).await;
    let path = "/v1/otherContacts:search?readMask=names&query=zoe";
    let found = world.get(path, &own).await.json();
    assert_eq!(found["results"][0]["person"]["names"][0]["displayName"], "Zoe Quill");
    let contacts = world.get("/v1/people:searchContacts?readMask=names&query=zoe", &own).await;
    assert_eq!(contacts.refused(), (403, "insufficientPermissions".into()));
    let narrow = world.access(&[CONTACTS]).await;
    assert_eq!(world.call("GET", path, &narrow, &Value::Null).await.refused().0, 403);
}
