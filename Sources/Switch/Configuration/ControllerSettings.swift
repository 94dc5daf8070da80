import OpenFlow

/// Who may program a bridge by OpenFlow, and how connections are kept.
public struct ControllerSettings: Sendable, Equatable {
    /// Besides the management socket, which each bridge of a daemon has.
    public var targets: [ControllerTarget] = []
    /// The versions of OpenFlow that are spoken with controllers, by Open vSwitch's names: ``versionNames``.
    public var versions: [String] = ["OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"]
    /// Seconds of silence after which a controller is asked for an echo, and again until it is given up; 0: never.
    public var inactivityProbeSeconds = 5.0
    /// The longest wait between two attempts to connect.
    public var maximumBackoffMilliseconds = 1000

    public init() {}

    public static let versionNames = ["OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"]
}

/// Files in PEM with which a switch proves who it is, and knows who controllers are.
public struct TLSSettings: Sendable, Equatable {
    public var certificate: String
    public var privateKey: String
    /// Signed the certificates of the controllers that are trusted.
    public var authority: String

    public init(certificate: String, privateKey: String, authority: String) {
        self.certificate = certificate
        self.privateKey = privateKey
        self.authority = authority
    }
}
