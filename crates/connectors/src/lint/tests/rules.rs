//! Every rule of the check is seen to fail: the tables of the other tests are gone through, and the one below; then each line
//! of the check that tells something must have told it.

use super::*;
use crate::lint::problems::seen;
use std::collections::BTreeSet;

/// The files of the check, by name.
const SOURCES: &[(&str, &str)] = &[
    ("auth.rs", include_str!("../auth.rs")),
    ("decided.rs", include_str!("../decided.rs")),
    ("documents.rs", include_str!("../documents.rs")),
    ("names.rs", include_str!("../names.rs")),
    ("requests.rs", include_str!("../requests.rs")),
    ("scopes.rs", include_str!("../scopes.rs")),
    ("tools.rs", include_str!("../tools.rs")),
    ("whole.rs", include_str!("../whole.rs")),
];

#[test]
fn every_rule_fails_when_it_should() {
    for table in [
        each_disagreement_with_the_vendor_is_found,
        a_file_where_none_goes_or_comes_is_found,
        each_fault_of_a_document_is_found,
        a_document_of_ones_own_is_read,
        a_scope_without_fitting_words_is_found,
        words_are_demanded_of_shipped_files_only,
        each_defect_of_the_file_itself_is_found,
        a_documented_name_that_is_forgotten_is_found,
        a_file_of_ones_own_is_taken_and_held_to_the_same,
        an_alias_is_held_to_the_same,
        digests_that_are_wrong,
    ] {
        table();
    }
    let mut missing = [small_files_that_are_wrong(), shipped_files_that_are_wrong()].concat();
    let seen: BTreeSet<(String, u32)> = seen::lines();
    for (name, source) in SOURCES {
        let rules = source
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains("problems.demand(") || line.contains("problems.add("));
        for (index, line) in rules {
            let number = u32::try_from(index + 1).unwrap();
            let failed = seen.iter().any(|(file, at)| file.ends_with(&format!("lint/{name}")) && *at == number);
            if !failed {
                missing.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(missing.is_empty(), "not seen to fail as they should:\n{}", missing.join("\n"));
}

/// Another way to sign in for the small file.
fn way(way: &str) -> String {
    let line = OWN.lines().find(|line| line.starts_with("  - {kind: oauth2")).unwrap();
    OWN.replace(line, &format!("  - {way}"))
}

/// A text if a file is not refused so.
fn unrefused(text: &str, expected: &str) -> Option<String> {
    let said = match read::read("own.yaml", text) {
        Ok(file) => told(&check(&file, &[], Author::User)),
        Err(error) => error.to_string(),
    };
    (!said.contains(expected)).then(|| {
        format!(
            "{text}
{expected} is not in:
{said}"
        )
    })
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn small_files_that_are_wrong() -> Vec<String> {
    let mut wrong = ways_that_are_wrong();
    let tool = "    request: {method: GET";
    let input =
        "      page_id: {type: string, description: The id of the page to read., required: true, map: path.id}\n";
    let more = |line: &str| format!("{input}      more: {{{line}}}\n");
    let described = "description: More of what is wanted.";
    for (from, to, expected) in [
        ("display_name: Intranet", "display_name: \" \"", "display_name: is empty"),
        (
            "description: The id of the page to read.",
            "description: \"DECIDE: what id says.\"",
            "is still to be decided",
        ),
        ("hosts: [", "hosts: [\"*.example.com\", ", "is not one plain host name"),
        ("auth:", "scope_includes: {all: [some]}\nauth:", "scope_includes.all: nothing in this file asks for `all`"),
        ("auth:", "not_yet: {intranet_later: Later.}\nauth:", "not_yet.intranet_later: says in a sentence why"),
        ("    example:", "    one_of: [[page_id, more]]\n    example:", "one_of: names two or more optional arguments"),
        ("auth:", "errors: {scopes: {has: x-a, wants: \"x b\"}}\nauth:", "errors.scopes: `x b` is no name of a header"),
        ("auth:", "headers: {host: x}\nauth:", "headers.host"),
        ("auth:", "errors: {reason: \".a[\"}\nauth:", "errors.reason"),
        ("{kind: manual,", "{kind: manual, id: x,", "are of a description that has a digest"),
        ("url: \"https://intranet.example.com/docs\"", "url: \"somewhere\"", "names the https page"),
        (
            "auth:",
            "also_described: [{kind: manual, url: \"https://a.test/\", read_on: 2026-11-22}]\nauth:",
            "has a digest",
        ),
        (
            "description: Reads one page of the intranet by its id.",
            "description: Reads.",
            "intranet_get_page.description: says too little",
        ),
        (
            "description: Reads one page of the intranet by its id.",
            &format!("description: Reads one page{}.", " of the intranet".repeat(70)),
            "intranet_get_page.description: has more than 1024 characters",
        ),
        ("title: Get a page", "title: \" \"", "intranet_get_page.title: is empty"),
        ("title: Get a page", "title: Get a page\n    keywords: [\"-\"]", "is no phrase of at most 60 bytes"),
        ("title: Get a page", "title: Get a page\n    keywords: [wiki, Wiki]", "is there twice"),
        (
            "title: Get a page",
            "title: Get a page\n    keywords: [a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2]",
            "at most 10 of them",
        ),
        ("intranet_get_page:", "intranet_Get_page:", "a name has at most 64"),
        ("type: string, description: The id", "type: text, description: The id", "is no JSON type"),
        ("description: The id of the page to read.", "description: The id.", "its description says too little"),
        (input, &more(&format!("type: array, {described}, map: query.a")), "has `items`"),
        (input, &more(&format!("type: string, {described}, needs: [b], map: query.a")), "has `members` and `needs`"),
        ("required: true, map", "required: true, default: a, map", "what is required needs no default"),
        (input, &more(&format!("type: string, {described}, pattern: \"(\", map: query.a")), "input"),
        (input, &more(&format!("type: string, {described}, map: expression")), "no expression reads it"),
        (
            "    example: {page_id: a}",
            "    paginate: {link: page, into: page_id}\n    steps: [{call: pages.get}]\n    example: {page_id: a}",
            "is for a tool without `steps`",
        ),
        (tool, "    steps: [{call: pages.list}]\n    request: {method: GET", "exactly one step calls"),
        (
            tool,
            "    set: {query.a: 1}\n    steps: [{call: pages.get}]\n    request: {method: GET",
            "`set` and `with` stand in them",
        ),
        (tool, "    steps: [{call: pages.get}, {save: x}]\n    request: {method: GET", "either `call` or `native`"),
        (
            tool,
            "    steps: [{call: pages.get}, {native: gmail_message, answer: file, save: x}]\n    request: {method: GET",
            "a native answers no file",
        ),
        (
            tool,
            "    steps: [{call: pages.get, save: x}, {call: pages.list, save: x}]\n    request: {method: GET",
            "another step saves under this name",
        ),
        (tool, "    steps: [{call: pages.get, limit: 3}]\n    request: {method: GET", "belong to `for_each`"),
        (tool, "    output: {shape: \"{a: .a}\", list: a}\n    request: {method: GET", "needs `read_on`"),
        (tool, "    body: graphql\n    request: {method: GET", "needs a `document`"),
        ("method: GET", "method: TRACE", "is no method that tools use"),
        ("map: path.id", "map: query.id", "nothing fills path.id"),
        (tool, "    set: {body.a: 1}\n    request: {method: GET", "GET carries no body"),
    ] {
        assert!(OWN.contains(from), "the file has no `{from}`");
        wrong.extend(unrefused(&OWN.replacen(from, to, 1), expected));
    }
    wrong
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn ways_that_are_wrong() -> Vec<String> {
    let mut wrong = Vec::new();
    let oauth = "{kind: oauth2, authorize_url: \"https://intranet.example.com/a\", token_url: \"https://intranet.example.com/t\"";
    let key = "{kind: api_key, fields: {key: {label: Key}}, send: {header.X-Key: \"{key}\"}}";
    let many: String = (0..13).map(|n| format!("f{n}: {{label: F}}, ")).collect();
    let field = |field: &str| format!("{{kind: bearer, fields: {{token: {{label: Token}}, {field}}}}}");
    for (text, expected) in [
        (way(&format!("{key}\n  - {key}")), "no two ways are of one kind"),
        (
            OWN.replace("auth:\n", "auth: []\nx_unused:\n").replace("x_unused:\n  - ", "default_scopes: [] #"),
            "at least one way",
        ),
        (way("{kind: none, token_url: \"https://a.test/\"}"), "means nothing for `none`"),
        (way("{kind: api_key, fields: {key: {label: Key}}}"), "auth.send: is missing"),
        (way("{kind: client_credentials, token_url: \"http://a.test/\"}"), "is not a plain https address"),
        (
            way(&format!("{oauth}, revoke: {{method: POST, url: \"http://a.test/\", token_in: form.token}}}}")),
            "auth.revoke.url",
        ),
        (
            way("{kind: api_key, fields: {key: {label: Key}}, send: {header.X-Key: \"{kee}\"}}"),
            "is no field of this way",
        ),
        (way("{kind: api_key, fields: {key: {label: Key}}, send: {cookie.X: \"{key}\"}}"), "auth"),
        (way(&field("other: {label: Other}")), "nothing is made of it"),
        (
            way("{kind: client_credentials, token_url: \"https://a.test/\", fields: {client_id: {label: Id}}}"),
            "`client_secret` is missing",
        ),
        (way(&format!("{{kind: bearer, fields: {{token: {{label: Token}}, {many}}}}}")), "has more than 12 fields"),
        (way(&field("a-b: {label: Other}")), "has only letters, digits and _"),
        (way(&field("other: {label: \" \"}")), "its label is one line"),
        (way(&field("other: {label: O, hint: \" x\"}")), "its hint is one line"),
        (way(&field("other: {label: O, options: [\"\"]}")), "options of one line each"),
        (way(&field("other: {label: O, pattern: \"(\"}")), "auth.fields"),
        (
            OWN.replace("auth:", "account_fields: {team: {label: T, secret: true}}\nauth:"),
            "what an account says of itself is shown",
        ),
        (OWN.replace("auth:", "verify: {method: PUT, path: /me}\nauth:"), "verify: method"),
        (OWN.replace("hosts: [intranet.example.com]", "hosts: [\"{team}.example.com\"]"), "it is there and required"),
        (OWN.replace("hosts: [", "hosts: [\"{team\", "), "hosts"),
        (
            OWN.replace(
                "base_url: https://intranet.example.com/api",
                "base_url: \"https://intranet.example.com/{team}\"",
            ),
            "only its host is an account's own",
        ),
        (
            OWN.replace("base_url: https://intranet.example.com/api", "base_url: \"https://{team}/api\"")
                .replace("auth:", "account_fields: {team: {label: T}}\nauth:"),
            "ends with the app's own domain",
        ),
        (
            OWN.replace("base_url: https://intranet.example.com/api", "base_url: \"http://{team}.example.com/api\"")
                .replace("auth:", "account_fields: {team: {label: T}}\nauth:"),
            "is no https address",
        ),
        (way(&format!("{oauth}, issuer: nobody}}")), "auth.issuer"),
        (
            way(&format!("{oauth}, identity: {{method: GET, url: \"https://elsewhere.test/me\", id: .id}}}}")),
            "on one of `hosts`",
        ),
    ] {
        wrong.extend(unrefused(&text, expected));
    }
    wrong.extend(key_pairs_that_are_wrong());
    wrong
}

fn key_pairs_that_are_wrong() -> Vec<String> {
    let pair = |fields: &str, assertion: &str| {
        let url = "token_url: \"https://intranet.example.com/t\"";
        way(&format!("{{kind: key_pair, {url}, fields: {{private_key: {{label: Key}}, {fields}}}, {assertion}}}"))
    };
    let id = "client_id: {label: Id, secret: false}";
    let table = [
        (way("{kind: bearer, fields: {token: {label: T}}, assertion: {life: 5m}}"), "means nothing for `bearer`"),
        (pair(id, "assertion: {sent_as: token, claims: {iss: \"{client_id}\"}}"), "auth.token_url: means nothing"),
        (way("{kind: key_pair, fields: {private_key: {label: Key}}}"), "auth.token_url: is missing"),
        (pair("", "pkce: S256"), "`client_id` is missing"),
        (pair(id, "assertion: {life: soon}"), "auth.assertion.life: `soon` is no span"),
        (pair(id, "assertion: {claims: {a: \"{b\"}}"), "auth.assertion.claims.a"),
        (pair(id, "assertion: {claims: {exp: \"1\"}}"), "is set by the server"),
        (pair("", "assertion: {sent_as: grant}"), "nothing says whose key it is"),
        (pair(id, "assertion: {claims: {a: \"{private_key}\"}}"), "is no field with `secret: false`"),
        (pair(id, "assertion: {claims: {a: \"{nobody}\"}}"), "is no field with `secret: false`"),
        (pair(id, "send: {header.X: \"{private_key}\"}"), "a private key is sent nowhere"),
        (pair(id, "pkce: S256").replace("{label: Key}", "{label: Key, secret: false}"), "is a secret, and may not"),
        (pair(id, "pkce: S256").replace("{label: Key}", "{label: Key, required: false}"), "is a secret, and may not"),
        (pair(&format!("{id}, other: {{label: O}}"), "pkce: S256"), "nothing is made of it"),
    ];
    table.into_iter().filter_map(|(text, expected)| unrefused(&text, expected)).collect()
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn shipped_files_that_are_wrong() -> Vec<String> {
    let mut wrong = Vec::new();
    let fixed = "query.maxResults: 1,";
    for (slug, from, to, expected) in [
        ("googlecalendar", "id: \"calendar:v3\"", "id: \"calendar:v2\"", "the digest is of `calendar:v3`"),
        ("googlecalendar", "{kind: discovery, id", "{kind: discovery, read_on: 2026-11-22, id", "that somebody read"),
        (
            "googlecalendar",
            "operation: calendar.events.get\n",
            "operation: calendar.events.get\n    request: {method: GET, path: /x}\n",
            "leave out `request`",
        ),
        (
            "googlecalendar",
            "base_url: https://www.googleapis.com/calendar/v3",
            "base_url: https://www.googleapis.com/calendar/v4",
            "does not lie under `base_url`",
        ),
        ("gmail", "people.googleapis.com, ", "", "the host of `people:v1` is not among `hosts`"),
        ("googlecalendar", "        enum: [startTime, updated]\n", "", "the argument needs the same `enum`"),
        ("googlecalendar", fixed, "query.maxResults: null,", "says nothing"),
        ("googlecalendar", fixed, "body.x: 1, query.maxResults: 1,", "takes no body"),
        (
            "github",
            "effect: read\n    scopes: {any: [repo, public_repo]}\n",
            "effect: read\n    set: {body.x: 1}\n",
            "carries no body",
        ),
        (
            "googlecalendar",
            "description: \"Only events that end after this time",
            &format!("description: \"{} Only events that end after this time", "Very long. ".repeat(370)),
            "bytes in a model's context: 4000 at most",
        ),
        (
            "linear",
            "    document: \"query { viewer {",
            "    set: {variables.n: x}\n    document: \"query($n: Int) { viewer {",
            "is always \"x\"",
        ),
    ] {
        let found = broken_in(slug, from, to);
        if !found.contains(expected) {
            wrong.push(format!(
                "{slug}, {from} -> {to}: {expected} is not in:
{found}"
            ));
        }
    }
    let without = |slug: &str, line: &str| {
        let shipped = SHIPPED.iter().find(|shipped| shipped.slug == slug).unwrap();
        let text: String =
            shipped.text.lines().filter(|one| !one.contains(line)).map(|one| format!("{one}\n")).collect();
        told(&check(&read::read(slug, &text).unwrap(), &shipped.described().unwrap(), Author::Us))
    };
    let found = without("gmail", "scopes: {");
    assert!(found.contains("the vendor names scopes for this"), "{found}");
    // A name's arguments are of the documented type, and required as documented.
    let shipped = SHIPPED.iter().find(|shipped| shipped.slug == "googlecalendar").unwrap();
    let file = read::read("x.yaml", shipped.text).unwrap();
    let table = |line: &str| told(&names::check(&file, &names::read(line).unwrap()));
    for line in [
        "googlecalendar_get_calendar\tcalendar_id:boolean\t\tboth",
        "googlecalendar_get_calendar\t\tcalendar_id:boolean\tboth",
    ] {
        assert!(table(line).contains("is documented as boolean"), "{}", table(line));
    }
    wrong
}

fn digests_that_are_wrong() {
    let calendar = SHIPPED.iter().find(|shipped| shipped.slug == "googlecalendar").unwrap();
    let file = calendar.file().unwrap();
    let twice = [calendar.described().unwrap(), calendar.described().unwrap()].concat();
    assert!(told(&check(&file, &twice, Author::Us)).contains("names 1 descriptions, and 2 digests are given"));
    let linear = SHIPPED.iter().find(|shipped| shipped.slug == "linear").unwrap();
    let mut digests = linear.described().unwrap();
    digests[0].graphql = vec!["type {".to_owned()];
    let found = told(&check(&linear.file().unwrap(), &digests, Author::Us));
    assert!(found.contains("the schema in its digest cannot be read"), "{found}");
}
