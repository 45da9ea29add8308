//! Which account a request means: by its id, or by connector (the connection's name) and identifier. With an id the
//! rest is not looked at.

use valetkey_app::accounts::AccountRef;
use valetkey_app::{Error, Result};
use valetkey_domain::account::Owner;
use valetkey_domain::id::AccountId;
use valetkey_domain::name::Identifier;
use valetkey_proto::v1::connected_accounts as wire;

use crate::services::shared::{id, non_empty};

/// The members by which every request of this kind names an account.
#[derive(Default)]
pub(super) struct Address {
    pub(super) id: Option<String>,
    pub(super) connector: Option<String>,
    pub(super) identifier: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) user: Option<String>,
}

impl Address {
    /// The account that is meant.
    ///
    /// # Errors
    /// Neither an id nor connector and identifier are given.
    pub(super) fn which(self) -> Result<AccountRef> {
        match self.id.clone().and_then(non_empty) {
            Some(text) => Ok(AccountRef::Id(id(AccountId::parse, &text)?)),
            None => self.of().map(|(connector, owner)| AccountRef::Of(connector, owner)),
        }
    }

    /// Connection and owner of an account that may not be there yet.
    ///
    /// # Errors
    /// One of them is missing, or the identifier breaks its rule.
    pub(super) fn of(self) -> Result<(String, Owner)> {
        let member = |text: Option<String>, name: &str| {
            let missing = || Error::invalid(format!("{name} is missing: give connector and identifier, or an id"));
            text.and_then(non_empty).ok_or_else(missing)
        };
        let connector = member(self.connector, "connector")?;
        let identifier = Identifier::parse(&member(self.identifier, "identifier")?)?;
        let owner = Owner {
            identifier,
            organization: self.organization.and_then(non_empty),
            user: self.user.and_then(non_empty),
        };
        Ok((connector, owner))
    }
}

/// Takes the address out of each kind of request.
macro_rules! addressed {
    ($($request:ident),* $(,)?) => {$(
        impl From<&mut wire::$request> for Address {
            fn from(request: &mut wire::$request) -> Self {
                Self {
                    id: request.id.take(),
                    connector: request.connector.take(),
                    identifier: request.identifier.take(),
                    organization: request.organization_id.take(),
                    user: request.user_id.take(),
                }
            }
        }
    )*};
}

addressed!(
    DeleteConnectedAccountRequest,
    GetConnectedAccountByIdentifierRequest,
    GetMagicLinkForConnectedAccountRequest,
    UpdateConnectedAccountRequest,
);

#[cfg(test)]
mod tests {
    use super::*;

    fn address(id: Option<&str>, connector: Option<&str>, identifier: Option<&str>) -> Address {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Address { id: text(id), connector: text(connector), identifier: text(identifier), ..Address::default() }
    }

    #[test]
    fn an_id_wins_and_empty_is_absent() {
        assert!(matches!(address(Some("ca_1"), Some("gmail"), Some("u")).which().unwrap(), AccountRef::Id(_)));
        let AccountRef::Of(connector, owner) = address(Some(""), Some("gmail"), Some("u")).which().unwrap() else {
            panic!("an empty id names nothing");
        };
        assert_eq!((connector.as_str(), owner.identifier.as_str()), ("gmail", "u"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let message = |address: Address| address.which().map(drop).unwrap_err().message().to_owned();
        assert!(message(address(None, None, Some("u"))).starts_with("connector is missing"));
        assert!(message(address(None, Some("gmail"), Some(""))).starts_with("identifier is missing"));
    }
}
