//! Every sample in every language, and what a template uses against what its page gives.

use super::*;
use std::collections::BTreeSet;

/// Names that every template has.
const GLOBALS: [&str; 9] = ["t", "in_language", "namespace", "date", "lang", "dir", "stylesheet", "icon", "base"];

fn names<P: Page>() -> (BTreeSet<String>, BTreeSet<String>) {
    let environment = environment(Language::English, "").unwrap();
    let used = environment.get_template(P::TEMPLATE).unwrap().undeclared_variables(false);
    // How the app looks is shown by what all pages have around them.
    let used = used.into_iter().filter(|name| !GLOBALS.contains(&name.as_str()) && name != "brand").collect();
    let given = P::samples().iter().flat_map(|(_, page)| keys(page)).filter(|name| name != "brand").collect();
    (used, given)
}

fn keys<P: Page>(page: &P) -> Vec<String> {
    let value = serde_json::to_value(page).unwrap();
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn templates_use_what_pages_give_and_nothing_else() {
    let (used, given) = names::<Consent>();
    assert_eq!(used, given);
    let (used, given) = names::<AgentPage>();
    assert_eq!(used, given);
    let (used, given) = names::<Approve>();
    assert_eq!(used, given);
    let (used, given) = names::<InstancePage>();
    assert_eq!(used, given);
    let (used, given) = names::<Form>();
    assert_eq!(used, given);
    let (used, given) = names::<Replace>();
    assert_eq!(used, given);
    let (used, given) = names::<Leave>();
    assert_eq!(used, given);
    let (used, given) = names::<Notice>();
    assert_eq!(used, given);
    let (used, given) = names::<Yours>();
    assert_eq!(used, given);
    let base = environment(Language::English, "").unwrap();
    let used = base.get_template("base.html").unwrap().undeclared_variables(false);
    assert!(used.iter().all(|name| GLOBALS.contains(&name.as_str()) || name == "brand"), "{used:?}");
}

#[test]
fn every_sample_renders_in_every_language() {
    for language in Language::ALL {
        let all = samples(language).unwrap();
        assert_eq!(all.len(), 30 + NoticeKind::ALL.len());
        for (name, html) in all {
            assert!(html.contains(&format!("<html lang=\"{}\" dir=\"ltr\">", language.code())), "{name}");
            assert!(html.contains("<h1>") && html.trim_end().ends_with("</html>"), "{name}");
        }
    }
}

/// A start compiles none of them.
#[test]
fn every_template_compiles() {
    let environment = environment(Language::English, "").unwrap();
    for (name, _) in TEMPLATES.iter().chain(&dashboard::TEMPLATES) {
        environment.get_template(name).unwrap();
    }
    assert!(environment.get_template("none.html").is_err());
}

/// Attack 48 in HTML, and what the policy would refuse anyway.
#[test]
fn no_sample_has_script_style_or_a_foreign_resource() {
    for language in Language::ALL {
        for (name, html) in samples(language).unwrap() {
            for wrong in ["<script", "style=", "<style", "javascript:", " onclick", "http-equiv"] {
                assert!(!html.contains(wrong), "{name}: {wrong}");
            }
            let pictures: Vec<_> = html.split("src=\"").skip(1).collect();
            assert!(pictures.iter().all(|one| one.starts_with("&#x2f;assets&#x2f;logo&#x2f;")), "{name}: {pictures:?}");
            let links = html.split("href=\"").skip(1);
            // The way to the provider is a link; nothing is loaded from there.
            let provider = |link: &str| name == "leave" && link.starts_with("https:&#x2f;&#x2f;accounts.google.com");
            // What the first painting waits for is a place on the page itself.
            let ours = |link: &str| {
                let within = ["assets", "connect"].iter().any(|of| link.starts_with(&format!("&#x2f;{of}&#x2f;")));
                within || link.starts_with("#end\"")
            };
            let mut links = links.into_iter();
            assert!(links.all(|link| ours(link) || provider(link)), "{name}");
        }
    }
}

#[test]
fn names_from_outside_are_escaped() {
    let all = samples(Language::English).unwrap();
    let (_, html) = all.iter().find(|(name, _)| name == "consent-hostile-names").unwrap();
    assert!(html.contains("Connect &lt;script&gt;alert(1)&lt;"), "{html}");
    assert!(html.contains("a&quot;b&#x27;c&amp;d&lt;e&gt;"), "{html}");
}

#[test]
fn attack_83_a_place_that_is_not_the_vendors_is_named_in_every_language() {
    for language in Language::ALL {
        let all = samples(language).unwrap();
        let page = |name: &str| all.iter().find(|(of, _)| of == name).unwrap().1.clone();
        let [moved, lab, plain] = ["consent-elsewhere", "consent-lab", "consent"].map(page);
        let warned = |html: &str| html.matches("class=\"mind\"").count();
        assert!(moved.contains("tokens.example.net:8443") && warned(&moved) == 2, "{moved}");
        // A demo's or a developer's own machine is named too, and nobody is told to beware of it.
        assert!(lab.matches("127.0.0.1:8090").count() == 3 && warned(&lab) == 1, "{lab}");
        assert_eq!(warned(&plain), 1);
        // The sentence is about as many hosts as there are.
        for number in
            ["which is not", "Das gehört", "diese Stelle", "qui n’appartient", "cette adresse", "esta dirección"]
        {
            assert!(!moved.contains(number), "{number}: {moved}");
        }
    }
}

#[test]
fn attack_48_a_form_shows_no_secret_again_and_says_what_is_wrong_beside_the_field() {
    let (_, mut page) = Form::samples().into_iter().find(|(name, _)| name == "form-faults").unwrap();
    page.fields[1].value = "hunter2-canary".into();
    for language in Language::ALL {
        let html = Pages::read("").unwrap().render(&page, language).unwrap();
        assert!(html.contains("aria-describedby=\"fault-api_key\"") && html.contains("id=\"fault-api_key\""), "{html}");
        assert!(html.contains("value=\"acme.freshdesk.com&#x2f;\""), "{html}");
        assert!(html.contains("type=\"password\"") && !html.contains("hunter2-canary"), "{html}");
    }
}

#[test]
fn no_template_turns_escaping_off() {
    for (name, source) in TEMPLATES {
        assert!(!source.contains("safe") && !source.contains("autoescape"), "{name}");
    }
}

#[test]
fn every_text_is_shown_somewhere() {
    let mut shown: BTreeSet<String> = BTreeSet::from(["date".to_owned()]);
    for (_, source) in TEMPLATES {
        let calls = source.split("t(\"").skip(1).filter_map(|rest| rest.split_once('"'));
        shown.extend(calls.map(|(key, _)| key.to_owned()));
    }
    for said in NoticeKind::ALL {
        shown.extend(["title", "what", "do"].map(|part| format!("{}-{part}", said.key())));
    }
    shown.extend(Yours::KEYS.map(ToOwned::to_owned));
    shown.extend(Approve::KEYS.map(ToOwned::to_owned));
    let written: BTreeSet<String> = language::tests::keys(Language::English).into_iter().map(Into::into).collect();
    assert_eq!(shown, written);
}

#[test]
fn dates_are_plain_and_name_their_zone() {
    let shown = |language| date(&Texts::of(language).unwrap(), "2026-11-22T16:08:00Z").unwrap();
    assert_eq!(shown(Language::English), "22 November 2026, 16:08 UTC");
    assert_eq!(shown(Language::German), "22. November 2026, 16:08 Uhr UTC");
    assert_eq!(shown(Language::French), "22 novembre 2026 à 16:08 UTC");
    assert_eq!(shown(Language::Spanish), "22 de noviembre de 2026, 16:08 UTC");
    for month in 1..=12 {
        let texts = Texts::of(Language::French).unwrap();
        assert!(date(&texts, &format!("2026-{month:02}-01T00:00:00Z")).is_ok());
    }
}

#[test]
fn a_form_leads_to_ourselves_and_the_way_to_the_provider_has_none() {
    let (_, consent) = Consent::samples().remove(0);
    let policy = headers(&consent, Language::English)["content-security-policy"].clone();
    assert_eq!(
        policy,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'"
    );
    assert!(headers(&consent, Language::English).get("refresh").is_none());
    let (_, leave) = Leave::samples().remove(0);
    let leaving = headers(&leave, Language::English);
    assert!(leaving["content-security-policy"].to_str().unwrap().contains("form-action 'none'"));
    assert_eq!(leaving["refresh"], "0; url=https://accounts.google.com/o/oauth2/v2/auth?client_id=a&state=b");
    assert_eq!(leaving["referrer-policy"], "no-referrer");
}

/// What a reader sees of a page: the texts between its tags.
fn seen(html: &str) -> Vec<String> {
    let body = html.split_once("<body class=\"branded\">").unwrap().1;
    let texts = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim().to_owned());
    texts.filter(|text| text.chars().any(char::is_alphabetic)).collect()
}

