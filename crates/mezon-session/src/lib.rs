//! Mezon sessions: tokens, claims, expiry, refresh rules, stores, delay policies. No network
