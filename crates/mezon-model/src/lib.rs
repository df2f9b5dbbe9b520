//! The vocabulary of Mezon chat: typed ids, channels, message content, attachments, mentions
