//! Links that open once, passwords and their tries, sessions and their ends.

use super::*;
use crate::entrance::tries::FREE_TRIES;
use crate::fixture::{Fixture, fixture, until};
use valetkey_domain::member::Role;
use valetkey_storage::meta;

async fn signed(fixture: &Fixture) -> (Secret<str>, SignedIn) {
    let link = first_link(&fixture.app).await.unwrap();
    let fresh = sign_in_by_link(&fixture.app, link.token.expose(), &Browser::stranger("Firefox")).await.unwrap();
    let who = signed_in(&fixture.app, &fresh.cookie).await.unwrap();
    (fresh.cookie, who)
}

#[tokio::test]
async fn looking_at_a_link_spends_nothing_and_signing_in_does() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let (old, new) = (first_link(app).await.unwrap(), first_link(app).await.unwrap());
    assert_eq!(open_link(app, old.token.expose()).await.unwrap_err().kind(), Kind::NotFound, "the newest alone opens");
    for _ in 0..3 {
        assert_eq!(open_link(app, new.token.expose()).await.unwrap().name.as_str(), members::FIRST);
    }
    sign_in_by_link(app, new.token.expose(), &Browser::stranger("Firefox")).await.unwrap();
    for spent in [
        open_link(app, new.token.expose()).await.err(),
        sign_in_by_link(app, new.token.expose(), &Browser::stranger("x")).await.err(),
    ] {
        assert_eq!(spent.unwrap().kind(), Kind::NotFound);
    }
    let late = first_link(app).await.unwrap();
    fixture.clock.advance(LINK_LIFE);
    assert!(sign_in_by_link(app, late.token.expose(), &Browser::stranger("x")).await.is_err());
}

#[tokio::test]
async fn attack_34_a_session_ends_by_time_by_idleness_by_sign_out_and_with_its_member() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let (cookie, who) = signed(&fixture).await;
    fixture.clock.advance(IDLE - Duration::from_secs(1));
    signed_in(app, &cookie).await.unwrap();
    fixture.clock.advance(IDLE);
    assert_eq!(signed_in(app, &cookie).await.unwrap_err().kind(), Kind::Unauthenticated);
    let (cookie, _) = signed(&fixture).await;
    let steps = SESSION_LIFE.as_secs() / (IDLE.as_secs() - 1);
    for _ in 0..=steps {
        let _ = signed_in(app, &cookie).await;
        fixture.clock.advance(IDLE - Duration::from_secs(1));
    }
    assert!(signed_in(app, &cookie).await.is_err(), "use does not make it last for ever");
    let (cookie, now) = signed(&fixture).await;
    end(app, &now, &now.session.id).await.unwrap();
    assert!(signed_in(app, &cookie).await.is_err());
    let (cookie, _) = signed(&fixture).await;
    let operator = members::operator(app);
    members::create(app, &operator, "ann", Role::Owner).await.unwrap();
    members::delete(app, &operator, &who.member.id).await.unwrap();
    assert!(signed_in(app, &cookie).await.is_err());
    assert!(signed_in(app, &Secret::from("guess")).await.is_err());
}

#[tokio::test]
async fn a_role_opens_what_it_has_a_right_to_from_the_next_request_on() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let operator = members::operator(app);
    let (_, owner) = signed(&fixture).await;
    let ann = members::create(app, &operator, "ann", Role::Auditor).await.unwrap();
    let way_in = link(app, &operator, &ann).await.unwrap();
    let cookie = sign_in_by_link(app, way_in.token.expose(), &Browser::stranger("Safari")).await.unwrap().cookie;
    let who = signed_in(app, &cookie).await.unwrap();
    let environment = &fixture.ctx.environment;
    who.enter(app, environment, Right::See).unwrap();
    for right in [Right::HelpUsers, Right::Develop, Right::ManageMembers] {
        assert_eq!(who.enter(app, environment, right).unwrap_err().kind(), Kind::PermissionDenied);
        owner.enter(app, environment, right).unwrap();
    }
    members::set_role(app, &operator, &ann.id, Role::Support).await.unwrap();
    signed_in(app, &cookie).await.unwrap().enter(app, environment, Right::HelpUsers).unwrap();
    assert!(end(app, &owner, &who.session.id).await.is_err(), "another member's session is not one's own");
}

