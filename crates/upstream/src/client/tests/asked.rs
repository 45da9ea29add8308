//! Questions that are passed on.

use super::*;
use crate::questions::{Again, QuestionKinds};

const FORMS: QuestionKinds = QuestionKinds { forms: true, pages: false };

/// What is asked in place of a question: its message; nothing of those without one.
fn passes(_: &str, question: &Value) -> Option<Value> {
    question.pointer("/params/message").cloned()
}

/// Questions by these names, each with its message.
fn asking(questions: &[(&str, Option<&str>)], state: Option<&str>) -> Value {
    let question = |message: &Option<&str>| json!({ "method": "elicitation/create", "params": { "message": message } });
    let of = |(name, message): &(&str, Option<&str>)| {
        let mut question = question(message);
        if message.is_none() {
            question["params"].take();
        }
        ((*name).to_owned(), question)
    };
    let requests: Map<String, Value> = questions.iter().map(of).collect();
    let mut result = json!({ "resultType": "input_required", "inputRequests": requests });
    if let Some(state) = state {
        result["requestState"] = state.into();
    }
    result
}

fn server(results: Vec<Value>) -> Played<impl Fn(&Value, usize) -> (u16, Value) + Sync> {
    Played::new(move |sent: &Value, before| match sent["method"].as_str() {
        Some("server/discover") => (200, discovered()),
        _ => (200, json!({ "result": results[before.min(results.len() - 1)] })),
    })
}

async fn asks<P: Fn(&Value, usize) -> (u16, Value) + Sync>(
    server: &Played<P>,
    again: Option<&Again>,
) -> Result<Outcome<()>, Error<io::Error>> {
    server.asks(&mut None, &QuestionPolicy { kinds: FORMS, passes: &passes, again }).await
}

#[tokio::test]
async fn a_question_goes_to_the_user_and_the_answer_back_with_the_servers_state() {
    let complete = json!({ "resultType": "complete", "content": [] });
    let server = server(vec![asking(&[("name", Some("Who?")), ("odd", None)], Some("s1")), complete]);
    let Ok(Outcome::Asked(asked)) = asks(&server, None).await else { panic!("no question") };
    assert_eq!(asked.questions, Map::from_iter([("name".to_owned(), json!("Who?"))]), "the odd one is not passed on");
    let kept: Again = serde_json::from_value(serde_json::to_value(&asked.again).unwrap()).unwrap();
    let mut again = kept.clone();
    again.answer("name", json!({ "action": "accept" }));
    done(asks(&server, Some(&again)).await.unwrap());
    let calls = server.sent("tools/call");
    let (accept, cancel) = (json!({ "action": "accept" }), json!({ "action": "cancel" }));
    assert_eq!(calls[1]["params"]["inputResponses"], json!({ "name": accept, "odd": cancel }));
    assert_eq!(calls[1]["params"]["requestState"], "s1");
    let capabilities = "/params/_meta/io.modelcontextprotocol~1clientCapabilities";
    for call in &calls {
        assert_eq!(call.pointer(capabilities), Some(&json!({ "elicitation": { "form": {} } })), "the others see it");
    }
    server.call(&mut None).await.unwrap();
    let calls = server.sent("tools/call");
    assert_eq!(calls[2].pointer(capabilities), Some(&json!({})), "only of calls whose user may be asked");
    assert!(server.sent("server/discover").iter().all(|sent| sent.pointer(capabilities) == Some(&json!({}))));
}

#[tokio::test]
async fn attack_53_a_server_that_asks_for_ever_comes_to_an_end_wherever_its_rounds_are() {
    let server = server(vec![asking(&[("a", Some("Again?"))], Some("s"))]);
    let mut again = Again::default();
    let mut asked = 0;
    let ended = loop {
        match asks(&server, Some(&again)).await {
            Ok(Outcome::Asked(next)) => again = next.again,
            Ok(Outcome::Done(_)) => panic!("it never ends"),
            Err(error) => break error,
        }
        asked += 1;
    };
    assert_eq!(asked, MOST_ASKED + 1);
    assert!(ended.to_string().contains("16 questions"), "{ended}");
    assert_eq!(server.sent("tools/call").len(), MOST_ASKED + 1, "the last round was refused before it was sent");
}

#[tokio::test]
async fn attack_78_what_is_too_much_to_be_passed_on_is_answered_as_a_question_that_nobody_saw() {
    let (many, escaped, long) = ("x".repeat(33 * 1024), "\u{1}".repeat(6 * 1024), "n".repeat(257));
    let large = "?".repeat(65 * 1024);
    let nine: Vec<_> = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(|name| (name, Some("?"))).to_vec();
    for result in [
        asking(&nine, None),
        asking(&[("a", Some("?"))], Some(&many)),
        asking(&[("a", Some("?"))], Some(&escaped)),
        asking(&[("a", Some(&large))], None),
        asking(&[(&long, Some("?"))], None),
        asking(&[("a b", Some("?"))], None),
        asking(&[("\u{202e}a", Some("?"))], None),
    ] {
        let server = server(vec![result, json!({ "content": [] })]);
        done(asks(&server, None).await.unwrap());
        let answers = server.sent("tools/call")[1]["params"]["inputResponses"].as_object().unwrap().clone();
        assert!(!answers.is_empty() && answers.values().all(|answer| answer["action"] == "cancel"), "{answers:?}");
    }
    // Together they are counted too: of two that are short enough by themselves the second is not passed on.
    let half = "?".repeat(40 * 1024);
    let server = server(vec![asking(&[("a", Some(&half)), ("b", Some(&half))], None)]);
    let Ok(Outcome::Asked(asked)) = asks(&server, None).await else { panic!("no question") };
    assert_eq!(asked.questions.keys().collect::<Vec<_>>(), ["a"]);
}

#[tokio::test]
async fn attack_78_many_rounds_ask_no_more_than_one_may() {
    let (words, complete) = ("?".repeat(15 * 1024), json!({ "resultType": "complete", "content": [] }));
    let question = asking(&[("a", Some(words.as_str()))], Some("s"));
    let server = server([vec![question; 5], vec![complete]].concat());
    let (mut again, mut asked) = (None, 0);
    while let Outcome::Asked(next) = asks(&server, again.as_ref()).await.unwrap() {
        let mut answered: Again = serde_json::from_value(serde_json::to_value(next.again).unwrap()).unwrap();
        answered.answer("a", json!({ "action": "accept" }));
        (again, asked) = (Some(answered), asked + 1);
    }
    assert_eq!(asked, 4, "what is asked behind 64 kB is answered as a question that nobody saw");
    assert_eq!(server.sent("tools/call")[5]["params"]["inputResponses"], json!({ "a": { "action": "cancel" } }));
}
