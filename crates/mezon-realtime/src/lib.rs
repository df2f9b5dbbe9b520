//! WebSocket client for Mezon: a pure connection state machine and its tokio driver
