//! Why a request of a client was refused: one value, three ways to say it on the wire.

use http::StatusCode;
use mezon_proto::realtime;

use crate::store::StoreError;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
}

/// The gRPC code that all three forms are derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    Unimplemented,
    Internal,
    Unauthenticated,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(FailureKind::InvalidArgument, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(FailureKind::NotFound, message)
    }

    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(FailureKind::PermissionDenied, message)
    }

    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unauthenticated, message)
    }

    /// The `code` of the JSON body and the status of an API reply over the socket.
    pub(crate) fn grpc_code(&self) -> u16 {
        match self.kind {
            FailureKind::InvalidArgument => 3,
            FailureKind::NotFound => 5,
            FailureKind::AlreadyExists => 6,
            FailureKind::PermissionDenied => 7,
            FailureKind::Unimplemented => 12,
            FailureKind::Internal => 13,
            FailureKind::Unauthenticated => 16,
        }
    }

    pub(crate) fn http_status(&self) -> StatusCode {
        match self.kind {
            FailureKind::InvalidArgument => StatusCode::BAD_REQUEST,
            FailureKind::NotFound => StatusCode::NOT_FOUND,
            FailureKind::AlreadyExists => StatusCode::CONFLICT,
            FailureKind::PermissionDenied => StatusCode::FORBIDDEN,
            FailureKind::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            FailureKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }

    /// The error envelope of the socket: bad input, or a runtime exception when the fault is the server's.
    pub(crate) fn realtime_error(&self) -> realtime::Error {
        let code = match self.kind {
            FailureKind::Internal => RUNTIME_EXCEPTION,
            _ => BAD_INPUT,
        };
        realtime_error(code, &self.message)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(?error, "storage failed");
        Self::new(FailureKind::Internal, "internal server error occurred")
    }
}

/// Codes of the error envelope (`mezon.realtime.Error.Code`).
pub(crate) const RUNTIME_EXCEPTION: i32 = 0;
pub(crate) const UNRECOGNIZED_PAYLOAD: i32 = 1;
pub(crate) const MISSING_PAYLOAD: i32 = 2;
pub(crate) const BAD_INPUT: i32 = 3;

pub(crate) fn realtime_error(code: i32, message: &str) -> realtime::Error {
    realtime::Error { code, message: message.to_owned(), ..Default::default() }
}
