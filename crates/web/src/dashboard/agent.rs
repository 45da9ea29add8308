//! Browsers by the names that people know, out of what they call themselves.

/// What a browser's text has in it, and what that means: the first that fits, since most call themselves by others' names too.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari/", "Safari"),
];

/// The same for what it runs on.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// "Firefox on Linux"; what nobody knows as it calls itself, cut.
pub(super) fn named(agent: &str) -> String {
    let first = |of: &[(&str, &'static str)]| of.iter().find(|(text, _)| agent.contains(text)).map(|(_, name)| *name);
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_the_names_that_people_know() {
        let of =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        assert_eq!(named(of), "Chrome on Linux");
        assert_eq!(named(&format!("{of} Edg/156.0")), "Edge on Linux");
        assert_eq!(
            named("Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) Version/20.0 Safari/604.1"),
            "Safari on iPhone"
        );
        assert_eq!(named("Mozilla/5.0 (Windows NT 10.0; rv:146.0) Gecko/20100101 Firefox/146.0"), "Firefox on Windows");
        assert_eq!(named(&"<b>".repeat(50)).len(), 60);
    }
}