#[tokio::test]
async fn a_password_signs_in_and_wrong_ones_make_one_wait() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let (cookie, who) = signed(&fixture).await;
    let (good, wrong) = (Secret::from("correct horse battery"), Secret::from("correct horse batterz"));
    for short in ["elevenchars", &"x".repeat(1025)] {
        let refused = set_password(app, &who, None, &Secret::from(short)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::InvalidArgument);
    }
    let other = signed(&fixture).await.0;
    set_password(app, &who, None, &good).await.unwrap();
    assert!(signed_in(app, &other).await.is_err(), "other browsers are signed out");
    signed_in(app, &cookie).await.unwrap();
    assert!(set_password(app, &who, Some(&wrong), &wrong).await.is_err());
    let name = who.member.name.as_str().to_uppercase();
    sign_in_by_password(app, &name, &good, &Browser::stranger("Firefox")).await.unwrap();
    let refused =
        async |name: &str| sign_in_by_password(app, name, &wrong, &Browser::stranger("x")).await.err().unwrap();
    let (one, nobody) = (refused(&name).await, refused("nobody").await);
    // Attack 51.
    assert_eq!((one.kind(), one.message()), (nobody.kind(), nobody.message()));
    for _ in 1..FREE_TRIES {
        refused(&name).await;
    }
    refused(&name).await;
    let waits = sign_in_by_password(app, &name, &good, &Browser::stranger("x")).await.err().unwrap();
    assert_eq!(waits.kind(), Kind::ResourceExhausted, "{}", waits.message());
    fixture.clock.advance(Duration::from_secs(60));
    sign_in_by_password(app, &name, &good, &Browser::stranger("x")).await.unwrap();
}

/// A stranger who tries a member's password all day.
#[tokio::test]
async fn attack_53_strangers_who_try_a_name_do_not_keep_its_member_out() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let (_, who) = signed(&fixture).await;
    let (good, wrong) = (Secret::from("correct horse battery"), Secret::from("correct horse batterz"));
    set_password(app, &who, None, &good).await.unwrap();
    let name = who.member.name.as_str();
    let (stranger, secret) = (Browser::stranger("x"), random::bearer("").unwrap());
    let at_home = |mark| Browser { name: "Firefox", secret: Some(&secret), mark };
    let mark = sign_in_by_password(app, name, &good, &at_home(None)).await.unwrap().mark.unwrap();
    let tries = async |browser: &Browser<'_>| {
        for _ in 0..=FREE_TRIES {
            sign_in_by_password(app, name, &wrong, browser).await.err().unwrap();
        }
        sign_in_by_password(app, name, &good, browser).await.map_err(|error| error.kind())
    };
    assert_eq!(tries(&stranger).await.err(), Some(Kind::ResourceExhausted));
    sign_in_by_password(app, name, &good, &at_home(Some(&mark))).await.unwrap();
    assert_eq!(tries(&stranger).await.err(), Some(Kind::ResourceExhausted), "that gave nobody new tries");
    // The mark is of this browser and this member, and whoever steals both has no more tries than others.
    let (other, forged) = (random::bearer("").unwrap(), Secret::from("00ff"));
    for (secret, mark) in [(&other, &mark), (&secret, &forged), (&secret, &secret)] {
        let known = Browser { name: "x", secret: Some(secret), mark: Some(mark) };
        let refused = sign_in_by_password(app, name, &good, &known).await.err().unwrap();
        assert_eq!(refused.kind(), Kind::ResourceExhausted);
    }
    assert_eq!(tries(&at_home(Some(&mark))).await.err(), Some(Kind::ResourceExhausted));
    fixture.clock.advance(Duration::from_secs(31));
    sign_in_by_password(app, name, &good, &at_home(Some(&mark))).await.unwrap();
}

