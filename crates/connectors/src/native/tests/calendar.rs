//! `calendar_times`.
#![expect(clippy::needless_pass_by_value, reason = "json!() is written in place")]

use super::run;
use serde_json::{Value, json};

fn times(input: Value, saved: Value) -> Result<Value, String> {
    let mut scope = saved.as_object().unwrap().clone();
    scope.insert("input".to_owned(), input);
    run("calendar_times", &Value::Object(scope))
}

fn pair(start: Value, end: Value) -> Result<Value, String> {
    Ok(json!({"start": start, "end": end}))
}

#[test]
fn offsets_are_kept_and_zones_fill_in() {
    let berlin = json!({"calendar": {"timeZone": "Europe/Berlin"}});
    assert_eq!(
        times(json!({"start_datetime": "2026-03-02T10:00:00-05:00"}), berlin.clone()),
        pair(json!({"dateTime": "2026-03-02T10:00:00-05:00"}), json!({"dateTime": "2026-03-02T10:30:00-05:00"}))
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-03-02T10:00:00Z", "event_duration_hour": 1}), berlin.clone()),
        pair(json!({"dateTime": "2026-03-02T10:00:00Z"}), json!({"dateTime": "2026-03-02T11:00:00Z"}))
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-03-02T10:00", "event_duration_minutes": 45}), berlin.clone()),
        pair(
            json!({"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"}),
            json!({"dateTime": "2026-03-02T10:45:00+01:00", "timeZone": "Europe/Berlin"})
        )
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-03-02T10:00", "timezone": "asia/kolkata"}), berlin.clone()).unwrap()["start"],
        json!({"dateTime": "2026-03-02T10:00:00+05:30", "timeZone": "Asia/Kolkata"})
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-03-02T10:00+09:00", "timezone": "Europe/Berlin"}), berlin).unwrap()["end"],
        json!({"dateTime": "2026-03-02T10:30:00+09:00", "timeZone": "Europe/Berlin"})
    );
    assert!(times(json!({"start_datetime": "2026-03-02T10:00"}), json!({})).unwrap_err().contains("give `timezone`"));
}

#[test]
fn clocks_that_change() {
    let zone = |start: &str, name: &str, hours: i64| {
        let times =
            times(json!({"start_datetime": start, "timezone": name, "event_duration_hour": hours}), json!({})).unwrap();
        (times["start"]["dateTime"].clone(), times["end"]["dateTime"].clone())
    };
    // Elapsed time across the hour that is left out, and across the one that comes twice.
    assert_eq!(
        zone("2026-03-29T01:30", "Europe/Berlin", 1),
        (json!("2026-03-29T01:30:00+01:00"), json!("2026-03-29T03:30:00+02:00"))
    );
    assert_eq!(
        zone("2026-10-25T01:30", "Europe/Berlin", 2),
        (json!("2026-10-25T01:30:00+02:00"), json!("2026-10-25T02:30:00+01:00"))
    );
    // RFC 5545, 3.3.5, with its own examples.
    assert_eq!(zone("2007-03-11T02:30", "America/New_York", 1).0, json!("2007-03-11T03:30:00-04:00"));
    assert_eq!(zone("2007-11-04T01:30", "America/New_York", 1).0, json!("2007-11-04T01:30:00-04:00"));
    // A day that a country left out, and half an hour of summer time.
    assert_eq!(zone("2011-12-30T12:00", "Pacific/Apia", 1).0, json!("2011-12-31T12:00:00+14:00"));
    assert_eq!(zone("2026-10-04T01:45", "Australia/Lord_Howe", 1).1, json!("2026-10-04T03:15:00+11:00"));
}

