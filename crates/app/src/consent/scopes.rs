//! What is asked for, in words, and what was granted against it.

use valetkey_connectors::Connector;

/// A scope with what a person can read in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedScope {
    /// The scope as the provider names it.
    pub name: String,
    /// What it allows, in the connector file's own words, which are English; none for a scope that the file does not
    /// know.
    pub words: Option<String>,
}

/// These scopes with the connector's words for them.
pub(super) fn described(connector: &Connector, scopes: Vec<String>) -> Vec<AskedScope> {
    let one = |name: String| AskedScope { words: connector.scope_words.get(&name).cloned(), name };
    scopes.into_iter().map(one).collect()
}

/// The scopes that were asked and not granted. A provider that says nothing granted all (RFC 6749 §5.1), and some leave
/// out what is in another scope.
pub(super) fn withheld(connector: &Connector, asked: &[String], granted: Option<&[String]>) -> Vec<String> {
    let Some(granted) = granted else { return Vec::new() };
    let granted = connector.scope_includes.with_narrower(granted);
    let missing = |scope: &&String| !permits_nothing(scope) && !granted.iter().any(|given| covers(given, scope));
    asked.iter().filter(missing).cloned().collect()
}

/// Scopes that shape the answer of the token endpoint and permit no call; providers often leave them out.
fn permits_nothing(scope: &str) -> bool {
    matches!(scope, "openid" | "offline_access" | "offline" | "refresh_token")
}

/// Whether a granted scope is the asked one: some providers answer with the long form of a short name (Google's
/// `email` comes back as `https://www.googleapis.com/auth/userinfo.email`, Microsoft's `Mail.Read` as
/// `https://graph.microsoft.com/Mail.Read`).
fn covers(given: &str, asked: &str) -> bool {
    let long = |tail: &str| {
        given.starts_with("https://") && given.strip_suffix(tail).is_some_and(|head| head.ends_with(['/']))
    };
    given == asked || (!asked.contains('/') && (long(asked) || long(&format!("userinfo.{asked}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_connectors::Catalog;

    fn missing(asked: &[&str], granted: &[&str]) -> Vec<String> {
        missing_at("slack", asked, Some(granted))
    }

    fn missing_at(connector: &str, asked: &[&str], granted: Option<&[&str]>) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let connector = Catalog::shipped().unwrap().connector(connector).unwrap();
        withheld(&connector, &owned(asked), granted.map(owned).as_deref())
    }

    /// GitHub says `user gist` where `user gist user:email` was asked for and given: it calls that normalized scopes
    /// (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps#normalized-scopes>).
    #[test]
    fn what_github_leaves_out_because_it_is_in_another_scope_was_not_withheld() {
        let missing = |asked: &[&str], granted: &[&str]| missing_at("github", asked, Some(granted));
        assert!(missing(&["read:org", "admin:org", "gist"], &["admin:org", "gist"]).is_empty());
        let parts = ["repo", "repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"];
        assert!(missing(&parts, &["repo"]).is_empty());
        assert!(missing(&["read:repo_hook", "admin:repo_hook"], &["admin:repo_hook"]).is_empty());
        assert_eq!(missing(&["read:org", "admin:org"], &["read:org"]), ["admin:org"]);
        assert_eq!(missing(&["repo", "notifications", "delete_repo"], &["repo"]), ["notifications", "delete_repo"]);
    }

    #[test]
    fn attack_19_what_was_unticked_is_named() {
        assert_eq!(missing(&["a", "b"], &["a"]), ["b"]);
        assert_eq!(missing(&["a"], &["a", "more"]), Vec::<String>::new());
        assert_eq!(missing(&["https://g/auth/mail.read"], &["https://g/auth/mail.readonly"]).len(), 1);
        assert!(missing_at("slack", &["a"], None).is_empty());
    }

    #[test]
    fn a_short_name_may_come_back_long() {
        let google = "https://www.googleapis.com/auth/userinfo.email";
        assert!(missing(&["openid", "email", "offline_access"], &[google]).is_empty());
        assert!(missing(&["Mail.Read"], &["https://graph.microsoft.com/Mail.Read"]).is_empty());
        assert_eq!(missing(&["mail"], &["https://x.example/webmail"]), ["mail"]);
    }
}
