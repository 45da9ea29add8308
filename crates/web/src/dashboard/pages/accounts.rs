//! Connected accounts.

use super::framed::framed;
use super::logs::Record;
use super::why::StepRow;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// All accounts.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Accounts {
    /// The frame.
    pub(crate) frame: Frame,
    /// What was searched for.
    pub(crate) query: String,
    /// The status that was asked for.
    pub(crate) status: String,
    /// The connection whose accounts were asked for.
    pub(crate) connection: String,
    /// The accounts.
    pub(crate) rows: Vec<AccountRow>,
    /// The other pages.
    pub(crate) pager: Pager,
    /// Whether these are those whose user's name begins so, and others may have it inside.
    pub(crate) begins: bool,
    /// What was wrong with the question.
    pub(crate) wrong: Option<String>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccountRow {
    /// Its id.
    pub(crate) id: String,
    /// Its user.
    pub(crate) identifier: String,
    /// Its connection's name.
    pub(crate) connection: String,
    /// Its status.
    pub(crate) status: &'static str,
    /// Why, and what to do.
    pub(crate) why: String,
    /// When it was last used.
    pub(crate) used: Option<Moment>,
}

impl AccountRow {
    fn sample(identifier: &str, status: &'static str, why: &str) -> Self {
        Self {
            id: "ca_1".into(),
            identifier: identifier.into(),
            connection: "MY_GMAIL".into(),
            status,
            why: why.into(),
            used: (status == "ACTIVE").then(|| Moment::from(Timestamp::UNIX_EPOCH)),
        }
    }
}

framed!(Accounts, "dashboard/accounts.html", {
    let frame = Frame::sample(Section::Accounts);
    let none = Self {
        frame,
        query: String::new(),
        status: String::new(),
        connection: String::new(),
        rows: vec![],
        pager: Pager::default(),
        begins: false,
        wrong: None,
    };
    let rows = vec![
        AccountRow::sample("john-doe", "ACTIVE", ""),
        AccountRow::sample("jane", "EXPIRED", "The app withdrew it: send the user a link to sign in again."),
        AccountRow::sample("<b>", "PENDING_AUTH", "The user has not signed in yet: send a link."),
    ];
    let begins = Self { rows: rows.clone(), query: "j".into(), begins: true, ..none.clone() };
    let some = Self { rows, query: "j".into(), status: "ACTIVE".into(), ..none.clone() };
    let of_one = Self { connection: "\"><b>".into(), ..some.clone() };
    let further = Self { query: "j".into(), pager: Pager::sample(), ..none.clone() };
    let wrong = Self { status: "\"><b>".into(), wrong: Some("There is no status '\"><b>'.".into()), ..none.clone() };
    vec![
        ("accounts-empty", none),
        ("accounts", some),
        ("accounts-further", further),
        ("accounts-wrong", wrong),
        ("accounts-begins", begins),
        ("accounts-of-a-connection", of_one),
    ]
});

/// One account.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccountPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The account.
    pub(crate) row: AccountRow,
    /// Its connection's id.
    pub(crate) connection_id: String,
    /// Who signed in at the provider.
    pub(crate) subject: String,
    /// What was granted.
    pub(crate) scopes: Vec<String>,
    /// When it was made.
    pub(crate) created: Moment,
    /// When its token ends.
    pub(crate) ends: Option<Moment>,
    /// Whether it is renewed by itself.
    pub(crate) renews: bool,
    /// A link for its user, with until when it opens.
    pub(crate) link: Option<(String, Moment)>,
    /// The tool that is asked about; empty for any.
    pub(crate) tool: String,
    /// What a call stands on.
    pub(crate) steps: Vec<StepRow>,
    /// The newest records of it.
    pub(crate) records: Vec<Record>,
}

framed!(AccountPage, "dashboard/account.html", {
    let moment = || Moment::from(Timestamp::UNIX_EPOCH);
    let active = Self {
        frame: Frame::sample(Section::Accounts),
        row: AccountRow::sample("john-doe", "ACTIVE", ""),
        connection_id: "conn_1".into(),
        subject: "john@example.com".into(),
        scopes: vec!["https://www.googleapis.com/auth/gmail.readonly".into()],
        created: moment(),
        ends: Some(moment()),
        renews: true,
        link: None,
        tool: String::new(),
        steps: vec![],
        records: vec![Record::sample()],
    };
    let expired = Self {
        row: AccountRow::sample("jane", "EXPIRED", "The app withdrew it: send the user a link to sign in again."),
        subject: String::new(),
        scopes: vec![],
        ends: None,
        renews: false,
        link: Some(("http://localhost:8080/connect/link".into(), moment())),
        tool: "gmail_trash".into(),
        steps: StepRow::samples(),
        records: vec![],
        ..active.clone()
    };
    vec![("account", active), ("account-expired", expired)]
});
