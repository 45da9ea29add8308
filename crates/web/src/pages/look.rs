//! How the app looks whose pages these are: its colour as a stylesheet of our own, its logo served by us.

use serde::Serialize;
use valetkey_domain::brand::{Brand, Colour, Shades};

/// How an app looks on a page; what is absent looks like Valetkey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Look {
    /// Where the stylesheet of its colour is.
    pub(crate) stylesheet: Option<String>,
    /// Where its logo is.
    pub(crate) logo: Option<String>,
}

impl Look {
    /// One with both, for samples.
    pub(crate) fn sample() -> Self {
        Self { stylesheet: Some("/assets/brand/7a1fa2.css".into()), logo: Some("/assets/logo/0a0b".into()) }
    }
}

impl From<&Brand> for Look {
    fn from(brand: &Brand) -> Self {
        Self {
            stylesheet: brand.colour.map(|colour| format!("/assets/brand/{}.css", colour.digits())),
            logo: brand.logo.as_ref().map(|hash| format!("/assets/logo/{hash}")),
        }
    }
}

/// The stylesheet of a colour: everything of it follows from the colour, so its address alone says what it is.
pub(crate) fn stylesheet(colour: Colour) -> String {
    let rule = |Shades { accent, strong, on }: Shades| {
        format!(
            ".branded {{ --accent: {accent}; --accent-strong: {strong}; --on-accent: {on}; --tint: var(--ground); }}"
        )
    };
    let [light, dark] = colour.shades().map(rule);
    format!("{light}\n@media (prefers-color-scheme: dark) {{\n  {dark}\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_domain::brand::GROUNDS;

    /// What a colour is held against is what people read on.
    #[test]
    fn the_grounds_are_those_of_the_stylesheet() {
        let palette = include_str!("../../assets/palette.css");
        let (light, dark) = palette.split_once("prefers-color-scheme: dark").unwrap();
        for (text, [sheet, ground]) in [light, dark].into_iter().zip(GROUNDS) {
            assert!(text.contains(&format!("--sheet: {sheet};")) && text.contains(&format!("--ground: {ground};")));
        }
    }

    #[test]
    fn a_stylesheet_has_both_themes_and_loads_nothing() {
        let text = stylesheet(Colour::parse("#7a1fa2").unwrap());
        assert!(text.starts_with(".branded { --accent: #7a1fa2;") && text.contains("dark"), "{text}");
        assert!(!text.contains("url(") && !text.contains("@import"));
    }
}
