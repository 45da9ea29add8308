//! What a callback brings, and who is in whose way.

mod crowd;

use super::*;
use crate::fixture::fixture;
use std::sync::Arc;
use valetkey_core::{KnownBy, SignOn};

/// Attacks 12 and 18: what a callback brings counts in the browser that asked, for ten minutes, and as it was given.
#[tokio::test]
async fn attacks_12_and_18_a_state_is_of_one_browser_and_ends() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let (browser, other) = (browsers::mint().unwrap(), browsers::mint().unwrap());
    let text = format!("{} random /dashboard/development", app.core.now().as_second());
    let given = state(&browser, &text);
    assert_eq!(began(app, &browser, Some(&given)).unwrap(), text);
    let changed = Secret::from(given.expose().replace("/dashboard", "//evil.example/dashboard"));
    for (whose, wrong) in [(&other, Some(&given)), (&browser, Some(&changed)), (&browser, None)] {
        assert!(began(app, whose, wrong).unwrap_err().message().contains("another browser"));
    }
    for wrong in ["", "é", &"0".repeat(64), &"0".repeat(4_000)] {
        assert!(began(app, &browser, Some(&Secret::from(wrong))).is_err(), "{wrong}");
    }
    fixture.clock.advance(LIFE);
    assert!(began(app, &browser, Some(&given)).unwrap_err().message().contains("longer than it may"));
    assert_ne!(verifier(&browser, "one").expose(), verifier(&browser, "other").expose());
    assert!(!given.expose().contains(browser.expose()));
}
