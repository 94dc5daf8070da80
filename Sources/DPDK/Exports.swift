// The data path's innermost files call the shim's HOT functions directly; they import this room and get the header with it.
@_exported import CDPDK