#[test]
fn ends() {
    let local = json!({"calendar": {"timeZone": "America/New_York"}});
    let ended = |end: &str| times(json!({"start_datetime": "2026-03-02T10:00", "end_datetime": end}), local.clone());
    assert_eq!(ended("2026-03-02T12:00").unwrap()["end"]["dateTime"], "2026-03-02T12:00:00-05:00");
    assert_eq!(ended("2026-03-02T17:00:00Z").unwrap()["end"]["dateTime"], "2026-03-02T17:00:00Z");
    assert!(ended("2026-03-02T09:00").unwrap_err().contains("before it starts"));
    assert!(ended("2026-03-03").unwrap_err().contains("both"));
    // With an offset at the start and nothing else known, the end hangs on the same clock.
    let offset =
        times(json!({"start_datetime": "2026-03-02T10:00+02:00", "end_datetime": "2026-03-02T11:00"}), json!({}));
    assert_eq!(offset.unwrap()["end"]["dateTime"], "2026-03-02T11:00:00+02:00");
    let both = |hours: i64| json!({"start_datetime": "2026-03-02T10:00Z", "end_datetime": "2026-03-02T12:00Z", "event_duration_hour": hours});
    assert!(times(both(2), json!({})).is_ok());
    assert!(times(both(3), json!({})).unwrap_err().contains("disagree"));
    let length = |hours: Value, minutes: Value| {
        times(
            json!({"start_datetime": "2026-03-02T10:00Z", "event_duration_hour": hours, "event_duration_minutes": minutes}),
            json!({}),
        )
    };
    assert_eq!(length(json!(0), json!(0)).unwrap()["end"]["dateTime"], "2026-03-02T10:30:00Z");
    assert_eq!(length(json!(1), json!(90)).unwrap()["end"]["dateTime"], "2026-03-02T12:30:00Z");
    assert!(length(json!(-1), json!(0)).unwrap_err().contains("`event_duration_hour`"));
    assert!(length(json!(i64::MAX), json!(i64::MAX)).unwrap_err().contains("more than a year"));
    assert!(length(json!("2"), json!(0)).unwrap_err().contains("whole number"));
}

#[test]
fn whole_days_end_exclusively() {
    let day = |start: &str, end: &str| pair(json!({"date": start}), json!({"date": end}));
    assert_eq!(times(json!({"start_datetime": "2026-02-28"}), json!({})), day("2026-02-28", "2026-03-01"));
    assert_eq!(
        times(json!({"start_datetime": "2026-03-28", "end_datetime": "2026-03-28"}), json!({})),
        day("2026-03-28", "2026-03-29")
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-03-28", "end_datetime": "2026-03-31"}), json!({})),
        day("2026-03-28", "2026-03-31")
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-03-28", "event_duration_hour": 48}), json!({})),
        day("2026-03-28", "2026-03-30")
    );
    assert!(
        times(json!({"start_datetime": "2026-03-28", "event_duration_minutes": 30}), json!({}))
            .unwrap_err()
            .contains("whole days")
    );
    assert!(
        times(json!({"start_datetime": "2026-03-28", "end_datetime": "2026-03-27"}), json!({}))
            .unwrap_err()
            .contains("before")
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-03-28", "recurrence": ["RRULE:FREQ=YEARLY"]}), json!({})),
        day("2026-03-28", "2026-03-29")
    );
}

#[test]
fn recurring_events_need_a_zone() {
    let weekly =
        |start: &str, saved: Value| times(json!({"start_datetime": start, "recurrence": ["RRULE:FREQ=WEEKLY"]}), saved);
    assert!(weekly("2026-03-02T10:00+01:00", json!({})).unwrap_err().contains("needs `timezone`"));
    assert_eq!(
        weekly("2026-03-02T10:00+01:00", json!({"calendar": {"timeZone": "Europe/Berlin"}})).unwrap()["start"],
        json!({"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"})
    );
    assert!(weekly("2026-03-02T10:00+01:00", json!({"calendar": {"timeZone": "GMT+1"}})).is_err());
    assert!(times(json!({"start_datetime": "2026-03-02T10:00Z", "recurrence": []}), json!({})).is_ok());
}

