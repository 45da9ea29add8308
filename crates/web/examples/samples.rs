//! Writes every page as an HTML file, with the stylesheets beside them, so that they can be looked at: what users see in every
//! language, and in a made-up one from right to left; the dashboard's as they are.
//! `cargo run -p valetkey-web --example samples -- <folder>`.

use std::path::Path;
use valetkey_web::{Language, dashboard_samples, pseudo_samples, samples};

const PALETTE: &str = include_str!("../assets/palette.css");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let styles =
        [("pages", include_str!("../assets/pages.css")), ("dashboard", include_str!("../assets/dashboard.css"))];
    for (name, style) in styles {
        std::fs::write(folder.join(format!("{name}.css")), format!("{PALETTE}{style}"))?;
    }
    for language in Language::ALL {
        write(folder, language.code(), samples(language)?)?;
    }
    write(folder, "rtl", pseudo_samples()?)?;
    write(folder, "dashboard", dashboard_samples()?)
}

fn write(folder: &Path, group: &str, pages: Vec<(String, String)>) -> Result<(), Box<dyn std::error::Error>> {
    for (name, html) in pages {
        std::fs::write(folder.join(format!("{name}.{group}.html")), with_styles_beside(&html)?)?;
    }
    Ok(())
}

/// The address of a stylesheet has a hash in it, and begins at the server's root.
fn with_styles_beside(html: &str) -> Result<String, Box<dyn std::error::Error>> {
    for name in ["pages", "dashboard"] {
        if let Some((before, after)) = html.split_once(&format!("href=\"&#x2f;assets&#x2f;{name}-")) {
            let after = after.split_once('"').ok_or("an address without an end")?.1;
            return Ok(format!("{before}href=\"{name}.css\"{after}"));
        }
    }
    Err("a page without a stylesheet".into())
}
