//! Writes every page in every language, and in a made-up one from right to left, as an HTML file, with the stylesheet beside them, so that they can be looked
//! at: `cargo run -p valetkey-web --example samples -- <folder>`.

use std::path::Path;
use valetkey_web::{Language, pseudo_samples, samples};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let styles = concat!(include_str!("../assets/palette.css"), include_str!("../assets/pages.css"));
    std::fs::write(folder.join("pages.css"), styles)?;
    for language in Language::ALL {
        write(folder, language.code(), samples(language)?)?;
    }
    write(folder, "rtl", pseudo_samples()?)
}

fn write(folder: &Path, language: &str, pages: Vec<(String, String)>) -> Result<(), Box<dyn std::error::Error>> {
    for (name, html) in pages {
        // The address of the stylesheet has a hash in it, and begins at the server's root.
        let (before, after) =
            html.split_once("href=\"&#x2f;assets&#x2f;pages-").ok_or("a page without a stylesheet")?;
        let after = after.split_once('"').ok_or("an address without an end")?.1;
        let html = format!("{before}href=\"pages.css\"{after}");
        std::fs::write(folder.join(format!("{name}.{language}.html")), html)?;
    }
    Ok(())
}
