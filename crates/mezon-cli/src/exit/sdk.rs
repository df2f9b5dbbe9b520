//! What the SDK's errors mean for a person at a terminal: an exit code, a name for programs, a hint.

use std::error::Error;

use mezon_client::calls::names::NameErrorKind;
use mezon_light::{
    ApiErrorKind, CallErrorKind, CloseReason, ConnectErrorKind, ErrorClass, LightError, SendErrorKind, StoreErrorKind,
};

use super::{Exit, Failure};

const SIGN_IN: &str = "sign in again with `mez login`";
const GATEWAY: &str = "check --gateway-url and the network; `mez emulator` runs a gateway on this machine";
const CA: &str = "trust a private authority with --ca FILE";
const LOOK: &str = "`mez history CHANNEL` tells whether it arrived";

/// How one kind of error ends a command.
struct Verdict {
    exit: Exit,
    kind: &'static str,
    hint: Option<&'static str>,
}

impl Verdict {
    const fn new(exit: Exit, kind: &'static str) -> Self {
        Self { exit, kind, hint: None }
    }

    const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    fn failure(self, class: ErrorClass, error: &(dyn Error + 'static)) -> Failure {
        let message = super::chain(&error.to_string(), error.source());
        let failure = Failure::new(self.exit, self.kind, class_name(class), message);
        match self.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<LightError> for Failure {
    fn from(error: LightError) -> Self {
        let class = error.class();
        let verdict = match &error {
            LightError::Api(error) => of_api(error.kind(), class),
            LightError::Connect(error) => of_connect(error.kind(), class),
            LightError::Call(error) => of_call(error.kind(), class),
            LightError::Send(error) => of_send(error.kind(), class),
            LightError::Session(_) => Verdict::new(Exit::Input, "session"),
            LightError::InvalidInput { .. } | LightError::Id(_) => Verdict::new(Exit::Input, "invalid_input"),
            LightError::Name(error) => match error.kind() {
                NameErrorKind::Ambiguous { .. } => Verdict::new(Exit::Input, "ambiguous_name"),
                _ => Verdict::new(Exit::Input, "unknown_name"),
            },
            LightError::NotConnected => Verdict::new(Exit::Network, "not_connected"),
            _ => of_class("other", class),
        };
        verdict.failure(class, &error)
    }
}

impl Failure {
    /// A connection ended for good while it was in use.
    pub(crate) fn closed(reason: &CloseReason) -> Self {
        let verdict = match reason {
            CloseReason::LoginOver => Verdict::new(Exit::SignedOut, "login_over").hint(SIGN_IN),
            CloseReason::Refused { .. } => Verdict::new(Exit::Refused, "closed"),
            _ => Verdict::new(Exit::Network, "closed"),
        };
        let class = match reason {
            CloseReason::LoginOver => ErrorClass::Auth,
            CloseReason::Refused { .. } => ErrorClass::Permanent,
            _ => ErrorClass::TRANSIENT,
        };
        let failure = Self::new(verdict.exit, verdict.kind, class_name(class), reason.to_string());
        verdict.hint.into_iter().fold(failure, Self::hint)
    }
}

fn of_api(kind: &ApiErrorKind, class: ErrorClass) -> Verdict {
    use ApiErrorKind as Kind;
    match kind {
        Kind::Configuration { .. } => Verdict::new(Exit::Input, "configuration")
            .hint("check --gateway-url: https://, or http:// for a gateway on this machine alone"),
        Kind::InvalidInput { .. } => Verdict::new(Exit::Input, "invalid_input"),
        Kind::Connect { .. } => Verdict::new(Exit::Network, "connect").hint(GATEWAY),
        Kind::Tls { certificate: true, .. } => Verdict::new(Exit::Input, "certificate").hint(CA),
        Kind::Tls { .. } => Verdict::new(Exit::Network, "tls").hint("does the gateway speak TLS? check --gateway-url"),
        Kind::TimedOut { .. } => Verdict::new(Exit::Network, "timed_out"),
        Kind::ConnectionLost => Verdict::new(Exit::Network, "connection_lost"),
        Kind::Unauthorized { .. } | Kind::NotRefreshable => Verdict::new(Exit::SignedOut, "unauthorized").hint(SIGN_IN),
        Kind::LoginOver => Verdict::new(Exit::SignedOut, "login_over").hint(SIGN_IN),
        Kind::SignInRefused { .. } => Verdict::new(Exit::Refused, "sign_in_refused")
            .hint("the server key comes from MEZON_SERVER_KEY or --server-key-file; it is not the bot's API key"),
        Kind::Forbidden { .. } => Verdict::new(Exit::Refused, "forbidden"),
        Kind::NotFound { .. } => Verdict::new(Exit::Refused, "not_found"),
        Kind::Intercepted { .. } => Verdict::new(Exit::Network, "intercepted"),
        Kind::RateLimited { .. } => Verdict::new(Exit::Network, "rate_limited"),
        Kind::Upload { status, .. } if is_refusal(status.as_u16()) => Verdict::new(Exit::Refused, "upload_refused"),
        Kind::Upload { .. } => of_class("upload", class),
        Kind::Download { status, .. } if is_refusal(status.as_u16()) => Verdict::new(Exit::Refused, "download_refused"),
        Kind::Download { .. } => of_class("download", class),
        Kind::Webhook { .. } => of_class("webhook", class),
        Kind::UntrustedFile { .. } => Verdict::new(Exit::Input, "untrusted_file")
            .hint("a message may name any address; only hosts of the gateway are asked for files"),
        Kind::FileEncoded { .. } => Verdict::new(Exit::Network, "file_encoded"),
        Kind::FileNotSaved { .. } => Verdict::new(Exit::Input, "file_not_saved"),
        Kind::Session(_) => Verdict::new(Exit::Input, "session"),
        // Only a lock that somebody else holds passes by itself.
        Kind::Store(StoreErrorKind::Locked { .. }) => Verdict::new(Exit::Network, "session_locked"),
        Kind::Store(_) | Kind::NotStorable(_) => Verdict::new(Exit::Input, "session_file"),
        Kind::File { .. } => Verdict::new(Exit::Input, "file"),
        Kind::FileChanged { .. } => Verdict::new(Exit::Input, "file_changed"),
        Kind::MaybeSent { .. } => Verdict::new(Exit::Unknown, "maybe_sent"),
        Kind::Status { .. } => of_class("status", class),
        Kind::UntrustedEndpoint { .. } => Verdict::new(Exit::Refused, "untrusted_endpoint"),
        Kind::Redirected { .. } => Verdict::new(Exit::Refused, "redirected"),
        _ => of_class("other", class),
    }
}

fn of_connect(kind: &ConnectErrorKind, class: ErrorClass) -> Verdict {
    use ConnectErrorKind as Kind;
    match kind {
        Kind::Tls { .. } => Verdict::new(Exit::Input, "certificate").hint(CA),
        Kind::Endpoint => Verdict::new(Exit::Refused, "untrusted_endpoint"),
        Kind::Unreachable { .. } => Verdict::new(Exit::Network, "connect").hint(GATEWAY),
        Kind::TimedOut { .. } => Verdict::new(Exit::Network, "timed_out"),
        Kind::LoginOver => Verdict::new(Exit::SignedOut, "login_over").hint(SIGN_IN),
        Kind::ClosedByServer { .. } => Verdict::new(Exit::Refused, "closed"),
        Kind::Refused { .. } => Verdict::new(Exit::Network, "socket_refused"),
        _ => of_class("socket", class),
    }
}

fn of_call(kind: &CallErrorKind, class: ErrorClass) -> Verdict {
    match kind {
        CallErrorKind::Rejected { .. } => Verdict::new(Exit::Refused, "rejected"),
        CallErrorKind::NotSent { .. } => of_class("not_sent", class),
        CallErrorKind::MaybeSent { .. } => Verdict::new(Exit::Unknown, "maybe_sent"),
        _ => of_class("other", class),
    }
}

fn of_send(kind: &SendErrorKind, class: ErrorClass) -> Verdict {
    match kind {
        SendErrorKind::Invalid(_) => Verdict::new(Exit::Input, "invalid_message"),
        SendErrorKind::Call(CallErrorKind::Rejected { .. }) => Verdict::new(Exit::Refused, "rejected"),
        SendErrorKind::Call(CallErrorKind::NotSent { .. }) => of_class("not_sent", class),
        SendErrorKind::Call(CallErrorKind::MaybeSent { .. }) => Verdict::new(Exit::Unknown, "maybe_sent").hint(LOOK),
        _ => of_class("other", class),
    }
}

/// Whether an object store will not have it.
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 408 | 429)
}

/// For kinds that need no code of their own.
fn of_class(kind: &'static str, class: ErrorClass) -> Verdict {
    let exit = match class {
        ErrorClass::Transient { .. } => Exit::Network,
        ErrorClass::Auth => Exit::SignedOut,
        ErrorClass::MaybeDone => Exit::Unknown,
        ErrorClass::Permanent if kind == "status" => Exit::Refused,
        _ => Exit::Other,
    };
    Verdict::new(exit, kind)
}

fn class_name(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Transient { .. } => "transient",
        ErrorClass::Auth => "auth",
        ErrorClass::MaybeDone => "maybe_done",
        ErrorClass::Cancelled => "cancelled",
        _ => "permanent",
    }
}