/// A word in a template would stay English in every language.
#[test]
fn every_word_of_every_page_comes_from_the_catalogue() {
    let all = pseudo::pseudo_samples().unwrap();
    let given: String = [
        serde_json::to_string(&AgentPage::samples()).unwrap(),
        serde_json::to_string(&Approve::samples()).unwrap(),
        serde_json::to_string(&Consent::samples()).unwrap(),
        serde_json::to_string(&Form::samples()).unwrap(),
        serde_json::to_string(&InstancePage::samples()).unwrap(),
        serde_json::to_string(&Leave::samples()).unwrap(),
        serde_json::to_string(&Replace::samples()).unwrap(),
        serde_json::to_string(&Notice::samples()).unwrap(),
        serde_json::to_string(&Yours::samples()).unwrap(),
        "Valetkey".to_owned(),
    ]
    .concat();
    let bare = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\\\"").replace("&#x27;", "'");
        text.replace("&#x2f;", "/").replace("&amp;", "&")
    };
    assert!(all.len() > 30);
    for (name, html) in &all {
        assert!(html.contains("<html lang=\"qps\" dir=\"rtl\">"), "{name}");
        for text in seen(html) {
            let ours = text.contains('⟦') || text.contains('⟧');
            // A tile has the first letter of a name, and a scope is cut where it may break.
            let data = text.chars().count() == 1
                || given.contains(&bare(&text))
                || text.split(" · ").all(|p| given.contains(&bare(p)));
            assert!(ours || data, "{name}: “{text}” is not in the catalogue");
        }
    }
}
