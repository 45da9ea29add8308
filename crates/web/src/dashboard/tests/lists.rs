//! Lists that are longer than what is looked at for one page.

use super::{OWN, ask, samples, signed_in};
use crate::tests::harness::{Site, site_at};
use http::{Method, header};
use valetkey_domain::member::Role;
use valetkey_storage::Arg;

/// More accounts than a page looks at, of which the last is called otherwise.
const MANY: &str = "WITH RECURSIVE n (i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2)
    INSERT INTO connected_accounts (id, environment_id, connection_id, identifier, organization_id, user_id, search_text,
        status, reason, scopes, audience, generation, refreshable, api_config, created_at, updated_at)
    SELECT 'ca_7' || (1000000000000 + i) || '000000000000', environment_id, connection_id, 'many-' || i, '', '',
        CASE WHEN i IN (1, 100005) THEN 'zebra' WHEN i > 100000 THEN 'late' ELSE 'horse' END, status, reason, scopes,
        audience, generation, refreshable, api_config, created_at, updated_at
    FROM connected_accounts, n WHERE identifier NOT LIKE 'many-%'";

/// Makes them, in as many statements as their time allows on a machine that has other work too.
async fn make_many(site: &Site) {
    const LAST: i64 = 100_005;
    for first in (1..=LAST).step_by(10_000) {
        let mut tx = site.store.write().await.unwrap();
        tx.run(MANY, [Arg::Integer(first), Arg::Integer(LAST.min(first + 9_999))]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_search_that_finds_nothing_among_those_looked_at_leads_on_and_counts_nothing_that_it_does_not_know() {
    let site = site_at(OWN).await;
    let (cookie, _) = signed_in(&site, Role::Auditor).await;
    make_many(&site).await;
    let accounts = "/dashboard/development/accounts";
    let see =
        async |query: &str| ask(&site, Method::GET, &format!("{accounts}{query}"), Some(&cookie), None).await.text;
    let onward = |text: &str| {
        let link = text.split("href=\"").find(|rest| rest.contains("rel=\"next\"") && rest.starts_with('?'));
        link.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"))
    };
    // As long as the counter says that there are few, all of them are looked at, by their search text.
    let at_once = see("?q=late").await;
    assert!(at_once.contains(">many-100002<") && onward(&at_once).is_none(), "{at_once}");
    assert!(see("?q=many-10000").await.contains("No account fits."));
    // From then on what begins so comes first, unless somebody wants more, and a page looks at some of them.
    let mut tx = site.store.write().await.unwrap();
    tx.run("UPDATE counters SET value = 200000 WHERE name = 'accounts'", []).await.unwrap();
    tx.commit().await.unwrap();
    let none_yet = see("?q=late&inside=yes").await;
    assert!(none_yet.contains("No account fits.") && none_yet.contains("These are not all"), "{none_yet}");
    let found = see(&onward(&none_yet).unwrap()).await;
    assert!(found.contains(">many-100002<") && found.contains("rel=\"prev\""), "{found}");
    let begin = see("?q=many-10000").await;
    assert!(
        begin.contains(">many-10000<") && begin.contains(">many-100005<") && !begin.contains(">many-1<"),
        "{begin}"
    );
    assert!(begin.contains("q=many-10000&amp;inside=yes\">Look inside of names too"), "{begin}");
    assert!(see("?q=any-10000").await.contains("No account fits."), "nobody's begins so");
    assert!(!see("?q=horse&inside=yes").await.contains("Look inside of names too"));
    // One of the two is seen: nobody has counted yet, and they are not more than a thousand.
    let one = see("?q=zebra&inside=yes").await;
    assert!(one.contains(">many-1<") && !one.contains(" in all"), "{one}");
    assert!(see(&onward(&one).unwrap()).await.contains(">many-100005<"));
    let never = see("?q=unicorn&inside=yes").await;
    let last = see(&onward(&never).unwrap()).await;
    assert!(last.contains("No account fits.") && !last.contains("These are not all"), "{last}");
}

#[test]
fn every_list_with_a_search_leads_on_where_none_fits_so_far() {
    let all = samples().unwrap();
    let further: Vec<_> = all.iter().filter(|(name, _)| name.ends_with("-further")).collect();
    assert_eq!(further.len(), 6);
    for (name, html) in further {
        assert!(
            html.contains("href=\"?q=j&amp;page=0\" rel=\"next\">Look further") && !html.contains("<tbody"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn calls_are_watched_by_who_asks_for_it_and_for_an_hour() {
    let site = site_at(OWN).await;
    let (cookie, _) = signed_in(&site, Role::Auditor).await;
    let see = async |query: &str| {
        let path = format!("/dashboard/development/calls{query}");
        let seen = ask(&site, Method::GET, &path, Some(&cookie), None).await;
        (seen.headers.get(header::REFRESH).map(|again| again.to_str().unwrap().to_owned()), seen.text)
    };
    let (again, first) = see("?code=busy").await;
    assert_eq!(again, None);
    let watch =
        first.split("<p class=\"live\"><a href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let (again, live) = see(&watch).await;
    let (seconds, at) = again.as_deref().unwrap().split_once("; url=").unwrap();
    assert_eq!((seconds, at), ("5", watch.as_str()), "no look moves its end");
    // What is typed would be gone at the next look.
    assert!(
        live.contains("<bdi>busy</bdi>")
            && !live.contains("name=\"code\"")
            && live.contains("<a href=\"?code=busy\">Stop</a>"),
        "{live}"
    );
    site.clock.advance(std::time::Duration::from_secs(3_601));
    assert_eq!(see(&watch).await.0, None, "nobody is kept signed in by a page");
}

#[tokio::test]
async fn a_status_that_is_none_is_named() {
    let site = site_at(OWN).await;
    let (cookie, _) = signed_in(&site, Role::Auditor).await;
    let path = "/dashboard/development/accounts?status=%22%3E%3Cb%3E";
    let seen = ask(&site, Method::GET, path, Some(&cookie), None).await.text;
    assert!(seen.contains("There is no status &#x27;&quot;&gt;&lt;b&gt;&#x27;") && !seen.contains("No account fits"));
    for status in valetkey_domain::account::Status::NAMES {
        let path = format!("/dashboard/development/accounts?status={status}");
        let seen = ask(&site, Method::GET, &path, Some(&cookie), None).await.text;
        assert!(seen.contains("aria-current=\"true\"") && !seen.contains("There is no status"), "{status}: {seen}");
    }
}

#[tokio::test]
async fn the_accounts_of_one_connection_are_a_click_from_it() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let root = "/dashboard/development";
    let see = async |path: &str| ask(&site, Method::GET, &format!("{root}{path}"), Some(&cookie), None).await.text;
    let form = Some(format!("token={token}&name=EMPTY"));
    let made = ask(&site, Method::POST, &format!("{root}/connections/create/typedkey"), Some(&cookie), form).await;
    let of = |page: &str| {
        let link = page.split("/accounts?connection=").nth(1).unwrap().split('"').next().unwrap();
        format!("/accounts?connection={link}")
    };
    let full = see(&format!("/connections/{}", site.connection)).await;
    let full = see(&of(&full)).await;
    assert!(full.contains("Only those on <strong><bdi>MY_GMAIL<") && full.contains(&site.account()), "{full}");
    let page = see(made.location.trim_start_matches(root)).await;
    let empty = see(&of(&page)).await;
    assert!(empty.contains("No account fits") && !empty.contains(&site.account()), "{empty}");
    assert!(see("/accounts?connection=NEVER").await.contains("&#x27;NEVER&#x27;"));
    // What else narrows the list keeps it on its connection, also where a name begins so.
    let narrow = see("/accounts?connection=EMPTY&q=user").await;
    assert!(!narrow.contains(&site.account()) && narrow.contains("name=\"connection\" value=\"EMPTY\""), "{narrow}");
}

#[tokio::test]
async fn the_overview_names_every_account_that_needs_somebody() {
    let site = site_at(OWN).await;
    let (cookie, _) = signed_in(&site, Role::Auditor).await;
    let overview = async || ask(&site, Method::GET, "/dashboard/development", Some(&cookie), None).await.text;
    assert!(overview().await.contains("None: none has expired"));
    let account = site.account();
    for (change, words) in [
        ("UPDATE connected_accounts SET status = 'PENDING_VERIFICATION'", "the app has still to say"),
        (
            "UPDATE connected_accounts SET status = 'ACTIVE', refused_at = 1, refused_times = 3, refused_until = 2,
             refused_revision = 1, refused_words = 'it is down'",
            "did not renew its access (3 times in a row): it is down",
        ),
        (
            "UPDATE connected_accounts SET status = 'EXPIRED', reason = 'invalid_grant', refused_at = NULL",
            "send the user a link",
        ),
    ] {
        let mut tx = site.store.write().await.unwrap();
        assert_eq!(tx.run(change, []).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let seen = overview().await;
        let named = seen.split("id=\"attention\"").nth(1).unwrap().split("</section>").next().unwrap().to_owned();
        assert!(named.contains(&account) && named.contains(words), "{named}");
        assert_eq!(named.matches("<li>").count(), 1, "{named}");
    }
}

#[tokio::test]
async fn the_catalogue_begins_with_what_has_tools_and_is_narrowed_by_what_apps_are_about() {
    let site = site_at(OWN).await;
    let (cookie, _) = signed_in(&site, Role::Developer).await;
    let see = async |query: &str| {
        let path = format!("/dashboard/development/connections/create{query}");
        let text = ask(&site, Method::GET, &path, Some(&cookie), None).await.text;
        let cards = text.split("/connections/create/").skip(1).map(|rest| rest.split('"').next().unwrap());
        (cards.map(ToOwned::to_owned).collect::<Vec<_>>(), text)
    };
    let (all, text) = see("").await;
    assert!(all.len() > 200 && all.iter().position(|slug| slug == "gmail").unwrap() < 12, "{all:?}");
    assert!(text.contains(">With tools</h2>") && text.contains(">Money and markets</h2>"));
    let (money, _) = see("?category=Money+and+markets&q=str").await;
    assert_eq!(money, ["stripemcp"]);
    let (none, text) = see("?category=%22%3E%3Cb%3E").await;
    assert!(none.is_empty() && text.contains("No app fits"));
}

#[tokio::test]
async fn of_many_a_list_has_fifty_and_goes_on_to_the_rest_and_back() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let root = "/dashboard/development";
    let post = async |path: &str, form: String| {
        let form = Some(format!("token={token}&{form}"));
        ask(&site, Method::POST, &format!("{root}{path}"), Some(&cookie), form).await
    };
    let all = "connection=MY_GMAIL&which:MY_GMAIL=all";
    let provider = "url=https://acme.example&patterns=[{\"type\":\"NO_AUTH\"}]";
    let first = post("/configs/create", format!("name=first&{all}")).await.location;
    let first = first.split('?').next().unwrap().trim_start_matches(root).to_owned();
    for number in 0..60 {
        post("/connections/create/typedkey", format!("name=MANY_{number:02}")).await;
        post("/configs/create", format!("name=many-{number:02}&{all}")).await;
        post("/providers/create", format!("name=Many+{number:02}&{provider}")).await;
        post(&format!("{first}/try"), format!("user=many-{number:02}")).await;
        site.another(&format!("many-{number:02}")).await;
    }
    for (list, count) in [("connections", 61), ("configs", 61), ("providers", 60), ("instances", 60), ("accounts", 61)]
    {
        let see = async |query: &str| {
            ask(&site, Method::GET, &format!("{root}/{list}{query}"), Some(&cookie), None).await.text
        };
        let link = |text: &str, way: &str| {
            let link =
                text.split("href=\"").find(|rest| rest.starts_with('?') && rest.contains(&format!("rel=\"{way}\"")));
            link.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"))
        };
        let rows = |text: &str| text.split("<tbody").nth(1).unwrap().matches("<tr ").count();
        let begin = see("").await;
        assert_eq!((rows(&begin), link(&begin, "prev")), (50, None), "{list}");
        assert!(begin.contains(&format!("<span>{count} in all</span>")), "{list}: {begin}");
        let rest = see(&link(&begin, "next").unwrap()).await;
        assert_eq!((rows(&rest), link(&rest, "next")), (count - 50, None), "{list}");
        assert_eq!(rows(&see(&link(&rest, "prev").unwrap()).await), 50, "{list}");
    }
}

/// A way back says where it leads: "Back" alone is heard, and seen after a while, without the page around it.
#[test]
fn every_way_back_says_where_it_leads() {
    let words = |html: &str| {
        let links = html.split("<a ").skip(1).filter_map(|rest| rest.split_once('>'));
        let texts =
            links.map(|(_, rest)| rest.split("</a>").next().unwrap().replace("<bdi>", "").replace("</bdi>", ""));
        texts.map(|text| text.trim().to_owned()).collect::<Vec<_>>()
    };
    let mut back = 0;
    for (name, html) in samples().unwrap() {
        for text in words(&html) {
            let alone = ["Back", "Go back", "Here", "More", "Link"].contains(&text.as_str());
            assert!(!alone && !text.is_empty(), "{name}: “{text}”");
            back += usize::from(text.starts_with("Back to "));
        }
    }
    assert!(back >= 6, "{back}");
}
