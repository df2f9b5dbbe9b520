//! Errors of the layers beneath, as those of a call.

use mezon_session::{EndpointError, EndpointErrorKind, SessionError, StoreError};

use crate::{ApiError, ApiErrorKind};

/// From a [`SessionError`], keeping its source.
pub(crate) fn session_error(error: SessionError) -> ApiError {
    let (kind, source) = error.into_parts();
    with_optional_source(ApiErrorKind::Session(kind), source)
}

/// From a [`StoreError`], keeping its source.
pub(crate) fn store_error(error: StoreError) -> ApiError {
    let (kind, source) = error.into_parts();
    with_optional_source(ApiErrorKind::Store(kind), source)
}

/// As [`store_error`], when nothing has been spent yet.
pub(crate) fn not_storable(error: StoreError) -> ApiError {
    let (kind, source) = error.into_parts();
    with_optional_source(ApiErrorKind::NotStorable(kind), source)
}

/// An address from the server that is not to be used.
pub(crate) fn untrusted(error: EndpointError) -> ApiError {
    let host = match error.kind() {
        EndpointErrorKind::Untrusted { host } | EndpointErrorKind::Insecure { host } => host.clone(),
        _ => String::new(),
    };
    ApiError::with_source(ApiErrorKind::UntrustedEndpoint { host }, error)
}

fn with_optional_source(kind: ApiErrorKind, source: Option<Box<dyn std::error::Error + Send + Sync>>) -> ApiError {
    match source {
        Some(source) => ApiError::with_source(kind, source),
        None => kind.into(),
    }
}
