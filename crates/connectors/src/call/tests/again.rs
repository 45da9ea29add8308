//! Reads that failed for the moment are repeated, singly, within the call's time; what stays unread is told.

use super::*;

fn refused(status: u16, headers: &[(&str, &str)], body: &Value) -> Reply {
    let response =
        headers.iter().fold(Response::builder().status(status), |all, (name, value)| all.header(*name, *value));
    Ok(response.body(body.to_string().into()).unwrap())
}

fn slow(seconds: &str) -> Reply {
    refused(429, &[("retry-after", seconds)], &json!({"error": "slow down"}))
}

fn at(request: &Request<Bytes>) -> Value {
    json!({"at": request.uri().path()})
}

/// Plays a box of things to its end: how each is answered at each of its tries. Gives the end, the waits, and how often
/// each thing was asked for.
fn played(
    count: usize,
    left: Duration,
    answers: impl Fn(usize, usize) -> Option<Reply>,
) -> (Step, Vec<u64>, Vec<usize>) {
    let mut run = start("box_open", &json!({}));
    let mut now = left;
    run.next(vec![], now);
    let mut step = run.next(vec![answer(200, &listed(count))], now);
    let (mut waits, mut tries) = (Vec::new(), vec![0; count]);
    loop {
        let replies = match step {
            Step::Send(requests) => {
                let reply = |request: &Request<Bytes>| {
                    let id: usize = request.uri().path().rsplit('/').next().unwrap().parse().unwrap();
                    tries[id] += 1;
                    answers(id, tries[id]).unwrap_or_else(|| answer(200, &at(request)))
                };
                requests.iter().map(reply).collect()
            }
            Step::Wait(time) => {
                waits.push(time.as_secs());
                now = now.saturating_sub(time);
                vec![]
            }
            end => return (end, waits, tries),
        };
        step = run.next(replies, now);
    }
}

#[test]
fn thirty_reads_of_which_three_fail_for_the_moment_are_all_read() {
    let (end, waits, tries) = played(30, LEFT, |id, tried| match (id, tried) {
        (3 | 17, 1) => Some(slow("2")),
        (29, 1) => Some(refused(503, &[], &json!({}))),
        _ => None,
    });
    let value = done(end);
    let things: Vec<String> = (0..30).map(|id| format!("/v1/things/{id}")).collect();
    assert_eq!(value["things"], things.iter().map(|at| json!({"at": at})).collect::<Value>(), "in their order");
    assert!(value.get("not_read").is_none(), "{value}");
    assert_eq!(tries.iter().sum::<usize>(), 33, "each once, and the three once more: {tries:?}");
    assert!(waits.iter().all(|wait| *wait <= 4) && waits.starts_with(&[2]), "{waits:?}");
}

#[test]
fn every_way_to_fail_for_the_moment_is_repeated_and_no_other() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let (end, ..) = played(2, LEFT, |id, tried| (id == 1 && tried == 1).then(|| refused(status, &[], &json!({}))));
        assert_eq!(done(end)["things"].as_array().unwrap().len(), 2, "{status}");
    }
    let lost = || Err(Unsent { kind: FailureKind::Upstream, message: "the connection was reset".to_owned() });
    let (end, ..) = played(2, LEFT, |id, tried| (id == 1 && tried == 1).then(lost));
    assert_eq!(done(end)["things"].as_array().unwrap().len(), 2);
    for status in [400, 401, 403, 409, 422] {
        let (end, waits, tries) = played(2, LEFT, |id, _| (id == 1).then(|| refused(status, &[], &json!({}))));
        assert!(matches!(end, Step::Failed(_)) && waits.is_empty() && tries == [1, 1], "{status}: {end:?}");
    }
}

#[test]
fn the_wait_that_was_asked_for_is_waited_in_each_of_its_forms() {
    // The call began at 1970-01-01T00:00:00Z.
    for (headers, expected) in [
        (vec![("retry-after", "7")], 7),
        (vec![("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT")], 9),
        (vec![("retry-after", "Wed, 31 Dec 1969 23:00:00 GMT")], 0),
        (vec![("retry-after", "soon")], 1),
        (vec![], 1),
    ] {
        let (end, waits, _) =
            played(2, LEFT, |id, tried| (id == 0 && tried == 1).then(|| refused(429, &headers, &json!({}))));
        assert!(matches!(end, Step::Done(_)));
        assert_eq!(waits, [expected], "{headers:?}");
    }
}

