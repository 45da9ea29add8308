//! What a check finds, and what it cannot: a journal of two segments, and somebody who can write the database.

mod deeds;

use super::super::queue::Waiting;
use super::super::seal::Sealer;
use super::super::tests::ctx;
use super::super::{Writer, writer_task};
use super::*;
use serde_json::json;
use std::time::Duration;
use valetkey_domain::Clock;
use valetkey_storage::{Arg, Location};
use valetkey_testkit::{ManualClock, SeededRng};
use valetkey_vault::RootKey;

struct Fixture {
    store: Store,
    keyring: Keyring,
    clock: Arc<ManualClock>,
    rng: Arc<SeededRng>,
}

async fn fixture() -> Fixture {
    let store = Store::open(&valetkey_testkit::postgres().map_or(Location::Memory, Location::from)).await.unwrap();
    let (clock, rng) = (Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1)));
    let root = RootKey::generate().unwrap();
    let keyring = Keyring::start(store.clone(), root, clock.clone(), rng.clone()).await.unwrap();
    Fixture { store, keyring, clock, rng }
}

impl Fixture {
    /// A process of its own.
    async fn process(&self) -> Writer {
        self.clock.advance(Duration::from_secs(1));
        Writer::start(self.store.clone(), self.keyring.clone(), self.clock.clone(), self.rng.clone()).await.unwrap()
    }

    async fn check(&self, own: &Head, held: &[Head]) -> Report {
        check(&self.store, &self.keyring, &ctx(), own, held).await.unwrap()
    }

    /// What is found by whoever knows no head.
    async fn found(&self) -> Vec<Finding> {
        self.check(&nothing(), &[]).await.findings
    }

    async fn run(&self, sql: &'static str, args: Vec<Arg>) {
        let mut tx = self.store.write().await.unwrap();
        assert!(tx.run(sql, args).await.unwrap() > 0, "{sql}");
        tx.commit().await.unwrap();
    }

