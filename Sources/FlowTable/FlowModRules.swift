import OpenFlow

/// What a flow may name besides its own table: groups and meters, which others keep.
public struct FlowModRules: Sendable {
    public var groupExists: @Sendable (UInt32) -> Bool
    public var meterExists: @Sendable (UInt32) -> Bool

    /// Rules that let any group and meter pass, unless others are given.
    public init(
        groupExists: @escaping @Sendable (UInt32) -> Bool = { _ in true },
        meterExists: @escaping @Sendable (UInt32) -> Bool = { _ in true }
    ) {
        self.groupExists = groupExists
        self.meterExists = meterExists
    }

    /// Refuses instructions that a flow can't have (OpenFlow 1.3.5 §5.9, §6.4, §7.4.4).
    ///
    /// - Parameter table: the table of the flow; `nil`: any.
    public func check(_ instructions: InstructionSet, table: UInt8?) throws(OpenFlowError) {
        if let next = instructions.gotoTable {
            guard next <= Flow.lastTable, table.map({ next > $0 }) ?? true else {
                throw .badInstruction(
                    .badTableID, "goto_table:\(next) leads to no later table than the flow's own")
            }
        }
        if let meter = instructions.meter { try check(meter: meter) }
        for action in instructions.apply { try check(action) }
        for action in instructions.write { try check(action) }
        try checkConjunctions(instructions)
    }

    private func check(meter: UInt32) throws(OpenFlowError) {
        if !meterExists(meter) { throw .meterModFailed(.unknownMeter, "there is no meter \(meter): add it first") }
    }

    private func check(_ action: Action) throws(OpenFlowError) {
        switch action {
        case .output(let port, _), .outputTruncated(let port, _), .enqueue(let port, _):
            if !port.isPossibleOutput {
                throw .badAction(.badOutPort, "no packet can be output to port \(port.rawValue)")
            }
        case .group(let group):
            if !groupExists(group) { throw .badAction(.badOutGroup, "there is no group \(group): add it first") }
        case .meter(let meter): try check(meter: meter)
        case .clone(let inner): for action in inner { try check(action) }
        case .bundle(let bundle):
            if let port = bundle.members.first(where: { $0 != .any && !$0.isPossibleOutput }) {
                throw .badAction(.badOutPort, "no packet can be output to port \(port.rawValue)")
            }
        case .controller(let controller):
            if let meter = controller.meter { try check(meter: meter) }
        default: break
        }
    }

    /// A conjunction stands alone but for notes, and is clause 1…n of 2…64 (ovs-actions(7)).
    private func checkConjunctions(_ instructions: InstructionSet) throws(OpenFlowError) {
        var (conjunctions, others) = (0, 0)
        for action in instructions.apply {
            switch action {
            case .conjunction(_, let clause, let count):
                conjunctions += 1
                guard (2...64).contains(count), (1...count).contains(clause) else {
                    throw .badConjunction("conjunction(…, \(clause)/\(count)): clauses are 1 to n, of 2 to 64")
                }
            case .note: break
            default: others += 1
            }
        }
        if conjunctions == 0 { return }
        if others > 0 || !instructions.write.isEmpty || instructions.gotoTable != nil || instructions.metadata != nil
            || instructions.meter != nil || instructions.clearsActionSet
        {
            throw .badConjunction("a flow with a conjunction can have no other actions but notes")
        }
    }
}

extension OpenFlowError {
    /// NXBAC_BAD_CONJUNCTION, Nicira's.
    static func badConjunction(_ message: String) -> OpenFlowError {
        OpenFlowError(type: 15, code: 0, experimenter: 0x0000_2320, message)
    }
}

extension PortNumber {
    /// Whether packets may be output to it, if it exists: a port's own number, or a reserved one that means something
    /// (OpenFlow 1.3.5 §4.5).
    var isPossibleOutput: Bool {
        (1...PortNumber.maximum.rawValue).contains(rawValue)
            || (PortNumber.inPort.rawValue...PortNumber.local.rawValue).contains(rawValue)
    }
}
