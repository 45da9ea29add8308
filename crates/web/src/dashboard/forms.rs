//! What forms and queries hold.

use axum::body::Body;
use multer::{Constraints, Multipart, SizeLimit};
use std::time::Duration;
use valetkey_app::Error;
use valetkey_domain::{Kind, Secret};

/// Names the dashboard's forms: a session has one token for all of them.
pub(super) const FORM: &str = "dashboard";

/// Names the form to sign in with, which a browser without a session is shown.
pub(super) const SIGN_IN: &str = "sign in";

/// The most bytes of a form: a whitelist of every tool there is.
pub(super) const MAX_FORM: usize = 256 * 1024;

/// The most bytes of a form with a document: the document, as text that a browser encodes, and what is said beside it.
pub(super) const MAX_WITH_DOCUMENT: usize = 3 * valetkey_app::connections::imports::MAX_BYTES + MAX_FORM;

/// The most members of a form.
const MAX_FIELDS: usize = 5_000;

/// What a form or a query holds, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>, Vec<(String, Vec<u8>)>);

impl Fields {
    /// Reads a form's body or a query.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).take(MAX_FIELDS);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(), Vec::new())
    }

    /// Reads a form that may hold files (RFC 7578), with the same bounds. None if it is too large, or no such form.
    async fn parse_parts(boundary: &str, body: Body, most: usize) -> Option<Self> {
        let limit = SizeLimit::new().whole_stream(u64::try_from(most).unwrap_or(u64::MAX));
        let limits = Constraints::new().size_limit(limit);
        let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, limits);
        let mut fields = Self::default();
        while let Some(part) = parts.next_field().await.ok()? {
            let Some(name) = part.name().map(ToOwned::to_owned) else { continue };
            if fields.0.len() + fields.1.len() >= MAX_FIELDS {
                break;
            }
            match part.file_name() {
                Some(_) => fields.1.push((name, part.bytes().await.ok()?.to_vec())),
                None => fields.0.push((name, part.text().await.ok()?)),
            }
        }
        Some(fields)
    }

    /// The file of this name, if one was chosen.
    pub(super) fn file(&self, name: &str) -> Option<&[u8]> {
        self.1.iter().find(|(of, bytes)| of == name && !bytes.is_empty()).map(|(_, bytes)| bytes.as_slice())
    }

    /// The first value of this name without blanks at its ends; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(of, _)| of == name).map_or("", |(_, value)| value.trim())
    }

    /// The length of time that a field says in minutes, none if it says no number.
    pub(super) fn minutes(&self, name: &str) -> Option<Duration> {
        self.text(name).parse::<u32>().ok().map(|minutes| Duration::from_secs(u64::from(minutes) * 60))
    }

    /// The same, none if it is empty.
    pub(super) fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }

    /// A value that is not trimmed and not shown again.
    pub(super) fn secret(&self, name: &str) -> Option<Secret<str>> {
        let found = self.0.iter().find(|(of, _)| of == name)?;
        (!found.1.is_empty()).then(|| Secret::from(found.1.as_str()))
    }

    /// All values of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// All names with their values, in order.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Whether there is a value of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// Whether an error is about what a form says, so that it is told beside it; any other has a page of its own.
pub(super) fn is_the_forms(error: &Error) -> bool {
    matches!(error.kind(), Kind::InvalidArgument | Kind::AlreadyExists | Kind::FailedPrecondition | Kind::Aborted)
}

/// What a form of at most so many bytes holds; none if that is too much.
pub(super) async fn read(kind: Option<&str>, body: Body, most: usize) -> Option<Fields> {
    if let Some(boundary) = kind.and_then(|kind| multer::parse_boundary(kind).ok()) {
        return Fields::parse_parts(&boundary, body, most).await;
    }
    let bytes = axum::body::to_bytes(body, most).await.ok()?;
    Some(Fields::parse(&bytes))
}
