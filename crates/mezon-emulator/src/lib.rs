//! An emulated Mezon gateway for development and tests: HTTP, WebSocket and object store on one port
