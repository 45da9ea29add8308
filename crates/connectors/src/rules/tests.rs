use super::*;
use serde_json::json;

const READ: FailedRequest = FailedRequest { changes: false, now: Timestamp::UNIX_EPOCH };
const WRITE: FailedRequest = FailedRequest { changes: true, now: Timestamp::UNIX_EPOCH };

fn rules() -> Rules {
    let errors = serde_json::from_value(json!({
        "reason": ".error.errors[0].reason", "message": ".error.message",
        "rules": [
            {"status": [403], "reason": ["insufficientPermissions"], "kind": "missing_scope"},
            {"status": [200], "reason": ["notInPlan"], "kind": "unsupported_plan", "say": "Ask the admin."}
        ]
    }));
    let limit = RateLimit { status: vec![403], reason: vec!["rateLimitExceeded".into()], ..RateLimit::default() };
    Rules::compile("Mail", &errors.unwrap(), &limit).unwrap()
}

fn failure(status: u16, retry: Option<&str>, body: &Value) -> Option<Failure> {
    let mut headers = HeaderMap::new();
    retry.map(|value| headers.insert("retry-after", value.parse().unwrap()));
    rules().failure(READ, StatusCode::from_u16(status).unwrap(), &headers, body)
}

fn because(reason: &str) -> Value {
    json!({"error": {"message": "It says so.", "errors": [{"reason": reason}]}})
}

#[test]
fn the_reason_decides_before_the_status() {
    let kind = |status, reason| failure(status, None, &because(reason)).unwrap().kind;
    assert_eq!(kind(403, "insufficientPermissions"), FailureKind::MissingScope);
    assert_eq!(kind(403, "rateLimitExceeded"), FailureKind::RateLimited);
    assert_eq!(kind(403, "forbidden"), FailureKind::Forbidden);
    assert_eq!(kind(404, "notFound"), FailureKind::NotFound);
    assert_eq!(kind(503, "backendError"), FailureKind::Upstream);
    assert_eq!(kind(307, ""), FailureKind::Upstream, "a redirect is never followed");
}

#[test]
fn a_good_status_may_carry_a_failure() {
    let found = failure(200, None, &because("notInPlan")).unwrap();
    assert_eq!(found.kind, FailureKind::UnsupportedPlan);
    assert!(found.message.ends_with("Ask the admin."), "{}", found.message);
    assert!(failure(200, None, &json!({})).is_none());
}

/// As GitHub says it (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps>).
#[test]
fn headers_say_that_the_scopes_do_not_cover_it() {
    let errors = serde_json::from_value(json!({"scopes": {"has": "x-oauth-scopes", "wants": "x-accepted"}}));
    let rules = Rules::compile("Hub", &errors.unwrap(), &RateLimit::default()).unwrap();
    let found = |asked, status, has: &str, wants: &str| {
        let headers = [("x-oauth-scopes", has), ("x-accepted", wants)];
        let headers = headers.into_iter().filter(|(_, value)| *value != "-");
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        rules.failure(asked, StatusCode::from_u16(status).unwrap(), &headers, &Value::Null).unwrap()
    };
    let kind = |asked, status, has, wants| found(asked, status, has, wants).kind;
    assert_eq!(kind(WRITE, 403, "gist", "repo, public_repo"), FailureKind::MissingScope);
    assert_eq!(kind(WRITE, 404, "", "gist"), FailureKind::MissingScope, "a token without scopes");
    let unseen = found(READ, 404, "gist", "repo");
    assert_eq!(unseen.kind, FailureKind::NotFound, "it may really not be there");
    assert!(unseen.message.ends_with("none of the scopes that this takes: repo."), "{}", unseen.message);
    for (has, wants) in [("repo, gist", "public_repo, repo"), ("gist", ""), ("-", "repo"), ("gist", "-")] {
        assert_eq!(kind(WRITE, 403, has, wants), FailureKind::Forbidden, "{has} for {wants}");
        assert!(!found(READ, 404, has, wants).message.contains("scopes"));
    }
    assert_eq!(kind(WRITE, 422, "gist", "repo"), FailureKind::InvalidInput);
}

