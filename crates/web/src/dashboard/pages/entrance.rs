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
        vec![("sign-in".into(), first), ("sign-in-wrong".into(), wrong)]
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
