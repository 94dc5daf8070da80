import OpenFlow
import Packet

/// Where a flow may send packets to be looked up again, and which bits of their keys it may have changed by then.
///
/// Never less than what translation does, possibly more: it tells which earlier decisions a change of the tables can't
/// concern (``EarlierDecision``).
public final class FlowEffects: Sendable {
    /// Tables that packets may be looked up in next, a bit each.
    let tables: TableSet
    /// Bits of the key that may be others afterwards.
    let writes: FlowMask

    private init(_ builder: Builder) {
        tables = builder.tables
        writes = builder.writes
    }

    /// The effects of a flow; `nil` when it leads to no table and changes nothing that a later lookup could see.
    ///
    /// - Parameter recent: those of another flow, which are shared if they are the same, as they mostly are.
    static func of(_ flow: Flow, recent: FlowEffects?) -> FlowEffects? {
        var builder = Builder(table: flow.table)
        builder.add(flow.instructions)
        if builder.tables.isEmpty, builder.writes.isZero { return nil }
        if let recent, recent.tables == builder.tables, recent.writes == builder.writes { return recent }
        return FlowEffects(builder)
    }

    private struct Builder {
        let table: UInt8
        var tables = TableSet()
        var writes = FlowMask()

        mutating func add(_ instructions: InstructionSet) {
            for action in instructions.apply { add(action) }
            if let metadata = instructions.metadata { writes[KeyLayout.metadata] |= metadata.mask }
            if let next = instructions.gotoTable { tables.insert(next) }
            // The action set is executed at the end, but may look up again (a group's or a resubmit's doing).
            for action in instructions.write { add(action) }
        }

        mutating func add(_ action: Action) {
            switch action {
            case .output(let port, _), .outputTruncated(let port, _), .enqueue(let port, _):
                if port == .table { tables.insert(0) }
            case .resubmit(let port, let next):
                tables.insert(next ?? table)
                if port != nil { write(.inPort) }
            case .setField(let field, _, let mask): write(field, mask)
            case .load(_, let slice), .move(_, let slice), .pop(let slice): write(slice)
            case .modField(let field, _): write(field)
            case .pushVLAN, .popVLAN, .modVLANVID, .modVLANPCP: writeTags()
            case .decrementTTL, .decrementTTLNotifying: write(.ipTTL)
            case .clone(let inner): for action in inner { add(action) }
            case .multipath(let multipath): write(multipath.destination)
            case .bundle(let bundle):
                if let destination = bundle.destination {
                    write(destination)
                } else if bundle.members.contains(.table) {
                    tables.insert(0)
                }
            case .learn(let learn): if let result = learn.result { write(result) }
            case .outputField, .meter, .setQueue, .popQueue, .controller, .conjunction, .note, .push, .exit,
                .finTimeout:
                break
            case .group, .pushMPLS, .popMPLS, .setMPLSTTL, .decrementMPLSTTL, .copyTTLOut, .copyTTLIn, .pushPBB,
                .popPBB:
                writeAnything()
                if case .group = action { tables = .all }
            }
        }

        private mutating func write(_ field: FieldID, _ mask: UInt128? = nil) {
            writes[field] |= mask ?? Field[field].allOnes
            if field == .vlanTCI || field == .vlanVID || field == .vlanPCP { writeTags() }
        }

        private mutating func write(_ slice: FieldSlice) {
            let ones = slice.bitCount == 128 ? UInt128.max : (1 << UInt128(slice.bitCount)) - 1
            write(slice.field, ones << UInt128(slice.firstBit))
        }

        /// Both tags move, and the type that matches see may be another.
        private mutating func writeTags() {
            writes[KeyLayout.ethernetDestination] |= 0xffff
            writes[KeyLayout.ethernetSource] |= 0xffff
            write(.ethType)
        }

        /// What is under a header that goes may be anything.
        private mutating func writeAnything() {
            for word in 0..<FlowKey.wordCount { writes[word] = .max }
        }
    }
}

/// A set of flow tables.
struct TableSet: Sendable, Hashable {
    private var words: InlineArray<4, UInt64> = [0, 0, 0, 0]

    static let all: TableSet = {
        var result = TableSet()
        for table in UInt8.min...UInt8.max { result.insert(table) }
        return result
    }()

    mutating func insert(_ table: UInt8) { words[Int(table >> 6)] |= 1 << UInt64(table & 63) }

    func contains(_ table: UInt8) -> Bool { words[Int(table >> 6)] >> UInt64(table & 63) & 1 != 0 }

    func forEach(_ body: (UInt8) -> Void) {
        for word in 0..<4 {
            var rest = words[word]
            while rest != 0 {
                body(UInt8(word << 6 | rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
    }

    mutating func formUnion(_ other: TableSet) { for word in 0..<4 { words[word] |= other.words[word] } }

    var isEmpty: Bool { words[0] | words[1] | words[2] | words[3] == 0 }

    static func == (left: TableSet, right: TableSet) -> Bool {
        (0..<4).allSatisfy { left.words[$0] == right.words[$0] }
    }

    func hash(into hasher: inout Hasher) { for word in 0..<4 { hasher.combine(words[word]) } }
}
