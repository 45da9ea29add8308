//! Settings.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;
use valetkey_domain::member::Role;

/// What an app is given, and who may do what.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    /// The frame.
    pub(crate) frame: Frame,
    /// What SDKs are given as environment URL.
    pub(crate) environment_url: String,
    /// Where browsers and MCP clients go.
    pub(crate) public_url: String,
    /// The app's name on consent pages.
    pub(crate) display_name: String,
    /// The API clients.
    pub(crate) clients: Vec<ClientRow>,
    /// The members.
    pub(crate) members: Vec<MemberRow>,
    /// The roles there are.
    pub(crate) roles: Vec<&'static str>,
    /// The host of the OpenID provider at which members may sign in.
    pub(crate) provider: Option<String>,
    /// One's own browsers.
    pub(crate) sessions: Vec<SessionRow>,
    /// Whether one has a password.
    pub(crate) has_password: bool,
    /// A secret that is shown this once.
    pub(crate) secret: Option<NewSecret>,
    /// A link that is shown this once.
    pub(crate) link: Option<NewLink>,
    /// The client to make, as it was typed.
    pub(crate) new_client: NewClient,
    /// The member to add, as it was typed.
    pub(crate) new_member: NewMember,
    /// Who says that a person who signed in is the app's user, as it is or as it was typed.
    pub(crate) verification: Verification,
    /// Which form was refused.
    pub(crate) refused: Option<SettingsForm>,
    /// What was wrong with it.
    pub(crate) wrong: Option<String>,
}

/// A form of the page that can be refused, so that the words stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SettingsForm {
    /// Of a new API client.
    Client,
    /// Of a new member.
    Member,
    /// What is changed of one that is there.
    Members,
    /// Of who verifies users.
    Verification,
    /// Of one's own password.
    Password,
}

/// Who says that a person who signed in is the app's user.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verification {
    /// The way, as the command line has it.
    pub(crate) mode: String,
    /// Where people go to be confirmed.
    pub(crate) url: String,
    /// Which state of it the form was made from.
    pub(crate) seen: String,
}

/// A client to make.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewClient {
    /// Its name.
    pub(crate) name: String,
    /// Whether it may read users' tokens.
    pub(crate) reads_secrets: bool,
}

impl Default for NewClient {
    /// An SDK reads tokens where it calls an app by itself, which is what most are for.
    fn default() -> Self {
        Self { name: String::new(), reads_secrets: true }
    }
}

/// A member to add.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewMember {
    /// Its name.
    pub(crate) name: String,
    /// Its role.
    pub(crate) role: String,
}

impl Default for NewMember {
    fn default() -> Self {
        Self { name: String::new(), role: Role::Developer.as_str().to_owned() }
    }
}

/// An API client.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClientRow {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Whether it may read users' tokens.
    pub(crate) reads_secrets: bool,
    /// When it was made.
    pub(crate) created: Moment,
}

/// A member.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MemberRow {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its role.
    pub(crate) role: &'static str,
    /// Whether it can sign in by itself.
    pub(crate) has_password: bool,
    /// Whether it is oneself.
    pub(crate) own: bool,
}

/// A browser of one's own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SessionRow {
    /// Its id.
    pub(crate) id: String,
    /// Which browser it is, on what.
    pub(crate) browser: String,
    /// What it calls itself.
    pub(crate) agent: String,
    /// When it was last seen.
    pub(crate) seen: Moment,
    /// Whether it is this one.
    pub(crate) own: bool,
}

/// A client's new secret.
#[derive(Clone, Serialize)]
pub(crate) struct NewSecret {
    /// The client.
    pub(crate) client_id: String,
    /// Its name.
    pub(crate) name: String,
    /// The secret.
    pub(crate) client_secret: String,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A member's new link.
#[derive(Clone, Serialize)]
pub(crate) struct NewLink {
    /// The member.
    pub(crate) name: String,
    /// The link.
    pub(crate) url: String,
    /// Until when it opens.
    pub(crate) until: Moment,
}

impl std::fmt::Debug for NewLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLink").field("name", &self.name).finish_non_exhaustive()
    }
}

framed!(Settings, "dashboard/settings.html", {
    let moment = || Moment::from(Timestamp::UNIX_EPOCH);
    let member =
        |name: &str, role, own| MemberRow { id: "mem_1".into(), name: name.into(), role, has_password: own, own };
    let session = |own| SessionRow {
        id: "ses_1".into(),
        browser: "Firefox on Linux".into(),
        agent: "Firefox/140.0".into(),
        seen: moment(),
        own,
    };
    let first = Self {
        frame: Frame::sample(Section::Settings),
        environment_url: "https://localhost:8443".into(),
        public_url: "http://localhost:8080/".into(),
        display_name: String::new(),
        clients: vec![],
        members: vec![member("owner", "owner", true)],
        roles: vec!["owner", "developer", "auditor", "support"],
        provider: None,
        sessions: vec![session(true)],
        has_password: false,
        secret: None,
        link: None,
        new_client: NewClient::default(),
        new_member: NewMember::default(),
        verification: Verification { mode: "none".into(), url: String::new(), seen: " ".into() },
        refused: None,
        wrong: None,
    };
    let client = |name: &str, reads_secrets| ClientRow {
        id: "skc_1".into(),
        name: name.into(),
        reads_secrets,
        created: moment(),
    };
    let secret = NewSecret { client_id: "skc_1".into(), name: "shop".into(), client_secret: "vks_0000".into() };
    let link = NewLink { name: "bob".into(), url: "http://localhost:8080/login/0000".into(), until: moment() };
    let used = Self {
        display_name: "Acme Assistant".into(),
        clients: vec![client("shop", true), client("local-shell", false)],
        members: vec![member("owner", "owner", true), member("bob@example.com", "auditor", false)],
        provider: Some("login.acme.example".into()),
        sessions: vec![session(true), session(false)],
        has_password: true,
        secret: Some(secret),
        link: Some(link),
        ..first.clone()
    };
    let refused = |of, words: &str| Self { refused: Some(of), wrong: Some(words.into()), ..used.clone() };
    let client = Self {
        new_client: NewClient { name: "\"><b>".into(), reads_secrets: false },
        ..refused(SettingsForm::Client, "A client's name has 1 to 100 characters.")
    };
    let member = Self {
        new_member: NewMember { name: "bob@example.com".into(), role: "auditor".into() },
        ..refused(SettingsForm::Member, "There is a member 'bob@example.com' already.")
    };
    let members = refused(SettingsForm::Members, "An installation needs an owner.");
    let verification = Self {
        verification: Verification { mode: "b2b".into(), url: "\"><b>".into(), seen: " ".into() },
        ..refused(SettingsForm::Verification, "User_verify_url is not a web address.")
    };
    let password = refused(SettingsForm::Password, "The password you have now is another one.");
    vec![
        ("settings-first", first),
        ("settings", used),
        ("settings-client-refused", client),
        ("settings-member-refused", member),
        ("settings-members-refused", members),
        ("settings-verification-refused", verification),
        ("settings-password-refused", password),
    ]
});
