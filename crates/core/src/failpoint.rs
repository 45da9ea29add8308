//! Places at which a test lets the process die, to see what the next one makes of it.
//!
//! In a release [`reach`] is empty and nothing can be armed. A debug build is armed once, at its start, by the server.

/// A place in an effect's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failpoint {
    /// A refresh's intent is committed; nothing was sent.
    RefreshIntentCommitted,
    /// The provider has answered a refresh; nothing of it is saved.
    RefreshAnswered,
    /// The new tokens are written and not committed.
    RefreshWritten,
    /// The new tokens are committed; nobody was told.
    RefreshCommitted,
    /// Accounts are claimed to be refreshed ahead of need.
    AheadClaimed,
    /// A code may be exchanged; nothing was sent.
    CallbackExchanging,
    /// The provider has given tokens for a code.
    CallbackAnswered,
    /// The consent's tokens and outcome are written and not committed.
    CallbackWritten,
    /// They are committed; the browser was not told.
    CallbackCommitted,
    /// The intent to register a client is committed; nothing was sent.
    RegistrationIntentCommitted,
    /// The authorization server has answered; nothing of it is saved.
    RegistrationAnswered,
    /// The client is part of its connection; who signs in was not told.
    RegistrationCommitted,
    /// A tool call's intent is committed; nothing was sent.
    ExecuteIntentCommitted,
    /// The app has answered a tool call.
    ExecuteAnswered,
    /// The outcome was given to the journal; the caller was not told.
    ExecuteRecorded,
    /// A config's change is written and not committed.
    ConfigWritten,
    /// It is committed; the caller was not told.
    ConfigCommitted,
    /// A new data key is written and not committed.
    RotationKeyWritten,
    /// It is committed; nothing is sealed under it yet.
    RotationKeyCommitted,
    /// Tokens are sealed under it and not committed.
    RotationResealWritten,
    /// Another root wraps new keys; those that there are, are still under the one before.
    RotationRootCommitted,
    /// A data key is wrapped under it and not committed.
    RotationRewrapWritten,
    /// What a dead process left of a refresh is settled.
    RecoveryRefreshSettled,
    /// What a dead process left of a consent is settled.
    RecoveryConsentSettled,
    /// What a dead process left of a client's registration is settled.
    RecoveryRegistrationSettled,
    /// What a webhook has to be told of an account is claimed; nothing was sent.
    DeliveryClaimed,
    /// A webhook's receiver has answered; nothing of it is saved.
    DeliveryAnswered,
    /// Records that waited for their places in the chain have them, a dead process's too; not committed.
    JournalPlaced,
}

/// Says that a place is reached. If the process was armed for it, it dies here.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn reach(_: Failpoint) {}

#[cfg(debug_assertions)]
pub use armed::{ALL, arm, reach};

#[cfg(debug_assertions)]
mod armed {
    use super::Failpoint;
    use std::sync::OnceLock;

    /// Every place, by the name that arms it.
    pub const ALL: &[(&str, Failpoint)] = &[
        ("refresh.intent_committed", Failpoint::RefreshIntentCommitted),
        ("refresh.answered", Failpoint::RefreshAnswered),
        ("refresh.written", Failpoint::RefreshWritten),
        ("refresh.committed", Failpoint::RefreshCommitted),
        ("ahead.claimed", Failpoint::AheadClaimed),
        ("callback.exchanging", Failpoint::CallbackExchanging),
        ("callback.answered", Failpoint::CallbackAnswered),
        ("callback.written", Failpoint::CallbackWritten),
        ("callback.committed", Failpoint::CallbackCommitted),
        ("registration.intent_committed", Failpoint::RegistrationIntentCommitted),
        ("registration.answered", Failpoint::RegistrationAnswered),
        ("registration.committed", Failpoint::RegistrationCommitted),
        ("execute.intent_committed", Failpoint::ExecuteIntentCommitted),
        ("execute.answered", Failpoint::ExecuteAnswered),
        ("execute.recorded", Failpoint::ExecuteRecorded),
        ("config.written", Failpoint::ConfigWritten),
        ("config.committed", Failpoint::ConfigCommitted),
        ("rotation.key_written", Failpoint::RotationKeyWritten),
        ("rotation.key_committed", Failpoint::RotationKeyCommitted),
        ("rotation.reseal_written", Failpoint::RotationResealWritten),
        ("rotation.root_committed", Failpoint::RotationRootCommitted),
        ("rotation.rewrap_written", Failpoint::RotationRewrapWritten),
        ("recovery.refresh_settled", Failpoint::RecoveryRefreshSettled),
        ("recovery.consent_settled", Failpoint::RecoveryConsentSettled),
        ("recovery.registration_settled", Failpoint::RecoveryRegistrationSettled),
        ("delivery.claimed", Failpoint::DeliveryClaimed),
        ("delivery.answered", Failpoint::DeliveryAnswered),
        ("journal.placed", Failpoint::JournalPlaced),
    ];

    static ARMED: OnceLock<(Failpoint, fn())> = OnceLock::new();

    /// Arms the process for one place: `die` is called when it is reached. False if it was armed before.
    pub fn arm(at: Failpoint, die: fn()) -> bool {
        ARMED.set((at, die)).is_ok()
    }

    /// Says that a place is reached. If the process was armed for it, it dies here.
    pub fn reach(at: Failpoint) {
        if let Some((_, die)) = ARMED.get().filter(|(armed, _)| *armed == at) {
            die();
        }
    }
}
