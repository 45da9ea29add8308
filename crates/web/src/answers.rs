//! What use cases say, as pages. The one place that knows both.

use crate::pages::{
    Approve, ApproveArgument, Consent, CustomHosts, Field, Form, Leave, Look, Notice, NoticeKind, Replace, Scope,
};
use url::Url;
use valetkey_app::connections;
use valetkey_app::consent::approvals::{self, Question};
use valetkey_app::consent::{self, About, AskedScope, ConsentReport, FormField, Opened, Outcome, StopReason, Stopped};
use valetkey_app::credentials::Fault;
use valetkey_domain::Kind;
use valetkey_domain::tool::Effect;

/// A failure of the system itself. Its message is for developers; its cause goes to the log here.
pub(crate) fn failure(error: &valetkey_app::Error) -> NoticeKind {
    match error.kind() {
        Kind::NotFound => NoticeKind::NotFound,
        Kind::FailedPrecondition => NoticeKind::Unready,
        Kind::Unavailable | Kind::ResourceExhausted | Kind::DeadlineExceeded => NoticeKind::Unavailable,
        _ => {
            tracing::error!(%error, cause = std::error::Error::source(error), "a page's use case failed");
            NoticeKind::Internal
        }
    }
}

/// Why a consent stopped, as a page.
pub(crate) fn stop(stopped: &Stopped) -> Notice {
    let notice = Notice::new(reason(&stopped.why));
    match &stopped.about {
        Some(about) => notice.about(about.connection.as_str(), about.identifier.as_str()).of(Look::from(&about.brand)),
        None => notice,
    }
}

/// Why a consent stopped, in a word.
pub(crate) fn reason(why: &StopReason) -> NoticeKind {
    match why {
        StopReason::LinkUnknown => NoticeKind::LinkUnknown,
        StopReason::LinkExpired => NoticeKind::LinkExpired,
        StopReason::LinkUsed => NoticeKind::LinkUsed,
        StopReason::Unready(_) => NoticeKind::Unready,
        StopReason::StrayAnswer => NoticeKind::StrayAnswer,
        StopReason::Replayed => NoticeKind::Replayed,
        StopReason::OtherConnection => NoticeKind::OtherConnection,
        StopReason::OtherBrowser => NoticeKind::OtherBrowser,
        StopReason::OtherPerson => NoticeKind::OtherPerson,
        StopReason::StartedElsewhere => NoticeKind::StartedElsewhere,
        StopReason::NotSignedIn => NoticeKind::NotSignedIn,
        StopReason::OtherIssuer => NoticeKind::OtherIssuer,
        StopReason::TooManyTries => NoticeKind::TooManyTries,
        StopReason::TimedOut => NoticeKind::TimedOut,
        StopReason::Busy => NoticeKind::Busy,
        StopReason::Failed(error) => failure(error),
    }
}

/// The page of a link that opens.
pub(crate) fn consent(opened: Opened, token: String) -> Consent {
    let Opened { about: About { connector, connection, app, brand, identifier }, .. } = opened;
    Consent {
        connector,
        provider: host(&opened.provider),
        app,
        brand: Look::from(&brand),
        connection: connection.to_string(),
        identifier: identifier.to_string(),
        scopes: scopes(opened.scopes),
        custom_hosts: custom_hosts(&opened.custom_hosts),
        until: opened.expires_at,
        token,
    }
}

/// The page of a call that waits for its user's word; the form's token is for the caller to put in.
pub(crate) fn approve(question: Question) -> Approve {
    let Question { shown, app, brand, expires_at } = question;
    let count = |more: usize| (more > 0).then(|| more.to_string());
    let argument = |one: approvals::Argument| ApproveArgument { name: one.name, text: one.text, more: count(one.more) };
    Approve {
        connector: shown.connector,
        title: shown.title,
        tool: shown.tool,
        effect: match shown.effect {
            Effect::Read => "approve-reads",
            Effect::Write => "approve-writes",
            Effect::Destructive => "approve-destroys",
        },
        app,
        brand: Look::from(&brand),
        connection: shown.connection,
        subject: shown.subject,
        identifier: shown.identifier,
        arguments: shown.arguments.into_iter().map(argument).collect(),
        more: count(shown.more),
        until: expires_at,
        token: String::new(),
    }
}

