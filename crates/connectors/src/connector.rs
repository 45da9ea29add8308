//! A connector, compiled: what the other rooms ask of one.

use crate::auth::{Auth, Field};
use crate::failure::{Failure, FailureKind};
use crate::file::AuthKind;
use crate::host::{OwnHost, Unfilled};
use crate::input::Input;
use crate::plan::Plan;
use crate::reasons::lacks_scope;
use crate::remote::{Remote, RemoteTool};
use crate::rules::{FailedRequest, Rules};
use crate::scopes::{ScopeIncludes, ScopeRule};
use crate::segment::{Reader, Segment};
use crate::sign_in::Verify;
use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use url::Url;
use valetkey_domain::Timestamp;
use valetkey_domain::tool::{Effect, Tool as Definition};

/// The longest answer in which it is looked for whether it refuses the token, in bytes.
const LONGEST_REFUSAL: usize = 16 * 1024;

/// One app.
#[derive(Debug)]
pub struct Connector {
    /// The name that its tools' names begin with.
    pub slug: String,
    /// The app's name, for people.
    pub display_name: String,
    /// The connector whose tools it repeats under its own name, if it does.
    pub alias_of: Option<String>,
    /// The hosts that a request may go to.
    pub hosts: Vec<String>,
    /// What the proxy appends whole paths to: an origin.
    pub proxy_url: String,
    /// The ways to sign in, the usual one first.
    pub ways: Vec<Auth>,
    /// What an account says of itself that requests need.
    pub account_fields: Vec<Field>,
    /// How a credential that somebody typed is tried, where it can be.
    pub verify: Option<Verify>,
    /// The scopes that a new connection asks for.
    pub default_scopes: Vec<String>,
    /// What scopes allow, in English words for the person who is asked for them.
    pub scope_words: IndexMap<String, String>,
    /// By scope, the narrower ones that are granted with it.
    pub scope_includes: Arc<ScopeIncludes>,
    /// Headers that the app always wants, on proxied calls too.
    pub headers: Vec<(String, String)>,
    /// Whether its tools were checked against a description of the vendor's; else they are from documentation.
    pub checked: bool,
    /// Documented tools that are not built, and why.
    pub not_yet: IndexMap<String, String>,
    /// Its tools in the order of the file; none of a remote server, which lists its own for each account.
    pub tools: IndexMap<String, Arc<Tool>>,
    /// The remote MCP server that it is, if it is one.
    pub remote: Option<Remote>,
    /// What is so of custom providers alone; none for one that came in a file.
    pub custom: Option<Custom>,
    pub(crate) upstream: Arc<Upstream>,
    /// What the search knows of it, once it was asked for.
    pub(crate) segment: OnceLock<Segment>,
    pub(crate) own_host: OwnHost,
    /// OAuth endpoints in which account fields stand, as they were written, and what fills them.
    pub(crate) own_endpoints: Vec<(String, OwnHost)>,
}

/// What is so of custom providers alone.
#[derive(Clone, Debug)]
pub struct Custom {
    /// Whether it is an MCP server, of which `proxy_url` is then the address.
    pub is_mcp: bool,
    /// Whether requests to its API may be made beside tools.
    pub proxy_enabled: bool,
    /// The domains that its host may lie in; none named means only that of `proxy_url`.
    pub allowed_domains: Vec<String>,
    /// The hash of its imported tools; empty if there are none.
    pub tools_digest: String,
}

/// One tool, ready to be called.
#[derive(Debug)]
pub struct Tool {
    /// What an agent sees.
    pub definition: Definition,
    /// What else people call what it does, in phrases.
    pub keywords: Vec<String>,
    /// What the user must have granted.
    pub scopes: ScopeRule,
    pub(crate) work: Work,
}

/// How a tool is called.
#[derive(Debug)]
pub(crate) enum Work {
    /// By requests of ours.
    Requests(Arc<Requests>),
    /// By the server that it is of.
    Remote(Box<RemoteTool>),
}

/// What makes a call of arguments.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(crate) input: Input,
    pub(crate) plan: Plan,
    pub(crate) effect: Effect,
    pub(crate) upstream: Arc<Upstream>,
}

/// What all tools of a connector share when they call.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) app: String,
    pub(crate) origin: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) rules: Rules,
}

impl Connector {
    /// The provider's name in the API: the slug in upper case.
    #[must_use]
    pub fn provider_key(&self) -> String {
        self.slug.to_ascii_uppercase()
    }

    /// The tool by which an alias repeats one of its original's.
    #[must_use]
    pub fn repeated(&self, original: &str) -> Option<&Arc<Tool>> {
        let rest = original.strip_prefix(self.alias_of.as_deref()?)?;
        self.tools.get(&format!("{}{rest}", self.slug))
    }

