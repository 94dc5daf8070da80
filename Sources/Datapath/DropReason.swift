/// Why a packet was not delivered. Every packet that is received and not delivered is counted under exactly one reason.
public enum DropReason: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// No flow matched in a table (OpenFlow 1.3.5 §5.4: dropped unless a table-miss flow says otherwise).
    case noMatch
    /// The matching flow says so, or has no output.
    case flowAction
    /// It would have left only through the port by which it came.
    case samePort
    /// Its only output was to a port that is not there.
    case noSuchPort
    /// For the controller, and none is connected.
    case noController
    /// To a reserved link-local address (IEEE 802.1Q §8.6.3), which bridges don't forward.
    case reservedAddress
    /// NORMAL had nobody to flood it to.
    case noReceiver
    /// Its time to live ended here.
    case ttlExpired
    /// Too short for an Ethernet header.
    case tooShort
    /// The output port's queue was full.
    case transmitQueueFull
    /// No packet buffer was left for a copy.
    case noBuffer
    /// No room in front of the packet for another tag.
    case noHeadroom
    /// The tables sent it round too often (resubmit depth or count).
    case tooManyResubmits
    /// Its actions are more than one program holds.
    case tooManyActions
    /// The capture file that it was to be written to could not take it.
    case captureWriteFailed
    /// Patch ports sent it round in a circle.
    case patchLoop
    /// No guest has a running queue behind the port.
    case guestNotReady
    /// The guest's receive queue had no buffers for it.
    case guestRingFull
    /// The guest's receive queue makes no sense and is left alone until the guest starts it anew.
    case guestRingBroken
    /// For the controller, which does not read as fast as packets for it come.
    case controllerQueueFull
    /// Above the rate of a meter.
    case meter
    /// The port that it came by, or was to leave by, is set to take no packets, or is down.
    case portBlocked
    /// It would have been parsed anew too often.
    case tooManyPasses
    /// A fragment, and the bridge was told to drop these (OpenFlow 1.3.5 §7.3.2, OFPC_FRAG_DROP).
    case fragment

    /// As reports and counters name it.
    public var name: String {
        switch self {
        case .noMatch: "no-match"
        case .flowAction: "flow-action"
        case .samePort: "same-port"
        case .noSuchPort: "no-such-port"
        case .noController: "no-controller"
        case .reservedAddress: "reserved-address"
        case .noReceiver: "no-receiver"
        case .ttlExpired: "ttl-expired"
        case .tooShort: "too-short"
        case .transmitQueueFull: "tx-ring-full"
        case .noBuffer: "no-buffer"
        case .noHeadroom: "no-headroom"
        case .tooManyResubmits: "too-many-resubmits"
        case .tooManyActions: "too-many-actions"
        case .captureWriteFailed: "capture-write-failed"
        case .patchLoop: "patch-loop"
        case .guestNotReady: "guest-not-ready"
        case .guestRingFull: "guest-ring-full"
        case .guestRingBroken: "guest-ring-broken"
        case .controllerQueueFull: "controller-queue-full"
        case .meter: "meter"
        case .portBlocked: "port-blocked"
        case .tooManyPasses: "too-many-passes"
        case .fragment: "fragment"
        }
    }

    /// Its place in an array of counters. Safe: the raw value is the enumeration's one byte.
    var index: Int {
        @inline(__always) @_noLocks get { Int(unsafeBitCast(self, to: UInt8.self)) }
    }

    /// How many reasons there are, for arrays of counters.
    public static let count = 25
}
