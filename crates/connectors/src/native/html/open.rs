//! The elements that are open, by place and by name.

use std::collections::HashMap;

/// What an element that is open has done to the page; undone when it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Block,
    Paragraph,
    List,
    Quote,
    Preformatted,
    Link,
}

/// One open element.
#[derive(Debug)]
pub(super) struct Element {
    name: usize,
    pub(super) effect: Effect,
    /// Nobody sees what is in it.
    pub(super) hidden: bool,
}

/// All that are open. Looking for one takes no longer the more there are, and each is closed once.
#[derive(Debug, Default)]
pub(super) struct Open {
    elements: Vec<Element>,
    names: HashMap<Box<[u8]>, usize>,
    /// For each name, where in `elements` it is open.
    places: Vec<Vec<usize>>,
    /// Where cells and tables are open: what is in one closes nothing outside of it.
    fences: Vec<usize>,
}

impl Open {
    pub(super) fn push(&mut self, name: &[u8], effect: Effect, hidden: bool) {
        let at = self.elements.len();
        let name_id = match self.names.get(name) {
            Some(id) => *id,
            None => {
                self.places.push(Vec::new());
                self.names.insert(name.into(), self.places.len() - 1);
                self.places.len() - 1
            }
        };
        if let Some(places) = self.places.get_mut(name_id) {
            places.push(at);
        }
        if is_fence(name) {
            self.fences.push(at);
        }
        self.elements.push(Element { name: name_id, effect, hidden });
    }

    /// Closes the last element of this name with all that are open in it, if it may be closed from here. Gives them to
    /// `closed`, the innermost first.
    pub(super) fn close(&mut self, name: &[u8], closed: &mut impl FnMut(&Element)) {
        let fence = match name {
            b"table" => None,
            b"td" | b"th" | b"tr" | b"tbody" | b"thead" | b"tfoot" | b"caption" => self.last(b"table"),
            _ => self.fences.last().copied(),
        };
        self.close_within(name, fence, closed);
    }

    /// The same, but only if it was opened after the last of these others.
    pub(super) fn close_before(&mut self, name: &[u8], others: &[&[u8]], closed: &mut impl FnMut(&Element)) {
        let fence = others.iter().filter_map(|other| self.last(other)).max();
        self.close_within(name, fence, closed);
    }

    fn close_within(&mut self, name: &[u8], fence: Option<usize>, closed: &mut impl FnMut(&Element)) {
        let Some(at) = self.last(name).filter(|at| fence.is_none_or(|fence| *at >= fence)) else { return };
        while self.elements.len() > at {
            self.pop(closed);
        }
    }

    /// Closes everything.
    pub(super) fn close_all(&mut self, closed: &mut impl FnMut(&Element)) {
        while !self.elements.is_empty() {
            self.pop(closed);
        }
    }

    fn pop(&mut self, closed: &mut impl FnMut(&Element)) {
        let Some(element) = self.elements.pop() else { return };
        if let Some(places) = self.places.get_mut(element.name) {
            places.pop();
        }
        if self.fences.last() == Some(&self.elements.len()) {
            self.fences.pop();
        }
        closed(&element);
    }

    fn last(&self, name: &[u8]) -> Option<usize> {
        self.places.get(*self.names.get(name)?)?.last().copied()
    }
}

fn is_fence(name: &[u8]) -> bool {
    matches!(name, b"table" | b"td" | b"th" | b"caption")
}
