import OpenFlow
import Packet

/// NXAST_BUNDLE and NXAST_BUNDLE_LOAD (ovs-actions(7), bundle): of ports that are named by 16 bits.
enum BundleActionWire {
    /// NXM_OF_IN_PORT, which says that members are ports.
    static let portType: UInt32 = 0x0000_0002
}

extension ActionReader {
    func bundle(_ body: inout WireReader, loads: Bool) throws(OpenFlowError) -> Action {
        try body.require(22, Self.badLength("bundle is cut short"))
        let number = try body.uint16()
        guard let algorithm = BundleAction.Algorithm(rawValue: number) else {
            throw Self.badArgument("bundle has no algorithm \(number)")
        }
        let fields = try hashedFields(body.uint16())
        let basis = try body.uint16()
        if try body.uint32() != BundleActionWire.portType { throw Self.badArgument("bundle's members are ports") }
        let count = Int(try body.uint16())
        if count > BundleAction.mostMembers {
            throw Self.badArgument("bundle has \(BundleAction.mostMembers) members at most, not \(count)")
        }
        var destination: FieldSlice?
        if loads {
            destination = try self.destination(&body)
            if let destination, destination.bitCount < BundleAction.portBits {
                throw Self.badArgument("a port's number doesn't fit into \(destination.bitCount) bits")
            }
        } else if try body.take(6).contains(where: { $0 != 0 }) {
            throw Self.badArgument("bundle has no place for its result, but bundle_load")
        }
        if try body.uint32() != 0 { throw Self.badArgument("what is reserved in bundle isn't zero") }
        try body.require(2 * count, Self.badLength("bundle is too short for \(count) members"))
        var members: [PortNumber] = []
        for _ in 0..<count {
            let port = PortNumber(openFlow10: try body.uint16())
            guard BundleAction.mayHold(port) else {
                throw .badAction(.badOutPort, "bundle can't choose port \(port)")
            }
            members.append(port)
        }
        return .bundle(
            BundleAction(fields, basis: basis, algorithm, members: members, destination: destination))
    }
}

extension ActionWriter {
    mutating func bundle(_ action: BundleAction) {
        nicira(action.destination == nil ? NiciraAction.bundle : NiciraAction.bundleLoad) { out in
            out.uint16(action.algorithm.rawValue)
            out.uint16(action.fields.rawValue)
            out.uint16(action.basis)
            out.uint32(BundleActionWire.portType)
            out.uint16(UInt16(truncatingIfNeeded: action.members.count))
            if let destination = action.destination {
                Self.write(destination: destination, &out)
            } else {
                out.zeros(6)
            }
            out.zeros(4)
            for member in action.members { out.uint16(member.openFlow10) }
        }
    }
}
