//! How connectors sign in, and how what a user gave meets a request: the one place that knows the schemes.

use crate::{Error, Result};
use http::{HeaderValue, Request, header};
use valetkey_domain::Secret;

/// Puts an access token into a request. Nothing that shows headers shows it.
///
/// # Errors
/// The token is no header value.
pub(crate) fn present<B>(request: &mut Request<B>, access_token: &Secret<str>) -> Result<()> {
    let value = format!("Bearer {}", access_token.expose());
    let mut value =
        HeaderValue::try_from(value).map_err(|_| Error::internal("the stored access token is no header value"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, value);
    Ok(())
}
