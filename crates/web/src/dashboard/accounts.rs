//! Connected accounts: who has signed in where, why one doesn't work, and what can be done for its user.

use super::frame::{Moment, Pager, Section};
use super::pages::{AccountPage, AccountRow, Accounts};
use super::visit::{Answer, Posted, Visit};
use axum::extract::Path;
use axum::response::Response;
use std::collections::HashMap;
use valetkey_app::accounts::{self, AccountRef};
use valetkey_app::insight::audit;
use valetkey_app::{Error, Listed, connections, consent};
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AccountId;
use valetkey_domain::member::Right;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Kind};

/// How many accounts a page shows, and how many records of one.
const SIZE: u32 = 50;
const RECORDS: u32 = 20;

type Named = Path<HashMap<String, String>>;

/// All accounts, or those that a search finds.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let (query, status, connection) = (visit.query("q"), visit.query("status"), visit.query("connection"));
    let wanted = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter = accounts::Filter {
        search: wanted(query),
        status: wanted(status),
        connections: wanted(connection).into_iter().collect(),
        ..Default::default()
    };
    let mut begins = false;
    let unknown = !status.is_empty() && !Status::NAMES.contains(&status);
    let (listed, wrong) = if unknown {
        let words = format!("There is no status '{status}': one of {}.", Status::NAMES.join(", "));
        (Listed { items: Vec::new(), next: None, previous: None, total: 0 }, Some(words))
    } else if let Some(begin) = beginning(&visit, &ctx, query, status).await? {
        begins = true;
        (begin, None)
    } else {
        match accounts::list(&visit.web.app, &ctx, &filter, &visit.list_page(SIZE)).await {
            Ok(listed) => (listed, None),
            Err(error) if error.kind() == Kind::NotFound => {
                let none = Listed { items: Vec::new(), next: None, previous: None, total: 0 };
                (none, Some(super::sentence::sentence(error.message())))
            }
            Err(error) => return Err(visit.fail(&error)),
        }
    };
    let mut names = HashMap::new();
    for account in &listed.items {
        if !names.contains_key(&account.connection) {
            let found = connections::get(&visit.web.app, &ctx, &account.connection).await;
            let name = found.map(|connection| connection.name.to_string()).unwrap_or_default();
            names.insert(account.connection.clone(), name);
        }
    }
    let name = |account: &ConnectedAccount| names.get(&account.connection).cloned().unwrap_or_default();
    let rows = listed.items.iter().map(|account| row(account, name(account))).collect();
    let words = [("q", query), ("status", status), ("connection", connection), ("inside", visit.query("inside"))];
    let (frame, pager) = (visit.frame(Section::Accounts), Pager::of(&listed, &words));
    let (query, status, connection) = (query.to_owned(), status.to_owned(), connection.to_owned());
    Ok(visit.page(&Accounts { frame, query, status, connection, rows, pager, begins, wrong }))
}

/// Those whose name begins with what is searched for, where there are so many accounts that looking inside of names takes
/// long; none if nobody's does, or if that was asked for.
async fn beginning(
    visit: &Visit,
    ctx: &Ctx,
    query: &str,
    status: &str,
) -> Result<Option<Listed<ConnectedAccount>>, Response> {
    let plain = ["connection", "inside", "page"].iter().all(|name| visit.query(name).is_empty());
    if query.is_empty() || !status.is_empty() || !plain {
        return Ok(None);
    }
    let found = accounts::beginning(&visit.web.app, ctx, query, SIZE).await.map_err(|error| visit.fail(&error))?;
    let found = found.filter(|found| !found.is_empty());
    Ok(found.map(|items| Listed { items, next: None, previous: None, total: 0 }))
}

fn row(account: &ConnectedAccount, connection: String) -> AccountRow {
    AccountRow {
        id: account.id.to_string(),
        identifier: account.owner.identifier.to_string(),
        connection,
        status: account.status.name(),
        why: why(account),
        used: account.last_used_at.map(Moment::from),
    }
}