#[tokio::test]
async fn attack_51_a_name_that_nobody_has_is_answered_as_any_other() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let (_, who) = signed(&fixture).await;
    let (good, wrong) = (Secret::from("correct horse battery"), Secret::from("correct horse batterz"));
    set_password(app, &who, None, &good).await.unwrap();
    let stranger = Browser::stranger("x");
    let told = async |name: &str| {
        let mut told = Vec::new();
        for _ in 0..3 {
            let try_once = || sign_in_by_password(app, name, &wrong, &stranger);
            for refused in [try_once().await, try_once().await, try_once().await] {
                let error = refused.err().unwrap();
                told.push((error.kind(), error.message().to_owned()));
            }
            let (one, other) = tokio::join!(try_once(), try_once());
            let mut both = [one, other].map(|refused| refused.err().unwrap().kind().name());
            both.sort_unstable();
            told.push((Kind::Unauthenticated, both.join(" ")));
            fixture.clock.advance(Duration::from_secs(3600));
        }
        told
    };
    let known = told(who.member.name.as_str()).await;
    assert!(known.iter().any(|(kind, _)| *kind == Kind::ResourceExhausted), "{known:?}");
    let begun = fixture.app.core.now();
    assert_eq!(told("nobody@example.com").await, known);
    // The clock tells no difference either: both write what they count.
    let last = meta::get(&mut app.core.store.glance().await.unwrap(), meta::NOBODYS_TRY).await.unwrap().unwrap();
    assert!(last.parse::<Timestamp>().unwrap() >= begun + Duration::from_secs(7200), "{last}");
}

#[tokio::test]
async fn what_has_ended_is_removed() {
    let fixture = fixture("{rotates: true}").await;
    let (cookie, _) = signed(&fixture).await;
    first_link(&fixture.app).await.unwrap();
    assert_eq!(tidy(&fixture.app).await.unwrap(), 0);
    fixture.clock.advance(IDLE);
    assert_eq!(tidy(&fixture.app).await.unwrap(), 2);
    assert!(signed_in(&fixture.app, &cookie).await.is_err());
}

/// While passwords wait to be looked at, the member goes, gets another password, or is signed out.
#[tokio::test]
async fn attack_82_what_ends_while_a_password_is_looked_at_signs_nobody_in() {
    let fixture = fixture("{rotates: true}").await;
    let (app, operator) = (&fixture.app, members::operator(&fixture.app));
    let (old, new) = (Secret::from("correct horse battery"), Secret::from("another horse battery"));
    for gone in [false, true] {
        let name = if gone { "ann" } else { "bob" };
        let member = members::create(app, &operator, name, Role::Support).await.unwrap();
        let way_in = link(app, &operator, &member).await.unwrap();
        let cookie = sign_in_by_link(app, way_in.token.expose(), &Browser::stranger("x")).await.unwrap().cookie;
        let who = signed_in(app, &cookie).await.unwrap();
        set_password(app, &who, None, &old).await.unwrap();
        let turns = HASHING.turns.acquire_many(2).await.unwrap();
        let tried = async || {
            let found = member_rows::by_name(&mut app.core.store.glance().await.unwrap(), name).await.unwrap();
            found.unwrap().wrong_times > 0
        };
        let ends = async {
            // The try is counted before the password waits; on PostgreSQL this could come first.
            until(tried).await;
            let mut tx = app.core.change(&operator).await.unwrap();
            if gone {
                assert!(member_rows::delete(&mut tx, &member.id).await.unwrap());
            } else {
                assert!(member_rows::set_password(&mut tx, &member.id, "another", b"mac").await.unwrap());
            }
            tx.record("member.changed", member.id.as_str(), Map::new()).await.unwrap().commit().await.unwrap();
            drop(turns);
        };
        let stranger = Browser::stranger("x");
        let (entered, ()) = tokio::join!(sign_in_by_password(app, name, &old, &stranger), ends);
        assert_eq!(entered.err().unwrap().kind(), Kind::Unauthenticated, "{name}");
        let turns = KNOWN_HASHING.turns.acquire().await.unwrap();
        let (changed, ()) = tokio::join!(set_password(app, &who, None, &new), async {
            drop(turns);
        });
        assert!(changed.is_err());
    }
    let (_, who) = signed(&fixture).await;
    let turns = KNOWN_HASHING.turns.acquire().await.unwrap();
    let (changed, ()) = tokio::join!(set_password(app, &who, None, &new), async {
        end(app, &who, &who.session.id).await.unwrap();
        drop(turns);
    });
    assert_eq!(changed.unwrap_err().kind(), Kind::Aborted);
}
