//! How a connector is registered with its vendor: the guides of `docs/connectors`, read into what a template can show
//! without taking any of it for HTML.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;
use std::mem::take;

/// The guides: name and text.
const GUIDES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/guides.rs"));

/// How much of a guide says which connectors it is about.
const OPENING: usize = 800;

/// A piece of a guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Block {
    /// A heading; the guide's own title is none.
    Heading { spans: Vec<Span> },
    /// A paragraph.
    Text { spans: Vec<Span> },
    /// A list.
    List { ordered: bool, items: Vec<Vec<Span>> },
    /// A table; what its columns are called is plain.
    Table { columns: Vec<String>, rows: Vec<Vec<Vec<Span>>> },
    /// Lines to be typed.
    Code { text: String },
}

/// Words of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    /// The words.
    text: String,
    /// Whether they stand as they are typed.
    code: bool,
    /// Whether they are stressed.
    strong: bool,
    /// Where they lead on the web.
    href: Option<String>,
}

/// The guide of a connector; empty if there is none. One vendor's guide may be about several connectors.
pub(super) fn of(slug: &str) -> Vec<Block> {
    let named = GUIDES.iter().find(|(name, _)| *name == slug);
    let about = || {
        let word = format!("`{slug}`");
        GUIDES.iter().find(|(_, text)| text.get(..OPENING.min(text.len())).unwrap_or(text).contains(&word))
    };
    named.or_else(about).map(|(_, text)| read(text)).unwrap_or_default()
}

/// A guide that is about many, with what is said of this one in place of words in braces. It is filled after it was read, so
/// that a name is never taken for more than text, and once, so that none stands for another.
pub(super) fn filled(text: &str, words: &[(&str, String)]) -> Vec<Block> {
    let mut blocks = read(text);
    for span in blocks.iter_mut().flat_map(spans) {
        span.text = with_words(&span.text, words);
    }
    blocks
}

/// A paragraph that is no guide's.
pub(super) fn text(words: &str) -> Block {
    Block::Text { spans: vec![Span { text: words.to_owned(), ..Span::default() }] }
}

/// All words of a block that a guide about many may fill.
fn spans(block: &mut Block) -> Vec<&mut Span> {
    match block {
        Block::Heading { spans } | Block::Text { spans } => spans.iter_mut().collect(),
        Block::List { items, .. } => items.iter_mut().flatten().collect(),
        Block::Table { rows, .. } => rows.iter_mut().flatten().flatten().collect(),
        Block::Code { .. } => Vec::new(),
    }
}

fn with_words(text: &str, words: &[(&str, String)]) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, found)) = rest.split_once('{') {
        filled.push_str(before);
        let named = found.split_once('}').and_then(|(name, after)| {
            let word = words.iter().find(|(of, _)| of.trim_matches(['{', '}']) == name)?;
            Some((word.1.as_str(), after))
        });
        let (word, after) = named.unwrap_or(("{", found));
        filled.push_str(word);
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn read(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    Parser::new_ext(text, Options::ENABLE_TABLES).for_each(|event| reader.take(event));
    reader.blocks
}

/// What is being read.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    strong: bool,
    href: Option<String>,
    /// Lists within lists are told in one.
    depth: usize,
    ordered: bool,
    items: Vec<Vec<Span>>,
    columns: Vec<String>,
    rows: Vec<Vec<Vec<Span>>>,
    row: Vec<Vec<Span>>,
    code: Option<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.words(&text, false),
            },
            Event::Code(text) => self.words(&text, true),
            Event::SoftBreak | Event::HardBreak => self.words(" ", false),
            // A guide has nothing else; HTML in one would not be taken for it.
            _ => {}
        }
    }

    fn words(&mut self, text: &str, code: bool) {
        let span = Span { text: text.to_owned(), code, strong: self.strong, href: self.href.clone() };
        self.spans.push(span);
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::List(first) => {
                if self.depth == 0 {
                    self.ordered = first.is_some();
                }
                self.depth += 1;
                self.item();
            }
            Tag::CodeBlock(_) => self.code = Some(String::new()),
            Tag::Strong => self.strong = true,
            Tag::Link { dest_url, .. } if dest_url.starts_with("https://") => self.href = Some(dest_url.into_string()),
            _ => {}
        }
    }

    fn item(&mut self) {
        if !self.spans.is_empty() {
            self.items.push(take(&mut self.spans));
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let spans = take(&mut self.spans);
                if level as u8 > 1 {
                    self.blocks.push(Block::Heading { spans });
                }
            }
            TagEnd::Paragraph if self.depth > 0 => self.words(" ", false),
            TagEnd::Paragraph => self.blocks.push(Block::Text { spans: take(&mut self.spans) }),
            TagEnd::Item => self.item(),
            TagEnd::List(_) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.blocks.push(Block::List { ordered: self.ordered, items: take(&mut self.items) });
                }
            }
            TagEnd::TableCell => self.row.push(take(&mut self.spans)),
            TagEnd::TableHead => self.columns = take(&mut self.row).iter().map(|cell| plain(cell)).collect(),
            TagEnd::TableRow => self.rows.push(take(&mut self.row)),
            TagEnd::Table => {
                let (columns, rows) = (take(&mut self.columns), take(&mut self.rows));
                self.blocks.push(Block::Table { columns, rows });
            }
            TagEnd::CodeBlock => {
                let text = self.code.take().unwrap_or_default();
                self.blocks.push(Block::Code { text });
            }
            TagEnd::Strong => self.strong = false,
            TagEnd::Link => self.href = None,
            _ => {}
        }
    }
}

/// The words alone.
fn plain(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

/// A guide for samples.
pub(super) fn sample() -> Vec<Block> {
    read(
        "# Name\n\n## Registering\n\n1. At <https://vendor.example>, **make** an app.\n2. Its `redirect URI`.\n\n| | one |\n|---|---|\n\
         | <b>a</b> | b |\n\n```sh\nvaletkey connection create x\n```\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_connector_that_is_registered_has_its_guide() {
        for slug in ["gmail", "googlecalendar", "github", "slack"] {
            let guide = of(slug);
            assert!(guide.iter().any(|block| matches!(block, Block::Heading { .. })), "{slug}");
            assert!(guide.iter().any(|block| matches!(block, Block::List { .. } | Block::Table { .. })), "{slug}");
        }
        assert_eq!(of("gmail"), of("googlecalendar"));
        assert!(of("typedkey").is_empty() && of("").is_empty() && of("`").is_empty());
    }

    #[test]
    fn a_guide_is_read_into_its_parts_and_html_stays_text() {
        let blocks = sample();
        assert!(matches!(&blocks[0], Block::Heading { spans } if spans[0].text == "Registering"));
        let Block::List { ordered: true, items } = &blocks[1] else { panic!("{blocks:?}") };
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].iter().find_map(|span| span.href.as_deref()), Some("https://vendor.example"));
        assert!(
            items[0].iter().any(|span| span.strong && span.text == "make") && items[1].iter().any(|span| span.code)
        );
        assert!(matches!(&blocks[2], Block::Table { columns, rows } if *columns == ["", "one"] && rows.len() == 1));
        assert!(matches!(&blocks[3], Block::Code { text } if text.starts_with("valetkey")));
        let hostile = read("[x](javascript:alert(1)) <script>alert(1)</script>\n\n- a\n  - b\n- c");
        assert!(!format!("{hostile:?}").contains("href: Some"));
        assert!(matches!(&hostile[1], Block::List { items, .. } if items.len() == 3), "{hostile:?}");
    }
}
