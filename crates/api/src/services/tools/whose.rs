//! Whose account a request about tools means, as its messages say it.

use crate::services::shared::{id, non_empty};
use valetkey_app::Result;
use valetkey_app::tools::AccountQuery;
use valetkey_domain::id::AccountId;
use valetkey_domain::name::Identifier;

/// What is said of the account; what is empty is not said.
pub(super) fn query(
    account: Option<String>,
    connection: Option<String>,
    (identifier, organization, user): (Option<String>, Option<String>, Option<String>),
) -> Result<AccountQuery> {
    let given = |text: Option<String>| text.and_then(non_empty);
    Ok(AccountQuery {
        account: given(account).map(|text| id(AccountId::parse, &text)).transpose()?,
        connection: given(connection),
        identifier: given(identifier).map(|text| Identifier::parse(&text)).transpose()?,
        organization: given(organization),
        user: given(user),
    })
}
