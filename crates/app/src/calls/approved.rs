//! Whether a call that a config wants the user's word for has it.

use super::attempt::app_name;
use super::failed::{Failed, FailureReason};
use super::job::Job;
use super::through::Through;
use super::usable::{Admission, Admitted};
use crate::consent::approvals::{self, Call, Word};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::Instant;
use valetkey_domain::Kind;
use valetkey_domain::id::ConfigId;

/// How long a call waits for its user's word, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOKS: Duration = Duration::from_millis(500);

impl Job {
    /// Takes the user's word for exactly this call, where one is wanted. From here on it is used.
    pub(super) async fn approved(&self, admitted: &Admitted, arguments: &Map<String, Value>) -> Result<(), Failed> {
        let Some(call) = self.wanting(admitted, arguments) else { return Ok(()) };
        let app = app_name(&admitted.wired);
        match approvals::word(&self.app, &self.ctx, &call).await {
            Ok(Word::Given) => Ok(()),
            Ok(Word::Refused) => {
                let message =
                    "the user said no to exactly this call, so it was not made. Don't repeat it; ask what they want";
                Err(self.because(FailureReason::Refused, message))
            }
            Ok(Word::Wanted(link)) => {
                let message = format!(
                    "this tool acts on {app} only with the user's word for each call. Ask the user to open the link and to \
                     approve, then call the tool again with the same arguments"
                );
                Err(Failed { link: Some(link), ..self.because(FailureReason::Unapproved, message) })
            }
            Err(error) if error.kind() == Kind::ResourceExhausted => {
                Err(self.because(FailureReason::Busy, format!("the call was not made: {}", error.message())))
            }
            Err(error) => Err(self.before(&error)),
        }
    }

    /// Returns once the user has said something of a call that they were asked about; or when that takes too long, nobody
    /// wants to know any more, or it cannot be said.
    pub(super) async fn until_decided(&self, arguments: &Map<String, Value>) {
        if self.wants_word().is_none() {
            return;
        }
        let end = Instant::now() + PATIENCE.min(self.spare());
        let Ok(admitted) = self.admit().await else { return };
        let Some(call) = self.wanting(&admitted, arguments) else { return };
        // Once, for the arguments may be long.
        let bound = approvals::bound(&self.ctx, &call);
        self.ctx.progress.report(0, None, "waiting for the user's word");
        while !self.cancellation.is_cancelled() && Instant::now() < end {
            if !matches!(approvals::undecided(&self.app, &self.ctx, &bound).await, Ok(true)) {
                return;
            }
            tokio::select! {
                () = self.cancellation.cancelled() => {}
                () = tokio::time::sleep(LOOKS) => {}
            }
        }
    }

    fn wants_word(&self) -> Option<(&ConfigId, i64)> {
        match &self.through {
            Through::Server(served) => served.set.wants_word(&self.served),
            Through::Api { .. } => None,
        }
    }

    fn wanting<'a>(&'a self, admitted: &'a Admitted, arguments: &'a Map<String, Value>) -> Option<Call<'a>> {
        let config = self.wants_word()?;
        let Through::Server(served) = &self.through else { return None };
        Some(Call {
            server: served.id(),
            identifier: served.identifier(),
            config,
            tool: &self.served.tool.definition,
            effect: self.effect,
            connector: &admitted.wired.connector.display_name,
            connection: &admitted.wired.connection,
            account: &admitted.account,
            arguments,
        })
    }
}

#[cfg(test)]
mod tests;
