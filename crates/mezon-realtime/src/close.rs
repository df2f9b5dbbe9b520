//! What a WebSocket close code means for the connection.

/// What to do after the server closed with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseAction {
    /// Connect again after the usual delay.
    Retry,
    /// Connect again, but not before [`CloseAction::OVERLOADED`]: the server has too much to do.
    RetryLater,
    /// The credentials may be the reason. Ask the token source, which asks the server over HTTP, and connect again
    /// with what it says: a closed socket alone proves nothing about a login.
    CheckLogin,
    /// Connecting again would end the same way: client and server do not understand each other.
    Stop,
}

impl CloseAction {
    /// The least delay after "try again later" (1013).
    pub const OVERLOADED: std::time::Duration = std::time::Duration::from_secs(10);

    /// The meaning of `code`. `None`: the connection ended without a close frame (what RFC 6455 calls 1006), or with a
    /// code that may not stand on the wire.
    ///
    /// Codes below 3000 are those of RFC 6455 section 7.4.1 and the IANA registry. 1008 is what servers of this family
    /// send for a refused login; 4401 and 4403 follow the HTTP statuses they end in. 1007 and 1009 blame one message, and
    /// the next connection need not send another like it. Everything unknown is retried: a needless attempt costs little,
    /// a needless stop costs the connection.
    pub fn of(code: Option<u16>) -> Self {
        match code {
            Some(1002 | 1003 | 1010) => Self::Stop,
            Some(1008 | 4401 | 4403) => Self::CheckLogin,
            Some(1013) => Self::RetryLater,
            _ => Self::Retry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_meaning_and_only_three_stop() {
        let stops: Vec<u16> = (0..=u16::MAX).filter(|&code| CloseAction::of(Some(code)) == CloseAction::Stop).collect();
        assert_eq!(stops, [1002, 1003, 1010]);
        for code in
            [0, 1000, 1001, 1004, 1005, 1006, 1007, 1009, 1011, 1012, 1014, 1015, 2999, 3000, 4999, 5000, 65_535]
        {
            assert_eq!(CloseAction::of(Some(code)), CloseAction::Retry, "{code}");
        }
        assert_eq!(CloseAction::of(None), CloseAction::Retry);
        assert_eq!(CloseAction::of(Some(1013)), CloseAction::RetryLater);
        for code in [1008, 4401, 4403] {
            assert_eq!(CloseAction::of(Some(code)), CloseAction::CheckLogin);
        }
    }
}
