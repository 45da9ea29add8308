//! Randomness for what must be unique but not secret: ids and jitter. Keys, nonces and bearer secrets never come
//! from here; the vault draws them from the system's source.

/// A source of numbers that tests can seed.
pub trait Rng: Send + Sync {
    /// 128 bits, as the random part of an id.
    fn next_u128(&self) -> u128;

    /// A number in `0..bound`, for jitter; 0 when `bound` is 0.
    fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { u64::try_from(self.next_u128() % u128::from(bound)).unwrap_or(0) }
    }
}
