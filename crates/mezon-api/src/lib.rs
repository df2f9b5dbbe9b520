//! HTTP client for Mezon: sign-in, session refresh, channels, history, uploads
