//! Who asks a user something, how its words are shown, and why a question of it is not.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use valetkey_connectors::words::quoted;
use valetkey_upstream::QuestionKinds;

/// How much of a stranger's text is looked at.
const LOOKED_AT: usize = 4_096;
/// What is said where a remote server asked its user something. Its question is not repeated: it would be asked by whoever
/// repeats it, and may be a lure.
const USER_ASKED: &str = "The app asked the user something in the midst of this call that is not passed on from here, and \
                          was answered as if nobody had seen it: what needs the user's answer is to be done \
                          in the app itself";

/// Who asks, and whom.
pub(crate) struct Asker<'a> {
    /// The app, with where it is, in words.
    pub(crate) name: &'a str,
    /// The kinds of questions that the user's client shows.
    pub(crate) kinds: QuestionKinds,
    /// Where this server is.
    pub(crate) ours: &'a Url,
    /// Takes what the server was sent out of its words.
    pub(crate) redact: &'a (dyn Fn(&mut String) + Sync),
}

/// Why a question is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Withheld {
    /// It asks for a secret.
    Secret,
    /// It leads to a page of ours, or to one that nobody should be sent to.
    Page,
    /// It is none that is known here, or the client shows no such question.
    Unknown,
}

impl Withheld {
    /// It in words, for the model.
    pub(crate) const fn said(self) -> &'static str {
        match self {
            Self::Secret => {
                "The app asked the user for what looks like a password or another secret. Such questions are not passed on, \
                 and it was answered as if nobody had seen it: secrets are given on the app's own pages only"
            }
            Self::Page => {
                "The app wanted the user to open a page to which nobody is sent from here, and was answered as if nobody had \
                 seen that"
            }
            Self::Unknown => USER_ASKED,
        }
    }
}

impl Asker<'_> {
    /// A text of the server's as it can be shown.
    pub(super) fn words(&self, text: Option<&Value>) -> String {
        let mut text = beginning(text.and_then(Value::as_str).unwrap_or_default()).to_owned();
        (self.redact)(&mut text);
        quoted(&text)
    }

    /// Whether a text holds something that the server was sent.
    pub(super) fn redacted(&self, text: &str) -> bool {
        let mut without = text.to_owned();
        (self.redact)(&mut without);
        without != text
    }
}

/// The beginning of a text, as much as is looked at.
fn beginning(text: &str) -> &str {
    let end = (0..=LOOKED_AT.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}
