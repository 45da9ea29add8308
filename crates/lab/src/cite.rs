//! The vendors' pages that refusals point to. A refusal without such a page is one of the lab's own and says so.

/// Google: OAuth 2.0 for web servers, its parameters and what they take.
pub(crate) const WEB_SERVER: &str = "https://developers.google.com/identity/protocols/oauth2/web-server#creatingclient";
/// Google: the list of scopes.
pub(crate) const SCOPES: &str = "https://developers.google.com/identity/protocols/oauth2/scopes";
/// Google: `redirect_uri_mismatch`.
pub(crate) const REDIRECT_URI: &str =
    "https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors-redirect-uri-mismatch";
/// Google: `invalid_client` at the authorization endpoint.
pub(crate) const INVALID_CLIENT: &str =
    "https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors-invalid-client";
/// Google: `invalid_request` at the authorization endpoint.
pub(crate) const INVALID_REQUEST: &str =
    "https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors-invalid-request";
/// Google: what comes back from consent, `access_denied` among it.
pub(crate) const CONSENT_ANSWER: &str =
    "https://developers.google.com/identity/protocols/oauth2/web-server#handlingresponse";
/// Google: exchanging a code.
pub(crate) const EXCHANGE: &str =
    "https://developers.google.com/identity/protocols/oauth2/web-server#exchange-authorization-code";
/// Google: refreshing an access token.
pub(crate) const REFRESH: &str = "https://developers.google.com/identity/protocols/oauth2/web-server#offline";
/// Google: why refresh tokens stop working.
pub(crate) const REFRESH_EXPIRY: &str = "https://developers.google.com/identity/protocols/oauth2#expiration";
/// Google: revoking.
pub(crate) const REVOKE: &str = "https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke";
/// OAuth 2.0: a code is used once, and a replay ends what came of it.
pub(crate) const CODE_ONCE: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2";
/// OAuth 2.0: how a client authenticates, and that it does so in one way.
pub(crate) const CLIENT_SECRET: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1";
/// OAuth 2.0: no parameter stands twice.
pub(crate) const PARAMETER_ONCE: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-3.1";
/// OAuth 2.0: the token endpoint takes POST and a form.
pub(crate) const TOKEN_REQUEST: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-3.2";
/// OAuth 2.0: errors of the token endpoint.
pub(crate) const TOKEN_ERRORS: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-5.2";
/// OAuth 2.0: a refresh asks for no more than was granted.
pub(crate) const REFRESH_SCOPE: &str = "https://www.rfc-editor.org/rfc/rfc6749#section-6";
/// PKCE: the authorization server's check of the verifier.
pub(crate) const PKCE: &str = "https://www.rfc-editor.org/rfc/rfc7636#section-4.6";
/// PKCE: the form of the challenge.
pub(crate) const CHALLENGE: &str = "https://www.rfc-editor.org/rfc/rfc7636#section-4.3";
/// OpenID Connect: `prompt=none` where a page would be needed.
pub(crate) const PROMPT: &str = "https://openid.net/specs/openid-connect-core-1_0.html#AuthError";
/// OpenID Connect: the nonce of an authentication request. It is optional there in the code flow; many servers want it.
pub(crate) const NONCE: &str = "https://openid.net/specs/openid-connect-core-1_0.html#NonceNotes";
/// Bearer tokens: the answers to a missing or a bad one.
pub(crate) const BEARER: &str = "https://www.rfc-editor.org/rfc/rfc6750#section-3.1";
/// Google: the userinfo endpoint.
pub(crate) const USERINFO: &str =
    "https://developers.google.com/identity/openid-connect/openid-connect#obtaininguserprofileinformation";
/// Gmail: errors and what to do about them.
pub(crate) const GMAIL_ERRORS: &str = "https://developers.google.com/workspace/gmail/api/guides/handle-errors";
/// Gmail: sending, and the form of `raw`.
pub(crate) const GMAIL_SEND: &str = "https://developers.google.com/workspace/gmail/api/guides/sending";
/// Gmail: search in the API, with its time zone.
pub(crate) const GMAIL_FILTER: &str = "https://developers.google.com/workspace/gmail/api/guides/filtering";
/// Gmail: the operators of search.
pub(crate) const GMAIL_OPERATORS: &str = "https://support.google.com/mail/answer/7190";
/// Gmail: which scope allows what.
pub(crate) const GMAIL_SCOPES: &str = "https://developers.google.com/workspace/gmail/api/auth/scopes";
/// Gmail: labels, and which of them may be changed.
pub(crate) const GMAIL_LABELS: &str = "https://developers.google.com/workspace/gmail/api/guides/labels";
/// Gmail: filters.
pub(crate) const GMAIL_FILTERS: &str = "https://developers.google.com/workspace/gmail/api/guides/filter_settings";
/// Gmail: the automatic reply.
pub(crate) const GMAIL_VACATION: &str = "https://developers.google.com/workspace/gmail/api/guides/vacation_settings";
/// Gmail: sender addresses and signatures.
pub(crate) const GMAIL_ALIASES: &str =
    "https://developers.google.com/workspace/gmail/api/guides/alias_and_signature_settings";
