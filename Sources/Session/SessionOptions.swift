import NIOCore
import OpenFlowWire

/// How connections are kept.
public struct SessionOptions: Sendable, Equatable {
    /// The versions that are spoken.
    public var versions = VersionSet([.v10, .v13, .v14, .v15])
    /// Seconds of silence after which the peer is asked for an echo, and again until it is given up; 0: never.
    public var inactivityProbeSeconds = 5.0
    /// The longest wait between two attempts to connect.
    public var maximumBackoffMilliseconds = 1000

    public init() {}

    var probe: TimeAmount? {
        inactivityProbeSeconds > 0 ? .nanoseconds(Int64(inactivityProbeSeconds * 1e9)) : nil
    }
}

/// The bounds of a connection.
enum SessionLimits {
    /// Messages handed over at once.
    static let batch = 4096
    /// Bytes that wait for the peer to read before offered messages are dropped.
    static let offeredBytes = 4 << 20
    /// Bytes that wait for the peer to read before its requests are left waiting.
    static let repliedBytes = 16 << 20
    /// Connections at one listener.
    static let connections = 256
    /// How long a peer may take to say hello.
    static let helloTimeout = TimeAmount.seconds(10)
    static let connectTimeout = TimeAmount.seconds(5)
    static let firstBackoffMilliseconds = 100
}
