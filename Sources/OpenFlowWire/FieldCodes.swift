import Packet

/// The numbers of all fields (OpenFlow 1.3.5 §7.2.3.7, table 11; ovs-fields(7)).
enum FieldCodes {
    private typealias Row = (id: FieldID, nicira: FieldCode?, openFlow: FieldCode?)

    private static func nxm(_ number: UInt8) -> FieldCode { FieldCode(FieldCode.niciraZero, number) }
    private static func nx(_ number: UInt8) -> FieldCode { FieldCode(FieldCode.niciraOne, number) }
    private static func oxm(_ number: UInt8) -> FieldCode { FieldCode(FieldCode.openFlow, number) }
    private static func onf(_ number: UInt8) -> FieldCode { FieldCode(FieldCode.experimenter, number) }

    /// NXM_OF_IN_PORT, NXM_OF_IP_TOS and 1.5's own numbers stand apart: see `entries`.
    private static let rows: [Row] = [
        (.inPort, nil, oxm(0)), (.inPhyPort, nil, oxm(1)), (.metadata, nil, oxm(2)), (.tunnelID, nx(16), oxm(38)),
        (.actsetOutput, nil, onf(43)),
        (.ethDst, nxm(1), oxm(3)), (.ethSrc, nxm(2), oxm(4)), (.ethType, nxm(3), oxm(5)),
        (.vlanTCI, nxm(4), nil), (.vlanVID, nil, oxm(6)), (.vlanPCP, nil, oxm(7)),
        (.pbbISID, nil, oxm(37)), (.pbbUCA, nil, oxm(41)),
        (.mplsLabel, nil, oxm(34)), (.mplsTC, nil, oxm(35)), (.mplsBOS, nil, oxm(36)), (.mplsTTL, nx(30), nil),
        (.ipDSCP, nil, oxm(8)), (.ipECN, nx(28), oxm(9)), (.ipProto, nxm(6), oxm(10)), (.ipTTL, nx(29), nil),
        (.conjID, nx(37), nil), (.ipFrag, nx(26), nil), (.ipv4Src, nxm(7), oxm(11)), (.ipv4Dst, nxm(8), oxm(12)),
        (.ipv6Src, nx(19), oxm(26)), (.ipv6Dst, nx(20), oxm(27)), (.ipv6Label, nx(27), oxm(28)),
        (.ipv6ExtHdr, nil, oxm(39)),
        (.arpOp, nxm(15), oxm(21)), (.arpSPA, nxm(16), oxm(22)), (.arpTPA, nxm(17), oxm(23)),
        (.arpSHA, nx(17), oxm(24)), (.arpTHA, nx(18), oxm(25)),
        (.tcpSrc, nxm(9), oxm(13)), (.tcpDst, nxm(10), oxm(14)), (.tcpFlags, nx(34), onf(42)),
        (.udpSrc, nxm(11), oxm(15)), (.udpDst, nxm(12), oxm(16)), (.sctpSrc, nil, oxm(17)), (.sctpDst, nil, oxm(18)),
        (.icmpType, nxm(13), oxm(19)), (.icmpCode, nxm(14), oxm(20)),
        (.icmpv6Type, nx(21), oxm(29)), (.icmpv6Code, nx(22), oxm(30)),
        (.ndTarget, nx(23), oxm(31)), (.ndSLL, nx(24), oxm(32)), (.ndTLL, nx(25), oxm(33)),
    ] + numbered(.reg0, 16) { (nx($0), nil) }
        + numbered(.xreg0, 8) { (nil, FieldCode(FieldCode.packetRegisters, $0)) }
        + numbered(.xxreg0, 4) { (nx(111 + $0), nil) }

    private static func numbered(
        _ first: FieldID, _ count: UInt8, _ codes: (UInt8) -> (FieldCode?, FieldCode?)
    ) -> [Row] {
        (0..<count).map { index in
            let (nicira, openFlow) = codes(index)
            return (FieldID(rawValue: first.rawValue + index)!, nicira, openFlow)
        }
    }

    /// Fields by class and number: what is read.
    private static let known: [WireField?] = {
        var known = [WireField?](repeating: nil, count: 5 * 128)
        func add(_ code: FieldCode?, _ field: WireField) {
            guard let code, let index = index(code.fieldClass, code.number) else { return }
            precondition(known[index] == nil, "two fields have the number \(code)")
            known[index] = field
        }
        for row in rows {
            add(row.nicira, WireField(row.id))
            add(row.openFlow, WireField(row.id))
        }
        add(nxm(0), WireField(.inPort, .port16))
        add(nxm(5), WireField(.ipDSCP, .typeOfService))
        // OpenFlow 1.5 took ONF's two into its own class.
        add(oxm(42), WireField(.tcpFlags))
        add(oxm(43), WireField(.actsetOutput))
        return known
    }()

    @inline(__always)
    private static func index(_ fieldClass: UInt16, _ number: UInt8) -> Int? {
        switch fieldClass {
        case FieldCode.openFlow: Int(number)
        case FieldCode.niciraZero: 128 + Int(number)
        case FieldCode.niciraOne: 256 + Int(number)
        case FieldCode.packetRegisters: 384 + Int(number)
        case FieldCode.experimenter: 512 + Int(number)
        default: nil
        }
    }

    /// The field with a number; `nil`: there is none. Of experimenters' classes only ONF's is meant.
    static func field(_ fieldClass: UInt16, _ number: UInt8) -> WireField? {
        guard let index = index(fieldClass, number & 127) else { return nil }
        return known[index]
    }

    /// What is written, by raw value of ``FieldID``: fields with their codes in OpenFlow's extensible match.
    static let openFlow: [(field: WireField, code: FieldCode)] = byID { $0.openFlow ?? $0.nicira }
    /// The same for Nicira's extensible match, and for slices in Nicira's actions.
    static let nicira: [(field: WireField, code: FieldCode)] = byID { $0.nicira ?? $0.openFlow }

    private static func byID(_ choose: (Row) -> FieldCode?) -> [(field: WireField, code: FieldCode)] {
        let sorted = rows.sorted { $0.id.rawValue < $1.id.rawValue }
        precondition(sorted.map(\.id) == FieldID.allCases, "each field has a number on the wire")
        return sorted.map { (WireField($0.id), choose($0)!) }
    }

    /// The number in a version's own match. Those two are ONF's before 1.5.
    static func code(_ id: FieldID, _ version: OpenFlowVersion) -> FieldCode {
        if version >= .v15 {
            if id == .tcpFlags { return oxm(42) }
            if id == .actsetOutput { return oxm(43) }
        }
        return (version == .v10 ? nicira : openFlow)[Int(id.rawValue)].code
    }

    /// NXM_OF_IN_PORT.
    static let inPort16 = nxm(0)
    /// NXM_NX_COOKIE, which has NXM_NX_MPLS_TTL's number and another length.
    static let cookieNumber: UInt8 = 30
}
