/// A meter: what becomes of packets above a rate (OpenFlow 1.3.5 §5.7).
public struct Meter: Sendable, Hashable {
    /// OFPM_MAX: the highest number that a meter may have.
    public static let lastID: UInt32 = 0xffff_0000
    /// OFPM_SLOWPATH: packets for the slow path.
    public static let slowPath: UInt32 = 0xffff_fffd
    /// OFPM_CONTROLLER: messages to controllers.
    public static let controller: UInt32 = 0xffff_fffe
    /// OFPM_ALL: every meter, in deletions and requests.
    public static let all: UInt32 = 0xffff_ffff

    public var id: UInt32
    public var flags: Flags
    public var bands: [Band]

    public init(id: UInt32, flags: Flags, bands: [Band]) {
        self.id = id
        self.flags = flags
        self.bands = bands
    }

    /// OpenFlow 1.3.5 §7.3.4.4, enum ofp_meter_flags.
    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// Rates are in kilobits a second.
        public static let kilobitsPerSecond = Flags(rawValue: 1)
        /// Rates are in packets a second.
        public static let packetsPerSecond = Flags(rawValue: 2)
        /// Bursts are as the bands say.
        public static let burst = Flags(rawValue: 4)
        /// Statistics are collected.
        public static let statistics = Flags(rawValue: 8)
    }

    /// What happens above a rate. Of the bands whose rate is exceeded, the one with the highest rate applies.
    public struct Band: Sendable, Hashable {
        public var kind: Kind
        /// In the unit that the meter's flags name.
        public var rate: UInt32
        /// In kilobits or packets, with the flag `burst`.
        public var burst: UInt32

        public init(_ kind: Kind, rate: UInt32, burst: UInt32 = 0) {
            self.kind = kind
            self.rate = rate
            self.burst = burst
        }

        /// OpenFlow 1.3.5 §7.3.4.4, enum ofp_meter_band_type.
        public enum Kind: Sendable, Hashable {
            case drop
            /// Raises the drop precedence in the IP header's DSCP by so many levels.
            case remarkDSCP(precedenceLevels: UInt8)
        }
    }
}

/// A change of the meters (OpenFlow 1.3.5 §7.3.4.4).
public struct MeterMod: Sendable, Hashable {
    public var command: Command
    /// In a deletion only the number counts; ``Meter/all``: every meter.
    public var meter: Meter

    public init(_ command: Command, _ meter: Meter) {
        self.command = command
        self.meter = meter
    }

    /// OpenFlow 1.3.5 §7.3.4.4, enum ofp_meter_mod_command.
    public enum Command: UInt16, Sendable, Hashable, CaseIterable { case add = 0, modify = 1, delete = 2 }
}