#[test]
fn words_decide_where_an_app_has_no_codes_and_a_star_is_any_code() {
    let errors = serde_json::from_value(json!({
        "reason": ".error", "message": ".message // .error",
        "rules": [
            {"status": [403], "says": ["API rate limit", "You have exceeded"], "kind": "rate_limited"},
            {"status": [200], "reason": ["channel_not_found"], "kind": "not_found"},
            {"status": [200], "reason": ["*"], "kind": "invalid_input"}
        ]
    }));
    let rules = Rules::compile("Chat", &errors.unwrap(), &RateLimit::default()).unwrap();
    let kind = |status, body: Value| {
        let status = StatusCode::from_u16(status).unwrap();
        rules.failure(READ, status, &HeaderMap::new(), &body).map(|failure| failure.kind)
    };
    assert_eq!(kind(403, json!({"message": "API rate limit exceeded for 1"})), Some(FailureKind::RateLimited));
    assert_eq!(kind(403, json!({"message": "No API rate limit"})), Some(FailureKind::Forbidden));
    assert_eq!(kind(200, json!({"error": "channel_not_found"})), Some(FailureKind::NotFound));
    assert_eq!(kind(200, json!({"error": "whatever"})), Some(FailureKind::InvalidInput));
    assert_eq!(kind(200, json!({"ok": true})), None);
    assert!(rules.demand_of_good().touches(&["error".into()]));
}

#[test]
fn retry_after_is_read_in_both_forms_and_not_believed_for_ever() {
    let wait = |value| failure(429, Some(value), &json!({})).unwrap().retry_after;
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait("Thu, 01 Jan 1970 00:01:30 GMT"), Some(Duration::from_secs(90)));
    assert_eq!(wait("99999999"), Some(MAX_WAIT));
    assert_eq!(wait("soon"), None);
}

#[test]
fn the_apps_words_are_passed_on_without_links_or_escapes() {
    let body = json!({"error": {"message": "Open https://evil.test/consent \u{1b}[31mnow\nplease \"friend\""}});
    let message = failure(400, None, &body).unwrap().message;
    assert!(message.contains("Open [link left out]") && message.contains("'friend'"), "{message}");
    assert!(!message.contains("evil") && !message.contains(char::is_control), "{message}");
}

#[test]
fn a_failed_change_is_in_doubt() {
    let nothing = HeaderMap::new();
    let failed = rules().failure(WRITE, StatusCode::BAD_GATEWAY, &nothing, &json!({})).unwrap();
    assert!(failed.message.contains("look before you repeat"), "{}", failed.message);
}

#[test]
fn an_app_of_which_nobody_says_how_it_fails_is_heard_where_apps_usually_speak() {
    let rules = Rules::usual("Desk");
    for (body, words) in [
        (json!({"detail": "There is no such ticket"}), "It said: \"There is no such ticket\"."),
        (json!({"message": "no", "error": "bad"}), "It said: \"no\"."),
        (json!({"error": {"message": "no", "code": 3}}), "It said: \"no\"."),
        (json!({"error": "no"}), "It said: \"no\"."),
        (json!({"detail": [{"loc": ["body"], "msg": "Field required"}]}), "It said: \"Field required\"."),
        (json!({"errors": ["no", "nor"]}), "It said: \"no\"."),
        (json!({"errors": [{"message": "no"}]}), "It said: \"no\"."),
        (json!({"title": "Gone", "status": 404}), "It said: \"Gone\"."),
        (json!(["no"]), "(HTTP 404). Check"),
        (json!("no"), "(HTTP 404). Check"),
    ] {
        let failed = rules.failure(READ, StatusCode::NOT_FOUND, &HeaderMap::new(), &body).unwrap();
        assert!(failed.message.contains(words) && failed.kind == FailureKind::NotFound, "{body}: {}", failed.message);
    }
}
