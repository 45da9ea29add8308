//! What a connection's secrets are sealed for: where they may go, and what must not have moved since.

use super::endpoints::origin;
use super::wired::{Wired, endpoints_of};
use valetkey_connectors::remote::Remote;
use valetkey_domain::account::ConnectedAccount;

impl Wired {
    /// The origins to which this account's credentials may go: the token, revocation and identity endpoints and the API
    /// hosts, in order.
    #[must_use]
    pub fn audience(&self, account: &ConnectedAccount) -> Vec<String> {
        let hosts = self.connector.hosts_of(&account.api_config);
        let remote = self.connector.remote.as_ref().and_then(Remote::origin);
        in_order(self.ends(account).chain(hosts.into_iter().map(|host| format!("https://{host}"))).chain(remote))
    }

    /// Whether a credential that is sealed for these origins may still be used: they are those of now, but for hosts that the
    /// connector's file has gained with a release. Nobody who sets connections up can add one of those: every endpoint has
    /// to be among the origins of then.
    #[must_use]
    pub fn keeps(&self, account: &ConnectedAccount, sealed_for: &[String]) -> bool {
        let now = self.audience(account);
        let moved = self.ends(account).any(|origin| !sealed_for.contains(&origin));
        // What a custom provider gains, somebody who sets connections up has added.
        let is_the_connectors = |origin: &&String| {
            self.connector.custom.is_none()
                && self.connector.hosts.iter().any(|host| **origin == format!("https://{host}"))
        };
        let gained = now.iter().filter(|origin| !sealed_for.contains(origin));
        !moved && sealed_for.iter().all(|origin| now.contains(origin)) && { gained }
            .all(|origin| is_the_connectors(&origin))
    }

    /// The origins of the endpoints that this account's tokens go to. One that can't be made for it gets none.
    fn ends(&self, account: &ConnectedAccount) -> impl Iterator<Item = String> {
        let ends = &self.endpoints;
        let urls = [&ends.token_url, &ends.revoke_url, &ends.identity_url, &ends.api_base_url];
        let own = |url: &String| self.connector.endpoint(url, &account.api_config).ok().and_then(|url| origin(&url));
        urls.into_iter().flatten().filter_map(own).collect::<Vec<_>>().into_iter()
    }

    /// The origins that the OAuth client's secret is sealed for: those of the token and the revocation endpoint, to which it
    /// is sent, and of every endpoint that the connection names itself, since tokens are had with it. Moved to another
    /// origin, be it in the database, none of them gets a token that this secret would bring.
    #[must_use]
    pub fn secret_audience(&self) -> Vec<String> {
        let own = &self.connection.settings;
        // As they are written: one secret serves all accounts.
        let ends = endpoints_of(self.way(), own);
        let sent = [&ends.token_url, &ends.revoke_url];
        let named = [&own.authorize_url, &own.identity_url, &own.api_base_url];
        let written = |url: &String| self.connector.written_origin(url).map(str::to_owned).or_else(|| origin(url));
        in_order(sent.into_iter().chain(named).flatten().filter_map(written))
    }

    /// What a consent's PKCE verifier is sealed for: every endpoint as it stood when the consent began, to the letter. Of
    /// one that was moved meanwhile nobody was told.
    #[must_use]
    pub fn verifier_audience(&self) -> Vec<String> {
        let standing = |(name, url): (&str, Option<&str>)| format!("{name} {}", url.unwrap_or_default());
        self.endpoints.named().into_iter().map(standing).collect()
    }
}

fn in_order(origins: impl Iterator<Item = String>) -> Vec<String> {
    let mut origins: Vec<String> = origins.collect();
    origins.sort();
    origins.dedup();
    origins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{FILE, fixture};
    use valetkey_connectors::Catalog;
    use valetkey_domain::connection::{Connection, Settings};

    #[tokio::test]
    async fn attack_25_a_release_may_add_a_host_and_nobody_else_may() {
        let fixture = fixture("{rotates: true}").await;
        let account = &fixture.account;
        let wired = |file: &str, settings: Settings| {
            let mut catalog = Catalog::shipped().unwrap();
            catalog.add("acme.yaml", file).unwrap();
            let connection = Connection { settings, ..fixture.connection.clone() };
            Wired::with(catalog.connector("acme").unwrap(), connection)
        };
        let file = FILE.replace("REFRESH", "{rotates: true}");
        let settings = &fixture.connection.settings;
        let then = wired(&file, settings.clone()).audience(account);
        let gained = file.replace("hosts: [", "hosts: [more.example, ");
        assert_ne!(gained, file);
        let released = wired(&gained, settings.clone());
        assert_ne!(released.audience(account), then);
        assert!(released.keeps(account, &then));
        assert!(!wired(&file, settings.clone()).keeps(account, &released.audience(account)), "a host that is gone");
        for host in ["https://more.example", "https://evil.example"] {
            let moved = Settings { api_base_url: Some(host.to_owned()), ..settings.clone() };
            assert!(!wired(&gained, moved).keeps(account, &then), "{host}");
            let moved = Settings { token_url: Some(format!("{host}/token")), ..settings.clone() };
            assert!(!wired(&gained, moved).keeps(account, &then), "{host}");
        }
    }
}
