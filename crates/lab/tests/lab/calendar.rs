//! Calendar.

use crate::world::{CALENDAR, GMAIL, Reply, World};
use serde_json::{Value, json};

const EVENTS: &str = "/calendar/v3/calendars/primary/events";

struct Calendar {
    world: World,
    token: String,
}

impl Calendar {
    async fn new() -> Self {
        let world = World::new().await;
        let token = world.access(&[CALENDAR]).await;
        Self { world, token }
    }

    async fn insert(&self, body: &Value) -> Reply {
        self.world.call("POST", EVENTS, &self.token, body).await
    }

    async fn add(&self, body: &Value) -> Value {
        let reply = self.insert(body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    async fn get(&self, path: &str) -> Reply {
        self.world.get(&format!("{EVENTS}{path}"), &self.token).await
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let reply = self.get(query).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        reply.json()["items"].as_array().unwrap().clone()
    }

    async fn patch(&self, id: &str, body: &Value) -> Reply {
        self.world.call("PATCH", &format!("{EVENTS}/{id}"), &self.token, body).await
    }

    async fn delete(&self, id: &str) -> Reply {
        let path = format!("{EVENTS}/{id}");
        self.world.call("DELETE", &path, &self.token, &Value::Null).await
    }
}

fn id(event: &Value) -> &str {
    event["id"].as_str().unwrap()
}

fn meeting(summary: &str, day: &str) -> Value {
    json!({
        "summary": summary,
        "start": {"dateTime": format!("{day}T09:00:00+01:00")},
        "end": {"dateTime": format!("{day}T10:00:00+01:00")},
    })
}

fn weekly() -> Value {
    json!({
        "summary": "Weekly",
        "start": {"dateTime": "2027-03-15T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2027-03-15T09:30:00", "timeZone": "Europe/Berlin"},
        "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"],
    })
}

#[tokio::test]
async fn an_inserted_event_is_shown_as_google_shows_it() {
    let alex = Calendar::new().await;
    let reply = alex.insert(&meeting("Review", "2027-01-11")).await;
    let event = reply.json();
    assert_eq!(reply.header("etag"), event["etag"].as_str().unwrap());
    assert_eq!((&event["kind"], &event["status"]), (&json!("calendar#event"), &json!("confirmed")));
    assert_eq!(event["start"], json!({"dateTime": "2027-01-11T09:00:00+01:00", "timeZone": "Europe/Berlin"}));
    assert_eq!(event["organizer"], json!({"email": "alex@lab.example", "self": true}));
    assert_eq!(event["iCalUID"], format!("{}@lab.example", id(&event)));
    assert_eq!(alex.get(&format!("/{}", id(&event))).await.json(), event);
    let utc = alex.get(&format!("/{}?timeZone=UTC", id(&event))).await.json();
    assert_eq!(utc["start"]["dateTime"], "2027-01-11T08:00:00Z");
    let by_name = format!("/calendar/v3/calendars/alex%40lab.example/events/{}", id(&event));
    assert_eq!(alex.world.get(&by_name, &alex.token).await.json(), event);
    let happened = alex.world.control("GET", "/events", Value::Null).await.json();
    assert_eq!(happened["inserted"][0]["event"]["summary"], "Review");
}

#[tokio::test]
async fn a_local_time_needs_a_zone_and_with_one_it_is_taken() {
    let alex = Calendar::new().await;
    let local = json!({
        "start": {"dateTime": "2027-07-01T09:00:00", "timeZone": "America/New_York"},
        "end": {"dateTime": "2027-07-01T10:00:00", "timeZone": "America/New_York"},
    });
    assert_eq!(alex.add(&local).await["start"]["dateTime"], "2027-07-01T15:00:00+02:00");
    let without = json!({"start": {"dateTime": "2027-07-01T09:00:00"}, "end": {"dateTime": "2027-07-01T10:00:00"}});
    assert_eq!(alex.insert(&without).await.refused().0, 400);
}

#[tokio::test]
async fn what_google_refuses_is_refused() {
    let alex = Calendar::new().await;
    let with = |name: &str, value: Value| {
        let mut body = meeting("x", "2027-01-11");
        body[name] = value;
        body
    };
    for (body, status, reason) in [
        (json!({"summary": "no times"}), 400, "required"),
        (with("end", json!({"dateTime": "2027-01-11T08:00:00+01:00"})), 400, "timeRangeEmpty"),
        (with("end", json!({"date": "2027-01-12"})), 400, "invalid"),
        (with("attendees", json!([{"email": "nobody"}])), 400, "invalid"),
        (with("attendees", json!([{"displayName": "Kim"}])), 400, "required"),
        (with("atendees", json!([])), 400, "badRequest"),
        (with("colorId", json!("12")), 400, "invalid"),
        (with("transparency", json!("clear")), 400, "invalid"),
        (
            with("reminders", json!({"useDefault": true, "overrides": [{"method": "popup", "minutes": 5}]})),
            400,
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        (with("reminders", json!({"overrides": [{"method": "sms", "minutes": 5}]})), 400, "invalid"),
        (with("recurrence", json!(["RRULE:FREQ=WEEKLY"])), 400, "required"),
        (with("eventType", json!("focusTime")), 400, "invalid"),
        (with("id", json!("NO")), 400, "invalid"),
        (with("summary", json!(5)), 400, "badRequest"),
    ] {
        let reply = alex.insert(&body).await;
        assert_eq!(reply.refused(), (status, reason.into()), "{body}");
    }
    let mut broken = weekly();
    broken["recurrence"] = json!(["EXRULE:FREQ=DAILY"]);
    let (_, _, page) = alex.insert(&broken).await.refusal();
    assert!(page.ends_with("#recurring_events"), "{page}");
    let path = format!("{EVENTS}?sendUpdates=some");
    assert_eq!(alex.world.call("POST", &path, &alex.token, &meeting("x", "2027-01-11")).await.refused().0, 400);
    let other = "/calendar/v3/calendars/sam%40lab.example/events";
    assert_eq!(alex.world.get(other, &alex.token).await.refused(), (404, "notFound".into()));
    assert_eq!(alex.get("/nothere").await.refused(), (404, "notFound".into()));
    assert_eq!(alex.get("?syncToken=abc").await.refused(), (501, "notImplemented".into()));
}

#[tokio::test]
async fn an_id_of_ones_own_is_taken_once() {
    let alex = Calendar::new().await;
    let mut body = meeting("mine", "2027-01-11");
    body["id"] = json!("abc012");
    assert_eq!(id(&alex.add(&body).await), "abc012");
    assert_eq!(alex.insert(&body).await.refused(), (409, "duplicate".into()));
}

#[tokio::test]
async fn scopes_are_asked_for_each_operation() {
    let world = World::new().await;
    let reader = world.access(&["https://www.googleapis.com/auth/calendar.events.readonly"]).await;
    assert_eq!(world.get(EVENTS, &reader).await.status, 200);
    let write = world.call("POST", EVENTS, &reader, &meeting("x", "2027-01-11")).await;
    assert_eq!(write.refused(), (403, "insufficientPermissions".into()));
    assert_eq!(world.get("/calendar/v3/users/me/settings/timezone", &reader).await.status, 403);
}

#[tokio::test]
async fn lists_have_exclusive_bounds_an_order_and_pages() {
    let alex = Calendar::new().await;
    for day in ["2027-02-03", "2027-02-01", "2027-02-02"] {
        alex.add(&meeting(&format!("on {day}"), day)).await;
    }
    let month = "?timeMin=2027-02-01T00:00:00Z&timeMax=2027-02-28T00:00:00Z&singleEvents=true&orderBy=startTime&q=on";
    let all: Vec<Value> = alex.list(month).await.iter().map(|event| event["summary"].clone()).collect();
    assert_eq!(all, ["on 2027-02-01", "on 2027-02-02", "on 2027-02-03"]);
    // 09:00 to 10:00 at +01:00 is 08:00 to 09:00 in UTC: neither bound belongs to it.
    assert!(alex.list("?timeMin=2027-02-03T09:00:00Z&timeMax=2027-02-04T00:00:00Z&q=on").await.is_empty());
    assert!(alex.list("?timeMin=2027-01-31T00:00:00Z&timeMax=2027-02-01T08:00:00Z&q=on").await.is_empty());
    let partial = alex.get(&format!("{month}&fields=timeZone,items(summary,start/dateTime)")).await.json();
    assert_eq!(
        partial["items"][0],
        json!({"summary": "on 2027-02-01", "start": {"dateTime": "2027-02-01T09:00:00+01:00"}})
    );
    assert_eq!(partial.as_object().unwrap().len(), 2);
    let first = alex.get(&format!("{month}&maxResults=2")).await.json();
    let next = first["nextPageToken"].as_str().unwrap();
    let second = alex.list(&format!("{month}&maxResults=2&pageToken={next}")).await;
    assert_eq!(second.len(), 1);
    assert_eq!(second[0]["summary"], "on 2027-02-03");
    let (status, reason, _) = alex.get("?orderBy=startTime").await.refusal();
    assert_eq!((status, reason.as_str()), (400, "badRequest"));
    let empty = alex.get("?timeMin=2027-02-02T00:00:00Z&timeMax=2027-02-01T00:00:00Z").await;
    assert_eq!(empty.refused(), (400, "timeRangeEmpty".into()));
    assert_eq!(alex.get("?pageToken=nonsense").await.refused(), (400, "invalid".into()));
    assert_eq!(alex.get("?timeMin=tomorrow").await.refused(), (400, "badRequest".into()));
    assert_eq!(alex.get("?timeMin=2027-02-02T00:00:00").await.refused(), (400, "badRequest".into()));
}

#[tokio::test]
async fn all_day_events_end_before_their_last_day() {
    let alex = Calendar::new().await;
    let days = json!({"summary": "Trip", "start": {"date": "2027-02-10"}, "end": {"date": "2027-02-12"}});
    let trip = alex.add(&days).await;
    assert_eq!(trip["end"], json!({"date": "2027-02-12"}));
    // Days begin at midnight in Berlin.
    assert_eq!(alex.list("?q=trip&timeMin=2027-02-11T22:59:59Z").await.len(), 1);
    assert!(alex.list("?q=trip&timeMin=2027-02-11T23:00:00Z").await.is_empty());
}

#[tokio::test]
async fn a_recurring_event_keeps_its_hour_when_clocks_change() {
    let alex = Calendar::new().await;
    let series = alex.add(&weekly()).await;
    let range = "timeMin=2027-03-01T00:00:00Z&timeMax=2027-05-01T00:00:00Z&q=weekly";
    let whole = alex.list(&format!("?{range}")).await;
    assert_eq!((whole.len(), id(&whole[0])), (1, id(&series)));
    assert_eq!(whole[0]["recurrence"], json!(["RRULE:FREQ=WEEKLY;COUNT=4"]));
    let single = alex.list(&format!("?{range}&singleEvents=true&orderBy=startTime")).await;
    let starts: Vec<&str> = single.iter().map(|event| event["start"]["dateTime"].as_str().unwrap()).collect();
    let nine = [
        "2027-03-15T09:00:00+01:00",
        "2027-03-22T09:00:00+01:00",
        "2027-03-29T09:00:00+02:00",
        "2027-04-05T09:00:00+02:00",
    ];
    assert_eq!(starts, nine);
    assert_eq!(id(&single[2]), format!("{}_20270329T070000Z", id(&series)));
    assert_eq!(single[2]["recurringEventId"], series["id"]);
    assert_eq!(single[2]["originalStartTime"]["dateTime"], nine[2]);
    assert!(single[2]["recurrence"].is_null());
    assert_eq!(alex.get(&format!("/{}", id(&single[2]))).await.json(), single[2]);
    let no_instance = format!("/{}_20270330T070000Z", id(&series));
    assert_eq!(alex.get(&no_instance).await.refused(), (404, "notFound".into()));
}

#[tokio::test]
async fn single_instances_are_moved_and_taken_out() {
    let alex = Calendar::new().await;
    let series = alex.add(&weekly()).await;
    let instance = |day: &str| format!("{}_{day}", id(&series));
    let (second, third) = (instance("20270322T080000Z"), instance("20270329T070000Z"));
    let later = json!({
        "start": {"dateTime": "2027-03-22T14:00:00+01:00"},
        "end": {"dateTime": "2027-03-22T14:30:00+01:00"},
        "summary": "Weekly, later",
    });
    let moved = alex.patch(&second, &later).await.json();
    assert_eq!((id(&moved), &moved["summary"]), (second.as_str(), &json!("Weekly, later")));
    assert_eq!(moved["originalStartTime"]["dateTime"], "2027-03-22T09:00:00+01:00");
    assert_eq!(alex.delete(&third).await.status, 204);
    assert_eq!(alex.delete(&third).await.refused(), (410, "deleted".into()));
    let early =
        json!({"start": {"dateTime": "2027-03-10T09:00:00+01:00"}, "end": {"dateTime": "2027-03-10T09:30:00+01:00"}});
    alex.patch(&instance("20270405T070000Z"), &early).await;
    let days = "?timeMin=2027-03-09T00:00:00Z&timeMax=2027-03-11T00:00:00Z&singleEvents=true";
    assert_eq!(alex.list(days).await.iter().filter(|event| event["summary"] == "Weekly").count(), 1, "moved here");
    let range = "?timeMin=2027-03-01T00:00:00Z&timeMax=2027-05-01T00:00:00Z&q=weekly";
    let left = alex.list(&format!("{range}&singleEvents=true&orderBy=startTime")).await;
    let starts: Vec<&str> = left.iter().map(|event| event["start"]["dateTime"].as_str().unwrap()).collect();
    assert_eq!(starts, ["2027-03-10T09:00:00+01:00", "2027-03-15T09:00:00+01:00", "2027-03-22T14:00:00+01:00"]);
    let with_exceptions = alex.list(&format!("{range}&showDeleted=true")).await;
    let states: Vec<&str> = with_exceptions.iter().map(|event| event["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["confirmed", "confirmed", "cancelled", "confirmed"]);
}

#[tokio::test]
async fn a_patch_merges_and_replaces_lists_as_a_whole() {
    let alex = Calendar::new().await;
    let mut body = meeting("Review", "2027-01-11");
    body["attendees"] = json!([{"email": "sam@lab.example"}, {"email": "kim@else.example"}]);
    body["extendedProperties"] = json!({"private": {"a": "1", "b": "2"}});
    let event = alex.add(&body).await;
    let change = json!({"location": "Room 2", "attendees": [{"email": "lee@else.example"}], "extendedProperties": {"private": {"b": null}}});
    let patched = alex.patch(id(&event), &change).await.json();
    assert_eq!((&patched["summary"], &patched["location"]), (&json!("Review"), &json!("Room 2")));
    assert_eq!(patched["attendees"], json!([{"email": "lee@else.example", "responseStatus": "needsAction"}]));
    assert_eq!(patched["extendedProperties"], json!({"private": {"a": "1"}}));
    assert_ne!(patched["etag"], event["etag"]);
    assert_eq!(patched["sequence"], 0);
    let moved =
        json!({"start": {"dateTime": "2027-01-12T09:00:00+01:00"}, "end": {"dateTime": "2027-01-12T10:00:00+01:00"}});
    assert_eq!(alex.patch(id(&event), &moved).await.json()["sequence"], 1);
    assert_eq!(
        alex.patch(id(&event), &json!({"start": {"date": "2027-01-12"}})).await.refused(),
        (400, "invalid".into())
    );
    assert_eq!(alex.patch(id(&event), &json!({"nonsense": 1})).await.refused(), (400, "badRequest".into()));
    assert_eq!(alex.list("?privateExtendedProperty=a%3D1").await.len(), 1);
    assert!(alex.list("?privateExtendedProperty=a%3D2").await.is_empty());
}

#[tokio::test]
async fn a_version_that_was_not_seen_is_not_overwritten() {
    let alex = Calendar::new().await;
    let event = alex.add(&meeting("x", "2027-01-11")).await;
    let request = |etag: &str| {
        http::Request::patch(format!("{EVENTS}/{}", id(&event)))
            .header("authorization", format!("Bearer {}", alex.token))
            .header("content-type", "application/json")
            .header("if-match", etag)
            .body(axum::body::Body::from(json!({"summary": "y"}).to_string()))
            .unwrap()
    };
    let seen = event["etag"].as_str().unwrap();
    assert_eq!(alex.world.send(request(seen)).await.status, 200);
    assert_eq!(alex.world.send(request(seen)).await.refused(), (412, "conditionNotMet".into()));
}

#[tokio::test]
async fn a_deleted_event_is_gone_from_lists_shown_as_cancelled_and_not_deleted_again() {
    let alex = Calendar::new().await;
    let event = alex.add(&meeting("short-lived", "2027-01-11")).await;
    let deleted = alex.delete(id(&event)).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    assert!(alex.list("?q=short-lived").await.is_empty());
    assert_eq!(alex.list("?q=short-lived&showDeleted=true").await[0]["status"], "cancelled");
    assert_eq!(alex.get(&format!("/{}", id(&event))).await.json()["status"], "cancelled");
    let (status, reason, page) = alex.delete(id(&event)).await.refusal();
    assert_eq!((status, reason.as_str()), (410, "deleted"));
    assert!(page.ends_with("/guides/errors"));
    assert_eq!(alex.patch(id(&event), &json!({"summary": "x"})).await.refused(), (410, "deleted".into()));
    let other = alex.add(&meeting("called off", "2027-01-11")).await;
    assert_eq!(alex.patch(id(&other), &json!({"status": "cancelled"})).await.json()["status"], "cancelled");
    assert!(alex.list("?q=called").await.is_empty());
}

#[tokio::test]
async fn a_meet_link_comes_only_with_conference_version_one() {
    let alex = Calendar::new().await;
    let mut body = meeting("Call", "2027-01-11");
    body["conferenceData"] =
        json!({"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}});
    let ignored = alex.add(&body).await;
    assert!(ignored["hangoutLink"].is_null() && ignored["conferenceData"].is_null());
    let path = format!("{EVENTS}?conferenceDataVersion=1");
    let made = alex.world.call("POST", &path, &alex.token, &body).await.json();
    assert!(made["hangoutLink"].as_str().unwrap().starts_with("https://meet.lab.example/"));
    assert_eq!(made["conferenceData"]["createRequest"]["status"]["statusCode"], "success");
    let kept = alex.patch(id(&made), &json!({"summary": "Call!"})).await.json();
    assert_eq!(kept["hangoutLink"], made["hangoutLink"]);
    body["conferenceData"] = json!({"createRequest": {"conferenceSolutionKey": {"type": "hangoutsMeet"}}});
    assert_eq!(alex.world.call("POST", &path, &alex.token, &body).await.refused(), (400, "invalid".into()));
}

#[tokio::test]
async fn an_attendee_sees_answers_and_leaves_but_does_not_change() {
    let alex = Calendar::new().await;
    let mut body = meeting("Together", "2027-01-11");
    body["attendees"] = json!([{"email": "sam@lab.example"}, {"email": "alex@lab.example"}]);
    let path = format!("{EVENTS}?sendUpdates=all");
    let event = alex.world.call("POST", &path, &alex.token, &body).await.json();
    assert_eq!(
        event["attendees"][1],
        json!({"email": "alex@lab.example", "responseStatus": "accepted", "organizer": true, "self": true})
    );
    let token = alex.world.access_of("sam@lab.example", &[CALENDAR, GMAIL]).await;
    let sam = Calendar { world: alex.world, token };
    let seen = sam.get(&format!("/{}", id(&event))).await.json();
    assert_eq!(seen["organizer"], json!({"email": "alex@lab.example"}));
    assert_eq!(seen["start"]["dateTime"], "2027-01-11T03:00:00-05:00", "in Sam's zone");
    let change = sam.patch(id(&event), &json!({"summary": "Mine now"})).await;
    assert_eq!(change.refused(), (403, "forbiddenForNonOrganizer".into()));
    let answer = json!({"attendees": [{"email": "sam@lab.example", "responseStatus": "accepted"}]});
    let answered = sam.patch(id(&event), &answer).await.json();
    assert_eq!(
        (&answered["attendees"][0]["responseStatus"], answered["attendees"].as_array().unwrap().len()),
        (&json!("accepted"), 2)
    );
    let mail = "/gmail/v1/users/me/messages?q=subject:invitation+subject:together";
    assert_eq!(sam.world.get(mail, &sam.token).await.json()["resultSizeEstimate"], 1);
    assert_eq!(sam.delete(id(&event)).await.status, 204);
    assert_eq!(sam.get(&format!("/{}", id(&event))).await.status, 404);
    let still = sam.world.get(&format!("{EVENTS}/{}", id(&event)), &sam.world.access(&[CALENDAR]).await).await;
    assert_eq!(still.json()["status"], "confirmed");
}

#[tokio::test]
async fn calendars_and_settings_tell_the_time_zone() {
    let alex = Calendar::new().await;
    let get = async |path: &str| alex.world.get(&format!("/calendar/v3{path}"), &alex.token).await;
    let calendar = get("/calendars/primary").await.json();
    assert_eq!((&calendar["id"], &calendar["timeZone"]), (&json!("alex@lab.example"), &json!("Europe/Berlin")));
    let listed = get("/users/me/calendarList").await.json();
    assert_eq!((&listed["items"][0]["primary"], &listed["items"][0]["accessRole"]), (&json!(true), &json!("owner")));
    assert_eq!(get("/users/me/settings/timezone").await.json()["value"], "Europe/Berlin");
    assert_eq!(get("/users/me/settings/nothing").await.refused(), (404, "notFound".into()));
}

#[tokio::test]
async fn the_seed_has_a_stand_up_on_weekdays_and_lunch_for_two() {
    let alex = Calendar::new().await;
    // The clock of these tests stands on Monday, 21 September 2026.
    let week = "?timeMin=2026-09-21T00:00:00Z&timeMax=2026-09-28T00:00:00Z&singleEvents=true&orderBy=startTime";
    let summaries: Vec<String> =
        alex.list(week).await.iter().map(|event| event["summary"].as_str().unwrap().to_owned()).collect();
    assert_eq!(summaries.iter().filter(|summary| *summary == "Stand-up").count(), 5);
    assert!(summaries.contains(&"Lunch with Sam Baker".to_owned()));
    let token = alex.world.access_of("sam@lab.example", &[CALENDAR]).await;
    let lunch = alex.world.get(&format!("{EVENTS}?q=lunch"), &token).await.json();
    assert_eq!(lunch["items"][0]["attendees"][1]["self"], true);
}