/// Gmail: what changed since a point, and how long that is known.
pub(crate) const GMAIL_SYNC: &str = "https://developers.google.com/workspace/gmail/api/guides/sync";
/// Gmail: telling a topic of changes.
pub(crate) const GMAIL_PUSH: &str = "https://developers.google.com/workspace/gmail/api/guides/push";
/// People: contacts.
pub(crate) const PEOPLE_CONTACTS: &str = "https://developers.google.com/people/v1/contacts";
/// Calendar: errors and what to do about them.
pub(crate) const CALENDAR_ERRORS: &str = "https://developers.google.com/workspace/calendar/api/guides/errors";
/// Calendar: calendars, and the list that each user has of them.
pub(crate) const CALENDAR_CALENDARS: &str =
    "https://developers.google.com/workspace/calendar/api/concepts/events-calendars";
/// Calendar: who may see a calendar.
pub(crate) const CALENDAR_SHARING: &str = "https://developers.google.com/workspace/calendar/api/concepts/sharing";
/// Calendar: when calendars are busy.
pub(crate) const CALENDAR_BUSY: &str =
    "https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query";
/// Calendar: the event and its members.
pub(crate) const CALENDAR_EVENT: &str = "https://developers.google.com/workspace/calendar/api/v3/reference/events";
/// Calendar: recurring events and their instances.
pub(crate) const CALENDAR_RECURRING: &str =
    "https://developers.google.com/workspace/calendar/api/concepts/events-calendars#recurring_events";
/// Calendar: which scope allows what.
pub(crate) const CALENDAR_SCOPES: &str = "https://developers.google.com/workspace/calendar/api/auth";
/// Calendar: entity tags.
pub(crate) const CALENDAR_ETAGS: &str = "https://developers.google.com/workspace/calendar/api/guides/version-resources";
/// Calendar: partial responses (`fields`).
pub(crate) const PARTIAL_RESPONSE: &str =
    "https://developers.google.com/workspace/calendar/api/guides/performance#partial-response";
/// Drive: errors and what to do about them.
pub(crate) const DRIVE_ERRORS: &str = "https://developers.google.com/workspace/drive/api/guides/handle-errors";
/// Drive: which scope allows what.
pub(crate) const DRIVE_SCOPES: &str = "https://developers.google.com/workspace/drive/api/guides/api-specific-auth";
/// Drive: the language of searches.
pub(crate) const DRIVE_SEARCH: &str = "https://developers.google.com/workspace/drive/api/guides/ref-search-terms";
/// Drive: which members are shown, and where they must be named.
pub(crate) const DRIVE_FIELDS: &str = "https://developers.google.com/workspace/drive/api/guides/fields-parameter";
/// Drive: sending files.
pub(crate) const DRIVE_UPLOADS: &str = "https://developers.google.com/workspace/drive/api/guides/manage-uploads";
/// Drive: getting files, and documents as something else.
pub(crate) const DRIVE_DOWNLOADS: &str = "https://developers.google.com/workspace/drive/api/guides/manage-downloads";
/// Drive: folders, and that a file lies in one.
pub(crate) const DRIVE_FOLDERS: &str = "https://developers.google.com/workspace/drive/api/guides/folder";
/// Drive: who may see a file.
pub(crate) const DRIVE_SHARING: &str = "https://developers.google.com/workspace/drive/api/guides/manage-sharing";
/// Drive: comments and replies.
pub(crate) const DRIVE_COMMENTS: &str = "https://developers.google.com/workspace/drive/api/guides/manage-comments";
/// Drive: what happened to files.
pub(crate) const DRIVE_ACTIVITY: &str = "https://developers.google.com/workspace/drive/activity/v2";
/// GitHub: scopes, and the headers that name them.
pub(crate) const GITHUB_SCOPES: &str =
    "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps";
/// GitHub: tokens that are none.
pub(crate) const GITHUB_AUTHENTICATION: &str =
    "https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api";
/// GitHub: issues.
pub(crate) const GITHUB_ISSUES: &str = "https://docs.github.com/en/rest/issues/issues";
/// GitHub: comments on issues.
pub(crate) const GITHUB_COMMENTS: &str = "https://docs.github.com/en/rest/issues/comments";
/// GitHub: labels.
pub(crate) const GITHUB_LABELS: &str = "https://docs.github.com/en/rest/issues/labels";
/// Google: what `alt`, `fields` and the like mean.
pub(crate) const SYSTEM_PARAMETERS: &str = "https://cloud.google.com/apis/docs/system-parameters";

/// The vendor's reference page of an operation, `gmail.users.messages.list` or `calendar.events.list`.
pub(crate) fn reference(operation: &str) -> String {
    if let Some((family, _)) = operation.split_once('/') {
        return format!("https://docs.github.com/en/rest/{family}");
    }
    let (api, rest) = operation.split_once('.').unwrap_or((operation, ""));
    let (resource, method) = rest.rsplit_once('.').unwrap_or((rest, ""));
    match api {
        "gmail" => format!("https://developers.google.com/workspace/gmail/api/reference/rest/v1/{resource}/{method}"),
        "people" => format!("https://developers.google.com/people/api/rest/v1/{resource}/{method}"),
        "drive" => format!("https://developers.google.com/workspace/drive/api/reference/rest/v3/{resource}/{method}"),
        "driveactivity" => DRIVE_ACTIVITY.to_owned(),
        "calendar" => format!("https://developers.google.com/workspace/calendar/api/v3/reference/{resource}/{method}"),
        _ => USERINFO.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_pages_have_the_vendors_form() {
        assert_eq!(
            reference("gmail.users.messages.attachments.get"),
            "https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages.attachments/get"
        );
        assert_eq!(
            reference("calendar.calendarList.list"),
            "https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list"
        );
    }
}
