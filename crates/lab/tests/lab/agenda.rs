//! Calendars beside the primary one, the list of calendars, who may see them, and when they are busy.

use crate::world::{CALENDAR, Reply, World};
use serde_json::{Value, json};

const ROOT: &str = "/calendar/v3";

struct Alex {
    world: World,
    token: String,
}

impl Alex {
    async fn new() -> Self {
        let world = World::new().await;
        let token = world.access(&[CALENDAR]).await;
        Self { world, token }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        self.world.call(method, &format!("{ROOT}{path}"), &self.token, &body).await
    }

    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.ask(method, path, body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    async fn get(&self, path: &str) -> Value {
        self.done("GET", path, Value::Null).await
    }

    async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        self.ask(method, path, body).await.refused()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_calendar_is_made_read_changed_listed_and_deleted() {
    let alex = Alex::new().await;
    let made = alex.done("POST", "/calendars", json!({"summary": "Team", "timeZone": "Europe/Paris"})).await;
    let path = format!("/calendars/{}", text(&made["id"]));
    let entry = format!("/users/me/calendarList/{}", text(&made["id"]));
    alex.done("PATCH", &path, json!({"description": "Ours"})).await;
    let read = alex.get(&path).await;
    assert_eq!(
        (&read["summary"], &read["description"], &read["timeZone"]),
        (&json!("Team"), &json!("Ours"), &json!("Europe/Paris"))
    );
    alex.done("PATCH", &entry, json!({"summaryOverride": "T", "hidden": true})).await;
    assert_eq!(alex.get(&entry).await["summaryOverride"], "T");
    assert_eq!(alex.get("/users/me/calendarList").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(alex.get("/users/me/calendarList?showHidden=true").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(alex.refused("DELETE", &entry, Value::Null).await, (403, "forbidden".into()));
    assert_eq!(alex.refused("GET", &format!("{path}/events"), Value::Null).await, (501, "notImplemented".into()));
    alex.done("DELETE", &path, Value::Null).await;
    assert_eq!(alex.refused("GET", &path, Value::Null).await, (404, "notFound".into()));
    for (method, path, body, reason) in [
        ("DELETE", "/calendars/primary", Value::Null, "invalid"),
        ("POST", "/calendars", json!({"summary": " "}), "required"),
        ("POST", "/calendars", json!({}), "required"),
        ("POST", "/calendars", json!({"summary": "a", "timeZone": "Mars/Base"}), "invalid"),
    ] {
        assert_eq!(alex.refused(method, path, body).await, (400, reason.into()), "{method} {path}");
    }
    let transfer = "/calendars/primary/transferOwnership?newDataOwner=sam@lab.example&useAdminAccess=true";
    assert_eq!(alex.refused("POST", transfer, Value::Null).await, (403, "forbidden".into()));
}

#[tokio::test]
async fn a_shared_calendar_can_be_listed_by_the_other_until_it_is_shared_no_more() {
    let alex = Alex::new().await;
    let sam = alex.world.access_of("sam@lab.example", &[CALENDAR]).await;
    let as_sam = async |method: &str, path: &str, body: Value| {
        alex.world.call(method, &format!("{ROOT}{path}"), &sam, &body).await
    };
    let add = json!({"id": "alex@lab.example"});
    assert_eq!(as_sam("POST", "/users/me/calendarList", add.clone()).await.refused(), (404, "notFound".into()));
    let rule = json!({"role": "reader", "scope": {"type": "user", "value": "sam@lab.example"}});
    let made = alex.done("POST", "/calendars/primary/acl", rule).await;
    assert_eq!(made["id"], "user:sam@lab.example");
    let added = as_sam("POST", "/users/me/calendarList", add).await.json();
    assert_eq!((&added["id"], &added["accessRole"]), (&json!("alex@lab.example"), &json!("reader")));
    let path = "/calendars/primary/acl/user:sam@lab.example";
    alex.done("PATCH", path, json!({"role": "writer"})).await;
    assert_eq!(alex.get(path).await["role"], "writer");
    let writable = as_sam("GET", "/users/me/calendarList?minAccessRole=writer", Value::Null).await.json();
    assert_eq!(writable["items"].as_array().unwrap().len(), 2);
    assert_eq!(alex.get("/calendars/primary/acl").await["items"].as_array().unwrap().len(), 2);
    alex.done("DELETE", path, Value::Null).await;
    assert_eq!(alex.refused("GET", path, Value::Null).await, (404, "notFound".into()));
    let gone = as_sam("GET", "/users/me/calendarList/alex@lab.example", Value::Null).await;
    assert_eq!(gone.refused(), (404, "notFound".into()));
    let left = as_sam("DELETE", "/users/me/calendarList/alex@lab.example", Value::Null).await;
    assert_eq!(left.status, 204);
    for scope in
        [json!({"type": "user", "value": "sam"}), json!({"type": "default", "value": "x"}), json!({"type": "all"})]
    {
        let body = json!({"role": "reader", "scope": scope});
        assert_eq!(alex.refused("POST", "/calendars/primary/acl", body).await, (400, "invalid".into()), "{scope}");
    }
    let own = "/calendars/primary/acl/user:alex@lab.example";
    assert_eq!(alex.refused("DELETE", own, Value::Null).await, (403, "cannotChangeOwnAcl".into()));
    assert_eq!(alex.refused("PATCH", own, json!({"role": "king"})).await, (400, "invalid".into()));
}

#[tokio::test]
async fn busy_spans_are_told_to_those_who_may_see_them() {
    let alex = Alex::new().await;
    alex.done("POST", "/calendars/primary/clear", Value::Null).await;
    let event = |more: Value| {
        let mut event =
            json!({"start": {"dateTime": "2027-03-01T09:00:00Z"}, "end": {"dateTime": "2027-03-01T10:00:00Z"}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    alex.done("POST", "/calendars/primary/events", event(json!({"summary": "Busy"}))).await;
    alex.done("POST", "/calendars/primary/events", event(json!({"summary": "Free", "transparency": "transparent"})))
        .await;
    let ask = json!({"timeMin": "2027-03-01T00:00:00Z", "timeMax": "2027-03-02T00:00:00Z", "timeZone": "Europe/Berlin",
        "items": [{"id": "primary"}, {"id": "sam@lab.example"}]});
    let told = alex.done("POST", "/freeBusy", ask.clone()).await;
    let span = json!([{"start": "2027-03-01T10:00:00+01:00", "end": "2027-03-01T11:00:00+01:00"}]);
    assert_eq!(told["calendars"]["primary"], json!({"busy": span}));
    assert_eq!(told["calendars"]["sam@lab.example"]["errors"][0]["reason"], "notFound");
    let mut empty = ask;
    empty["timeMax"] = json!("2027-03-01T00:00:00Z");
    assert_eq!(alex.refused("POST", "/freeBusy", empty).await, (400, "timeRangeEmpty".into()));
    assert_eq!(alex.refused("POST", "/freeBusy", json!({"items": []})).await, (400, "required".into()));
}

#[tokio::test]
async fn a_recurring_event_is_taken_apart_in_pages_and_an_imported_one_is_there_once() {
    let alex = Alex::new().await;
    let weekly = json!({"summary": "Weekly", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"],
        "start": {"dateTime": "2027-03-01T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2027-03-01T10:00:00", "timeZone": "Europe/Berlin"}});
    let made = alex.done("POST", "/calendars/primary/events", weekly).await;
    let path = format!("/calendars/primary/events/{}/instances?maxResults=2", text(&made["id"]));
    let first = alex.get(&path).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["items"][0]["recurringEventId"], made["id"]);
    let rest = alex.get(&format!("{path}&pageToken={}", text(&first["nextPageToken"]))).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    let later = alex.get(&format!("{path}&timeMin=2027-03-10T00:00:00Z")).await;
    assert_eq!(later["items"].as_array().unwrap().len(), 1);
    let fair = json!({"iCalUID": "7f3a@elsewhere.example", "summary": "Fair", "start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}});
    let filed = alex.done("POST", "/calendars/primary/events/import", fair.clone()).await;
    assert_eq!(filed["iCalUID"], "7f3a@elsewhere.example");
    assert_eq!(alex.refused("POST", "/calendars/primary/events/import", fair).await, (409, "duplicate".into()));
    let single = format!("/calendars/primary/events/{}/instances", text(&filed["id"]));
    assert_eq!(alex.refused("GET", &single, Value::Null).await, (400, "invalid".into()));
}

#[tokio::test]
async fn settings_and_colours_are_told() {
    let alex = Alex::new().await;
    let settings = alex.get("/users/me/settings").await;
    assert_eq!(settings["items"][0], alex.get("/users/me/settings/timezone").await);
    let colours = alex.get("/colors").await;
    assert_eq!(colours["event"].as_object().unwrap().len(), 11);
    let narrow = alex.world.access(&["https://www.googleapis.com/auth/calendar.events"]).await;
    assert_eq!(
        alex.world.get(&format!("{ROOT}/colors"), &narrow).await.refused(),
        (403, "insufficientPermissions".into())
    );
}
