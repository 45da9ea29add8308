//! Environments in which only members of the dashboard consent (`SCALEKIT_PLATFORM`).

use super::link::Consent;
use super::stopped::{StopReason, Stopped};
use crate::App;
use crate::entrance::sign_in;
use valetkey_domain::id::MemberId;
use valetkey_domain::{Kind, Secret};

/// Who is signed in to the dashboard in this browser, where the environment wants that of whoever consents; none where it
/// doesn't. It is looked at when a consent begins, and again before its code is exchanged.
pub(super) async fn check(
    app: &App,
    consent: &Consent,
    session: Option<&Secret<str>>,
) -> Result<Option<MemberId>, Stopped> {
    if !consent.for_members {
        return Ok(None);
    }
    let nobody = || Stopped::from(StopReason::NotSignedIn).about(consent.about.clone());
    match sign_in::signed_in(app, session.ok_or_else(nobody)?).await {
        Ok(who) => Ok(Some(who.member.id)),
        Err(error) if error.kind() == Kind::Unauthenticated => Err(nobody()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Callback, Outcome, callback, outcome, start};
    use super::*;
    use crate::entrance::browsers;
    use crate::fixture::{Fixture, HOUR, answer_with, fixture};
    use crate::insight::audit;
    use crate::tenancy::environments;
    use valetkey_domain::account::Status;
    use valetkey_domain::environment::VerifyMode;

    /// A fixture whose environment is for members, and the session of one.
    async fn for_members() -> (Fixture, Secret<str>) {
        let fixture = fixture("{rotates: true}").await;
        let name = environments::list(&fixture.app).await.unwrap()[0].name.clone();
        environments::verify_users(&fixture.app, &name, Some(VerifyMode::Platform), None).await.unwrap();
        let link = sign_in::first_link(&fixture.app).await.unwrap();
        let fresh =
            sign_in::sign_in_by_link(&fixture.app, link.token.expose(), &browsers::Browser::stranger("a browser"))
                .await
                .unwrap();
        (fixture, fresh.cookie)
    }

    /// Presses the button with this session; gives `state`.
    async fn pressed(fixture: &Fixture, session: Option<&Secret<str>>) -> Result<String, Stopped> {
        let url = start(&fixture.app, &fixture.link().await, &Secret::from("browser"), session).await?;
        Ok(url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned())
    }

    async fn back(fixture: &Fixture, state: &str, session: Option<&Secret<str>>) -> Result<Outcome, Stopped> {
        let (code, session) = (Some(Secret::from("code-1")), session.map(Secret::copy));
        let (answer, browser) = (Callback { code, session, ..answer_with(state) }, Secret::from("browser"));
        let id = callback(&fixture.app, &fixture.connection.id, answer, Some(&browser)).await?;
        Ok(outcome(&fixture.app, &id, Some(&browser)).await.unwrap().outcome)
    }

    #[tokio::test]
    async fn only_who_is_signed_in_to_the_dashboard_begins_and_finishes() {
        let (fixture, session) = for_members().await;
        for nobody in [None, Some(&Secret::from("forged"))] {
            let stopped = pressed(&fixture, nobody).await.unwrap_err();
            assert!(matches!(stopped.why, StopReason::NotSignedIn), "{stopped:?}");
        }
        let state = pressed(&fixture, Some(&session)).await.unwrap();
        let told = audit::newest(&fixture.app, &fixture.ctx, None, 50).await.unwrap();
        let begun = told.iter().find(|line| line.action == "authorization.started").unwrap();
        assert!(format!("{begun:?}").contains("mem_"), "{begun:?}");
        let stopped = back(&fixture, &state, None).await.unwrap_err();
        assert!(matches!(stopped.why, StopReason::NotSignedIn), "{stopped:?}");
        assert!(fixture.provider.asked("/token").is_empty(), "the code went nowhere");
        fixture.provider.gives(HOUR);
        assert_eq!(back(&fixture, &state, Some(&session)).await.unwrap(), Outcome::Connected);
        assert_eq!(fixture.now().await.status, Status::Active);
    }

    #[tokio::test]
    async fn who_was_signed_out_meanwhile_finishes_nothing() {
        let (fixture, session) = for_members().await;
        let state = pressed(&fixture, Some(&session)).await.unwrap();
        let who = sign_in::signed_in(&fixture.app, &session).await.unwrap();
        sign_in::end(&fixture.app, &who, &who.session.id).await.unwrap();
        let stopped = back(&fixture, &state, Some(&session)).await.unwrap_err();
        assert!(matches!(stopped.why, StopReason::NotSignedIn), "{stopped:?}");
        assert!(fixture.provider.asked("/token").is_empty());
        assert_eq!(fixture.now().await.status, Status::PendingAuth);
    }
}
