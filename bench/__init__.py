"""Measures any S3 endpoint with a client that costs little; every answer is verified."""
