//! Each part that the dashboard's pages are made of, alone on a page, for people who work on the pages: what it looks like, with
//! short and long and hostile words, before it is used.

use super::frame::{Frame, Moment, Pager, Section};
use super::pages::{Overview, Record, ScopeChoice, StepRow, WebhookFields, WebhookForm};
use super::{chart, guide};
use crate::Language;
use crate::pages::page::Page;
use crate::pages::{Error, Pages};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// A word that is as long as one may be, and one that means it ill.
const LONG: &str =
    "a-name-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-an";
const HOSTILE: &str = "\"><script>alert(1)</script>";

/// The parts by name, each with what shows it.
const PARTS: [(&str, &str); 15] = [
    (
        "layout",
        r#"<p class="trail"><a href="/">Pages</a> / <a href="/">Parts</a></p><div class="head"><h1>Layout</h1><a class="button" href="/">Create</a></div>
<p class="lead">A page begins with its title and one sentence. <bdi>{{ long }}</bdi></p>
<dl><div><dt>Made</dt><dd>{{ parts.moment(at) }} UTC</dd></div><div><dt>Whose</dt><dd><bdi>{{ hostile }}</bdi></dd></div><div><dt>How long</dt><dd>{{ long }}</dd></div></dl>
<section class="card" aria-labelledby="card"><h2 id="card">A card</h2><p>What belongs together.</p></section>
<ul class="list"><li class="line"><span>An entry</span> <span class="quiet">last seen {{ parts.moment(at) }} UTC</span><form method="post"><button class="second small">Sign out</button></form></li></ul>
<div class="empty"><p>There is none yet.</p><a class="button" href="/">Create one</a></div>"#,
    ),
    (
        "buttons",
        r#"<h1>Buttons</h1><p class="actions"><button>Save</button> <button class="second">Test</button> <button class="second small">Copy</button> <button class="care">Delete</button> <a class="button" href="/">A link</a> <a class="button second" href="/">Another</a></p>"#,
    ),
    (
        "table",
        r#"<h1>Table</h1>{% call parts.table("Users", ["User", "Connection", "Status", "Why", "Last used (UTC)"]) %}
{% for name in ["ann", long, hostile] %}<tr><td><a href="/"><bdi>{{ name }}</bdi></a></td><td><code>MY_GMAIL</code></td><td>{{ parts.badge("ACTIVE") }}</td><td class="wide">{% if loop.first %}{{ long }} is what it says.{% endif %}</td><td class="quiet">{{ parts.moment(at) }}</td></tr>
{% endfor %}{% endcall %}{{ parts.pager(pager) }}
<h2>Records</h2>{{ parts.records(frame, records, false) }}
<h2>With nothing in it</h2>{{ parts.nothing("No account fits.", pager) }}"#,
    ),
    (
        "form",
        r#"<h1>Form</h1>{{ parts.wrong_above("It was changed elsewhere since the form was shown, and nothing was saved.", "") }}
<form method="post" class="fields">{{ parts.token(frame) }}{{ parts.webhook(fields, "", "") }}{{ parts.grace("60") }}<div class="actions"><button>Save</button> <a href="/">Back to the parts</a></div></form>"#,
    ),
    (
        "field",
        r#"<h1>Field</h1><form method="post" class="fields">{{ parts.token(frame) }}
<div class="field"><label for="plain">Plain</label><input id="plain" name="plain" value="{{ hostile }}"{{ parts.described("", "", "plain", "plain-hint") }}><p class="hint" id="plain-hint">What is to be known before one types.</p></div>
<div class="field"><label for="name">Refused</label><input id="name" name="name" value="{{ long }}"{{ parts.described("It is taken.", "name", "name", "") }}>{{ parts.wrong_here("It is taken.", "name", "name") }}</div>
<div class="field"><label for="many">Lines</label><textarea id="many" name="many" rows="3">{{ long }}</textarea></div>
<div class="field"><label for="one">One of</label><select id="one" name="one"><option>first</option><option>{{ long }}</option></select></div>
<label class="choice"><input type="checkbox" name="box" checked><span>Ticked. {{ long }}</span></label></form>"#,
    ),
    (
        "key",
        r#"<h1>Key</h1><form method="post" class="fields">{{ parts.token(frame) }}{{ parts.key(true, "This is no key.", "client_secret") }}</form>"#,
    ),
    (
        "scopes",
        r#"<h1>Scopes</h1><form method="post" class="fields">{{ parts.token(frame) }}{{ parts.scopes(scopes, true) }}</form>"#,
    ),
    (
        "notice",
        r#"<h1>Notice</h1><p class="notice good" role="status">It is saved.</p><p class="notice">Worth knowing. {{ long }}</p>{{ parts.wrong(hostile) }}"#,
    ),
    (
        "badge",
        r#"<h1>Badge</h1><p>{% for word in ["ACTIVE", "ready", "ok", "delivered", "EXPIRED", "DISCONNECTED", "PENDING_AUTH", "PENDING_VERIFICATION", "given up", "being deleted", "connector missing", "incomplete", "disabled", "destructive", "write", "read", "stops", "note"] %}{{ parts.badge(word) }} {% endfor %}</p>"#,
    ),
    (
        "chart",
        r#"<h1>Chart</h1><div class="charts">{{ parts.chart(chart, "By day") }}{{ parts.chart(chart, "How long the newest took") }}</div>"#,
    ),
    (
        "code",
        r#"<h1>Code with a copy button</h1>{{ parts.copy("line", long, "the line") }}<h2>Lines</h2>{{ parts.code("lines", "first " ~ long ~ "\n" ~ hostile, "the lines") }}"#,
    ),
    (
        "drawer",
        r#"<h1>Drawer</h1><section class="ends" aria-label="What can be done"><form method="post"><button class="second">Enable</button></form>{{ parts.danger(frame, "/", "Delete…", "It cannot be undone. " ~ long, "Delete this connection") }}<details class="danger" open><summary>Open…</summary><form method="post"><p>What follows from it.</p><button class="care">Do it</button></form></details></section>"#,
    ),
    (
        "search",
        r#"<h1>Search</h1>{{ parts.search(hostile, "Search users", [("status", "ACTIVE")]) }}{{ parts.begins(hostile, "Accounts") }}{{ parts.ask_why("/", long) }}{{ parts.settings(frame, "keys") }}"#,
    ),
    ("why", "<h1>Why?</h1>{{ parts.why(frame, steps) }}<h2>Where nothing is wrong</h2>{{ parts.why(frame, []) }}"),
    (
        "guide",
        r#"<h1>Guide</h1><div class="with-guide"><p>The form stands here.</p><aside class="guide" aria-labelledby="guide"><h2 id="guide">How to set it up</h2>{{ parts.guide(guide) }}<p>{{ parts.spans(guide[0].spans) }}</p></aside></div>"#,
    ),
];

