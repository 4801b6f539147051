"""What the store and its users exchange: plain values, of no wire format and of no protocol.

Names, keys and markers are text, ordered by their UTF-8 bytes. ETags have no quotes. Times are
milliseconds since 1970 UTC, sizes are bytes.
"""
