//! The light Rust SDK for Mezon chat: sign in, direct and group messages, attachments, reconnects