#[test]
fn updates_start_from_the_event() {
    let event = json!({"event": {
        "start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-02T11:30:00+01:00", "timeZone": "Europe/Berlin"}
    }});
    let changed = |input: Value| times(input, event.clone()).unwrap();
    assert_eq!(changed(json!({})), json!({}));
    assert_eq!(changed(json!({"event_duration_hour": 2}))["end"]["dateTime"], "2026-03-02T12:00:00+01:00");
    assert_eq!(changed(json!({"event_duration_hour": 2}))["start"]["dateTime"], "2026-03-02T10:00:00+01:00");
    assert_eq!(changed(json!({"start_datetime": "2026-07-02T09:00"}))["end"]["dateTime"], "2026-07-02T10:30:00+02:00");
    assert_eq!(changed(json!({"end_datetime": "2026-03-02T12:15"}))["end"]["dateTime"], "2026-03-02T12:15:00+01:00");
    assert_eq!(
        changed(json!({"timezone": "Asia/Tokyo"})),
        json!({"start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Asia/Tokyo"},
               "end": {"dateTime": "2026-03-02T11:30:00+01:00", "timeZone": "Asia/Tokyo"}})
    );
    assert_eq!(
        changed(json!({"start_datetime": "2026-03-05"}))["start"],
        json!({"date": "2026-03-05", "dateTime": null})
    );
    // One that begins to repeat says its zone beside its times, and one that stops needs none.
    assert_eq!(
        changed(json!({"recurrence": ["RRULE:FREQ=DAILY"]}))["start"],
        json!({"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"})
    );
    assert_eq!(changed(json!({"recurrence": []})), json!({}));
    assert!(times(json!({"event_duration_hour": 2}), json!({})).unwrap_err().contains("no event"));

    let days = json!({"event": {"start": {"date": "2026-03-02"}, "end": {"date": "2026-03-05"}}, "calendar": {"timeZone": "Europe/Berlin"}});
    assert_eq!(
        times(json!({"start_datetime": "2026-04-01"}), days.clone()).unwrap()["end"],
        json!({"date": "2026-04-04"})
    );
    assert_eq!(
        times(json!({"start_datetime": "2026-04-01T08:00"}), days).unwrap()["end"],
        json!({"dateTime": "2026-04-01T08:30:00+02:00", "timeZone": "Europe/Berlin", "date": null})
    );
}

/// A flight: it starts in Berlin and ends in New York.
#[test]
fn an_event_in_two_zones_keeps_both() {
    let event = json!({"event": {
        "start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-02T12:00:00-05:00", "timeZone": "America/New_York"}
    }});
    let changed = |input: Value| times(input, event.clone()).unwrap();
    let moved = json!({"start": {"dateTime": "2026-07-02T09:00:00+02:00", "timeZone": "Europe/Berlin"},
                       "end": {"dateTime": "2026-07-02T11:00:00-04:00", "timeZone": "America/New_York"}});
    assert_eq!(changed(json!({"start_datetime": "2026-07-02T09:00"})), moved);
    assert_eq!(changed(json!({"start_datetime": "2026-07-02T09:00", "event_duration_hour": 8})), moved);
    assert_eq!(changed(json!({"start_datetime": "2026-07-02T09:00", "end_datetime": "2026-07-02T11:00"})), moved);
    assert_eq!(
        changed(json!({"start_datetime": "2026-07-02T09:00", "end_datetime": "2026-07-02T17:00[Europe/Rome]"}))["end"]
            ["timeZone"],
        "Europe/Rome"
    );
    let tokyo = changed(json!({"timezone": "Asia/Tokyo", "start_datetime": "2026-07-02T09:00"}));
    assert_eq!(
        (&tokyo["start"]["timeZone"], &tokyo["end"]["timeZone"]),
        (&json!("Asia/Tokyo"), &json!("America/New_York"))
    );
    // A new event may be one too.
    let fresh = times(
        json!({"start_datetime": "2026-07-02T09:00[Europe/Berlin]", "end_datetime": "2026-07-02T11:00[America/New_York]"}),
        json!({}),
    );
    assert_eq!(fresh.unwrap(), moved);
}

#[test]
fn an_end_of_repetitions_without_a_zone_is_explained() {
    let said = |start: &str, until: &str| {
        let input = json!({"start_datetime": start, "recurrence": [format!("RRULE:FREQ=DAILY;UNTIL={until}")]});
        times(input, json!({"calendar": {"timeZone": "Europe/Berlin"}}))
    };
    assert!(said("2026-03-02T10:00", "20260701T235959").unwrap_err().contains("Write UNTIL=20260701T215959Z"));
    assert!(said("2026-03-02", "20260701T235959").unwrap_err().contains("Write UNTIL=20260701"));
    assert!(said("2026-03-02T10:00", "20260701T215959Z").is_ok() && said("2026-03-02", "20260701").is_ok());
    let event = json!({"event": {"start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"}, "end": {"dateTime": "2026-03-02T11:00:00+01:00"}}});
    let later = times(json!({"recurrence": ["RRULE:FREQ=DAILY;UNTIL=20261231T235959"]}), event);
    assert!(later.unwrap_err().contains("UNTIL=20261231T225959Z if 23:59:59 in Europe/Berlin is meant"));
}