/// What the parts show.
#[derive(Serialize)]
struct Shown {
    frame: Frame,
    long: &'static str,
    hostile: &'static str,
    at: Moment,
    pager: Pager,
    records: Vec<Record>,
    fields: WebhookFields,
    scopes: Vec<ScopeChoice>,
    chart: chart::Chart,
    steps: Vec<StepRow>,
    guide: Vec<guide::Block>,
}

impl Shown {
    fn sample() -> Self {
        let scope = |scope: &str, words: &str| ScopeChoice { scope: scope.into(), words: words.into(), chosen: true };
        let records = Overview::samples().into_iter().flat_map(|(_, page)| page.records).take(2).collect();
        let (_, form) = WebhookForm::samples().remove(0);
        Self {
            frame: Frame::sample(Section::Settings),
            long: LONG,
            hostile: HOSTILE,
            at: Moment::from(Timestamp::UNIX_EPOCH),
            pager: Pager::sample(),
            records,
            fields: form.fields,
            scopes: vec![scope("mail.read", "Read all your mail"), scope(LONG, "")],
            chart: chart::Chart::sample(),
            steps: StepRow::samples(),
            guide: guide::sample(),
        }
    }
}

/// A page for each part: its name and the HTML.
pub(crate) fn samples() -> Result<Vec<(String, String)>, Error> {
    let (pages, shown) = (Pages::read("")?, Shown::sample());
    let page = |(name, body): &(&str, &str)| {
        let source = format!(
            "{{% extends \"dashboard.html\" %}}{{% import \"parts.html\" as parts %}}{{% block title %}}{name}{{% endblock %}}\
             {{% block main %}}{body}{{% endblock %}}"
        );
        Ok((format!("part-{name}"), pages.render_text(&source, &shown, Language::English)?))
    };
    PARTS.iter().map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::super::templates::TEMPLATES;
    use super::*;
    use std::collections::BTreeSet;

    /// What stands behind each of these words, as far as it is a name.
    fn behind<'a>(text: &'a str, word: &str) -> BTreeSet<&'a str> {
        let rest = text.split(word).skip(1);
        rest.filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next()).collect()
    }

    #[test]
    fn every_part_has_its_sample() {
        let (_, parts) = TEMPLATES.iter().find(|(name, _)| *name == "parts.html").unwrap();
        let there = behind(parts, "{% macro ");
        let all: String = PARTS.iter().map(|(_, body)| *body).collect();
        assert_eq!(behind(&all, "parts."), there, "a part without a sample, or a sample of none");
        let named: BTreeSet<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        for name in ["layout", "table", "form", "field", "notice", "badge", "chart", "code", "drawer"] {
            assert!(named.contains(name), "{name}");
        }
    }

    #[test]
    fn every_sample_of_a_part_is_shown_and_nothing_in_it_is_taken_for_markup() {
        let samples = samples().unwrap();
        assert_eq!(samples.len(), PARTS.len());
        for (name, html) in samples {
            assert!(html.contains("<h1>") && html.trim_end().ends_with("</html>"), "{name}");
            assert!(!html.contains("<script>alert"), "{name}");
        }
    }

    /// What looks like something is seen somewhere alone, and what no page has is not kept.
    #[test]
    fn every_class_of_the_stylesheet_is_on_a_sample() {
        let sheet = include_str!("../../assets/dashboard.css");
        let rules = sheet.split("*/").map(|part| part.split("/*").next().unwrap()).collect::<String>();
        let selectors: String = rules.split('}').filter_map(|rule| rule.split('{').next()).collect();
        let pages: String = super::super::pages::samples()
            .unwrap()
            .into_iter()
            .chain(samples().unwrap())
            .map(|(_, html)| html)
            .collect();
        let used: BTreeSet<&str> = pages
            .split("class=\"")
            .skip(1)
            .flat_map(|rest| rest.split('"').next().unwrap().split_ascii_whitespace())
            .collect();
        let classes = selectors
            .split('.')
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).next());
        let unseen: BTreeSet<&str> = classes
            .filter(|class| {
                !class.is_empty() && !class.starts_with(|c: char| c.is_ascii_digit()) && !used.contains(class)
            })
            .collect();
        assert_eq!(unseen, BTreeSet::new());
    }
}
