//! The five bytes before each gRPC message: a compression flag, then the length, big-endian.
//! Source: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>

use crate::failure::Failure;
use bytes::{BufMut, Bytes, BytesMut};
use valetkey_domain::Kind;

const HEAD: usize = 5;

/// A message with its frame.
pub(crate) fn wrap(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(HEAD + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// The one message of a unary body.
///
/// # Errors
/// The body is compressed, cut off, or holds more than one message.
pub(crate) fn unwrap(body: &Bytes) -> Result<Bytes, Failure> {
    let whole = |body: &Bytes| {
        let (head, message) = body.split_first_chunk::<HEAD>()?;
        let [flag, length @ ..] = *head;
        (message.len() == usize::try_from(u32::from_be_bytes(length)).ok()?).then_some(flag)
    };
    match whole(body) {
        Some(0) => Ok(body.slice(HEAD..)),
        Some(_) => Err(Failure::new(Kind::Unimplemented, "compressed requests are not taken: send identity encoding")),
        None => Err(Failure::new(Kind::Internal, "the request body is not exactly one gRPC message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_whole_uncompressed_message_or_nothing() {
        assert_eq!(unwrap(&wrap(b"abc")).unwrap(), "abc");
        assert_eq!(unwrap(&wrap(b"")).unwrap(), "");
        for (wrong, kind) in [
            (&b""[..], Kind::Internal),
            (b"\0\0\0\0\x02a", Kind::Internal),
            (b"\0\0\0\0\x01ab", Kind::Internal),
            (b"\x01\0\0\0\x01a", Kind::Unimplemented),
        ] {
            assert_eq!(unwrap(&Bytes::copy_from_slice(wrong)).unwrap_err().kind, kind, "{wrong:?}");
        }
    }
}
