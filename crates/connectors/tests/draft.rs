//! Drafts of connector files: what digest and names say passes the check, and what is open is refused until it is decided.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

#[path = "golden/play.rs"]
#[expect(dead_code, reason = "only the catalogue's folder is looked at")]
mod play;
#[path = "draft/write.rs"]
mod write;

use play::catalogue;
use valetkey_connectors::file::read;
use valetkey_connectors::lint::{self, Author, names};
use valetkey_vendor::Digest;

/// The draft of a connector, with what it was made of, and how many of its tools have an operation.
fn drafted(connector: &str, digest: &str, kind: &str) -> (String, Digest, Vec<names::Documented>) {
    let text = |name: String| std::fs::read_to_string(catalogue().join(name)).unwrap();
    let digest = Digest::read(&text(format!("digests/{digest}.json"))).unwrap();
    let names = names::read(&text(format!("names/{connector}.tsv"))).unwrap();
    (write::draft(connector, &digest, kind, &names), digest, names)
}

#[test]
fn a_draft_passes_but_for_what_is_to_be_decided() {
    for (connector, digest, kind, share) in [
        ("googlecalendar", "calendar.v3", "discovery", 30),
        ("gmail", "gmail.v1", "discovery", 30),
        ("github", "github", "openapi", 50),
        ("slack", "slack", "sdk", 15),
        ("googledrive", "drive.v3", "discovery", 30),
        ("notion", "notion", "sdk", 30),
    ] {
        let (text, digest, names) = drafted(connector, digest, kind);
        let file = read::read("draft.yaml", &text).unwrap_or_else(|why| panic!("{why}\n{text}"));
        let problems = lint::check(&file, std::slice::from_ref(&digest), Author::User);
        let other: Vec<_> = problems.iter().filter(|problem| !problem.why.contains("still to be decided")).collect();
        assert!(other.is_empty(), "{connector}: {other:#?}");
        for open in ["display_name", "auth.token_url"] {
            assert!(problems.iter().any(|problem| problem.at == open), "{connector}: {open}");
        }
        let built = file.tools.iter().count();
        let described =
            problems.iter().filter(|problem| problem.at.ends_with(".description") && !problem.at.contains("input"));
        assert_eq!(described.count(), built, "{connector}: each tool is to be described");
        assert!(built * 100 >= names.len() * share, "{connector}: {built} of {} tools", names.len());
        // The names are all there, built or waiting, with the arguments that are documented.
        assert_eq!(names::check(&file, &names), [], "{connector}");
        // Once all is decided, it passes.
        let decided = read::read("draft.yaml", &text.replace("DECIDE", "decided")).unwrap();
        assert_eq!(lint::check(&decided, &[digest], Author::User), [], "{connector}");
    }
}

#[test]
fn a_tool_is_drafted_from_what_its_operation_says() {
    let (text, ..) = drafted("googlecalendar", "calendar.v3", "discovery");
    let tool = text.split("  googlecalendar_get_event_by_id:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(tool.contains("operation: calendar.events.get") && tool.contains("effect: read"), "{tool}");
    assert!(tool.contains("event_id: {type: string") && tool.contains("map: path.eventId"), "{tool}");
    let file = read::read("draft.yaml", &text).unwrap();
    assert_eq!(file.description.id.as_deref(), Some("calendar:v3"));
}
