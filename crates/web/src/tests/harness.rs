//! A whole system in memory, and a browser of a few lines before it.

use crate::Web;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;
use url::Url;
use valetkey_app::consent;
use valetkey_app::entrance::doors;
use valetkey_app::tenancy::environments;
use valetkey_app::{App, Bounds, Settings, accounts, connections};
use valetkey_connectors::Catalog;
use valetkey_core::Core;
use valetkey_core::keyring::Keyring;
use valetkey_domain::Ctx;
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::connection;
use valetkey_domain::id::{AccountId, ConnectionId};
use valetkey_domain::name::Identifier;
use valetkey_outbound::{Outbound, Policy, SystemResolver};
use valetkey_storage::{Location, Store};
use valetkey_testkit::{ManualClock, SeededRng};
use valetkey_vault::RootKey;

/// How long a link opens.
pub(super) const LIFE: Duration = Duration::from_secs(15 * 60);

/// A system with one connection and one user, and the router of its pages.
pub(crate) struct Site {
    pub(crate) app: App,
    /// The database below it.
    pub(crate) store: Store,
    ctx: Ctx,
    account: AccountId,
    pub(crate) web: Web,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) connection: ConnectionId,
    /// The link's token.
    pub(super) link: String,
    pub(super) own: &'static str,
}

/// One at this `public_url`.
pub(crate) async fn site_at(own: &'static str) -> Site {
    site_with(own, connection::Settings::default(), Policy::default()).await
}

/// The use cases over an empty database.
async fn system(own: &str, policy: Policy) -> (App, Store, Arc<ManualClock>) {
    let (clock, rng) = (Arc::new(ManualClock::default()), Arc::new(SeededRng::new(7)));
    let store = Store::open(&valetkey_testkit::postgres().map_or(Location::Memory, Location::from)).await.unwrap();
    let keyring =
        Keyring::start(store.clone(), RootKey::generate().unwrap(), clock.clone(), rng.clone()).await.unwrap();
    let settings = Settings {
        public_url: own.parse().unwrap(),
        sdk_url: "https://localhost:8443".parse().unwrap(),
        chat_link_life: LIFE,
        mail_link_life: LIFE,
        journal_kept: None,
        bounds: Bounds::default(),
        sign_on: None,
        user_sign_in: Default::default(),
    };
    let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
    let mut catalog = Catalog::shipped().unwrap();
    catalog.add("typedkey.yaml", include_str!("../../../../tests/connectors/typedkey.yaml")).unwrap();
    catalog.add("typeddwd.yaml", include_str!("../../../../tests/connectors/typeddwd.yaml")).unwrap();
    let core = Core::start(store.clone(), keyring, catalog, outbound, settings, clock.clone(), rng).await.unwrap();
    (App::new(core), store, clock)
}

/// One whose connection is set up like this.
pub(super) async fn site_with(own: &'static str, settings: connection::Settings, policy: Policy) -> Site {
    let (app, store, clock) = system(own, policy).await;
    let environment = environments::ensure_first(&app).await.unwrap();
    let ctx = doors::operator(&app, &environment.id);
    let settings = connection::Settings { client_id: Some("client".into()), ..settings };
    let new = connections::New {
        name: Some("MY_GMAIL".into()),
        connector: "gmail".into(),
        settings,
        client_secret: Some("secret".into()),
    };
    let connection = connections::create(&app, &ctx, new).await.unwrap();
    let owner = Owner::of(Identifier::parse("user_123").unwrap());
    let account = accounts::ensure(&app, &ctx, &connection, owner).await.unwrap();
    let link = new_link(&app, &ctx, &connection, &account).await;
    Site {
        web: Web::open(app.clone()).unwrap(),
        app,
        store,
        ctx,
        clock,
        connection: connection.id,
        account: account.id,
        link,
        own,
    }
}

async fn new_link(app: &App, ctx: &Ctx, connection: &connection::Connection, account: &ConnectedAccount) -> String {
    let link = consent::link(app, ctx, connection, account, LIFE).await.unwrap().url;
    link.rsplit('/').next().unwrap().to_owned()
}

/// One where the README's `demo` has it.
pub(super) async fn site() -> Site {
    site_at("http://localhost:8080").await
}

/// An answer that was read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie as a browser sends it back.
    pub(super) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub(super) fn form_token(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"token\" value=\"").expect(&self.body);
        rest.split('"').next().unwrap().to_owned()
    }

    /// Where the browser goes on to by itself.
    pub(super) fn goes_on_to(&self) -> Url {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.header("refresh").strip_prefix("0; url=").expect(&self.body).parse().unwrap()
    }

    pub(super) fn says(&self, title: &str) -> bool {
        self.body.contains(&format!("<h1>{title}</h1>"))
    }
}

impl Site {
    pub(super) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.web.router().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers, "").await
    }

    pub(super) async fn post(&self, path: &str, cookie: &str, origin: &str, body: &str) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.ask(Method::POST, path, &[kind, ("cookie", cookie), ("origin", origin)], body).await
    }

    /// Asks for another link, and takes that one from now on.
    pub(super) async fn relink(&mut self) {
        let which = accounts::AccountRef::Id(self.account.clone());
        let (connection, account) = accounts::get(&self.app, &self.ctx, &which).await.unwrap();
        self.link = new_link(&self.app, &self.ctx, &connection, &account).await;
    }

    /// How the account stands.
    pub(super) async fn status(&self) -> &'static str {
        let which = accounts::AccountRef::Id(self.account.clone());
        accounts::get(&self.app, &self.ctx, &which).await.unwrap().1.status.name()
    }

    /// The account's id.
    pub(crate) fn account(&self) -> String {
        self.account.to_string()
    }

    /// Another user's account, connected in no browser.
    pub(crate) async fn another(&self, user: &str) -> String {
        let connection = connections::get(&self.app, &self.ctx, &self.connection).await.unwrap();
        let owner = Owner::of(Identifier::parse(user).unwrap());
        accounts::ensure(&self.app, &self.ctx, &connection, owner).await.unwrap().id.to_string()
    }

    /// Who the account is at the provider.
    pub(super) async fn subject(&self) -> Option<String> {
        let which = accounts::AccountRef::Id(self.account.clone());
        accounts::get(&self.app, &self.ctx, &which).await.unwrap().1.subject
    }

    pub(crate) fn page(&self) -> String {
        format!("/connect/{}", self.link)
    }

    /// Opens the link and presses the button: the browser's cookie and the provider's address.
    pub(super) async fn started(&self) -> (String, Url) {
        let page = self.get(&self.page(), &[]).await;
        let token = page.form_token();
        let answer = self.post(&self.page(), &page.cookie(), self.own, &format!("token={token}")).await;
        (page.cookie(), answer.goes_on_to())
    }

    /// The provider sends this back.
    pub(super) async fn callback(&self, connection: &str, cookie: &str, query: &str) -> Answer {
        self.get(&format!("/sso/v1/oauth/{connection}/callback?{query}"), &[("cookie", cookie)]).await
    }

    /// Follows a redirect of ours.
    pub(super) async fn follow(&self, answer: &Answer, cookie: &str) -> Answer {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.get(answer.header("location"), &[("cookie", cookie)]).await
    }
}

pub(super) fn state(provider: &Url) -> String {
    provider.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}
