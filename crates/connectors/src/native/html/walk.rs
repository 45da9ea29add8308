//! From the tokens of a page to its lines.

use super::super::work::Work;
use super::elements::{hides, is_block, is_paragraph, is_unread, is_void};
use super::layout::Layout;
use super::open::{Effect, Element, Open};
use crate::Failure;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

/// The text of a page.
pub(super) fn run(html: &str, work: &Work) -> Result<String, Failure> {
    work.spend(html.len())?;
    let mut walk = Walk::new(work);
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| walk.take(&event).err());
    emitter.naively_switch_states(true);
    // All tokens go to the walk. The tokenizer itself only gives why that had to end.
    if let Some(Ok(failure)) = Tokenizer::new_with_emitter(html, emitter).next() {
        return Err(failure);
    }
    Ok(walk.finish())
}

/// A start tag as its attributes come in.
#[derive(Debug, Default)]
struct Tag {
    name: Vec<u8>,
    attribute: Vec<u8>,
    address: Option<String>,
    instead: Option<String>,
    first: Option<i64>,
    hidden: bool,
}

struct Walk<'w> {
    work: &'w Work,
    /// How much of what was written is paid for.
    paid: usize,
    layout: Layout,
    open: Open,
    /// How many open elements hide what is in them.
    hidden: usize,
    tag: Option<Tag>,
}

impl<'w> Walk<'w> {
    fn new(work: &'w Work) -> Self {
        Self { work, paid: 0, layout: Layout::default(), open: Open::default(), hidden: 0, tag: None }
    }

    fn take(&mut self, event: &CallbackEvent<'_>) -> Result<(), Failure> {
        match event {
            CallbackEvent::OpenStartTag { name } => self.tag = Some(Tag { name: name.to_vec(), ..Tag::default() }),
            CallbackEvent::AttributeName { name } => self.attribute(name),
            CallbackEvent::AttributeValue { value } => self.value(value),
            CallbackEvent::CloseStartTag { .. } => {
                if let Some(tag) = self.tag.take() {
                    self.begin(&tag);
                }
            }
            CallbackEvent::EndTag { name } => self.end(name),
            CallbackEvent::String { value } if self.hidden == 0 => {
                self.work.spend(value.len())?;
                self.layout.text(&String::from_utf8_lossy(value));
            }
            _ => {}
        }
        let written = self.layout.len();
        self.work.spend(1 + written.saturating_sub(self.paid))?;
        self.paid = written;
        Ok(())
    }

    fn attribute(&mut self, name: &[u8]) {
        if let Some(tag) = &mut self.tag {
            tag.hidden |= name == b"hidden";
            tag.attribute = name.to_vec();
        }
    }

    fn value(&mut self, value: &[u8]) {
        let Some(tag) = &mut self.tag else { return };
        let text = String::from_utf8_lossy(value);
        // Of two attributes with one name the first counts.
        match tag.attribute.as_slice() {
            b"href" => drop(tag.address.get_or_insert_with(|| text.into_owned())),
            b"alt" => drop(tag.instead.get_or_insert_with(|| text.into_owned())),
            b"start" => tag.first = tag.first.or_else(|| text.trim().parse().ok()),
            b"style" => tag.hidden |= hides(&text),
            _ => {}
        }
    }

    fn begin(&mut self, tag: &Tag) {
        let name = tag.name.as_slice();
        self.end_implied(name);
        if is_void(name) {
            if self.hidden == 0 && !tag.hidden {
                self.void(name, tag);
            }
            return;
        }
        let hidden = tag.hidden || is_unread(name);
        let effect = if hidden || self.hidden > 0 { Effect::None } else { self.applied(name, tag) };
        self.hidden += usize::from(hidden);
        self.open.push(name, effect, hidden);
    }

    /// Closes what a start tag closes without saying so.
    fn end_implied(&mut self, name: &[u8]) {
        const LISTS: [&[u8]; 6] = [b"ul", b"ol", b"menu", b"dl", b"td", b"th"];
        let (layout, hidden) = (&mut self.layout, &mut self.hidden);
        let mut closed = |element: &Element| undo(element, layout, hidden);
        match name {
            b"li" => self.open.close_before(b"li", &LISTS, &mut closed),
            b"dt" | b"dd" => {
                self.open.close_before(b"dt", &LISTS, &mut closed);
                self.open.close_before(b"dd", &LISTS, &mut closed);
            }
            b"tr" => self.open.close_before(b"tr", &[b"table"], &mut closed),
            b"td" | b"th" => {
                self.open.close_before(b"td", &[b"table"], &mut closed);
                self.open.close_before(b"th", &[b"table"], &mut closed);
            }
            b"a" | b"option" => self.open.close(name, &mut closed),
            _ => {}
        }
        if is_block(name) || is_paragraph(name) {
            self.open.close(b"p", &mut closed);
        }
    }

    fn void(&mut self, name: &[u8], tag: &Tag) {
        match (name, tag.instead.as_deref().map(str::trim)) {
            (b"br", _) => self.layout.break_line(),
            (b"hr", _) => self.layout.end_paragraph(),
            (b"img" | b"area", Some(words)) if !words.is_empty() => {
                self.layout.text("[");
                self.layout.text(words);
                self.layout.text("]");
            }
            _ => {}
        }
    }

    /// Does to the page what the element does, and says what closing it undoes.
    fn applied(&mut self, name: &[u8], tag: &Tag) -> Effect {
        let layout = &mut self.layout;
        match name {
            b"a" => {
                let Some(address) = &tag.address else { return Effect::None };
                layout.begin_link(address);
                return Effect::Link;
            }
            b"td" | b"th" => layout.begin_cell(),
            b"tr" => {
                layout.begin_row();
                return Effect::Block;
            }
            b"li" => {
                layout.begin_item();
                return Effect::Block;
            }
            b"ul" | b"ol" | b"menu" | b"dir" => {
                layout.begin_list((name == b"ol").then_some(tag.first.unwrap_or(1)));
                return Effect::List;
            }
            b"blockquote" => {
                layout.end_paragraph();
                layout.begin_quote();
                return Effect::Quote;
            }
            b"pre" | b"listing" | b"xmp" => {
                layout.end_paragraph();
                layout.begin_preformatted();
                return Effect::Preformatted;
            }
            _ if is_paragraph(name) => {
                layout.end_paragraph();
                return Effect::Paragraph;
            }
            _ if is_block(name) => {
                layout.end_line();
                return Effect::Block;
            }
            _ => {}
        }
        Effect::None
    }

    fn end(&mut self, name: &[u8]) {
        if name == b"br" && self.hidden == 0 {
            self.layout.break_line();
        }
        let (layout, hidden) = (&mut self.layout, &mut self.hidden);
        self.open.close(name, &mut |element| undo(element, layout, hidden));
    }

    fn finish(mut self) -> String {
        let (layout, hidden) = (&mut self.layout, &mut self.hidden);
        self.open.close_all(&mut |element| undo(element, layout, hidden));
        self.layout.finish()
    }
}

fn undo(element: &Element, layout: &mut Layout, hidden: &mut usize) {
    *hidden = hidden.saturating_sub(usize::from(element.hidden));
    match element.effect {
        Effect::None => {}
        Effect::Block => layout.end_line(),
        Effect::Paragraph => layout.end_paragraph(),
        Effect::List => layout.end_list(),
        Effect::Quote => {
            layout.end_paragraph();
            layout.end_quote();
        }
        Effect::Preformatted => {
            layout.end_paragraph();
            layout.end_preformatted();
        }
        Effect::Link => layout.end_link(),
    }
}