    /// A change with its fact, as use cases make it.
    async fn fact(&self, writer: &Writer, subject: &str) {
        let mut tx = self.store.write().await.unwrap();
        writer.fact(&ctx(), &mut tx, "client.created", subject, detail()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// One process after another, each with a few records of each sort; the heads at which they ended.
    async fn two_segments(&self) -> [Head; 2] {
        let mut ends = Vec::new();
        for process in ["a", "b"] {
            let writer = self.process().await;
            writer.intent(&ctx(), "tool.call", &format!("exec_{process}"), detail()).await.unwrap();
            self.fact(&writer, &format!("skc_{process}")).await;
            writer.outcome(&ctx(), "tool.call", &format!("exec_{process}"), detail()).unwrap();
            writer.fact_now(&ctx(), "instance.url_shown", "inst_1", detail()).await.unwrap();
            ends.push(writer.head().await.unwrap());
            writer.close().await;
        }
        ends.try_into().unwrap()
    }

    /// Every record with a place: id, segment, number, link.
    async fn places(&self) -> Vec<(String, Head, [u8; 32])> {
        let sql = "SELECT * FROM journal WHERE seq IS NOT NULL ORDER BY segment, seq";
        let rows = self.store.read().await.unwrap().all(sql, []).await.unwrap();
        let place = |row: &valetkey_storage::Row| {
            let segment = row.parsed("segment").unwrap();
            let head = Head { segment, seq: row.integer("seq").unwrap(), link: row.hash("link").unwrap() };
            (row.text("id").unwrap().to_owned(), head, row.hash("leaf").unwrap())
        };
        rows.iter().map(place).collect()
    }

    async fn set_place(&self, id: &str, head: &Head) {
        let sql = "UPDATE journal SET segment = $2, seq = $3, link = $4 WHERE id = $1";
        self.run(sql, vec![id.into(), (&head.segment).into(), head.seq.into(), (&head.link).into()]).await;
    }
}

fn nothing() -> Head {
    Head::beginning(SegmentId::parse("seg_none").unwrap())
}

fn detail() -> Map<String, Value> {
    Map::from_iter([("n".to_owned(), json!(1))])
}

fn only(findings: &[Finding]) -> &Finding {
    assert_eq!(findings.len(), 1, "{findings:?}");
    &findings[0]
}

#[tokio::test]
async fn an_untouched_journal_has_nothing_to_find_and_all_of_it_a_place() {
    let fixture = fixture().await;
    let ends = fixture.two_segments().await;
    let report = fixture.check(&ends[1], &ends).await;
    assert_eq!((report.found, report.waiting, report.segments), (0, 0, 2), "{report:?}");
    assert_eq!((report.records, report.open_intents.len()), (fixture.places().await.len() as u64, 0));
}

#[tokio::test]
async fn attack_70_a_changed_record_is_found_by_its_id() {
    let fixture = fixture().await;
    fixture.two_segments().await;
    fixture.run("UPDATE journal SET subject = 'exec_x' WHERE subject = 'exec_a' AND phase = 'outcome'", vec![]).await;
    let findings = fixture.found().await;
    let found = only(&findings);
    assert!(found.what.contains("was changed") && found.record.starts_with("rec_") && found.seq.is_some(), "{found:?}");
}

#[tokio::test]
async fn attack_70_a_missing_record_is_found_by_its_number() {
    let fixture = fixture().await;
    fixture.two_segments().await;
    let (id, gone, _) = fixture.places().await.remove(2);
    fixture.run("DELETE FROM journal WHERE id = $1", vec![id.as_str().into()]).await;
    let findings = fixture.found().await;
    let found = only(&findings);
    assert_eq!((found.segment.as_str(), found.seq), (gone.segment.as_str(), Some(gone.seq)));
    assert!(found.what.contains("is missing"), "{found:?}");
}

#[tokio::test]
async fn attack_70_two_records_that_changed_places_are_found() {
    let fixture = fixture().await;
    fixture.two_segments().await;
    let places = fixture.places().await;
    let ((one, at_one, _), (other, at_other, _)) = (&places[2], &places[3]);
    fixture.set_place(one, &Head { seq: 100, ..at_one.clone() }).await;
    fixture.set_place(other, at_one).await;
    fixture.set_place(one, at_other).await;
    let findings = fixture.found().await;
    assert!(findings.iter().any(|found| found.what.contains("moved")), "{findings:?}");
}

#[tokio::test]
async fn attack_70_links_made_anew_after_a_deletion_are_found_by_the_next_checkpoint() {
    let fixture = fixture().await;
    fixture.two_segments().await;
    let mut places = fixture.places().await;
    let (gone, Head { segment, .. }, _) = places.remove(2);
    fixture.run("DELETE FROM journal WHERE id = $1", vec![gone.as_str().into()]).await;
    let mut head = Head::beginning(segment.clone());
    for (id, _, leaf) in places.iter().filter(|(_, head, _)| head.segment == segment) {
        head = chain::next(&head, leaf);
        fixture.set_place(id, &head).await;
    }
    let findings = fixture.found().await;
    assert!(findings.iter().any(|found| found.what.contains("links made anew")), "{findings:?}");
}

#[tokio::test]
async fn attack_70_an_end_that_was_cut_off_is_missed_by_who_knows_a_head() {
    let fixture = fixture().await;
    let ends = fixture.two_segments().await;
    let cut = "DELETE FROM journal WHERE segment = $1 AND seq > 3";
    fixture.run(cut, vec![(&ends[1].segment).into()]).await;
    assert!(fixture.found().await.is_empty(), "nobody knows that the newest segment was longer");
    for (own, held) in [(&nothing(), &ends[1..]), (&ends[1], &ends[..0])] {
        let report = fixture.check(own, held).await;
        assert!(only(&report.findings).what.contains("is missing"), "{report:?}");
    }
    fixture.run(cut, vec![(&ends[0].segment).into()]).await;
    assert!(only(&fixture.found().await).what.contains("the checkpoint rec_"), "the second segment names the first");
}

#[tokio::test]
async fn attack_70_an_end_is_missed_that_was_kept_from_being_named() {
    let fixture = fixture().await;
    let writer = fixture.process().await;
    let end = writer.head().await.unwrap();
    writer.close().await;
    fixture.run("UPDATE journal_segments SET named_seq = 1000", vec![]).await;
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.process().await.head().await.unwrap();
    assert!(only(&fixture.found().await).what.contains("does not name it"));
    fixture.run("UPDATE journal_segments SET named_seq = 0", vec![]).await;
    fixture.process().await.head().await.unwrap();
    let report = fixture.check(&nothing(), &[end]).await;
    assert_eq!(report.found, 0, "whoever comes next has named it: {report:?}");
}

#[tokio::test]
async fn attack_70_a_segment_that_is_gone_whole_is_missed() {
    let fixture = fixture().await;
    let ends = fixture.two_segments().await;
    fixture.run("DELETE FROM journal WHERE segment = $1", vec![(&ends[0].segment).into()]).await;
    assert!(only(&fixture.found().await).what.contains("is missing"));
}

#[tokio::test]
async fn attack_70_a_planted_record_is_found_wherever_it_stands() {
    const COPY: &str = "INSERT INTO journal (id, environment_id, at, actor, request_id, action, subject, phase, detail,
            key_id, leaf, segment, seq, link)
        SELECT 'rec_planted', environment_id, at, actor, request_id, action, subject, phase, detail,
            CASE WHEN CAST($1 AS BIGINT) = 1 THEN key_id END, CASE WHEN CAST($1 AS BIGINT) = 1 THEN leaf END,
            CAST($2 AS TEXT), CAST($3 AS BIGINT), CASE WHEN CAST($3 AS BIGINT) IS NULL THEN NULL ELSE link END
        FROM journal WHERE subject = 'exec_a' AND phase = 'intent'";
    let places =
        [(None, None), (Some("seg_none"), None), (None, Some(1)), (Some("seg_none"), Some(1)), (Some("x"), Some(1))];
    for (segment, seq) in places {
        for sealed in [0_i64, 1] {
            let fixture = fixture().await;
            fixture.two_segments().await;
            fixture.run(COPY, vec![sealed.into(), segment.into(), seq.into()]).await;
            assert!(!fixture.found().await.is_empty(), "{segment:?} {seq:?} {sealed}");
        }
    }
}

#[tokio::test]
async fn what_is_rolled_back_leaves_no_gap() {
    let fixture = fixture().await;
    let writer = fixture.process().await;
    fixture.fact(&writer, "skc_1").await;
    let mut tx = fixture.store.write().await.unwrap();
    writer.fact(&ctx(), &mut tx, "client.created", "skc_2", detail()).await.unwrap();
    drop(tx);
    fixture.fact(&writer, "skc_3").await;
    let head = writer.head().await.unwrap();
    let report = fixture.check(&head, &[]).await;
    assert_eq!((report.found, report.waiting, report.records), (0, 0, head.seq.unsigned_abs()), "{report:?}");
    let facts =
        fixture.store.read().await.unwrap().all("SELECT id FROM journal WHERE action = 'client.created'", []).await;
    assert_eq!(facts.unwrap().len(), 2);
}

#[tokio::test]
async fn what_a_crash_left_without_a_place_gets_it_from_the_next_process() {
    let fixture = fixture().await;
    let dead = fixture.process().await;
    dead.head().await.unwrap();
    fixture.fact(&dead, "skc_1").await;
    // Dropped it would end in order.
    std::mem::forget(dead);
    let report = fixture.check(&nothing(), &[]).await;
    assert_eq!((report.found, report.waiting), (0, 1), "{report:?}");
    fixture.clock.advance(Duration::from_secs(120));
    let next = fixture.process().await;
    let head = next.head().await.unwrap();
    let report = fixture.check(&head, &[]).await;
    assert_eq!((report.found, report.waiting, report.segments), (0, 0, 2), "{report:?}");
}

#[tokio::test]
async fn an_intent_without_outcome_is_told_and_is_no_finding() {
    let fixture = fixture().await;
    let writer = fixture.process().await;
    writer.intent(&ctx(), "tool.call", "exec_1", detail()).await.unwrap();
    let report = fixture.check(&nothing(), &[]).await;
    assert_eq!((report.found, report.open_intents.len()), (0, 1));
    assert_eq!(report.open_intents[0].subject, "exec_1");
    assert!(!report.more_open_intents);
}

#[tokio::test]
async fn open_intents_beyond_those_that_are_listed_are_told_of() {
    let fixture = fixture().await;
    let writer = fixture.process().await;
    for (more, told) in [(LISTED, false), (1, true)] {
        let intents = (0..more).map(|n| format!("exec_{n}"));
        let intents =
            intents.map(async |subject| writer.intent(&ctx(), "tool.call", &subject, detail()).await.unwrap());
        futures::future::join_all(intents).await;
        let report = fixture.check(&nothing(), &[]).await;
        assert_eq!((report.open_intents.len(), report.more_open_intents), (LISTED, told));
    }
}

#[tokio::test]
async fn what_retention_removes_is_on_record_and_what_others_remove_is_found() {
    let fixture = fixture().await;
    let ends = fixture.two_segments().await;
    fixture.clock.advance(Duration::from_secs(3600));
    let writer = fixture.process().await;
    writer.fact_now(&ctx(), "instance.url_shown", "inst_1", detail()).await.unwrap();
    let before = fixture.clock.now() - Duration::from_secs(60);
    let (old, mut gone) = (ends.iter().map(|end| end.seq).sum::<i64>(), 0);
    loop {
        match writer.remove_some(before).await.unwrap() {
            0 => break,
            some => gone += some,
        }
    }
    assert_eq!(gone, old.unsigned_abs());
    let head = writer.head().await.unwrap();
    let report = fixture.check(&head, &ends).await;
    assert_eq!((report.found, report.segments), (0, 1), "{report:?}");
    writer.close().await;
    let next = fixture.process().await;
    next.head().await.unwrap();
    fixture.clock.advance(Duration::from_secs(3600));
    assert!(next.remove_some(fixture.clock.now()).await.unwrap() > 0);
    assert!(fixture.found().await.is_empty(), "a segment cut by another");
    fixture
        .run("DELETE FROM journal WHERE action = 'journal.removed' AND subject = $1", vec![(&head.segment).into()])
        .await;
    assert!(!fixture.found().await.is_empty());
}

#[tokio::test]
async fn records_older_than_the_chain_are_taken_up_once() {
    const OLD: &str = "INSERT INTO journal (id, environment_id, at, actor, request_id, action, subject, phase, detail)
        VALUES ($1, 'env_ours', 0, 'operator', 'req_1', 'client.created', 'skc_1', 'fact', '{}')";
    let fixture = fixture().await;
    for id in ["rec_1", "rec_2"] {
        fixture.run(OLD, vec![id.into()]).await;
    }
    let writer = fixture.process().await;
    writer.fact_now(&ctx(), "instance.url_shown", "inst_1", detail()).await.unwrap();
    let head = writer.head().await.unwrap();
    let report = fixture.check(&head, &[]).await;
    assert_eq!((report.found, report.waiting, report.records), (0, 0, head.seq.unsigned_abs()), "{report:?}");
    writer.close().await;
    fixture.run(OLD, vec!["rec_3".into()]).await;
    let next = fixture.process().await;
    next.head().await.unwrap();
    assert_eq!(only(&fixture.found().await).record, "rec_3", "it is not taken for an old one");
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_neither_repeated_nor_forgotten() {
    let fixture = fixture().await;
    let segment = SegmentId::parse("seg_1").unwrap();
    let sealer = Arc::new(Sealer::new(fixture.keyring.journal_key().await.unwrap(), Head::beginning(segment)));
    let mut writer_task =
        writer_task::tests::writer_task(&fixture.store, &fixture.keyring, &sealer, &fixture.clock, &fixture.rng);
    writer_task.append(&mut vec![writer_task.outcome("exec_1")]).await.unwrap();
    let stood = sealer.head();
    let (second, third) = (writer_task.outcome("exec_2"), writer_task.outcome("exec_3"));
    let again =
        Waiting { entry: second.entry.clone(), seal: second.seal.clone(), committed: None, counted: Arc::default() };
    writer_task.append(&mut vec![second]).await.unwrap();
    // It was saved, and nobody here knows.
    writer_task.doubt = Some(sealer.head());
    sealer.set_head(stood);
    writer_task.append(&mut vec![again, third]).await.unwrap();
    assert_eq!(sealer.head().seq, 4);
    assert!(fixture.check(&sealer.head(), &[]).await.findings.is_empty());
}
