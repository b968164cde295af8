"""The server that all pages share: connections, security headers, forms, links."""
