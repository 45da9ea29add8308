//! The shipped files read Google's failures in each form in which Google tells them.

use super::*;

fn told(name: &str, status: u16, headers: &[(&str, &str)], body: &Value) -> Step {
    let mut run = start(name, &json!({}));
    run.next(vec![], LEFT);
    let response =
        headers.iter().fold(Response::builder().status(status), |all, (name, value)| all.header(*name, *value));
    run.next(vec![Ok(response.body(body.to_string().into()).unwrap())], LEFT)
}

/// As newer APIs of Google have it.
fn newer(code: u16, status: &str, reason: &str) -> Value {
    let info =
        json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"});
    let help = json!({"@type": "type.googleapis.com/google.rpc.Help", "links": []});
    json!({"error": {"code": code, "message": "It says so.", "status": status, "details": [help, info]}})
}

/// As older ones have it.
fn older(code: u16, reason: &str) -> Value {
    json!({"error": {"code": code, "message": "It says so.", "errors": [{"domain": "global", "reason": reason}]}})
}

fn both(code: u16, status: &str, old: &str, new: &str) -> Value {
    let mut body = newer(code, status, new);
    body["error"]["errors"] = older(code, old)["error"]["errors"].clone();
    body
}

#[test]
fn a_missing_scope_is_one_in_every_form() {
    let challenge =
        [("www-authenticate", r#"Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="x""#)];
    let nothing = json!({});
    for name in ["gmail_fetch_mails", "googlecalendar_list_events"] {
        for (headers, body) in [
            (&[][..], older(403, "insufficientPermissions")),
            (&[][..], newer(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")),
            (&[][..], both(403, "PERMISSION_DENIED", "insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")),
            (&challenge[..], nothing.clone()),
            (&challenge[..], json!({"error": "insufficient_scope"})),
        ] {
            let failure = failed(told(name, 403, headers, &body));
            assert_eq!(failure.kind, FailureKind::MissingScope, "{name}: {body}");
        }
        let forbidden = failed(told(name, 403, &[], &newer(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")));
        assert_eq!(forbidden.kind, FailureKind::Forbidden);
    }
    // Any app's challenge says it, whatever its file knows of reasons.
    assert_eq!(failed(told("box_shown", 403, &challenge, &nothing)).kind, FailureKind::MissingScope);
    assert_eq!(failed(told("box_shown", 401, &challenge, &nothing)).kind, FailureKind::MissingScope);
    assert_eq!(failed(told("box_shown", 403, &[], &nothing)).kind, FailureKind::Forbidden);
    let other = [("www-authenticate", r#"Bearer error="invalid_token""#)];
    assert_eq!(failed(told("box_shown", 401, &other, &nothing)).kind, FailureKind::Unauthenticated);
}

#[test]
fn other_reasons_are_read_in_both_forms_too() {
    for body in [older(403, "accessNotConfigured"), newer(403, "PERMISSION_DENIED", "SERVICE_DISABLED")] {
        let failure = failed(told("gmail_fetch_mails", 403, &[], &body));
        assert!(failure.message.contains("an operator has to enable it"), "{}", failure.message);
        assert!(failure.message.contains("It says so"), "{}", failure.message);
    }
    for body in [older(400, "failedPrecondition"), newer(400, "FAILED_PRECONDITION", "x")] {
        assert_eq!(failed(told("gmail_fetch_mails", 400, &[], &body)).kind, FailureKind::Forbidden);
    }
    for body in [json!({"error": "invalid"}), json!({"error": {"errors": "x", "details": 3}}), json!([]), json!("x")] {
        assert_eq!(failed(told("gmail_fetch_mails", 403, &[], &body)).kind, FailureKind::Forbidden, "{body}");
    }
}

#[test]
fn the_wait_is_read_in_a_header_and_in_googles_details() {
    let waited = |status, headers: &[(&str, &str)], body: &Value| match told("gmail_fetch_mails", status, headers, body)
    {
        Step::Wait(time) => time.as_secs(),
        other => panic!("{other:?}"),
    };
    let mut body = newer(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED");
    let retry = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12s"});
    body["error"]["details"].as_array_mut().unwrap().push(retry);
    assert_eq!(waited(429, &[], &body), 12);
    assert_eq!(waited(429, &[("retry-after", "3")], &body), 3);
    assert_eq!(waited(403, &[], &body), 12, "the reason says that it is a limit");
    assert_eq!(waited(403, &[], &older(403, "userRateLimitExceeded")), 1);
}