/// The page of a link that opens, where something is to be typed.
pub(crate) fn typed(opened: Opened, form: consent::Form, token: String) -> Form {
    let Opened { about: About { connector, connection, app, brand, identifier }, .. } = opened;
    let faulty = form.fields.iter().any(|field| field.fault.is_some());
    let told = match form.refused {
        Some(true) => Some("form-refused"),
        Some(false) => Some("form-unclear"),
        None => faulty.then_some("form-faults"),
    };
    Form {
        connector,
        app,
        brand: Look::from(&brand),
        connection: connection.to_string(),
        identifier: identifier.to_string(),
        fields: form.fields.into_iter().map(field).collect(),
        told,
        theirs: form.words,
        custom_hosts: custom_hosts(&opened.custom_hosts),
        until: opened.expires_at,
        token,
    }
}

fn field(field: FormField) -> Field {
    let FormField { name, label, hint, secret, lines, required, options, value, fault } = field;
    let fault = fault.map(|fault| match fault {
        Fault::Missing => "fault-missing",
        Fault::Form => "fault-form",
        Fault::Long => "fault-long",
        Fault::KeyFile => "fault-key-file",
        Fault::PrivateKey => "fault-private-key",
    });
    Field { name, label, hint, secret, lines, required, options, value, fault }
}

/// The hosts that aren't the vendor's own, if there are any. There are as many as endpoints at most.
fn custom_hosts(found: &connections::CustomHosts) -> Option<CustomHosts> {
    let named = |hosts: &[String]| CustomHosts { hosts: hosts.join(", "), here: found.on_this_machine };
    (!found.hosts.is_empty()).then(|| named(&found.hosts))
}

/// The page that leads to the provider.
pub(crate) fn leave(address: Url) -> Leave {
    Leave { provider: host(&address.origin().ascii_serialization()), address }
}

fn scopes(asked: Vec<AskedScope>) -> Vec<Scope> {
    asked.into_iter().map(|AskedScope { name, words }| Scope::new(&name, words)).collect()
}

/// Host and port: what the browser's address bar will show.
fn host(origin: &str) -> String {
    let parsed = Url::parse(origin).ok();
    let host = parsed.as_ref().and_then(Url::host_str).unwrap_or(origin);
    parsed.as_ref().and_then(Url::port).map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The page of a consent that ended, and has no question open.
pub(crate) fn end(ended: ConsentReport) -> Notice {
    let About { connector, connection, brand, identifier, .. } = ended.about;
    let notice = |said| {
        let notice = Notice::new(said).word("connector", connector).of(Look::from(&brand));
        notice.about(connection.as_str(), identifier.as_str())
    };
    match ended.outcome {
        Outcome::Connected => notice(NoticeKind::Connected),
        Outcome::ConnectedWithout(_) => notice(NoticeKind::Partly).without(scopes(ended.withheld)),
        Outcome::Declined => notice(NoticeKind::Declined),
        Outcome::Refused(code) => notice(NoticeKind::Refused).word("code", code).in_its_words(ended.words),
        Outcome::ProviderFailed => notice(NoticeKind::ProviderFailed).in_its_words(ended.words),
        Outcome::OtherAccount { .. } => notice(NoticeKind::Kept),
        Outcome::Unconfirmed => notice(NoticeKind::Unconfirmed),
        Outcome::Expired => notice(NoticeKind::TimedOut),
        Outcome::Interrupted => notice(NoticeKind::Interrupted),
    }
}

/// The question that an outcome leaves open, if it does; the form's token is for the caller to put in.
pub(crate) fn question(ended: &ConsentReport) -> Option<Replace> {
    let Outcome::OtherAccount { before, now } = &ended.outcome else { return None };
    ended.undecided.then(|| Replace {
        connector: ended.about.connector.clone(),
        brand: Look::from(&ended.about.brand),
        connection: ended.about.connection.to_string(),
        identifier: ended.about.identifier.to_string(),
        before: named(before),
        now: named(now),
        token: String::new(),
    })
}

/// An account's name at the provider; `unknown` stands for one that the provider didn't tell.
fn named(subject: &str) -> Option<String> {
    (subject != "unknown").then(|| subject.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_named_as_the_address_bar_names_it() {
        assert_eq!(host("https://accounts.google.com"), "accounts.google.com");
        assert_eq!(host("http://127.0.0.1:8090"), "127.0.0.1:8090");
    }

    #[test]
    fn only_defects_are_told_as_defects() {
        let said = |kind| failure(&valetkey_app::Error::new(kind, "for developers"));
        assert_eq!(said(Kind::Internal), NoticeKind::Internal);
        assert_eq!(said(Kind::Unavailable), NoticeKind::Unavailable);
        assert_eq!(said(Kind::FailedPrecondition), NoticeKind::Unready);
    }
}