    /// What the search knows of it, which is read from its tools when it is first asked for.
    pub(crate) fn segment(&self) -> &Segment {
        let tools = self.tools.values().map(|tool| (&tool.definition, tool.keywords.as_slice()));
        self.segment.get_or_init(|| Reader::default().app(&self.slug, &self.display_name, tools))
    }

    /// What metrics call it: custom providers are as many as developers make, and one there.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.custom.is_some() { "custom" } else { &self.slug }
    }

    /// How far its tools can be trusted to be what the app has, in words.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match (&self.remote, self.checked) {
            (Some(_), _) => "listed by the server",
            (None, true) => "checked against the vendor",
            (None, false) => "from documentation",
        }
    }
    /// The way of this kind, else the usual one.
    #[must_use]
    pub fn way(&self, kind: Option<AuthKind>) -> &Auth {
        const NONE: &Auth = &Auth::None;
        let named = self.ways.iter().find(|way| Some(way.kind()) == kind);
        named.or(self.ways.first()).unwrap_or(NONE)
    }

    /// The origin of the API where it is each account's own; none where it is the same for all.
    ///
    /// # Errors
    /// The account lacks a part of it, or has one that would lead elsewhere.
    pub fn own_origin(&self, api_config: &Map<String, Value>) -> Result<Option<String>, Unfilled> {
        self.own_host.origin(&self.account_fields, api_config)
    }

    /// The hosts that a request of this account may go to. A host whose parts it lacks is none of them.
    #[must_use]
    pub fn hosts_of(&self, api_config: &Map<String, Value>) -> Vec<String> {
        self.own_host.hosts(&self.account_fields, api_config)
    }

    /// An OAuth endpoint as it is for an account.
    ///
    /// # Errors
    /// The account lacks a part of it, or has one that would lead elsewhere.
    pub fn endpoint<'a>(&self, written: &'a str, api_config: &Map<String, Value>) -> Result<Cow<'a, str>, Unfilled> {
        let Some(own) = self.own_endpoint(written) else { return Ok(Cow::Borrowed(written)) };
        let filled = own.origin(&self.account_fields, api_config)?;
        Ok(filled.map_or(Cow::Borrowed(written), Cow::Owned))
    }

    /// The origin of an OAuth endpoint in which account fields stand, with their names in braces; none of any other.
    #[must_use]
    pub fn written_origin(&self, written: &str) -> Option<&str> {
        self.own_endpoint(written).map(OwnHost::written)
    }

    fn own_endpoint(&self, written: &str) -> Option<&OwnHost> {
        self.own_endpoints.iter().find(|(known, _)| known == written).map(|(_, own)| own)
    }

    /// Whether a host of any domain can be made of what an account says in this field: who says it says where its key goes.
    #[must_use]
    pub fn may_lead_anywhere(&self, field: &str) -> bool {
        self.own_host.is_free(field)
    }

    /// The origin of the API, where it is the same for all accounts.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.own_host.written()
    }

    /// What the app says in an answer, in its own words.
    #[must_use]
    pub fn words(&self, answer: &Response<Bytes>) -> Option<String> {
        self.upstream.rules.words(&valetkey_domain::json::parse(answer.body()).ok()?)
    }

    /// What is wrong, if this answers the request that tries a credential; none if it was taken.
    #[must_use]
    pub fn refusal(&self, answer: &Response<Bytes>, now: Timestamp) -> Option<Failure> {
        let body = valetkey_domain::json::parse(answer.body()).unwrap_or(Value::Null);
        self.upstream.rules.failure(FailedRequest { changes: false, now }, answer.status(), answer.headers(), &body)
    }

    /// Whether an answer says that the access token is over, so that a new one may help. Where the consent is too small, that
    /// would be as small. Most apps say it with status 401; some in another one, or in a good answer, if that is short.
    #[must_use]
    pub fn refuses_token(&self, answer: &Response<Bytes>, now: Timestamp) -> bool {
        let status = answer.status();
        if lacks_scope(answer.headers()) {
            return false;
        }
        let told = answer.body().len() <= LONGEST_REFUSAL && self.upstream.rules.tells_ended(status);
        let is = |failure: Failure| failure.kind == FailureKind::Unauthenticated;
        status == StatusCode::UNAUTHORIZED || (told && self.refusal(answer, now).is_some_and(is))
    }

    /// Whether a request may go there: https to one of the hosts, or below the connection's own base URL.
    #[must_use]
    pub fn allows(&self, uri: &Uri, api_base_url: Option<&str>) -> bool {
        allows(&self.hosts, uri, api_base_url)
    }
}

