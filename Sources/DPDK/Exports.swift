// The data path's innermost files call the shim's HOT functions directly: with this room they get the header.
@_exported import CDPDK
