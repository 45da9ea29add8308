//! The pages before one is in, and the one that says what went wrong.

use crate::dashboard::frame::{Frame, Section};
use crate::pages::page::Page;
use http::StatusCode;
use serde::Serialize;

/// A one-time link.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Login {
    /// The form token.
    pub(crate) token: String,
    /// Whom it signs in; none if it opens no more.
    pub(crate) name: Option<String>,
}

impl Page for Login {
    const TEMPLATE: &'static str = "dashboard/login.html";
    const TRANSLATED: bool = false;

    fn samples() -> Vec<(String, Self)> {
        let login = |name: Option<&str>| Self { token: "0000".into(), name: name.map(Into::into) };
        vec![("login".into(), login(Some("owner"))), ("login-spent".into(), login(None))]
    }

    fn status(&self) -> StatusCode {
        if self.name.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND }
    }

    fn has_form(&self) -> bool {
        self.name.is_some()
    }
}

/// Name and password.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct SignIn {
    /// The form token.
    pub(crate) token: String,
    /// Where to go on to.
    pub(crate) next: Option<String>,
    /// A form that waits until somebody is signed in, to be sent to `next`; empty for none.
    pub(crate) kept: String,
    /// The OpenID provider's host, where members sign in at one.
    pub(crate) provider: Option<String>,
    /// The name as it was typed.
    pub(crate) name: String,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "dashboard/sign_in.html";
    const TRANSLATED: bool = false;

    fn samples() -> Vec<(String, Self)> {
        let first = Self { token: "0000".into(), ..Self::default() };
        let wrong = Self {
            name: "ann@example.com".into(),
            wrong: Some("Name and password do not fit.".into()),
            next: Some("/dashboard/development/configs".into()),
            ..first.clone()
        };
        let provider = Self { provider: Some("login.acme.example".into()), ..first.clone() };
        let kept = Self { kept: "name=%3Cb%3E&client_secret=".into(), ..wrong.clone() };
        vec![
            ("sign-in".into(), first),
            ("sign-in-wrong".into(), wrong),
            ("sign-in-kept".into(), kept),
            ("sign-in-provider".into(), provider),
        ]
    }

    fn has_form(&self) -> bool {
        true
    }
}

/// A form that could not be taken, to be sent again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Unsent {
    /// Where it is sent.
    pub(crate) to: String,
    /// The form token.
    pub(crate) token: String,
    /// What it holds.
    pub(crate) fields: Vec<(String, String)>,
    /// The secrets that it held, to be typed again: name, and what it is called.
    pub(crate) secrets: Vec<(&'static str, &'static str)>,
    /// The HTTP status.
    pub(crate) status: u16,
}

impl Page for Unsent {
    const TEMPLATE: &'static str = "dashboard/unsent.html";
    const TRANSLATED: bool = false;

    fn samples() -> Vec<(String, Self)> {
        let plain = Self {
            to: "/dashboard/development/settings/branding".into(),
            token: "0000".into(),
            fields: vec![("display_name".into(), "\"><b>".into())],
            secrets: vec![],
            status: 403,
        };
        let secret = Self { secrets: vec![("client_secret", "Client Secret, or key")], ..plain.clone() };
        vec![("unsent".into(), plain), ("unsent-secret".into(), secret)]
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::FORBIDDEN)
    }

    fn has_form(&self) -> bool {
        true
    }
}

/// Why a page can't be shown, or a change not be made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Failure {
    /// The frame.
    pub(crate) frame: Frame,
    /// Why, and what to do.
    pub(crate) words: String,
    /// The HTTP status.
    pub(crate) status: u16,
}

impl Page for Failure {
    const TEMPLATE: &'static str = "dashboard/failure.html";
    const TRANSLATED: bool = false;

    fn samples() -> Vec<(String, Self)> {
        let words = "MCP config 'cfg_1' not found.".into();
        vec![("failure".into(), Self { frame: Frame::sample(Section::Overview), words, status: 404 })]
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn has_form(&self) -> bool {
        true
    }

    fn has_script(&self) -> bool {
        true
    }
}
