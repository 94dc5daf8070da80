import OpenFlow
import Packet

/// What the flows of a subtable have in common.
struct SubtableShape: Hashable {
    /// The bits that are hashed; those of the partition are not among them.
    let hashMask: FlowMask
    /// The words that records hold, bit by bit.
    let comparedWords: UInt32
    let partition: Partition

    init(hashMask: FlowMask, comparedWords: UInt32, partition: Partition) {
        var mask = hashMask
        mask[KeyLayout.portAndTypes] &= ~partition.mask
        self.hashMask = mask
        self.comparedWords = comparedWords
        self.partition = partition
    }

    /// The stages in which a packet is looked at, so that a miss in an early one leaves the later ones unexamined:
    /// port and pipeline, layer 2, layer 3, layer 4.
    static let stageCount = 4

    static func stage(ofWord word: Int) -> Int {
        switch word {
        case KeyLayout.portAndTypes: 0
        case KeyLayout.ethernetDestination, KeyLayout.ethernetSource, KeyLayout.mpls, KeyLayout.mplsThirdAndPBB: 1
        case KeyLayout.ipv4Addresses, KeyLayout.ipv6Source...KeyLayout.ipv6Label: 2
        case KeyLayout.transport, KeyLayout.neighbourTarget...KeyLayout.targetHardware: 3
        default: 0
        }
    }

    /// The hashed words in the order of stages.
    var hashedWords: [Int] {
        (0..<FlowKey.wordCount).filter { hashMask[$0] != 0 }
            .sorted { (Self.stage(ofWord: $0), $0) < (Self.stage(ofWord: $1), $1) }
    }

    /// The compared words, rising.
    var comparedWordNumbers: [Int] { (0..<FlowKey.wordCount).filter { comparedWords >> UInt32($0) & 1 != 0 } }

    static func == (left: SubtableShape, right: SubtableShape) -> Bool {
        left.hashMask == right.hashMask && left.comparedWords == right.comparedWords
            && left.partition == right.partition
    }

    /// Hashes the words that count, for most are zero.
    func hash(into hasher: inout Hasher) {
        var rest = hashMask.wordSet
        hasher.combine(rest)
        hasher.combine(comparedWords)
        hasher.combine(partition)
        let mask = hashMask.words.span
        while rest != 0 {
            hasher.combine(mask[rest.trailingZeroBitCount])
            rest &= rest - 1
        }
    }
}
