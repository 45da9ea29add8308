//! The kinds of failure, the canonical gRPC set. Each room has an `Error` of its own; all of them say a [`Kind`], and
//! each surface maps a kind once (gRPC status, HTTP status, JSON-RPC code, page).
//!
//! Source: <https://grpc.io/docs/guides/status-codes/>; the HTTP column is google.rpc.Code's.

/// What sort of failure something is, whatever the surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The caller gave up.
    Cancelled,
    /// Nothing better is known.
    Unknown,
    /// The request can never work as it stands.
    InvalidArgument,
    /// Time ran out before an answer.
    DeadlineExceeded,
    /// No such thing, or none that this caller may know of.
    NotFound,
    /// The thing to be made is already there.
    AlreadyExists,
    /// The caller is known and may not.
    PermissionDenied,
    /// A limit was reached.
    ResourceExhausted,
    /// The request is right, the state is not.
    FailedPrecondition,
    /// Somebody else changed it first.
    Aborted,
    /// Not offered here.
    Unimplemented,
    /// A defect of ours.
    Internal,
    /// Cannot be answered now; safe to repeat.
    Unavailable,
    /// The caller did not say who it is, or not convincingly.
    Unauthenticated,
}

impl Kind {
    /// The gRPC status number.
    #[must_use]
    pub const fn grpc(self) -> i32 {
        match self {
            Self::Cancelled => 1,
            Self::Unknown => 2,
            Self::InvalidArgument => 3,
            Self::DeadlineExceeded => 4,
            Self::NotFound => 5,
            Self::AlreadyExists => 6,
            Self::PermissionDenied => 7,
            Self::ResourceExhausted => 8,
            Self::FailedPrecondition => 9,
            Self::Aborted => 10,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// The HTTP status number.
    #[must_use]
    pub const fn http(self) -> u16 {
        match self {
            Self::Cancelled => 499,
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Unknown | Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// The upper-case name, which is also the default `error_code` on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "RESOURCE_NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RATE_LIMITED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}
