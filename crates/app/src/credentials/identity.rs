//! Whose an access token is: the connector's own question to the provider.

use crate::App;
use crate::connections::Wired;
use valetkey_connectors::Identity;
use valetkey_domain::{Ctx, Secret};
use valetkey_outbound::oauth::{self as endpoint, TokenError};
use valetkey_storage::accounts::Subject;

/// What the provider says of a token.
pub(crate) enum Whose {
    /// There is no question to ask.
    NoQuestion,
    /// What was granted doesn't cover the question.
    NotCovered,
    /// Theirs.
    Theirs(Subject),
}

/// Asks whose a token is. `granted` is what it may be used for, as far as that is known.
///
/// # Errors
/// The provider does not say.
pub(crate) async fn whose(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    access_token: &Secret<str>,
    granted: Option<&[String]>,
) -> Result<Whose, TokenError> {
    let rule = wired.oauth().ok().and_then(|oauth| oauth.identity.as_ref());
    let (Some(rule), Some(url)) = (rule, &wired.endpoints.identity_url) else { return Ok(Whose::NoQuestion) };
    if !may_ask(rule, granted) {
        return Ok(Whose::NotCovered);
    }
    let outbound = app.core.outbound.of(&ctx.environment);
    let (headers, body) = (wired.connector.headers.as_slice(), rule.body.as_ref());
    let question = endpoint::Question { method: rule.method.clone(), url, headers, body };
    let answer = endpoint::identity(&outbound, &question, access_token).await?;
    let without = || TokenError::Nonsense("the question who signed in was answered without an id".to_owned().into());
    let (id, name) = rule.read(&answer).ok_or_else(without)?;
    Ok(Whose::Theirs(Subject { id, name }))
}

/// Whether the grant covers the question who it is; without a word about what was granted, it is tried.
fn may_ask(rule: &Identity, granted: Option<&[String]>) -> bool {
    let covered = |granted: &[String]| rule.scopes.iter().any(|scope| granted.contains(scope));
    rule.scopes.is_empty() || granted.is_none_or(covered)
}
