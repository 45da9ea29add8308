//! How the environment's app looks where its users consent.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Section};
use crate::pages::Look;
use serde::Serialize;

/// The form, and how it looks.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Branding {
    /// The frame.
    pub(crate) frame: Frame,
    /// The app's name as typed.
    pub(crate) name: String,
    /// Its colour as typed.
    pub(crate) colour: String,
    /// How it looks: as typed where a preview was asked for, else as it is saved.
    pub(crate) brand: Look,
    /// Whether what is shown is not saved yet.
    pub(crate) unsaved: bool,
    /// Whether a logo was chosen, which has to be chosen once more.
    pub(crate) logo_again: bool,
    /// Which state of it the form was made from.
    pub(crate) seen: String,
    /// The field that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

framed!(Branding, "dashboard/branding.html", {
    let plain = Self {
        frame: Frame::sample(Section::Settings),
        name: String::new(),
        colour: String::new(),
        brand: Look::default(),
        unsaved: false,
        logo_again: false,
        seen: "0000".into(),
        at: "",
        wrong: None,
    };
    let chosen = Self {
        name: "<b>Acme</b> Assistant".into(),
        colour: "#7a1fa2".into(),
        brand: Look::sample(),
        unsaved: true,
        logo_again: true,
        ..plain.clone()
    };
    let wrong = Self {
        colour: "\"><b>".into(),
        at: "colour",
        wrong: Some("A colour is written as #0b5d4e: six hexadecimal digits behind a #.".into()),
        ..plain.clone()
    };
    vec![("branding", plain), ("branding-preview", chosen), ("branding-wrong", wrong)]
});
