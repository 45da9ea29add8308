//! The header block of a message as lines: checked as strictly as RFC 5322 is, changed without touching the rest.

/// Header fields that stand at most once (RFC 5322, 3.6).
const SINGLE: [&str; 10] =
    ["date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "subject"];

/// A message cut into header fields and body.
#[derive(Clone, Debug)]
pub(crate) struct Headers {
    /// Name in lower case, and the whole field with its folding and line end.
    fields: Vec<(String, Vec<u8>)>,
    /// From the empty line on.
    body: Vec<u8>,
}

impl Headers {
    /// Cuts a message.
    ///
    /// # Errors
    /// What makes it no message, as the end of a sentence.
    pub(crate) fn read(raw: &[u8]) -> Result<Self, String> {
        if raw.contains(&0) {
            return Err("holds a NUL".into());
        }
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        let mut rest = raw;
        while !rest.is_empty() && !rest.starts_with(b"\r\n") && !rest.starts_with(b"\n") {
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |place| place + 1);
            let (line, after) = rest.split_at(end);
            rest = after;
            if line.len() > 1000 {
                return Err("has a header line of more than 998 characters".into());
            }
            match (line.first(), fields.last_mut()) {
                (Some(b' ' | b'\t'), Some((_, field))) => field.extend_from_slice(line),
                _ => fields.push((field_name(line)?, line.to_vec())),
            }
        }
        let headers = Self { fields, body: rest.to_vec() };
        headers.check_single()?;
        Ok(headers)
    }

    fn check_single(&self) -> Result<(), String> {
        let count = |wanted: &str| self.fields.iter().filter(|(name, _)| name == wanted).count();
        match SINGLE.iter().find(|name| count(name) > 1) {
            Some(name) => Err(format!("has more than one {name} header")),
            None => Ok(()),
        }
    }

    /// Whether there is such a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }

    /// Takes a field away.
    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|(known, _)| known != name);
    }

    /// Puts a field in the place of the one of this name, or at the end.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let field = format!("{name}: {value}\r\n").into_bytes();
        let lower = name.to_ascii_lowercase();
        match self.fields.iter_mut().find(|(known, _)| *known == lower) {
            Some((_, known)) => *known = field,
            None => self.fields.push((lower, field)),
        }
    }

    /// The message again.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut raw: Vec<u8> = self.fields.iter().flat_map(|(_, field)| field.iter().copied()).collect();
        raw.extend_from_slice(if self.body.is_empty() { b"\r\n" } else { &self.body });
        raw
    }
}

fn field_name(line: &[u8]) -> Result<String, String> {
    let colon = line.iter().position(|byte| *byte == b':');
    let name = colon.and_then(|colon| line.get(..colon)).unwrap_or_default();
    if name.is_empty() || !name.iter().all(|byte| (33..=126).contains(byte)) {
        let shown = String::from_utf8_lossy(line).trim_end().chars().take(40).collect::<String>();
        return Err(format!("has the header line '{shown}', which has no name"));
    }
    Ok(String::from_utf8_lossy(name).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_stays_byte_for_byte() {
        let raw = b"From: a@b.c\r\nSubject: one\r\n two\r\n\r\nbody\r\n";
        let mut headers = Headers::read(raw).unwrap();
        assert_eq!(headers.write(), raw);
        headers.set("From", "d@e.f");
        headers.remove("subject");
        assert_eq!(headers.write(), b"From: d@e.f\r\n\r\nbody\r\n");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (raw, why) in [
            (&b"hello world\r\n\r\n"[..], "no name"),
            (b"To: a@b.c\r\nTo: d@e.f\r\n\r\n", "more than one to"),
            (b"To: a@b.c\r\n\r\nx\0", "NUL"),
            (b" folded: from nothing\r\n", "no name"),
        ] {
            let said = Headers::read(raw).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
