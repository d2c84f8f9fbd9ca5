"""Sign-in by a city's unified identity (统一身份认证), by OpenID Connect; off unless configured (decision 0094)."""
