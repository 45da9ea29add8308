//! Every sealed value of the database, opened in its place and forgotten at once. One that was damaged, moved, or put
//! back after it was replaced does not open.

use super::report::{Part, cause};
use crate::connections::{self, Wired};
use crate::events::webhooks;
use crate::tenancy::environments;
use crate::{App, Error, Result};
use valetkey_core::context;
use valetkey_core::places::{self, CredentialRow};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;
use valetkey_domain::ctx::{Actor, Progress};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::sealed::InFlight;
use valetkey_storage::{Page, accounts, connections as connection_rows, revocations, sealed};
use valetkey_vault::Purpose;

/// How many rows are read at a time.
const PAGE: u32 = 200;

/// How many values that do not open are listed; more are counted.
const LISTED: u64 = 50;

/// Looks at all of them.
pub(super) async fn look(app: &App, progress: &dyn Progress) -> Result<Part> {
    let mut looker = Looker { app, progress, part: Part::of("sealed"), opened: 0, shut: 0 };
    for environment in environments::list(app).await? {
        let ctx = context::enter(&app.core, environment.id, Actor::Operator);
        looker.accounts(&ctx).await?;
        looker.connections(&ctx).await?;
        looker.consents(&ctx).await?;
        looker.revocations(&ctx).await?;
        looker.webhooks(&ctx).await?;
    }
    let (all, shut) = app.core.keyring.try_signing().await?;
    looker.opened += all - u64::try_from(shut.len()).unwrap_or(all);
    for (id, error) in shut {
        looker.failed("signing_keys.private_sealed", &id, &error);
    }
    Ok(looker.done())
}

/// A consent in flight with what says where its values are sealed.
struct Consent {
    consent: InFlight,
    account: ConnectedAccount,
    connection: Connection,
}

/// The next page of them; the transaction has ended before a value is opened, for that may take a KMS.
async fn in_flight(app: &App, ctx: &Ctx, behind: &str) -> Result<Vec<Consent>> {
    let mut tx = app.core.store.read().await?;
    let mut page = Vec::new();
    for consent in sealed::in_flight(ctx, &mut tx, behind, i64::from(PAGE)).await? {
        let account = accounts::get(ctx, &mut tx, &consent.account).await?;
        let connection = connection_rows::get(ctx, &mut tx, &consent.connection).await?;
        // Both are there as long as the consent is: the schema says so.
        page.extend(account.zip(connection).map(|(account, connection)| Consent { consent, account, connection }));
    }
    Ok(page)
}

struct Looker<'a> {
    app: &'a App,
    progress: &'a dyn Progress,
    part: Part,
    opened: u64,
    shut: u64,
}

impl Looker<'_> {
    async fn accounts(&mut self, ctx: &Ctx) -> Result<()> {
        let (filter, mut page) = (accounts::Filter::default(), Page { size: PAGE, after: None });
        loop {
            let found = accounts::list(ctx, &mut self.app.core.store.read().await?, &filter, &page).await?;
            for account in &found.items {
                self.account(ctx, account).await;
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    async fn account(&mut self, ctx: &Ctx, account: &ConnectedAccount) {
        let Some(held) = &account.credential else { return };
        let place = places::credential(ctx, CredentialRow::Account(account, held.generation), &held.audience);
        let keyring = &self.app.core.keyring;
        let tried = keyring.try_value(&ctx.environment, Purpose::Credential, &place, &held.sealed).await;
        self.note("connected_accounts.credential", account.id.as_str(), tried);
    }

    async fn connections(&mut self, ctx: &Ctx) -> Result<()> {
        let (filter, mut page) = (connection_rows::Filter::default(), Page { size: PAGE, after: None });
        loop {
            let found = connections::list(self.app, ctx, &filter, &page).await?;
            for connection in &found.items {
                if connection.client_secret.is_some() {
                    let tried = match Wired::of(self.app, connection.clone()) {
                        Ok(wired) => connections::try_secret(self.app, &wired).await,
                        Err(error) => Err(error),
                    };
                    self.note("connections.client_secret", connection.id.as_str(), tried);
                }
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    async fn consents(&mut self, ctx: &Ctx) -> Result<()> {
        let mut behind = String::new();
        loop {
            let page = in_flight(self.app, ctx, &behind).await?;
            let Some(last) = page.last() else { return Ok(()) };
            behind = last.consent.authorization.to_string();
            for pending in &page {
                self.consent(ctx, pending).await;
            }
        }
    }

    async fn consent(&mut self, ctx: &Ctx, Consent { consent, account, connection }: &Consent) {
        let (keyring, environment) = (&self.app.core.keyring, &ctx.environment);
        if let Some((value, audience)) = &consent.waiting {
            let place = places::credential(ctx, CredentialRow::Pending(&consent.authorization, account), audience);
            let tried = keyring.try_value(environment, Purpose::Credential, &place, value).await;
            self.note("pending_credentials.sealed", consent.authorization.as_str(), tried);
        }
        // A verifier opens only towards the token endpoint that stood when it was sealed.
        let stood = connection.updated_at <= consent.created_at;
        if let (Some(value), true) = (&consent.verifier, stood) {
            let tried = async {
                let wired = Wired::of(self.app, connection.clone())?;
                let audience = wired.clone().at(account).unwrap_or(wired).verifier_audience();
                let place = places::verifier(ctx, &consent.authorization, account, &audience);
                keyring.try_value(environment, Purpose::Flow, &place, value).await
            };
            let tried = tried.await;
            self.note("authorizations.verifier", consent.authorization.as_str(), tried);
        }
    }

    async fn revocations(&mut self, ctx: &Ctx) -> Result<()> {
        let mut behind = String::new();
        loop {
            let mut tx = self.app.core.store.read().await?;
            let page = revocations::page(ctx, &mut tx, &behind, i64::from(PAGE)).await?;
            drop(tx);
            let Some(last) = page.last() else { return Ok(()) };
            behind = last.id.to_string();
            for revocation in &page {
                let (place, keyring) = (places::revocation(revocation), &self.app.core.keyring);
                let tried = keyring.try_value(&ctx.environment, Purpose::Credential, &place, &revocation.sealed).await;
                self.note("revocations.sealed", revocation.id.as_str(), tried);
            }
        }
    }

    async fn webhooks(&mut self, ctx: &Ctx) -> Result<()> {
        for webhook in webhooks::list(self.app, ctx).await? {
            for tried in webhooks::try_secrets(self.app, ctx, &webhook).await {
                self.note("webhooks.secret", webhook.id.as_str(), tried);
            }
        }
        Ok(())
    }

    fn note(&mut self, column: &str, row: &str, tried: Result<()>) {
        match tried {
            Ok(()) => self.opened += 1,
            Err(error) => self.failed(column, row, &error),
        }
        self.progress.report(self.opened + self.shut, None, "sealed values opened");
    }

    fn failed(&mut self, column: &str, row: &str, error: &Error) {
        self.shut += 1;
        if self.shut > LISTED {
            return;
        }
        let found = format!("{column} of {row} does not open: {}", cause(error));
        // The connector of a connection may be missing: then nobody can say for whom its secret was sealed.
        match error.kind() {
            Kind::FailedPrecondition => self.part.warning(found, "start with all connector files (--connectors)"),
            _ => self.part.problem(found, "it was damaged, or somebody who can write the database moved or changed it"),
        }
    }

    fn done(mut self) -> Part {
        if self.shut > LISTED {
            let more = self.shut - LISTED;
            self.part.problem(format!("{more} more values do not open"), "mend those above, and run this again");
        }
        self.part.checked(format!("{} values open in their places", self.opened));
        self.part
    }
}
