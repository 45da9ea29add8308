//! Any one thing that somebody may do to a record.

use super::{Fixture, fixture, nothing};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use valetkey_domain::journal::Head;

/// One thing that a writer of the database may do.
#[derive(Clone, Debug)]
enum Deed {
    Edit(&'static str),
    Delete,
    Swap(prop::sample::Index),
    Insert,
}

const EDITS: [&str; 14] = [
    "UPDATE journal SET id = id || 'x' WHERE id = $1",
    "UPDATE journal SET environment_id = environment_id || 'x' WHERE id = $1",
    "UPDATE journal SET at = at + 1 WHERE id = $1",
    "UPDATE journal SET actor = actor || 'x' WHERE id = $1",
    "UPDATE journal SET request_id = request_id || 'x' WHERE id = $1",
    "UPDATE journal SET action = action || 'x' WHERE id = $1",
    "UPDATE journal SET subject = subject || 'x' WHERE id = $1",
    "UPDATE journal SET phase = phase || 'x' WHERE id = $1",
    "UPDATE journal SET detail = detail || ' ' WHERE id = $1",
    "UPDATE journal SET key_id = key_id || 'x' WHERE id = $1",
    "UPDATE journal SET leaf = link WHERE id = $1",
    "UPDATE journal SET link = leaf WHERE id = $1",
    "UPDATE journal SET segment = segment || 'x' WHERE id = $1",
    "UPDATE journal SET seq = seq + 100 WHERE id = $1",
];

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => prop::sample::select(EDITS.to_vec()).prop_map(Deed::Edit),
        1 => Just(Deed::Delete),
        2 => any::<prop::sample::Index>().prop_map(Deed::Swap),
        1 => Just(Deed::Insert),
    ]
}

async fn does(fixture: &Fixture, deed: &Deed, at: prop::sample::Index) -> bool {
    const INSERT: &str =
        "INSERT INTO journal (id, environment_id, at, actor, request_id, action, subject, phase, detail,
            key_id, leaf, segment, seq, link)
        SELECT id || 'x', environment_id, at, actor, request_id, action, subject, phase, detail,
            key_id, leaf, segment, seq + 100, link FROM journal WHERE id = $1";
    let places = fixture.places().await;
    let (id, place, _) = at.get(&places);
    match deed {
        Deed::Edit(sql) => fixture.run(sql, vec![id.as_str().into()]).await,
        Deed::Delete => fixture.run("DELETE FROM journal WHERE id = $1", vec![id.as_str().into()]).await,
        Deed::Insert => fixture.run(INSERT, vec![id.as_str().into()]).await,
        Deed::Swap(with) => {
            let (other, other_place, _) = with.get(&places);
            if id == other {
                return false;
            }
            fixture.set_place(id, &Head { seq: 1_000, ..place.clone() }).await;
            fixture.set_place(other, place).await;
            fixture.set_place(id, other_place).await;
        }
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn attack_70_any_one_edit_deletion_swap_or_insertion_is_found(deed in deeds(), at in any::<prop::sample::Index>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fixture = fixture().await;
            let ends = fixture.two_segments().await;
            if does(&fixture, &deed, at).await {
                let report = fixture.check(&nothing(), &ends[1..]).await;
                prop_assert!(report.found > 0, "{deed:?}");
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}
