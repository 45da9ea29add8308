//! The KMS that holds the root key: `[transit]`, and the way there.

use crate::data::SETTINGS_FILE;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;
use valetkey_core::keyring::{Login, Transit as TransitRoot};
use valetkey_outbound::{Allowed, Outbound, Policy, SystemResolver};
use valetkey_vault::transit::TransitKey;

/// `[transit]` as it stands in the file: where a KMS holds the root key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transit {
    /// Scheme, host and port.
    pub(crate) address: Url,
    /// Where the engine is mounted; `transit` if it is not said.
    pub(crate) mount: Option<String>,
    /// The key's name.
    pub(crate) key: String,
    /// A file with a token.
    pub(crate) token_file: Option<PathBuf>,
    /// An AppRole's id, in place of a token.
    pub(crate) role_id: Option<String>,
    /// A file with its secret id.
    pub(crate) secret_id_file: Option<PathBuf>,
    /// Where the AppRole method is mounted; `approle` if it is not said.
    pub(crate) approle_mount: Option<String>,
}

impl Transit {
    /// The way to the KMS: one of its own, which goes where the settings say and, beside it, nowhere private. What may be
    /// reached on behalf of users is not widened by it.
    ///
    /// # Errors
    /// The address is more than that, or how to sign in is not said once.
    pub(super) fn open(&self) -> Result<TransitRoot> {
        let address = &self.address;
        let endpoint = endpoint(address).with_context(|| format!("{SETTINGS_FILE}: transit.address '{address}'"))?;
        let outbound = Outbound::new(Policy::allowing(vec![endpoint]), Arc::new(SystemResolver))?;
        let login = match (&self.token_file, &self.role_id, &self.secret_id_file) {
            (Some(file), None, None) => Login::Token(file.clone()),
            (None, Some(role), Some(secret_file)) => {
                let mount = self.approle_mount.clone().unwrap_or_else(|| "approle".into());
                Login::AppRole { mount, role: role.clone(), secret_file: secret_file.clone() }
            }
            _ => bail!("{SETTINGS_FILE}: [transit] needs token_file, or role_id with secret_id_file"),
        };
        let mount = self.mount.as_deref().unwrap_or("transit");
        Ok(TransitRoot::new(TransitKey::new(mount, &self.key), address.as_str(), login, outbound))
    }
}

fn endpoint(address: &Url) -> Result<Allowed> {
    let (host, port) = (address.host_str(), address.port_or_known_default());
    let (Some(host), Some(port)) = (host, port) else { bail!("it has no host") };
    anyhow::ensure!(address.path() == "/" && address.query().is_none(), "it is scheme, host and port alone");
    Ok(format!("{host}:{port}").parse::<Allowed>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kms_needs_an_address_and_one_way_to_sign_in() {
        let settings = |text: &str| toml::from_str::<Transit>(text).unwrap();
        let right = "address = 'http://127.0.0.1:8200'\nkey = 'valetkey'\n";
        assert!(Transit::open(&settings(&format!("{right}token_file = '/t'"))).is_ok());
        assert!(Transit::open(&settings(&format!("{right}role_id = 'r'\nsecret_id_file = '/s'"))).is_ok());
        for wrong in
            [right.to_owned(), format!("{right}role_id = 'r'"), format!("{right}token_file = '/t'\nrole_id = 'r'")]
        {
            assert!(Transit::open(&settings(&wrong)).unwrap_err().to_string().contains("token_file"), "{wrong}");
        }
        let path = "address = 'http://127.0.0.1:8200/v1'\nkey = 'k'\ntoken_file = '/t'";
        assert!(format!("{:#}", Transit::open(&settings(path)).unwrap_err()).contains("transit.address"));
    }
}
