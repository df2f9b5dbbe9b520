//! The TLS policy that the Mezon SDK's HTTP and WebSocket layers share
