//! What elements and their styles mean for reading.

/// Whether a style takes an element out of sight. Not a font of no size: layouts have that around what is seen.
pub(super) fn hides(style: &str) -> bool {
    let style = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let (mut flat, mut clipped) = (false, false);
    for (name, value) in style.split(';').filter_map(|rule| rule.split_once(':')) {
        match (name, value.trim_end_matches("!important")) {
            ("display", "none") | ("visibility", "hidden" | "collapse") | ("opacity", "0" | "0.0" | "0%") => {
                return true;
            }
            ("height" | "max-height", "0" | "0px") => flat = true,
            ("overflow", "hidden") => clipped = true,
            _ => {}
        }
    }
    flat && clipped
}

/// Elements that nothing is in.
pub(super) fn is_void(name: &[u8]) -> bool {
    const VOID: [&[u8]; 14] = [
        b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param", b"source",
        b"track", b"wbr",
    ];
    VOID.contains(&name)
}

/// Elements whose content is not for reading.
pub(super) fn is_unread(name: &[u8]) -> bool {
    const UNREAD: [&[u8]; 9] =
        [b"script", b"style", b"title", b"template", b"iframe", b"noembed", b"noframes", b"svg", b"datalist"];
    UNREAD.contains(&name)
}

/// Elements that an empty line stands before and after.
pub(super) fn is_paragraph(name: &[u8]) -> bool {
    matches!(name, b"p" | b"dl" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"blockquote" | b"pre")
}

/// Elements that begin a line and end it.
pub(super) fn is_block(name: &[u8]) -> bool {
    const BLOCK: [&[u8]; 35] = [
        b"address",
        b"article",
        b"aside",
        b"body",
        b"caption",
        b"center",
        b"dd",
        b"details",
        b"dialog",
        b"dir",
        b"div",
        b"dt",
        b"fieldset",
        b"figcaption",
        b"figure",
        b"footer",
        b"form",
        b"header",
        b"hr",
        b"legend",
        b"li",
        b"main",
        b"menu",
        b"nav",
        b"ol",
        b"option",
        b"section",
        b"summary",
        b"table",
        b"tbody",
        b"tfoot",
        b"thead",
        b"ul",
        b"listing",
        b"xmp",
    ];
    BLOCK.contains(&name)
}
