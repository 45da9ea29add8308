//! The scopes that the lab knows, what the consent page says of each, and which of them a person may withhold.

use super::refusal::Refusal;
use crate::cite;
use std::collections::BTreeSet;

/// Who the user is, in an ID token; comes with signing in and cannot be withheld.
pub(crate) const OPENID: &str = "openid";
/// The user's e-mail address; comes with signing in and cannot be withheld.
pub(crate) const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
/// The user's name; comes with signing in and cannot be withheld.
pub(crate) const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";
/// Gmail without bodies; narrower than others in ways of its own.
pub(crate) const GMAIL_METADATA: &str = "https://www.googleapis.com/auth/gmail.metadata";

const AUTH: &str = "https://www.googleapis.com/auth/";

/// Scopes as one asks for them, without the common beginning, and their words for the consent page.
const KNOWN: [(&str, &str); 47] = [
    ("openid", "Associate you with your personal info"),
    ("https://mail.google.com/", "Read, compose, send, and permanently delete all your email"),
    ("gmail.modify", "Read, compose, and send emails, and change labels"),
    ("gmail.readonly", "View your email messages and settings"),
    ("gmail.metadata", "View your email message metadata, such as labels and headers, but not the body"),
    ("gmail.compose", "Manage drafts and send emails"),
    ("gmail.send", "Send email on your behalf"),
    ("gmail.insert", "Add emails into your mailbox"),
    ("gmail.labels", "See and edit your email labels"),
    ("gmail.settings.basic", "See, edit, create, or change your email settings and filters"),
    ("gmail.settings.sharing", "Manage your sensitive mail settings, including who can manage your mail"),
    ("calendar", "See, edit, share, and permanently delete all the calendars you can access"),
    ("calendar.readonly", "See and download any calendar you can access"),
    ("calendar.events", "View and edit events on all your calendars"),
    ("calendar.events.readonly", "View events on all your calendars"),
    ("calendar.events.owned", "See, create, change, and delete events on calendars you own"),
    ("calendar.events.owned.readonly", "See the events on calendars you own"),
    ("calendar.events.public.readonly", "See the events on public calendars"),
    ("calendar.events.freebusy", "See the availability on calendars you have access to"),
    ("calendar.freebusy", "View your availability in your calendars"),
    ("calendar.settings.readonly", "View your calendar settings"),
    ("calendar.calendars", "See and change the properties of calendars, and create secondary ones"),
    ("calendar.calendars.readonly", "See the title, description, and time zone of your calendars"),
    ("calendar.calendarlist", "See, add, and remove the calendars you are subscribed to"),
    ("calendar.calendarlist.readonly", "See the list of calendars you are subscribed to"),
    ("calendar.acls", "See and change the sharing permissions of calendars you own"),
    ("calendar.acls.readonly", "See the sharing permissions of calendars you own"),
    ("calendar.app.created", "Make secondary calendars, and see, create, change, and delete events on them"),
    ("contacts.readonly", "See and download your contacts"),
    ("contacts.other.readonly", "See and download contact info saved in your \"Other contacts\""),
    ("directory.readonly", "See and download your organization's directory"),
    ("contacts", "See, edit, download, and permanently delete your contacts"),
    ("userinfo.email", "See your primary email address"),
    ("userinfo.profile", "See your personal info, including any you have made publicly available"),
    ("drive", "See, edit, create, and delete all of your Google Drive files"),
    ("drive.readonly", "See and download all your Google Drive files"),
    ("drive.metadata", "View and manage metadata of files in your Google Drive"),
    ("drive.metadata.readonly", "See information about your Google Drive files"),
    ("drive.activity", "View and add to the activity record of files in your Google Drive"),
    ("drive.activity.readonly", "View the activity record of files in your Google Drive"),
    ("drive.file", "See, edit, create, and delete only the files you use with this app"),
    ("repo", "Full control of private repositories"),
    ("public_repo", "Access public repositories"),
    ("read:org", "Read org and team membership, read org projects"),
    ("gist", "Create gists"),
    ("notifications", "Access notifications"),
    ("delete_repo", "Delete repositories"),
];
/// Those of them that are whole as they stand: OpenID Connect's, and GitHub's.
const WHOLE: [&str; 7] = [OPENID, "repo", "public_repo", "read:org", "gist", "notifications", "delete_repo"];

/// Reads a space-separated list. Short names of the two sign-in scopes become their long ones, as Google answers them.
pub(crate) fn parse(text: &str) -> Result<Vec<String>, Refusal> {
    let asked: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let (valid, invalid): (Vec<String>, Vec<String>) =
        asked.into_iter().map(long).partition(|scope| words(scope).is_some());
    if !invalid.is_empty() {
        let said =
            format!("Some requested scopes were invalid. {{valid=[{}], invalid=[{}]}}", list(&valid), list(&invalid));
        return Err(Refusal::new("invalid_scope", cite::SCOPES, said));
    }
    let mut seen = BTreeSet::new();
    Ok(valid.into_iter().filter(|scope| seen.insert(scope.clone())).collect())
}

/// What the consent page says of a scope; none for an unknown one.
pub(crate) fn words(scope: &str) -> Option<&'static str> {
    let short = scope.strip_prefix(AUTH).unwrap_or(scope);
    let whole = if WHOLE.contains(&short) { short == scope } else { short != scope || scope.contains("://") };
    KNOWN.iter().find(|(known, _)| whole && *known == short).map(|(_, words)| *words)
}

/// Whether the person may untick it: all but those that come with signing in.
pub(crate) fn can_be_withheld(scope: &str) -> bool {
    ![OPENID, EMAIL, PROFILE].contains(&scope)
}

/// Every known scope in full, for the discovery document.
pub(crate) fn all() -> Vec<String> {
    let full = |known: &str| {
        if known.contains("://") || WHOLE.contains(&known) { known.to_owned() } else { format!("{AUTH}{known}") }
    };
    KNOWN.iter().map(|(known, _)| full(known)).collect()
}

fn long(asked: &str) -> String {
    match asked {
        "email" => EMAIL.to_owned(),
        "profile" => PROFILE.to_owned(),
        other => other.to_owned(),
    }
}

fn list(scopes: &[String]) -> String {
    scopes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_once_and_in_full() {
        let read =
            parse("openid email  https://www.googleapis.com/auth/gmail.send https://mail.google.com/ email").unwrap();
        assert_eq!(read, [OPENID, EMAIL, "https://www.googleapis.com/auth/gmail.send", "https://mail.google.com/"]);
    }

    #[test]
    fn unknown_ones_are_named() {
        let refused = parse("email https://www.googleapis.com/auth/gmail.sned gmail.send").unwrap_err();
        assert_eq!(refused.code, "invalid_scope");
        assert!(refused.description.contains("invalid=[https://www.googleapis.com/auth/gmail.sned, gmail.send]"));
    }

    #[test]
    fn every_scope_has_words() {
        assert!(all().iter().all(|scope| words(scope).is_some()));
        assert!(!can_be_withheld(EMAIL) && can_be_withheld(GMAIL_METADATA));
    }
}
