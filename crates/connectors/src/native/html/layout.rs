//! Text as it is written: blanks and lines are held back until something visible follows.

use valetkey_domain::invisible::is_invisible;

/// How deep lists and quotations are shown; what is deeper stands there too.
const MAX_SHOWN: usize = 8;
/// The longest address of a link that is written.
const MAX_ADDRESS: usize = 2_000;

/// A link that is open.
#[derive(Debug)]
struct Link {
    address: String,
    /// Where its words begin, once there are some.
    start: Option<usize>,
}

/// The page as it grows.
#[derive(Debug, Default)]
pub(super) struct Layout {
    text: String,
    breaks: usize,
    blanks: usize,
    /// What goes before the next visible character: an item's mark.
    mark: Option<String>,
    quotes: usize,
    /// For each open list, the number of the next item, if it counts.
    lists: Vec<Option<i64>>,
    preformatted: usize,
    link: Option<Link>,
    /// The address that was written last: a picture, a title and a button often lead to one page.
    written: String,
    /// Where the present row of a table begins, and whether a cell ended in it.
    row: usize,
    cell_ended: bool,
}

impl Layout {
    /// Adds text between tags.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' if self.preformatted > 0 => self.break_line(),
                ' ' | '\t' | '\u{a0}' if self.preformatted > 0 => self.blanks += 1,
                _ if c.is_whitespace() => self.blanks = self.blanks.max(1),
                _ if is_invisible(c) && !is_of_script(c) => {}
                _ => self.visible(c),
            }
        }
    }

    fn visible(&mut self, c: char) {
        self.catch_up();
        if let Some(link) = &mut self.link
            && link.start.is_none()
        {
            link.start = Some(self.text.len());
        }
        self.text.push(c);
    }

    /// Writes what was held back.
    fn catch_up(&mut self) {
        let fresh = self.breaks > 0 || self.text.is_empty();
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', self.breaks.min(2)));
        }
        if fresh {
            self.begin_line();
        } else if self.cell_ended && self.row < self.text.len() {
            self.text.push_str(" | ");
        } else {
            self.text.extend(std::iter::repeat_n(' ', self.blanks));
        }
        (self.breaks, self.blanks, self.cell_ended) = (0, 0, false);
    }

    fn begin_line(&mut self) {
        self.text.extend(std::iter::repeat_n("> ", self.quotes.min(MAX_SHOWN)));
        let depth = self.lists.len().min(MAX_SHOWN);
        match self.mark.take() {
            Some(mark) => {
                self.text.extend(std::iter::repeat_n("  ", depth.saturating_sub(1)));
                self.text.push_str(&mark);
            }
            None => self.text.extend(std::iter::repeat_n("  ", depth)),
        }
        if self.preformatted > 0 {
            self.text.extend(std::iter::repeat_n(' ', self.blanks));
        }
    }

    /// Ends the line, if something stands on it.
    pub(super) fn end_line(&mut self) {
        self.breaks = self.breaks.max(1);
        self.blanks = 0;
    }

    /// Ends the line, and leaves one empty.
    pub(super) fn end_paragraph(&mut self) {
        // The first paragraph of an item stands beside its mark.
        self.breaks = if self.mark.is_some() { self.breaks.max(1) } else { 2 };
        self.blanks = 0;
    }

    /// One line break more, as somebody has put it.
    pub(super) fn break_line(&mut self) {
        self.breaks += 1;
        self.blanks = 0;
    }

    /// A list; one in another stands close to what is around it.
    pub(super) fn begin_list(&mut self, first: Option<i64>) {
        self.end_around_list();
        self.lists.push(first);
    }

    pub(super) fn end_list(&mut self) {
        self.lists.pop();
        self.mark = None;
        self.end_around_list();
    }

    fn end_around_list(&mut self) {
        if self.lists.is_empty() {
            self.end_paragraph();
        } else {
            self.end_line();
        }
    }

    pub(super) fn begin_item(&mut self) {
        self.end_line();
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => "- ".to_owned(),
        };
        self.mark = Some(mark);
    }

    pub(super) fn begin_quote(&mut self) {
        self.quotes += 1;
    }

    pub(super) fn end_quote(&mut self) {
        self.quotes = self.quotes.saturating_sub(1);
    }

    pub(super) fn begin_preformatted(&mut self) {
        self.preformatted += 1;
    }

    pub(super) fn end_preformatted(&mut self) {
        self.preformatted = self.preformatted.saturating_sub(1);
        self.blanks = self.blanks.min(1);
    }

    pub(super) fn begin_row(&mut self) {
        self.end_line();
        self.row = usize::MAX;
        self.cell_ended = false;
    }

    /// A cell of the present row. Cells of one line each stand beside each other.
    pub(super) fn begin_cell(&mut self) {
        if self.row == usize::MAX {
            self.row = self.text.len();
        } else if self.breaks == 0 {
            self.cell_ended = true;
        }
        self.blanks = 0;
    }

    /// A link to an address that somebody can open; another one makes no link of its words.
    pub(super) fn begin_link(&mut self, address: &str) {
        self.link = openable(address).map(|address| Link { address, start: None });
    }

    /// Writes the address behind the link's words, unless they say it or it was just written.
    pub(super) fn end_link(&mut self) {
        let Some(Link { address, start }) = self.link.take() else { return };
        let words = start.and_then(|start| self.text.get(start..)).unwrap_or_default();
        if address == self.written || says(words, &address) {
            return;
        }
        let shown = match address.len() {
            ..=MAX_ADDRESS => address.clone(),
            length => format!("a link of {length} characters, left out"),
        };
        if words.is_empty() {
            shown.chars().for_each(|c| self.visible(c));
        } else {
            self.text.push_str(" (");
            self.text.push_str(&shown);
            self.text.push(')');
        }
        self.written = address;
    }

    /// How much was written so far, in bytes.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn finish(mut self) -> String {
        self.end_link();
        self.text
    }
}

/// An address as it is written, if it leads somewhere: not into the page, not into a script.
fn openable(address: &str) -> Option<String> {
    let address: String = address.trim().chars().filter(|c| !is_invisible(*c)).collect();
    let (scheme, rest) = address.split_once(':')?;
    let known = ["http", "https", "mailto", "tel", "ftp", "sms"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (known && !rest.trim_matches('/').is_empty()).then(|| address.replace(' ', "%20"))
}

/// Whether the words of a link are its address.
fn says(words: &str, address: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().trim_end_matches('/');
        let text = ["https://", "http://", "mailto:", "tel:"]
            .iter()
            .find_map(|start| text.strip_prefix(start))
            .unwrap_or(text);
        text.to_lowercase()
    };
    words.len() <= address.len() + 1 && bare(words) == bare(address)
}

/// Joiners, which Persian and emoji are written with, marks of direction, and what chooses between an emoji and a sign. What
/// else nobody sees is padding, with which newsletters fill their preview, or worse.
const fn is_of_script(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{fe0e}' | '\u{fe0f}')
}