#[test]
fn what_stays_unread_is_named_and_the_rest_is_given() {
    let (end, waits, tries) = played(12, LEFT, |id, _| match id {
        2 => Some(refused(503, &[], &json!({"error": "backend"}))),
        5 => Some(slow("1")),
        _ => None,
    });
    let value = done(end);
    assert_eq!(value["things"].as_array().unwrap().len(), 10, "{value}");
    assert_eq!((&value["not_read"]["count"], &value["not_read"]["ids"]), (&json!(2), &json!(["2", "5"])), "{value}");
    assert!(value["not_read"]["reason"].as_str().unwrap().contains("The Box"), "{value}");
    assert_eq!(value["not_read"]["retry_after_seconds"], 1);
    assert!(waits.len() <= 4 && tries.iter().all(|tries| *tries <= 3), "{waits:?} {tries:?}");
}

#[test]
fn a_wait_longer_than_the_call_is_not_begun() {
    let soon = Duration::from_secs(20);
    let (end, waits, tries) = played(3, soon, |id, _| (id == 1).then(|| slow("30")));
    let value = done(end);
    assert_eq!((waits, tries), (vec![], vec![1, 1, 1]));
    assert_eq!((&value["not_read"]["ids"], &value["not_read"]["retry_after_seconds"]), (&json!(["1"]), &json!(30)));
    // Ten seconds fit, and then there are ten.
    let (end, waits, _) = played(3, soon, |id, _| (id == 1).then(|| slow("10")));
    assert_eq!((done(end)["not_read"]["count"].as_u64(), waits), (Some(1), vec![10]));
}

#[test]
fn a_call_whose_time_ends_gives_what_was_read() {
    let mut run = start("box_open", &json!({}));
    let seconds = Duration::from_secs;
    run.next(vec![], seconds(30));
    let batch = sent(run.next(vec![answer(200, &listed(20))], seconds(29)));
    // The round took ten seconds: another one may, and the answer needs time too.
    let batch = sent(run.next(batch.iter().map(|request| answer(200, &at(request))).collect(), seconds(19)));
    let value = done(run.next(batch.iter().map(|request| answer(200, &at(request))).collect(), seconds(9)));
    assert_eq!(value["things"].as_array().unwrap().len(), 16);
    assert_eq!(value["not_read"]["ids"], json!(["16", "17", "18", "19"]));
    assert!(value["not_read"]["reason"].as_str().unwrap().contains("time ended"), "{value}");
}

#[test]
fn an_app_that_refuses_all_is_not_asked_for_ever() {
    let (end, waits, tries) = played(40, LEFT, |_, _| Some(slow("1")));
    let failure = failed(end);
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::RateLimited, Some(Duration::from_secs(1))));
    assert!(waits.len() <= 4 && tries.iter().sum::<usize>() <= 24, "{waits:?} {tries:?}");
}

#[test]
fn a_single_read_is_repeated_too_and_a_refusal_is_told() {
    let mut run = start("box_open", &json!({}));
    run.next(vec![], LEFT);
    assert!(matches!(run.next(vec![slow("2")], LEFT), Step::Wait(time) if time == Duration::from_secs(2)));
    assert_eq!(sent(run.next(vec![], LEFT)).len(), 1);
    run.next(vec![slow("2")], LEFT);
    run.next(vec![], LEFT);
    let failure = failed(run.next(vec![slow("2")], LEFT));
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::RateLimited, Some(Duration::from_secs(2))));
}

#[test]
fn what_changes_something_is_never_repeated_nor_half_done() {
    for reply in [slow("1"), refused(503, &[], &json!({}))] {
        let mut run = start("box_put", &json!({"name": "x"}));
        run.next(vec![], LEFT);
        failed(run.next(vec![reply], LEFT));
    }
    // A list with holes is nothing to base a change on: the read before it fails as a whole.
    let mut run = start("box_move", &json!({"to": "y"}));
    run.next(vec![], LEFT);
    let mut step = run.next(vec![answer(200, &listed(2))], LEFT);
    for _ in 0..8 {
        step = match step {
            Step::Send(requests) => {
                let replies = requests.iter().map(|request| {
                    if request.uri().path().ends_with('1') { slow("1") } else { answer(200, &at(request)) }
                });
                run.next(replies.collect(), LEFT)
            }
            Step::Wait(_) => run.next(vec![], LEFT),
            end => return assert_eq!(failed(end).kind, FailureKind::RateLimited),
        };
    }
    panic!("it never ended: {step:?}");
}