/// Why an account stands as it does, and what mends it; empty if nothing is the matter.
pub(super) fn why(account: &ConnectedAccount) -> String {
    match (&account.status, &account.refusal) {
        (Status::Expired(reason), _) => {
            super::sentence::sentence(&format!("{}: send the user a link to sign in again", reason.sentence()))
        }
        (Status::PendingAuth, _) => "The user has not signed in yet: send a link.".to_owned(),
        (Status::PendingVerification, _) => {
            "The user signed in; the app has still to say that it was this user.".to_owned()
        }
        (Status::Disconnected, _) => "It was disconnected: a link connects it again.".to_owned(),
        (Status::Active, Some(refusal)) => super::sentence::sentence(&format!(
            "the provider did not renew its access ({} times in a row): {}",
            refusal.times, refusal.words
        )),
        (Status::Active, None) => String::new(),
    }
}

/// One account.
pub(crate) async fn show(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let (connection, account) = find(&visit, &ctx, &named).await?;
    page(&visit, &ctx, &connection, &account, None).await.map_err(|error| visit.fail(&error))
}

async fn find(
    visit: &Visit,
    ctx: &Ctx,
    named: &HashMap<String, String>,
) -> Result<(Connection, ConnectedAccount), Response> {
    let id = named.get("id").map_or("", String::as_str);
    let which =
        AccountId::parse(id).map(AccountRef::Id).map_err(|error| visit.fail(&Error::invalid(error.to_string())))?;
    accounts::get(&visit.web.app, ctx, &which).await.map_err(|error| visit.fail(&error))
}

async fn page(
    visit: &Visit,
    ctx: &Ctx,
    connection: &Connection,
    account: &ConnectedAccount,
    link: Option<(String, Moment)>,
) -> Result<Response, Error> {
    let records = audit::newest(&visit.web.app, ctx, Some(account.id.as_str()), RECORDS).await?;
    let names = super::logs::Names::read(visit, ctx).await?;
    Ok(visit.page(&AccountPage {
        frame: visit.frame(Section::Accounts),
        row: row(account, connection.name.to_string()),
        connection_id: connection.id.to_string(),
        subject: accounts::signed_in_as(&visit.web.app, ctx, &account.id).await?,
        scopes: account.scopes.clone(),
        created: Moment::from(account.created_at),
        ends: account.credential.as_ref().and_then(|credential| credential.expires_at).map(Moment::from),
        renews: account.credential.as_ref().is_some_and(|credential| credential.refreshable),
        link,
        tool: visit.query("tool").to_owned(),
        steps: super::why::of_account(visit, ctx, &account.id).await?,
        records: records.iter().map(|line| names.record(line)).collect(),
    }))
}

/// A link to send, disconnecting, deleting.
pub(crate) async fn change(Path(named): Named, Posted { visit, .. }: Posted) -> Answer {
    let ctx = visit.enter(Right::HelpUsers)?;
    let (connection, account) = find(&visit, &ctx, &named).await?;
    let (app, which) = (&visit.web.app, AccountRef::Id(account.id.clone()));
    match named.get("change").map(String::as_str) {
        Some("link") => linked(&visit, &ctx, &connection, account.owner).await.map_err(|error| visit.fail(&error)),
        Some("disconnect") => {
            accounts::disconnect(app, &ctx, &which).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go(&format!("/accounts/{}", account.id), "account-disconnected"))
        }
        Some("delete") => {
            accounts::delete(app, &ctx, &which).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go("/accounts", "account-deleted"))
        }
        _ => Err(visit.web.missing(&visit.asked)),
    }
}

/// A link for a user who need not have an account yet.
pub(crate) async fn make_link(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::HelpUsers)?;
    let made = async {
        let connection = connections::by_name(&visit.web.app, &ctx, form.text("connection")).await?;
        let owner = Owner::of(Identifier::parse(form.text("user"))?);
        linked(&visit, &ctx, &connection, owner).await
    };
    made.await.map_err(|error| visit.fail(&error))
}

/// The account's page with a fresh link.
async fn linked(visit: &Visit, ctx: &Ctx, connection: &Connection, owner: Owner) -> Result<Response, Error> {
    let (life, wishes) = (consent::Life::Mail, consent::LinkOptions::default());
    let (account, link) = consent::link_for(&visit.web.app, ctx, connection, owner, life, &wishes).await?;
    let link = (link.url, Moment::from(link.expires_at));
    page(visit, ctx, connection, &account, Some(link)).await
}
