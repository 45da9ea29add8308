//! The mailbox's settings: the automatic reply, sender addresses, forwarding, delegates. What Google leaves to service
//! accounts with domain-wide delegation is refused here as there: nobody signs in to this lab as one.

use super::{mailbox, missing, owned};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::json::put;
use crate::state::{State, User};
use serde_json::{Map, Value, json};
use valetkey_domain::Timestamp;

/// What may be changed of a sender address.
const SENDER: [&str; 4] = ["displayName", "replyToAddress", "signature", "isDefault"];

/// The automatic reply.
pub(crate) fn vacation(state: &State, _: Timestamp, call: &Call) -> Outcome {
    Ok(shown(&mailbox(state, call)?.mailbox.vacation).into())
}

/// Replaces the automatic reply as a whole.
pub(crate) fn set_vacation(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let given = call.members();
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let says =
        ["responseSubject", "responseBodyPlainText", "responseBodyHtml"].iter().any(|name| !text(name).is_empty());
    let refused = |said: &str| ApiError::invalid(said, cite::GMAIL_VACATION);
    if given.get("enableAutoReply") == Some(&Value::Bool(true)) && !says {
        return Err(refused("Either a non-empty response subject or body is required to enable auto-replies"));
    }
    let time = |name: &str| text(name).parse::<i64>().ok();
    if let (Some(start), Some(end)) = (time("startTime"), time("endTime"))
        && start >= end
    {
        return Err(refused("startTime must precede endTime"));
    }
    let user = owned(state, call)?;
    user.mailbox.vacation = given;
    Ok(shown(&user.mailbox.vacation).into())
}

/// Sender addresses: the account's own.
pub(crate) fn senders(state: &State, _: Timestamp, call: &Call) -> Outcome {
    Ok(json!({"sendAs": [sender_of(mailbox(state, call)?)]}).into())
}

pub(crate) fn sender(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    own_address(user, call)?;
    Ok(sender_of(user).into())
}

/// Changes what is given of the account's own address.
pub(crate) fn change_sender(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    own_address(mailbox(state, call)?, call)?;
    let given = call.members();
    if given.get("isDefault") == Some(&Value::Bool(false)) {
        return Err(ApiError::invalid("isDefault may only be set to true", cite::GMAIL_ALIASES));
    }
    let kept = given.into_iter().filter(|(name, _)| SENDER.contains(&name.as_str()));
    let user = owned(state, call)?;
    user.mailbox.sender.extend(kept);
    Ok(sender_of(user).into())
}

/// Forwarding addresses: none, for only a delegated service account can add one.
pub(crate) fn forwarding_addresses(state: &State, _: Timestamp, call: &Call) -> Outcome {
    mailbox(state, call)?;
    Ok(json!({}).into())
}

pub(crate) fn forwarding_address(state: &State, _: Timestamp, call: &Call) -> Outcome {
    mailbox(state, call)?;
    Err(missing())
}

pub(crate) fn auto_forwarding(state: &State, _: Timestamp, call: &Call) -> Outcome {
    mailbox(state, call)?;
    Ok(json!({"enabled": false}).into())
}

/// What Google leaves to service accounts with domain-wide delegation.
pub(crate) fn for_administrators(state: &State, _: Timestamp, call: &Call) -> Outcome {
    mailbox(state, call)?;
    let said = "Access restricted to service accounts that have been delegated domain-wide authority";
    Err(ApiError::forbidden("forbidden", said, cite::reference(&call.operation)))
}

fn own_address(user: &User, call: &Call) -> Result<(), ApiError> {
    if call.path("sendAsEmail").eq_ignore_ascii_case(&user.email) { Ok(()) } else { Err(missing()) }
}

fn sender_of(user: &User) -> Value {
    let mut sender =
        json!({"sendAsEmail": user.email, "displayName": user.name, "replyToAddress": "", "signature": ""});
    for (name, value) in &user.mailbox.sender {
        put(&mut sender, name, value.clone());
    }
    put(&mut sender, "isPrimary", true);
    put(&mut sender, "isDefault", true);
    sender
}

fn shown(vacation: &Map<String, Value>) -> Value {
    let mut shown = json!({"enableAutoReply": false, "restrictToContacts": false, "restrictToDomain": false});
    for (name, value) in vacation {
        put(&mut shown, name, value.clone());
    }
    shown
}