impl Tool {
    /// Checks arguments against the schema; what comes back has defaults filled in.
    ///
    /// # Errors
    /// Everything that is wrong, for the model to correct.
    pub fn check(&self, arguments: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
        match &self.work {
            Work::Requests(requests) => requests.input.check(&self.definition.name, arguments),
            Work::Remote(remote) => remote.arguments.check(&self.definition.name, arguments),
        }
    }

    /// The scopes that were withheld; none where the tool may run. Nothing granted means unknown, and may run.
    #[must_use]
    pub fn missing_scopes(&self, granted: &[String]) -> Vec<String> {
        self.scopes.missing(granted)
    }

    /// Whether shaping its answer may take milliseconds, so that it belongs off the async threads.
    #[must_use]
    pub fn heavy(&self) -> bool {
        match &self.work {
            Work::Requests(requests) => requests.plan.output.heavy(),
            Work::Remote(_) => false,
        }
    }

    /// The server's tool that it stands for, if it is one of a remote server.
    #[must_use]
    pub const fn remote(&self) -> Option<&RemoteTool> {
        match &self.work {
            Work::Requests(_) => None,
            Work::Remote(remote) => Some(remote),
        }
    }

    /// Whether it only stands for tools that a remote server could not be asked for.
    #[must_use]
    pub fn is_stand_in(&self) -> bool {
        self.remote().is_some_and(|remote| remote.own_name.is_empty())
    }

    /// What a call has to be taken for until it is known better: that a stranger's tool only reads, the stranger says.
    #[must_use]
    pub const fn effect_at_most(&self) -> Effect {
        match (&self.work, self.definition.effect) {
            (Work::Remote(_), Effect::Read) => Effect::Write,
            (_, effect) => effect,
        }
    }
}

/// Whether a request may go to this address.
pub(crate) fn allows(hosts: &[String], uri: &Uri, api_base_url: Option<&str>) -> bool {
    let Ok(url) = Url::parse(&uri.to_string()) else { return false };
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    if let Some(own) = api_base_url {
        return Url::parse(own).is_ok_and(|own| lies_under(&url, &own));
    }
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && url.port().is_none() && hosts.iter().any(|known| known == host)
}

/// The same scheme, host and port, and a path that goes on where the other ends.
fn lies_under(url: &Url, base: &Url) -> bool {
    let prefix = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(prefix);
    url.origin() == base.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(uri: &str, own: Option<&str>) -> bool {
        allows(&["www.googleapis.com".to_owned()], &uri.parse().unwrap(), own)
    }

    #[test]
    fn only_https_to_the_listed_hosts() {
        assert!(may("https://www.googleapis.com/calendar/v3/x", None));
        for uri in [
            "http://www.googleapis.com/x",
            "https://www.googleapis.com:8443/x",
            "https://www.googleapis.com.evil.test/x",
            "https://evil.test/www.googleapis.com",
            "https://user@www.googleapis.com/x",
            "https://169.254.169.254/x",
        ] {
            assert!(!may(uri, None), "{uri}");
        }
    }

    #[test]
    fn a_token_that_is_over_is_known_by_the_apps_own_way_to_say_so() {
        let catalog = crate::Catalog::shipped().unwrap();
        let says = |connector: &str, status: u16, body: &str| {
            let answer = Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap();
            let now = "2026-11-22T12:00:00Z".parse().unwrap();
            catalog.connector(connector).unwrap().refuses_token(&answer, now)
        };
        assert!(says("slack", 200, r#"{"ok": false, "error": "token_expired"}"#));
        assert!(says(
            "linear",
            400,
            r#"{"errors": [{"message": "No", "extensions": {"code": "AUTHENTICATION_ERROR"}}]}"#
        ));
        for connector in ["slack", "linear", "gmail", "github", "notion"] {
            assert!(says(connector, 401, ""), "{connector}");
            assert!(!says(connector, 200, "{}") && !says(connector, 403, "{}"), "{connector}");
        }
        assert!(!says("slack", 200, r#"{"ok": false, "error": "channel_not_found"}"#));
        assert!(!says("gmail", 200, r#"{"error": {"status": "UNAUTHENTICATED"}}"#), "where no rule says so");
        let long = format!(r#"{{"ok": false, "error": "token_expired", "messages": "{}"}}"#, "x".repeat(20_000));
        assert!(!says("slack", 200, &long), "a long answer is not read twice");
    }

    #[test]
    fn a_base_url_of_the_connections_own_replaces_the_hosts() {
        let own = Some("http://127.0.0.1:8090/google");
        assert!(may("http://127.0.0.1:8090/google/calendar/v3", own));
        assert!(!may("http://127.0.0.1:8090/googles/calendar", own));
        assert!(!may("http://127.0.0.1:8091/google/calendar", own));
        assert!(!may("http://127.0.0.1:8090/google/../admin", own), "dots are resolved before the comparison");
        assert!(!may("https://evil.test/google/x", own));
    }
}