#[test]
fn who_stays_keeps_what_they_answered() {
    let event = json!({"attendees": [
        {"email": "Ada@example.com", "responseStatus": "accepted", "comment": "Gladly", "self": true, "id": "1"},
        {"email": "gone@example.com", "responseStatus": "declined"},
        {"email": "room@resource.calendar.google.com", "resource": true, "responseStatus": "accepted", "optional": {"x": []}},
    ]});
    let input = json!({"attendees_emails": ["ada@example.com", "new@example.com", "room@resource.calendar.google.com",
                                            "ADA@example.com", "NEW@example.com"]});
    assert_eq!(
        run("calendar_guests", &json!({"input": input, "event": event})).unwrap(),
        json!([
            {"email": "Ada@example.com", "responseStatus": "accepted", "comment": "Gladly"},
            {"email": "new@example.com"},
            {"email": "room@resource.calendar.google.com", "responseStatus": "accepted", "resource": true},
        ])
    );
    assert_eq!(run("calendar_guests", &json!({"input": {"attendees_emails": []}})).unwrap(), json!([]));
    let without = json!({"input": {"attendees_emails": ["a@example.com"]}, "event": {"id": "e"}});
    assert_eq!(run("calendar_guests", &without).unwrap(), json!([{"email": "a@example.com"}]));
}

/// What the check of the tool's arguments leaves of them, put to the native.
fn change(arguments: Value) -> Result<Value, String> {
    let tool = crate::Catalog::shipped().unwrap().tool("googlecalendar_update_event").unwrap().1;
    let mut whole = json!({"calendar_id": "primary", "event_id": "e"});
    whole.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    let checked = tool.check(whole.as_object().unwrap()).map_err(|failure| failure.message)?;
    run("calendar_change", &json!({"input": checked})).map(|_| Value::Object(checked))
}

#[test]
fn a_change_of_nothing_is_said_and_placeholders_are_nothing() {
    for nothing in [
        json!({}),
        json!({"send_updates": true, "event_type": "default"}),
        json!({"summary": "", "description": " ", "location": null, "attendees_emails": [], "recurrence": [""],
               "timezone": "", "start_datetime": "", "event_duration_hour": 0, "event_duration_minutes": "0",
               "create_meeting_room": false, "transparency": "", "visibility": "", "clear": []}),
    ] {
        assert!(change(nothing).unwrap_err().starts_with("there is nothing to change: give at least one of summary,"));
    }
    for (name, value) in [
        ("summary", json!("T")),
        ("start_datetime", json!("2026-03-02T10:00")),
        ("event_duration_minutes", json!(5)),
        ("create_meeting_room", json!(true)),
        ("guests_can_modify", json!(false)),
        ("transparency", json!("opaque")),
        ("recurrence", json!(["RRULE:FREQ=DAILY"])),
    ] {
        let taken = change(json!({name: value, "description": "", "attendees_emails": [], "location": " "})).unwrap();
        assert_eq!(taken[name], value);
        let wiped = ["description", "attendees_emails", "location"].into_iter().find(|name| taken.get(*name).is_some());
        assert_eq!(wiped, None, "{name}");
    }
}

#[test]
fn what_is_cleared_is_a_change() {
    for (name, empty) in [
        ("description", json!("")),
        ("location", json!("")),
        ("attendees_emails", json!([])),
        ("recurrence", json!([])),
    ] {
        assert_eq!(change(json!({"clear": [name], name: empty})).unwrap()[name], empty);
        assert_eq!(change(json!({"clear": name})).unwrap()[name], empty);
    }
    let both = change(json!({"description": "x", "clear": ["description"]})).unwrap_err();
    assert!(both.contains("`description` is both given and named in `clear`"), "{both}");
    assert!(change(json!({"clear": ["summary"]})).unwrap_err().contains(r#"must be one of "description", "location""#));
}
