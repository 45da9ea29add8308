//! The shipped files pass, and each thing that may be wrong is found.

mod places;
mod rules;

use super::*;
use crate::file::read;
use crate::shipped::SHIPPED;
use crate::{Catalog, made};

const NAMES: &[(&str, &str)] = &[
    ("gmail", include_str!("../../../../catalogue/names/gmail.tsv")),
    ("googlecalendar", include_str!("../../../../catalogue/names/googlecalendar.tsv")),
    ("googledrive", include_str!("../../../../catalogue/names/googledrive.tsv")),
    ("github", include_str!("../../../../catalogue/names/github.tsv")),
    ("githubpat", include_str!("../../../../catalogue/names/githubpat.tsv")),
    ("slack", include_str!("../../../../catalogue/names/slack.tsv")),
    ("notion", include_str!("../../../../catalogue/names/notion.tsv")),
    ("linear", include_str!("../../../../catalogue/names/linear.tsv")),
];

fn told(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_shipped_files_pass() {
    for shipped in SHIPPED {
        let file = shipped.file().unwrap();
        let digests = shipped.described().unwrap();
        let problems = check(&file, &digests, Author::Us);
        assert!(problems.is_empty(), "{}:\n{}", shipped.file_name, told(&problems));
        assert_eq!(file.connector, shipped.slug);
        made::compiled(shipped).unwrap();
    }
}

#[test]
fn every_documented_name_is_built_or_listed() {
    for shipped in SHIPPED {
        let (_, table) = NAMES.iter().find(|(slug, _)| *slug == shipped.slug).unwrap();
        let file = shipped.file().unwrap();
        let problems = names::check(&file, &names::read(table).unwrap());
        assert!(problems.is_empty(), "{}:\n{}", shipped.file_name, told(&problems));
        let waits = file.not_yet.iter().len();
        assert!(waits * 100 <= table.lines().count() * 3, "{waits} tools of {} are not built", shipped.slug);
    }
}

/// What is found when one piece of the shipped calendar file is replaced.
fn broken(from: &str, to: &str) -> String {
    broken_in("googlecalendar", from, to)
}

fn broken_in(slug: &str, from: &str, to: &str) -> String {
    let shipped = SHIPPED.iter().find(|shipped| shipped.slug == slug).unwrap();
    assert!(shipped.text.contains(from), "the file has no `{from}`");
    let text = shipped.text.replacen(from, to, 1);
    match read::read(shipped.file_name, &text) {
        Ok(file) => told(&check(&file, &shipped.described().unwrap(), Author::Us)),
        Err(error) => error.to_string(),
    }
}

fn each_disagreement_with_the_vendor_is_found() {
    for (from, to, expected) in [
        ("operation: calendar.events.get", "operation: calendar.events.fetch", "no operation `calendar.events.fetch`"),
        ("map: query.timeMin", "map: query.timeMinimum", "has no query.timeMinimum"),
        ("map: body.location", "map: body.place", "has no body.place"),
        ("map: query.maxResults", "map: none", "`because`"),
        ("maximum: 2500\n        map: query.maxResults", "map: query.pageToken", "two values go to query.pageToken"),
        ("minimum: 1\n        maximum: 2500", "maximum: 2500", "bounds that the argument does not keep"),
        ("enum: [startTime, updated]", "enum: [startTime, created]", "takes only startTime, updated"),
        ("          body.end: times.end\n", "", "body.end is required"),
        (
            "default: primary\n        min_length: 1\n        map: path.calendarId",
            "map: path.calendarId",
            "path.calendarId is required",
        ),
        (
            "{any: [\"https://www.googleapis.com/auth/calendar.events.readonly",
            "{any: [\"https://www.googleapis.com/auth/calendar.events.lesen",
            "no scope of this API",
        ),
        (
            "{any: [\"https://www.googleapis.com/auth/calendar.events.readonly",
            "{any: [\"https://www.googleapis.com/auth/calendar.settings.readonly",
            "does not allow calendar.events.list",
        ),
        ("effect: destructive", "effect: read", "contradicts its methods (DELETE)"),
        ("sha256: e4", "sha256: f4", "another document"),
        ("query.maxResults: 1,", "query.maxResults: one,", "not string"),
        (
            "      - {call: calendar.events.delete, save: gone}",
            "      - {call: calendar.events.delete, save: gone, set: {body.a: 1}}",
            "takes no body",
        ),
    ] {
        let found = broken(from, to);
        assert!(found.contains(expected), "{from} -> {to}: {expected} is not in:\n{found}");
    }
}

fn a_file_where_none_goes_or_comes_is_found() {
    for (from, to, expected) in [
        ("    body: multipart\n", "", "a file goes with `body: multipart` only"),
        ("map: media.text", "map: media.words", "nothing of a file"),
        ("map: media.text", "map: media.base64", "two values go to media.base64"),
        ("operation: drive.files.create", "operation: drive.files.copy", "drive.files.copy takes no file"),
        (
            "{query.supportsAllDrives: true, query.fields: parents}",
            "{media.type: text/plain}",
            "nothing that goes to media.text",
        ),
        (
            "      - call: drive.files.get\n        save: before",
            "      - call: drive.files.update\n        answer: file\n        save: before",
            "drive.files.update gives no file",
        ),
        (
            "    example: {file_id: 1aBcD3fGh, mime_type",
            "    answer: file\n    example: {file_id: 1aBcD3fGh, mime_type",
            "with steps, `answer` stands in the one",
        ),
    ] {
        let found = broken_in("googledrive", from, to);
        assert!(found.contains(expected), "{from} -> {to}: {expected} is not in:\n{found}");
    }
}

fn each_fault_of_a_document_is_found() {
    let query = "query($id: String!) { attachment(id: $id) { id title subtitle";
    for (from, to, expected) in [
        (query, "query($id: String!) { attachment(id: $id) { id titel subtitle", "titel"),
        (query, "query($id: Int!) { attachment(id: $id) { id title subtitle", "$id"),
        (
            query,
            "query($id: String!, $no: Int) { attachment(id: $id) { id title subtitle",
            "nothing fills the variable `$no`",
        ),
        (query, "query($id: String!) { attachment(id: $id) { id title { subtitle", "document: "),
        ("operation: Query.viewer", "operation: Query.users", "does not ask for `Query.users`"),
        ("operation: Mutation.attachmentCreate", "operation: Query.attachmentCreate", "no operation"),
        ("map: variables.input.title", "map: variables.input.titel", "has no member `titel`"),
        ("map: variables.input.title", "map: body.title", "body.title is no variable"),
        ("map: variables.id", "map: variables.ident", "no variable `$ident`"),
        ("required: true, map: variables.id", "map: variables.id", "nothing is sure to fill the variable `$id`"),
        (
            "{type: integer, description: \"How many at most.\", minimum: 1, maximum: 100, default: 25, map: variables.first}",
            "{type: string, description: \"How many at most.\", map: variables.first}",
            "goes to variables.first, which",
        ),
        ("enum: [\"blocks\", \"duplicate\",", "enum: [\"stops\", \"duplicate\",", "takes only"),
        ("\nbody: graphql\n", "\nbody: json\n", "goes with `body: graphql` only"),
    ] {
        let found = broken_in("linear", from, to);
        assert!(found.contains(expected), "{from} -> {to}: {expected} is not in:\n{found}");
    }
    let reads = broken_in("linear", "    effect: write\n", "    effect: read\n");
    assert!(reads.contains("contradicts its methods (POST)"), "{reads}");
}

/// A user's own file has no schema: its document is read as far as it says itself.
fn a_document_of_ones_own_is_read() {
    let own = |document: &str, map: &str| {
        let graphql = format!("body: graphql\n    document: \"{document}\"\n    effect: read");
        let text = OWN
            .replace("effect: read", &graphql)
            .replace("method: GET, path: \"/pages/{id}\"", "method: POST, path: /graphql");
        let file = read::read("own.yaml", &text.replace("map: path.id", map)).unwrap();
        told(&check(&file, &[], Author::User))
    };
    let query = "query($id: ID!) { page(id: $id) { text } }";
    assert_eq!(own(query, "map: variables.id"), "");
    assert!(own(query, "map: variables.no").contains("variables.no is no variable of its document"));
    assert!(own("query {", "map: variables.id").contains("document: "));
    assert!(
        own("mutation($id: ID!) { page(id: $id) { text } }", "map: variables.id")
            .contains("contradicts its methods (POST)")
    );
}

fn a_scope_without_fitting_words_is_found() {
    let words = "  https://www.googleapis.com/auth/calendar.events.owned:";
    for (from, to, expected) in [
        (words, "  https://www.googleapis.com/auth/calendar.app.created:", "calendar.events.owned: says in no words"),
        (words, "  https://www.googleapis.com/auth/gmail.send:", "auth/gmail.send: is no scope of this API"),
        ("  openid: Know", "  openid: \"\"\n  email: Know", "scopes.openid: its words are one line"),
        ("  openid: Know", "  openid: \" Know\"\n  email: Know", "scopes.openid: its words are one line"),
        (
            "default_scopes:\n",
            "default_scopes:\n  - https://www.googleapis.com/auth/drive\n",
            "auth/drive` is no scope",
        ),
    ] {
        let found = broken(from, to);
        assert!(found.contains(expected), "{from} -> {to}: {expected} is not in:\n{found}");
    }
}

/// A user's own file may leave the words to the scopes' names.
fn words_are_demanded_of_shipped_files_only() {
    for shipped in SHIPPED {
        // Some apps have no scopes, and aliases have the other's.
        let Some((before, after)) = shipped.text.split_once("\nscopes:\n") else { continue };
        let rest = after.lines().skip_while(|line| line.starts_with(' ')).collect::<Vec<_>>().join("\n");
        let file = read::read(shipped.file_name, &format!("{before}\n{rest}\n")).unwrap();
        let digests = shipped.described().unwrap();
        let told = |author| told(&check(&file, &digests, author));
        assert!(told(Author::Us).contains("says in no words what the scope allows"));
        assert!(!told(Author::User).contains("says in no words"));
    }
}

fn each_defect_of_the_file_itself_is_found() {
    for (from, to, expected) in [
        ("hosts: [www.googleapis.com,", "hosts: [www.example.com,", "its host is not among `hosts`"),
        ("base_url: https", "base_url: http", "not a plain https address"),
        ("proxy_url: https://www.googleapis.com", "proxy_url: https://www.googleapis.com/calendar", "no path"),
        ("access_type: offline", "include_granted_scopes: \"true\"", "include_granted_scopes"),
        ("access_type: offline", "state: fixed", "`state` is set by the server"),
        ("times.start", "timse.start", "reads `timse.start`"),
        ("input.attendees_emails | wrap('email')", "input.attendees | wrap('email')", "reads `input.attendees`"),
        ("wrap('email')", "wrap('email'", "does not compile"),
        ("shape: .event", "shape: \".event |\"", "output"),
        ("shape: .event", "shape: env", "output"),
        ("native: calendar_times", "native: calendar_clock", "no native `calendar_clock`"),
        ("into: page_token", "into: page", "names no argument"),
        ("{next: .nextPageToken, into", "{next: .nextPageToken, link: page, into", "either `next` or `link`"),
        ("{next: .nextPageToken, into", "{into", "either `next` or `link`"),
        ("map: query.q", "map: query.q\n        empty: as_null", "for a member of the body"),
        (
            "  message: .error.message\n  rules:\n",
            "  rules:\n    - {status: [400], says: [No], kind: conflict}\n",
            "`says` looks at",
        ),
        ("  googlecalendar_list_events:", "  calendar_list_events:", "begins with `googlecalendar_`"),
        ("order_by: startTime}", "order_by: soon}", "order_by"),
        ("      max_bytes: 60000", "      max_bytes: 6", "max_bytes"),
        ("The event is larger than this tool gives at once.", &"Ask for less. ".repeat(40), "no room for"),
        ("revoke: {method: POST", "revoke: {method: GET", "auth.revoke: method"),
        ("token_in: form.token", "token_in: token", "auth.revoke: token_in"),
        ("    pkce: S256", "    pkce: S256\n    scope_param: user scope", "auth.scope_param"),
        ("    pkce: S256", "    pkce: S256\n    token_in: a.b", "auth.token_in"),
        ("    pkce: S256", "    pkce: S256\n    scope_param: prompt", "set by the server"),
        ("identity:\n      method: GET", "identity:\n      method: DELETE", "auth.identity: method"),
        ("id: .sub", "id: .sub |", "auth.identity: id"),
        ("retry_after: retry-after", "retry_after: retry after", "rate_limit.retry_after"),
        ("retry_in: \"[", "retry_in: \"[[", "rate_limit.retry_in"),
        ("title: List events", "titel: List events", "titel"),
        ("empty: by_clear", "empty: by_name", "by_name"),
        (
            "        empty: by_clear\n        map: body.location",
            "        map: body.location\n        empty: by_clear\n        enum: [a]",
            "may be empty",
        ),
        (
            "        empty: by_clear\n        map: body.location",
            "        required: true\n        empty: kept\n        map: body.location",
            "neither required nor defaulted",
        ),
        ("map: query.q", "map: query.q\n        empty: by_clear", "for tools that change something"),
        ("map: query.q", "map: none\n        because: Nothing.\n        empty: kept", "may be sent empty"),
        ("times.start", "input.clear", "reads `input.clear`"),
    ] {
        let found = broken(from, to);
        assert!(found.contains(expected), "{from} -> {to}: {expected} is not in:\n{found}");
    }
}

fn a_documented_name_that_is_forgotten_is_found() {
    let shipped = SHIPPED.iter().find(|shipped| shipped.slug == "googlecalendar").unwrap();
    let table = names::read(NAMES[1].1).unwrap();
    let found = |from: &str, to: &str| {
        let text = shipped.text.replacen(from, to, 1);
        told(&names::check(&read::read("x.yaml", &text).unwrap(), &table))
    };
    assert!(found("  googlecalendar_move_event:", "  googlecalendar_mvoe_event:").contains("neither built nor listed"));
    let listed = |name: &str| found("tools:\n", &format!("not_yet: {{{name}: Nobody has asked for it.}}\ntools:\n"));
    assert!(listed("googlecalendar_mvoe_event").contains("`googlecalendar_mvoe_event` is not documented"));
    assert!(listed("googlecalendar_move_event").contains("`googlecalendar_move_event` is built"));
    assert!(
        found("      single_events:\n", "      single:\n").contains("lacks the documented argument `single_events`")
    );
    assert!(found("versions: true", "versions: false").contains("`versions`"));
}

/// A file of a user's own.
const OWN: &str = "
connector: intranet
display_name: Intranet
upstream: http
base_url: https://intranet.example.com/api
proxy_url: https://intranet.example.com
hosts: [intranet.example.com]
description: {kind: manual, url: \"https://intranet.example.com/docs\", read_on: 2026-11-22}
auth:
  - {kind: oauth2, authorize_url: \"https://intranet.example.com/a\", token_url: \"https://intranet.example.com/t\"}
tools:
  intranet_get_page:
    title: Get a page
    description: Reads one page of the intranet by its id.
    operation: pages.get
    request: {method: GET, path: \"/pages/{id}\"}
    effect: read
    input:
      page_id: {type: string, description: The id of the page to read., required: true, map: path.id}
    example: {page_id: a}
";

fn added(from: &str, to: &str) -> Result<(), String> {
    assert!(OWN.contains(from), "the file has no `{from}`");
    Catalog::shipped().unwrap().add("own.yaml", &OWN.replacen(from, to, 1)).map_err(|error| error.to_string())
}

fn a_file_of_ones_own_is_taken_and_held_to_the_same() {
    added("Intranet", "Intranet").unwrap();
    for (from, to, expected) in [
        ("connector: intranet", "connector: gmail", "there already"),
        ("hosts: [intranet.example.com]", "hosts: [169.254.169.254]", "not among `hosts`"),
        ("path: \"/pages/{id}\"", "path: \"//evil.test/{id}\"", "not a plain path"),
        ("path: \"/pages/{id}\"", "path: \"/../admin/{id}\"", "not a plain path"),
        ("path: \"/pages/{id}\"", "path: \"/pages\\\\{id}\"", "not a plain path"),
        ("map: path.id", "map: header.authorization", "not a connector file's to fill"),
        ("method: GET", "method: POST", "contradicts its methods (POST)"),
        (", read_on: 2026-11-22", "", "read_on"),
        ("    request: {method: GET, path: \"/pages/{id}\"}\n", "", "`request` says method and path"),
        ("    example:", "    steps: [{native: gmail_compose}, {call: pages.get}]\n    example:", "may name no native"),
        ("map: path.id", "map: media.text", "a file goes with `body: multipart` only"),
        ("{kind: manual,", "{kind: discovery, id: \"gone:v1\",", "digest is not here"),
    ] {
        let said = added(from, to).unwrap_err();
        assert!(said.contains(expected), "{from} -> {to}: {expected} is not in:\n{said}");
    }
}

/// An alias of a user's own.
const ALIAS: &str = "
connector: hub
display_name: Our Hub
alias_of: github
auth: [{kind: bearer, fields: {token: {label: Token}}}]
verify: {method: GET, path: /user, id: .id, name: .login}
";

#[test]
fn an_alias_has_the_tools_of_the_other_under_its_own_name() {
    let mut catalog = Catalog::shipped().unwrap();
    catalog.add("hub.yaml", ALIAS).unwrap();
    let (hub, github) = (catalog.connector("hub").unwrap(), catalog.connector("github").unwrap());
    assert_eq!(hub.alias_of.as_deref(), Some("github"));
    assert!(
        github.alias_of.is_none() && hub.tools.len() == github.tools.len() && hub.not_yet.len() == github.not_yet.len()
    );
    for (ours, theirs) in hub.tools.values().zip(github.tools.values()) {
        let (ours, theirs) = (&ours.definition, &theirs.definition);
        assert_eq!(ours.name.strip_prefix("hub_"), theirs.name.strip_prefix("github_"));
        assert_eq!(ours.effect, theirs.effect);
        let told = format!("{} {}", ours.description, ours.input_schema);
        assert!(
            !told.contains(&theirs.name) && github.tools.keys().all(|name| !told.contains(name.as_str())),
            "{told}"
        );
    }
    let read = catalog.tool("hub_file_contents_get").unwrap().1;
    assert!(read.definition.input_schema.to_string().contains("hub_git_tree_get"));
    assert_eq!((hub.ways.len(), hub.default_scopes.len()), (1, 0));
    assert_eq!(hub.origin(), github.origin());
}

fn an_alias_is_held_to_the_same() {
    for (from, to, expected) in [
        ("alias_of: github", "alias_of: githup", "did you mean `github`?"),
        ("alias_of: github", "alias_of: githubpat", "is an alias itself"),
        ("connector: hub", "connector: github", "there already"),
        ("connector: hub", "connector: Hub", "a name has only a-z"),
        ("auth: [", "hosts: [evil.test]\nauth: [", "unknown field `hosts`"),
        ("verify: {method: GET, path: /user, id: .id, name: .login}\n", "", "verify"),
        ("kind: bearer", "kind: password", "auth[0].kind"),
    ] {
        assert!(ALIAS.contains(from), "{from}");
        let said = Catalog::shipped().unwrap().add("hub.yaml", &ALIAS.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(said.contains(expected), "{from} -> {to}: {expected} is not in:\n{said}");
    }
}
