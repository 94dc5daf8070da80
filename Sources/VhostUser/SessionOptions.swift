/// What a port offers to front-ends.
public struct VhostSessionOptions: Sendable {
    /// Pairs of queues that a front-end may use.
    public var queuePairs: Int
    /// Feature bits offered, see ``VirtioFeatures``.
    public var features: UInt64
    /// Protocol feature bits offered, see ``VhostProtocolFeatures``.
    public var protocolFeatures: UInt64

    /// Most queue pairs of one port.
    public static let queuePairLimit = 64

    /// What the switch serves unless told otherwise. Not all that it knows: IN_ORDER is left to those who ask for it.
    public static let defaultFeatures: UInt64 = {
        typealias Bits = VirtioFeatures
        let checksums = Bits.checksum | Bits.guestChecksum
        let segmentation =
            Bits.guestTSO4 | Bits.guestTSO6 | Bits.guestECN | Bits.hostTSO4 | Bits.hostTSO6 | Bits.hostECN
        let device = Bits.mtu | Bits.mergeableBuffers | Bits.status | Bits.guestAnnounce | Bits.multiQueue
        let rings = Bits.indirectDescriptors | Bits.eventIndex | Bits.version1 | Bits.packedRing
        return checksums | segmentation | device | rings | Bits.logAll | Bits.protocolFeatures
    }()

    /// - Parameter queuePairs: from 1 to ``queuePairLimit``.
    public init(
        queuePairs: Int = 1, features: UInt64 = defaultFeatures,
        protocolFeatures: UInt64 = VhostProtocolFeatures.supported
    ) {
        precondition(queuePairs >= 1 && queuePairs <= VhostSessionOptions.queuePairLimit)
        self.queuePairs = queuePairs
        self.features = features
        self.protocolFeatures = protocolFeatures
    }
}
