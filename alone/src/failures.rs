//! Each error that the facade hands out, matched by its kind.

use mezon_light::{
    ApiError, ApiErrorKind, CallError, CallErrorKind, CloseReason, ConnectError, ConnectErrorKind, DialPhase,
    DisconnectReason, ErrorClass, HoldReason, LightError, MaybeSent, NotSent, SendError, SendErrorKind, SessionError,
    SessionErrorKind, TlsError, TlsErrorKind, WireError, WireErrorKind,
};

/// What to do about it.
pub fn advice(error: &LightError) -> &'static str {
    match error {
        LightError::Api(error) => api(error),
        LightError::Connect(error) => connect(error),
        LightError::Call(error) => call(error),
        LightError::Send(error) => send(error),
        LightError::Session(error) => session(error),
        other if other.class() == ErrorClass::Auth => "sign in again",
        other if other.class().is_transient() => "try again later",
        _ => "look into it",
    }
}

fn api(error: &ApiError) -> &'static str {
    match error.kind() {
        ApiErrorKind::LoginOver => "sign in again",
        ApiErrorKind::HeldBack { reason: HoldReason::RateLimit, .. } => "call more slowly",
        _ => "look into it",
    }
}

fn connect(error: &ConnectError) -> &'static str {
    match error.kind() {
        ConnectErrorKind::TimedOut { phase: DialPhase::Tls } => "look at the firewall",
        _ => "try again later",
    }
}

fn call(error: &CallError) -> &'static str {
    match error.kind() {
        CallErrorKind::MaybeSent { reason: MaybeSent::TimedOut } => "look before it is asked again",
        _ => "ask again",
    }
}

fn send(error: &SendError) -> &'static str {
    match error.kind() {
        SendErrorKind::Call(CallErrorKind::NotSent { reason: NotSent::QueueFull }) => "send it again, more slowly",
        SendErrorKind::Invalid(_) => "mend the message",
        _ => "look before it is sent again",
    }
}

fn session(error: &SessionError) -> &'static str {
    if matches!(error.kind(), SessionErrorKind::MissingField { .. }) { "export it again" } else { "sign in again" }
}

/// Whether a certificate is at fault.
pub fn is_certificate(error: &TlsError) -> bool {
    matches!(error.kind(), TlsErrorKind::MalformedPem | TlsErrorKind::MalformedCertificate)
}

/// Whether a push ended too early.
pub fn is_cut(error: &WireError) -> bool {
    error.kind() == WireErrorKind::Truncated
}

/// Why a connection is gone for good or for a while.
pub fn is_meant(closed: &CloseReason, lost: &DisconnectReason) -> bool {
    matches!(closed, CloseReason::Requested) || matches!(lost, DisconnectReason::Silent)
}
